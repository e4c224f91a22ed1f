"""The engines by name. A name is looked up here and imported only when a worker is asked for it."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec

from plugin_host.engine import Engine, Fact
from plugin_host.errors import EngineUnavailable, HostError

FACTORIES: Mapping[str, str] = {
    "mix": "plugin_host.engines.mix:MixEngine",
    "musicldm": "plugin_host.engines.musicldm:MusicLdmEngine",
    "sketch": "plugin_host.engines.sketch:SketchEngine",
}
"""Engine name → ``module:factory``; a factory takes the engine's settings and returns an `Engine`."""

SIDE_BY_SIDE = frozenset({"sketch"})
"""Engines so light that several processes may hold one each, and share the takes of a job between them."""

AUTO = "auto"
MIX = "mix"
MUSICLDM = "musicldm"
SKETCH = "sketch"

PLAYERS = tuple(sorted({*FACTORIES} - {MIX}))
"""Engines that play what a prompt says; the others need more than words."""

_NEEDED = ("torch", "diffusers", "transformers")


def automatic(settings: Mapping[str, Fact]) -> tuple[str, str]:
    """Return the engine that `auto` means on this machine, and why it is not the better one ("" if it is).

    `settings` are those of `musicldm`. Nothing is loaded, and nothing is ever fetched to make it work.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        return SKETCH, f"MusicLDM is an extra that wants {missing[0]}; pip install 'daw-bridge[musicldm]'"
    revision = settings.get("revision")
    checkpoint = import_module("plugin_host.engines.musicldm.checkpoint")
    try:
        checkpoint.locate(str(settings["checkpoint"]), str(revision) if revision else None)
    except HostError as error:
        return SKETCH, str(error)
    return MUSICLDM, ""


def create(name: str, settings: Mapping[str, Fact]) -> Engine:
    """Import and construct the engine called `name`. Raises `EngineUnavailable` with what there is instead."""
    try:
        module, factory = FACTORIES[name].split(":")
    except KeyError:
        raise EngineUnavailable(f"there is no engine '{name}'; there is {', '.join(PLAYERS)}") from None
    engine: Engine = getattr(import_module(module), factory)(settings)
    return engine
