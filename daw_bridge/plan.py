"""From what was said to what will be made: request over preset over session over configuration.

A plan is settled when its job is accepted. A tempo that changes later changes the next job, never this one.
"""

import secrets
from dataclasses import dataclass
from typing import cast

from daw_bridge.config import Config
from daw_bridge.errors import BadRequest, EngineUnavailable, OutOfRange
from daw_bridge.guides import confine
from daw_bridge.presets import Preset
from daw_bridge.requests import Said
from daw_bridge.sections import MusicLdmConfig
from daw_bridge.session import SessionState
from daw_bridge.values import shown
from plugin_host.engine import SEEDS, Form, Plan
from plugin_host.engines import AUTO, FACTORIES, MIX, MUSICLDM, PLAYERS, SKETCH
from plugin_host.engines.musicldm import adapters
from plugin_host.errors import BadValue, HostError
from plugin_host.key import Key
from plugin_host.loops import Beat
from plugin_host.mixup import check_tempi, counted, joined
from plugin_host.musictime import BARS, Grid, Tempo, decimal_text

_HALF = 0.5  # where neither request nor preset says how much should vary, or repeat


@dataclass(frozen=True, slots=True)
class Decision:
    """What a request comes to: a plan, the engine that carries it out, the title of its files, and where they go.

    `replaces` is whether it takes the place of a job of the same sender and title that still waits.
    """

    plan: Plan
    engine: str
    title: str
    deliver: str
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Parent:
    """A clip that a mix is made of: how it was `named`, its file, and what its job was accepted with."""

    named: str
    path: str
    prompt: str
    beat: Beat
    key: Key | None


Parents = tuple[Parent, Parent]


def decide(
    request: Said, preset: Preset | None, session: SessionState, config: Config, parents: Parents | None = None
) -> Decision:
    """Settle what `request` means now; `parents` are the clips that it wants a mix of.

    Raises `BadRequest`, `OutOfRange` or `EngineUnavailable`, naming what to change.
    """
    said = _said({**(preset.said if preset else Said()), **request}, session, config, parents)
    _check_can(said, config.musicldm)
    grid = _grid(said, config.jobs.longest)
    plan = Plan(
        prompt=said["prompt"],
        grid=grid,
        seed=said["seed"] if "seed" in said else secrets.randbelow(SEEDS.stop),
        takes=said["takes"],
        form=Form.LOOP if said.get("loop", True) else Form.ONE_SHOT,
        key=said.get("key"),
        negative=said.get("negative", ""),
        steps=said.get("steps"),
        guidance=said.get("guidance"),
        scheduler=said.get("scheduler"),
        eta=said.get("eta"),
        variation=said.get("variation", _HALF),
        pulse=said.get("pulse"),
        guide=confine(said["guide"], config.paths.guides) if "guide" in said else None,
        strength=said.get("strength"),
        weights=preset.weights if preset else {},
        hints=preset.hints if preset else {},
        shift=said.get("shift", 0.0),
        mix=_checked(parents, grid) if "mix" in said else None,
        balance=said.get("balance"),
        adapter=said.get("adapter"),
    )
    title = preset.name if preset else said["prompt"]
    return Decision(plan, said["engine"], title, said["deliver"], said.get("replace", False))


def _said(asked: Said, session: SessionState, config: Config, parents: Parents | None) -> Said:
    """Return what is `asked` for, laid over what the session and the configuration say."""
    jobs = config.jobs
    defaults = Said(bars=jobs.bars, takes=jobs.takes, engine=jobs.engine, deliver="folder")
    said: Said = {**defaults, **session.said(), **asked}
    if _learnt(asked) and asked.get("engine", AUTO) == AUTO:
        said["engine"] = MUSICLDM  # no other has anything to do with it
    if "mix" in asked:
        said = {**said, **_of_parents(asked, said["bpm"], parents), "engine": _blender(asked)}
    if said["engine"] == AUTO:
        said["engine"] = SKETCH if jobs.engine == AUTO else jobs.engine  # a daemon has settled what its own auto is
    return said


