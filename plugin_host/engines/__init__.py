"""The engines by name. A name is looked up here and imported only when a worker is asked for it."""

from collections.abc import Mapping
from importlib import import_module

from plugin_host.engine import Engine, Fact
from plugin_host.errors import EngineUnavailable

FACTORIES: Mapping[str, str] = {
    "sketch": "plugin_host.engines.sketch:SketchEngine",
}
"""Engine name → ``module:factory``; a factory takes the engine's settings and returns an `Engine`."""

SIDE_BY_SIDE = frozenset({"sketch"})
"""Engines so light that several processes may hold one each, and share the takes of a job between them."""


def create(name: str, settings: Mapping[str, Fact]) -> Engine:
    """Import and construct the engine called `name`. Raises `EngineUnavailable` with what there is instead."""
    try:
        module, factory = FACTORIES[name].split(":")
    except KeyError:
        raise EngineUnavailable(f"there is no engine '{name}'; there is {', '.join(sorted(FACTORIES))}") from None
    engine: Engine = getattr(import_module(module), factory)(settings)
    return engine
