"""How far onsets are from the lines of a grid.

A line is near any random moment when lines are dense, so nearness alone proves nothing at a fast tempo. Two numbers
are taken together: the error, which is how far off the median onset is, and the hold, which is how much the onsets
crowd at the lines: 1 when all are on a line, 0 when they fall anywhere (a wrong tempo), below 0 when they avoid them
(a wrong phase).

Musicians divide a beat in more than one way. The straight sixteenths are tried, swung ones, swung eighths, triplets
and thirty-seconds, and the division that holds best counts. A division other than the plain one must be anchored: a
good part of the onsets must lie on the lines that it shares with all others. That keeps a take that is late as a whole
from passing as one with a strange swing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plugin_host.musictime import Grid
from plugin_host.rankers.onsets import Onsets

CLOSEST_LINES = 0.070
"""Seconds. Lines closer than this prove nothing; of a fast tempo, only every second or fourth line is used."""

WIDEST_LINES = 0.250
"""Seconds. Of a slow tempo, the lines are halved until they are no wider than this."""

ANCHORED = 0.3
"""The part of the onsets, by strength, that must lie on the shared lines …"""

ANCHOR_SECONDS = 0.020
"""… give or take so many seconds."""

CLEARLY_BETTER = 0.02
"""By so much must another division hold better than the plain one."""

SWING_RANGE = (0.5, 0.75)
"""The part of a pair that its first note may take up: 0.5 is straight, 0.667 a triplet's shuffle."""

SWING_MARGIN = 0.05
"""Second notes are looked for this much outside of that range too, as a part of the pair."""


@dataclass(frozen=True, slots=True)
class GridFit:
    """How onsets lie on a grid: times in seconds, each weighed by the onsets' strengths.

    `error` is the median distance to the nearest line and `error_p95` its 95th percentile; `offset` is the median
    distance with its sign, late being positive. `hold` goes from −1 to 1. `division` names the lines that were
    used (in the words of a tempo at which the plain lines are sixteenths), and `swing` is the part of a pair that its
    first note takes up.
    """

    error: float
    error_p95: float
    offset: float
    hold: float
    division: str
    swing: float


@dataclass(frozen=True, slots=True)
class _Division:
    """A way to divide time: every `period` beats a line that it shares with the plain division, and `lines` between.

    `lines` are beats after the shared line, in rising order, without that line itself.
    """

    name: str
    period: float
    lines: tuple[float, ...]
    swing: float = 0.5


def measure(onsets: Onsets, grid: Grid, length: float) -> GridFit:
    """Say how `onsets` (at least one) lie on `grid`, in a clip of `length` seconds that holds all bars of it."""
    return _best(_placed(onsets, grid, length), grid)[1]


def off(onsets: Onsets, grid: Grid, length: float) -> NDArray[np.float64]:
    """Return how many seconds each of `onsets` (at least one) comes after its nearest line, as `measure` has it."""
    placed = _placed(onsets, grid, length)
    division, _ = _best(placed, grid)
    return _distances(placed, division.period, division.lines) * placed.beat


def _placed(onsets: Onsets, grid: Grid, length: float) -> "_Placed":
    """Return `onsets` as they lie in their bars."""
    beat = length / float(grid.beats)
    return _Placed(onsets.seconds / beat % float(grid.meter.bar), onsets.strengths, float(grid.meter.bar), beat)


def _best(placed: "_Placed", grid: Grid) -> tuple[_Division, GridFit]:
    """Return the division of time whose lines hold best, and how they hold."""
    step = _step(grid, placed.beat)
    best = _Division("straight", step, ())
    fit = _fit(best, placed, step)
    for division in _other_divisions(placed, step):
        if _anchored(division, placed):
            found = _fit(division, placed, step)
            if found.hold > fit.hold + CLEARLY_BETTER:
                best, fit = division, found
    return best, fit


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """Onsets in the bar: `beats` after its start, their `strengths`, the `bar` in beats, a `beat` in seconds."""

    beats: NDArray[np.float64]
    strengths: NDArray[np.float64]
    bar: float
    beat: float