def _grid(said: Said, longest: float) -> Grid:
    """Return the grid of a clip. Raises `OutOfRange` if it would be longer than `longest`, in seconds."""
    grid = Grid(said["bpm"], said["meter"], said["bars"], said["rate"])
    if grid.seconds > longest:
        raise OutOfRange(
            f"{grid.bars} bars of {grid.meter} at {grid.tempo} BPM are {decimal_text(grid.seconds, places=1)} s; "
            f"a clip has at most {longest:g} s: ask for fewer bars, or raise jobs.longest",
        )
    return grid


def _of_parents(asked: Said, tempo: Tempo, parents: Parents | None) -> Said:
    """Return what is `asked` for, and what a mix takes from its `parents` where it is not."""
    if parents is None:
        raise BadRequest("mix: an armed preset cannot mix clips; leave mix to the request")
    if "guide" in asked:
        raise BadRequest("mix and guide cannot be had at once; leave one of them out")
    if _blender(asked) == MUSICLDM and not asked.get("loop", True):
        raise BadRequest("loop is 0: latents are mixed around a ring; leave loop out, or say blend audio")
    alike = "balance" in asked and not (_blender(asked) == MUSICLDM and asked.get("strength"))
    if alike and asked.get("takes", 1) > 1:
        raise BadRequest(
            f"takes is {asked['takes']}: mixes of one balance would all be the same; give takes 1, or leave balance out"
        )
    one, other = parents
    bars = max(1, *(int(each.beat.bars * (counted(each.beat, tempo) or 1)) for each in parents))
    own = Said(meter=one.beat.meter, bars=min(bars, BARS.stop - 1), key=one.key if one.key == other.key else None)
    if alike:
        own["takes"] = 1  # another one would be the same
    found: Said = {**own, **asked}
    if not asked.get("prompt", "").strip():
        found["prompt"] = joined(one.prompt, other.prompt)
    return found


def _blender(asked: Said) -> str:
    """Return the engine that mixes as it is `asked` for."""
    engine = asked.get("engine", AUTO)
    blend = asked.get("blend", "latents" if engine == MUSICLDM else "audio")
    able = MUSICLDM if blend == "latents" else MIX
    if engine not in {AUTO, able}:
        raise EngineUnavailable(f"engine: {shown(engine)} cannot mix {blend}; leave engine out, or give {able}")
    return able


def _checked(parents: Parents | None, grid: Grid) -> tuple[str, str]:
    """Return the files of a mix's parents. Raises `BadRequest` or `OutOfRange` where they cannot be laid on `grid`."""
    one, other = cast("Parents", parents)
    try:
        for which, each in (("first", one), ("second", other)):
            check_tempi({f"the {which} clip ({each.named})": each.beat}, grid)
    except BadValue as error:
        raise BadRequest(f"mix: {error}") from None
    except HostError as error:
        raise OutOfRange(f"mix: {error}") from None
    return one.path, other.path


def _learnt(said: Said) -> str | None:
    """Return the adapter that is asked for, None for none."""
    return None if said.get("adapter", adapters.NONE) == adapters.NONE else said["adapter"]


def _check_can(said: Said, config: MusicLdmConfig) -> None:
    """Refuse a prompt that says nothing, and what no part of this installation can do."""
    if not said.get("prompt", "").strip():
        raise BadRequest("the prompt is empty; say what to play, for example: dusty breakbeat")
    if said["engine"] == MIX and "mix" not in said:
        raise BadRequest("engine: mix makes one clip of two; name them with mix, such as mix 'k3xq81ab p9d0aa7c'")
    name = _learnt(said)
    if name is not None and said["engine"] == MUSICLDM:
        try:
            adapters.find(name, config.adapters)
        except BadValue as error:
            raise BadRequest(str(error)) from None
    if said["engine"] not in FACTORIES:
        raise EngineUnavailable(
            f"engine: there is no engine {shown(said['engine'])}; there is {', '.join(PLAYERS)}",
        )
