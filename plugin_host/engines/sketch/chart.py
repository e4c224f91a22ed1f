"""The chart that all players of a take read from: how the bars are felt, which chord each has, and what repeats."""

from dataclasses import dataclass
from fractions import Fraction

from plugin_host.engine import Plan
from plugin_host.engines.sketch.brief import Brief
from plugin_host.engines.sketch.chance import Dice
from plugin_host.engines.sketch.harmony import voice
from plugin_host.engines.sketch.rhythm import Bar, feel
from plugin_host.musictime import Beats, Grid

_SHORTEST_CHORD = Fraction(6, 5)
"""Seconds; where bars are shorter, a chord lasts for two of them, or four, or more."""

_VAMP = 0.2
"""Below this variation two chords take turns; at 0 there is one."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A brief laid on the bars of a grid. `variation` is 0–1, as in the plan.

    `lines` are where the steps of each bar lie, and the next bar line, in quarter notes. `written`
    and `insides` are those of the bar. `sources` tell for each bar whose chances it repeats: its own
    as often as `variation` says, else those of the first.
    """

    brief: Brief
    grid: Grid
    bar: Bar
    seed: int
    variation: float
    lines: tuple[tuple[Beats, ...], ...]
    written: tuple[int, ...]
    insides: tuple[int, ...]
    sources: tuple[int, ...]

    @classmethod
    def of(cls, brief: Brief, plan: Plan, seed: int) -> "Chart":
        """Return the chart of a plan's take."""
        bar = feel(plan.grid, brief.swing)
        places = (*(bar.place(step) for step in range(bar.steps)), bar.length)
        sources = tuple(_source(seed, number, plan.variation) for number in range(plan.grid.bars))
        starts = [number * bar.length for number in range(plan.grid.bars)]
        lines = tuple(tuple(Beats(start + place) for place in places) for start in starts)
        return cls(brief, plan.grid, bar, seed, plan.variation, lines, bar.written, bar.insides, sources)

    @property
    def bars(self) -> range:
        """The bars, from 0."""
        return range(self.grid.bars)

    def at(self, bar: int, step: Fraction | int) -> Beats:
        """Return where a step of a bar lies, in quarter notes; the step after the last is the next bar line."""
        if isinstance(step, int):
            return self.lines[bar][step]
        return Beats(self.lines[bar][0] + self.bar.place(step))

    def dice(self, purpose: str, bar: int) -> Dice:
        """Return the dice for what may change from bar to bar; bars with one source throw alike."""
        return Dice(self.seed, purpose, self.sources[bar])

    def turn(self, pattern: str, bar: int) -> str:
        """Return the pattern that is due in `bar`, laid on its steps: "A|B" takes turns unless nothing varies."""
        turns = pattern.split("|")
        return self.read(turns[bar % len(turns) if self.variation > 0 else 0])

    def read(self, pattern: str) -> str:
        """Lay a written pattern (16 characters) on the bar: one character a step."""
        return "".join(pattern[step] for step in self.written)

    def line(self, pattern: str) -> str:
        """Return a line laid on the bar; where the bar is too short for any of its notes, it plays one throughout."""
        steps = self.read(pattern)
        if steps.strip("._"):
            return steps
        return pattern.strip("._")[0] + "_" * (len(steps) - 1)

    @property
    def chord_bars(self) -> int:
        """How many bars a chord lasts."""
        seconds = self.bar.length * 60 / self.grid.tempo.quarters_per_minute
        bars = 1
        while bars * seconds < _SHORTEST_CHORD:
            bars *= 2
        return bars

    @property
    def progression(self) -> tuple[int, ...]:
        """The degrees that this chart moves through before it comes round."""
        degrees = self.brief.harmony.degrees
        if self.variation <= 0:
            return degrees[:1]
        if self.variation < _VAMP:
            return (degrees[0], next((degree for degree in degrees if degree != degrees[0]), degrees[0]))
        return degrees

    def degree(self, bar: int) -> int:
        """Return the degree that the chord of `bar` stands on."""
        progression = self.progression
        return progression[bar % self.grid.bars // self.chord_bars % len(progression)]

    def voicings(self, size: int, centre: int) -> dict[int, tuple[int, ...]]:
        """Return a voicing near `centre` for each degree of the progression, led from one to the next."""
        led: dict[int, tuple[int, ...]] = {}
        before: tuple[int, ...] = ()
        for degree in self.progression:
            chord = self.brief.harmony.chord(degree, size)
            before = led.setdefault(degree, voice(chord[1:] if size > 4 else chord, before, centre))
        return led


def _source(seed: int, bar: int, variation: float) -> int:
    """Return `bar` if it throws its own dice, else 0."""
    return bar if Dice(seed, "own bar", bar).chance(variation) else 0
