"""How a bar is felt: its pulses, how a written pattern lies on them, and where swing moves a step.

A pattern is written once, as a drum machine shows it: sixteen steps, four pulses of four. A bar of another meter
has other pulses (7/8 is 2+2+3, 12/8 four times 3, 5/4 is 3+2 quarters); each of them borrows one of the four
written pulses, so a backbeat stays a backbeat. Very slow bars are felt in double time and very fast ones in half
time, as a drummer would.
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from plugin_host.musictime import Beats, Grid, Meter

SLOWEST_PULSE = Fraction(5, 4)
FASTEST_PULSE = Fraction(29, 100)
"""Seconds; outside of these a pulse is split in two, or two are felt as one."""

STRAIGHT = Fraction(1, 2)
"""The swing of no swing: an off-beat half way between its neighbours."""

_BORROWED = {1: (0,), 2: (0, 2), 3: (0, 1, 2), 4: (0, 1, 2, 3)}
"""Which written steps a pulse of so many steps plays."""

_PHRASES = {1: (0,), 2: (0, 1), 3: (0, 2, 3), 4: (0, 1, 2, 3)}
"""Which written pulses a group of so many pulses plays: a waltz is kick, light, snare."""


@dataclass(frozen=True, slots=True)
class Swing:
    """Where off-beats lie: `ratio` of the way through a pair of steps (1/2 straight, 2/3 triplet, at most 3/4).

    `pair` is the number of steps that make a pair: 2 swings sixteenths, 4 swings eighths.
    """

    ratio: Fraction = STRAIGHT
    pair: int = 2

    def bend(self, step: Fraction) -> Fraction:
        """Return where `step` (counted from a pulse) lies; only what falls between the pairs moves."""
        start, inside = divmod(step, self.pair)
        middle, half = self.ratio * self.pair, Fraction(self.pair, 2)
        bent = inside * middle / half if inside <= half else middle + (inside - half) * (self.pair - middle) / half
        return start * self.pair + bent


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar as it is felt: `pulses` hold so many steps each, a step is `step` quarter notes long, exactly."""

    step: Beats
    pulses: tuple[int, ...]
    swing: Swing = Swing()

    @property
    def steps(self) -> int:
        """How many steps the bar has; 16 in common time."""
        return sum(self.pulses)

    @property
    def length(self) -> Beats:
        """The length of the bar in quarter notes."""
        return Beats(self.steps * self.step)

    @property
    def starts(self) -> tuple[int, ...]:
        """The step on which each pulse starts."""
        return (0, *accumulate(self.pulses[:-1]))

    @property
    def written(self) -> tuple[int, ...]:
        """Which of the sixteen steps of a written pattern each step of this bar plays."""
        return tuple(
            4 * role + (_BORROWED[size][step] if size in _BORROWED else step if step < 4 else 2 + step % 2)
            for role, size in zip(roles(len(self.pulses)), self.pulses, strict=True)
            for step in range(size)
        )

    def place(self, step: Fraction | int) -> Beats:
        """Return where `step` of the bar lies, swing included, in quarter notes after the bar line."""
        start, size = self._pulse_at(step)
        inside = Fraction(step - start)
        swings = size % self.swing.pair == 0
        return Beats((start + (self.swing.bend(inside) if swings else inside)) * self.step)

    @property
    def insides(self) -> tuple[int, ...]:
        """How many steps after the start of its pulse each step lies: 0 is on the pulse."""
        return tuple(step for size in self.pulses for step in range(size))

    def _pulse_at(self, step: Fraction | int) -> tuple[int, int]:
        """Return the start and the size of the pulse that `step` is in."""
        return next(
            (start, size)
            for start, size in zip(reversed(self.starts), reversed(self.pulses), strict=True)
            if start <= step
        )


def feel(grid: Grid, swing: Swing) -> Bar:
    """Return how a bar of `grid` is felt at its tempo."""
    step, pulses = _written(grid.meter)
    quarter = 60 / grid.tempo.quarters_per_minute
    while _pulse(step, pulses) * quarter > SLOWEST_PULSE:
        step, pulses = step / 2, tuple(size for pulse in pulses for size in _split(pulse))
    while _pulse(step, pulses) * quarter < FASTEST_PULSE:
        merged = tuple(sum(pulses[at : at + 2]) for at in range(0, len(pulses), 2))
        if any(size % 2 for size in merged):
            break
        step, pulses = step * 2, tuple(size // 2 for size in merged)
    return Bar(Beats(step), pulses, swing)


def roles(pulses: int) -> tuple[int, ...]:
    """Return which of the four written pulses each of so many pulses borrows: 5 is 3+2, 7 is 4+3, 8 is 4+4."""
    groups = {1: (3, 2), 2: (3, 3), 3: (3,), 0: ()}[pulses % 4] if pulses > 2 else (pulses,)
    fours = (pulses - sum(groups)) // 4
    return tuple(role for group in (4,) * fours + groups for role in _PHRASES[group])


def _written(meter: Meter) -> tuple[Fraction, tuple[int, ...]]:
    """Return the step and pulses of a bar as its meter writes it: quarters count, eighths and less are grouped."""
    count, unit = meter.numerator, Fraction(4, meter.denominator)
    if meter.denominator <= 4:
        return unit / 4, (4,) * count
    if count == 1:
        return unit / 2, (2,)
    if count % 3 == 0:
        return unit / 2, (6,) * (count // 3)
    return unit / 2, (4,) * (count // 2 - count % 2) + (6,) * (count % 2)


def _pulse(step: Fraction, pulses: tuple[int, ...]) -> Fraction:
    """Return the mean length of a pulse in quarter notes."""
    return step * sum(pulses) / len(pulses)


def _split(pulse: int) -> tuple[int, ...]:
    """Return what becomes of a pulse whose steps are halved: pulses of four, and what is left."""
    fours, rest = divmod(2 * pulse, 4)
    return (4,) * fours + ((rest,) if rest else ())
