"""The `mix` engine: no generator, but two clips made one, beat on beat."""

from plugin_host.engines.mix.engine import MixEngine

__all__ = ["MixEngine"]
