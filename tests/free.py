"""An engine that cannot be locked, for tests: drum loops at planted tempi, handed on as free takes."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from plugin_host.audio import Audio
from plugin_host.clip import Clip
from plugin_host.engine import Capabilities, Plan, Shape, Take, Watch
from plugin_host.engines import create
from plugin_host.host import Host
from plugin_host.musictime import Grid, Tempo
from plugin_host.rankers.signal import SignalRanker
from plugin_host.road import ENOUGH_MORE


@dataclass(frozen=True, slots=True)
class Drifter:
    """An engine that plays what it has at whatever tempo that is in."""

    tape: Sequence[Audio]

    @property
    def capabilities(self) -> Capabilities:
        """It knows no tempo."""
        return Capabilities("drifter", "1", channels=2, longest=120.0, uses=frozenset())

    def takes(self, plan: Plan, watch: Watch) -> Iterator[Take]:
        """Hand on sound by sound."""
        for index, sound in enumerate(self.tape):
            watch.step("play", index / len(self.tape))
            yield Take(index, plan.take_seed(index), sound, Shape.FREE)

    def close(self) -> None:
        """It holds nothing."""


class Quiet:
    """A watch that never stops anything."""

    def step(self, stage: str, fraction: float) -> None:
        """Let it go on."""


def clips(tape: Sequence[Audio], plan: Plan) -> list[Clip]:
    """Have a host make clips of free takes, best first."""
    return Host(Drifter(tape), [SignalRanker()]).clips(replace(plan, takes=len(tape)), Quiet())


def at_tempo(on: Grid, ratio: Fraction) -> Grid:
    """Return the grid of a drummer who plays `ratio` times as fast, for as many bars as an engine should play."""
    bars = math.ceil(on.bars * ratio * ENOUGH_MORE)
    return Grid(Tempo(on.tempo.quarters_per_minute * ratio), on.meter, bars, on.rate)


def enough(loop: Audio, on: Grid) -> Audio:
    """Cut out of a loop as much as an engine should play for the bars of a plan, from its start."""
    return Audio(loop.samples[: round(ENOUGH_MORE * on.frames)], loop.rate)


def sketched(on: Grid, ratio: Fraction, style: str, seed: int) -> tuple[Audio, Audio]:
    """Return a drum loop of `sketch` at `ratio` times the tempo of a plan, and the same loop at that tempo itself."""
    loops = []
    for tempo in (on.tempo.quarters_per_minute * ratio, on.tempo.quarters_per_minute):
        grid = Grid(Tempo(tempo), on.meter, 2 * on.bars, on.rate)
        hints = {"style": style, "parts": "drums"}
        (take,) = create("sketch", {}).takes(Plan("drums", grid, seed, takes=1, hints=hints), Quiet())
        loops.append(take.audio)
    return enough(loops[0], on), Audio(loops[1].samples[: on.frames], on.rate)
