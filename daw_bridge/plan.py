"""From what was said to what will be made: request over preset over session over configuration.

A plan is settled when its job is accepted. A tempo that changes later changes the next job, never this one.
"""

import secrets
from dataclasses import dataclass

from daw_bridge.config import Config
from daw_bridge.errors import BadRequest, EngineUnavailable, OutOfRange
from daw_bridge.guides import confine
from daw_bridge.presets import Preset
from daw_bridge.requests import Said
from daw_bridge.session import SessionState
from daw_bridge.values import shown
from plugin_host.engine import SEEDS, Form, Plan
from plugin_host.engines import AUTO, FACTORIES, SKETCH
from plugin_host.musictime import Grid, decimal_text

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


def decide(request: Said, preset: Preset | None, session: SessionState, config: Config) -> Decision:
    """Settle what `request` means now.

    Raises `BadRequest`, `OutOfRange` or `EngineUnavailable`, naming what to change.
    """
    jobs = config.jobs
    defaults = Said(bars=jobs.bars, takes=jobs.takes, engine=jobs.engine, deliver="folder")
    said: Said = {**defaults, **session.said(), **(preset.said if preset else Said()), **request}
    if said["engine"] == AUTO:
        said["engine"] = SKETCH if jobs.engine == AUTO else jobs.engine  # a daemon has settled what its own auto is
    _check_can(said)
    grid = _grid(said, jobs.longest)
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
        pulse=said.get("pulse", _HALF),
        guide=confine(said["guide"], config.paths.guides) if "guide" in said else None,
        strength=said.get("strength"),
        weights=preset.weights if preset else {},
        hints=preset.hints if preset else {},
        shift=said.get("shift", 0.0),
    )
    title = preset.name if preset else said["prompt"]
    return Decision(plan, said["engine"], title, said["deliver"], said.get("replace", False))


def _grid(said: Said, longest: float) -> Grid:
    """Return the grid of a clip. Raises `OutOfRange` if it would be longer than `longest`, in seconds."""
    grid = Grid(said["bpm"], said["meter"], said["bars"], said["rate"])
    if grid.seconds > longest:
        raise OutOfRange(
            f"{grid.bars} bars of {grid.meter} at {grid.tempo} BPM are {decimal_text(grid.seconds, places=1)} s; "
            f"a clip has at most {longest:g} s: ask for fewer bars, or raise jobs.longest",
        )
    return grid


def _check_can(said: Said) -> None:
    """Refuse a prompt that says nothing, and what no part of this installation can do."""
    if not said.get("prompt", "").strip():
        raise BadRequest("the prompt is empty; say what to play, for example: dusty breakbeat")
    if said["engine"] not in FACTORIES:
        raise EngineUnavailable(
            f"engine: there is no engine {shown(said['engine'])}; there is {', '.join(sorted(FACTORIES))}",
        )
