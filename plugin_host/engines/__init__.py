"""The engines by name. A name is looked up here and imported only when a worker is asked for it."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

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


def lacking() -> str:
    """Return what to install before MusicLDM can play, as a sentence with its remedy; "" where all is here."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    return f"MusicLDM is an extra that wants {missing[0]}; pip install 'daw-bridge[musicldm]'" if missing else ""


def automatic(settings: Mapping[str, Fact]) -> tuple[str, str]:
    """Return the engine that `auto` means on this machine, and why it is not the better one ("" if it is).

    `settings` are those of `musicldm`. Nothing is loaded, and nothing is ever fetched to make it work. The small model
    that comes along shows the road from words to sound, but a sketch sounds better: `auto` never means it.
    """
    if missing := lacking():
        return SKETCH, missing
    if settings["checkpoint"] == _checkpoint().MINI:
        return SKETCH, f"musicldm.checkpoint is {_checkpoint().MINI}, a demonstration; say engine musicldm to hear it"
    try:
        _checkpoint().locate(*_named(settings))
    except HostError as error:
        return SKETCH, str(error)
    return MUSICLDM, ""


def standing_in(settings: Mapping[str, Fact]) -> str:
    """Say what plays a job on MusicLDM where it is not the checkpoint of its `settings`; "" where it is, or none can."""
    if lacking():
        return ""
    try:
        said: str = _checkpoint().at_hand(*_named(settings))[1]
    except HostError:
        return ""
    return said


def check_ear(settings: Mapping[str, Fact]) -> None:
    """Check that CLAP may hear what MusicLDM has not made: takes of other engines, and folders of clips.

    A model that only stands in knows too few words for that. Raises `EngineUnavailable` where the one that `settings`
    name is not on this machine.
    """
    _checkpoint().locate(*_named(settings))


def create(name: str, settings: Mapping[str, Fact]) -> Engine:
    """Import and construct the engine called `name`. Raises `EngineUnavailable` with what there is instead."""
    try:
        module, factory = FACTORIES[name].split(":")
    except KeyError:
        raise EngineUnavailable(f"there is no engine '{name}'; there is {', '.join(PLAYERS)}") from None
    engine: Engine = getattr(import_module(module), factory)(settings)
    return engine


def _checkpoint() -> Any:
    """Return the module that knows what lies on this machine; whoever wants no model loads none of its package."""
    return import_module("plugin_host.engines.musicldm.checkpoint")


def _named(settings: Mapping[str, Fact]) -> tuple[str, str | None]:
    """Return the checkpoint and the revision that `settings` name."""
    revision = settings.get("revision")
    return str(settings.get("checkpoint", _checkpoint().DEFAULT)), str(revision) if revision else None