def _step(grid: Grid, beat: float) -> float:
    """Return the distance of plain lines in beats: a sixteenth note, or less or more of it where the tempo asks.

    It is a whole part of the meter's own unit, so that a bar line is always a line, unless those are too close.
    """
    step = 0.25
    while step * beat > WIDEST_LINES or step > 4 / grid.meter.denominator:
        step /= 2
    while step * beat < CLOSEST_LINES:
        step *= 2
    return step


def _other_divisions(placed: _Placed, step: float) -> Iterator[_Division]:
    """Yield the divisions that a musician might have used instead of the plain one."""
    halves = step / 2 * placed.beat >= CLOSEST_LINES
    if halves:
        yield _Division("halved", step, (step / 2,))
    pair = 2 * step
    swing = _swing(placed, pair)
    yield _Division("swung sixteenths", pair, _halved(swing, pair) if halves else (swing * pair,), swing)
    pair = 4 * step
    swing = _swing(placed, pair)
    yield _Division("swung eighths", pair, _halved(swing, pair), swing)
    yield _Division("triplets", pair, (pair / 3, 2 * pair / 3))


def _halved(swing: float, pair: float) -> tuple[float, ...]:
    """Return the lines of a swung pair whose two notes are halved once more."""
    return (swing * pair / 2, swing * pair, (1 + swing) * pair / 2)


def _swing(placed: _Placed, pair: float) -> float:
    """Return where the second notes of pairs come after the first, as a part of the pair, each by their median.

    After the first, and not after the line: what is late as a whole has no swing.
    """
    low, high = SWING_RANGE
    part = placed.beats % pair / pair
    after = np.where(part < 0.75, part, part - 1)
    first = np.abs(after) < low / 2
    second = (part > low - SWING_MARGIN) & (part < high + SWING_MARGIN)
    if not (first.any() and second.any()):
        return low
    late = weighted_quantile(after[first], placed.strengths[first], 0.5)
    swing = weighted_quantile(part[second], placed.strengths[second], 0.5) - late
    return min(high, max(low, swing))


def _anchored(division: _Division, placed: _Placed) -> bool:
    """Whether enough of the onsets lie on the lines that `division` shares with the plain one."""
    seconds = np.abs(_distances(placed, division.period, ())) * placed.beat
    return float(placed.strengths[seconds < ANCHOR_SECONDS].sum()) >= ANCHORED * float(placed.strengths.sum())


def _fit(division: _Division, placed: _Placed, step: float) -> GridFit:
    """Measure how onsets lie on the lines of one division. Its hold is told against the mean distance of its lines."""
    beats = _distances(placed, division.period, division.lines)
    apart = min(step, division.period / (len(division.lines) + 1))
    turns = np.minimum(np.abs(beats) / apart, 0.5)
    seconds = beats * placed.beat
    return GridFit(
        error=weighted_quantile(np.abs(seconds), placed.strengths, 0.5),
        error_p95=weighted_quantile(np.abs(seconds), placed.strengths, 0.95),
        offset=weighted_quantile(seconds, placed.strengths, 0.5),
        hold=float(np.average(np.cos(2 * np.pi * turns), weights=placed.strengths)),
        division=division.name,
        swing=division.swing,
    )


def _distances(placed: _Placed, period: float, lines: tuple[float, ...]) -> NDArray[np.float64]:
    """Return how far each onset is from the nearest line, in beats, late being positive.

    Lines are counted from the bar line, and the next bar line is a line too, even where it cuts a period short.
    """
    positions = np.array([0.0, *lines, period])
    distances = (placed.beats % period)[:, np.newaxis] - positions
    distances = np.column_stack((distances, placed.beats - placed.bar))
    nearest = np.abs(distances).argmin(axis=1)
    found: NDArray[np.float64] = distances[np.arange(len(nearest)), nearest]
    return found


def weighted_quantile(values: NDArray[np.float64], weights: NDArray[np.float64], part: float) -> float:
    """Return the smallest of `values` (at least one) below or at which lies at least `part` (0–1) of the weight."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][min(int(np.searchsorted(reached, part * reached[-1])), len(values) - 1)])
