"""What a clip looks like in a terminal: its waveform in braille dots, the bar lines through it, the beats under it."""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from daw_bridge.cli.sound import Outline
from plugin_host.musictime import Meter, Tempo

DOTS_WIDE, DOTS_HIGH = 2, 4
"""Dots of one braille sign."""

_BLANK = 0x2800
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""What each dot adds to the blank sign, in rows from the top (Unicode 15, "Braille Patterns")."""

_BAR, _BAR_MARK, _BEAT = "┊", "│", "╵"
_NARROWEST = 2.5  # signs from line to line; closer ones would be a fence
_WELL_USED = 0.75  # the part of the room that may be given up for lines at equal distances
_NEARLY = 1e-9  # a line that is meant to begin a column must not fall short of it by rounding


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the grid: at which part of the clip (0–1), and the number of the bar that begins there, if one does."""

    at: float
    bar: int | None


def lines(tempo: Tempo, meter: Meter, seconds: float) -> list[Line]:
    """Return the lines inside a clip of so many `seconds`: one for each unit of the meter (an eighth, in 7/8)."""
    unit = float(Fraction(4 * 60, meter.denominator) / tempo.quarters_per_minute)
    count = math.ceil(seconds / unit - 0.01)  # a clip of whole bars has no line at its very end
    starts = (divmod(number, meter.numerator) for number in range(count))
    return [Line(k * unit / seconds, None if within else bar + 1) for k, (bar, within) in enumerate(starts)]


def width_for(grid: list[Line], room: int) -> int:
    """Return how many signs wide to draw, at most `room`: so that beats, or at least bars, are equally wide if possible."""
    for count in (len(grid), sum(line.bar is not None for line in grid)):
        even = room // max(1, count) * count
        if even >= _WELL_USED * room:
            return even
    return room


def thinned(grid: list[Line], width: int) -> list[Line]:
    """Return as many lines as can be told apart in `width` signs: all, or the bars, or every second, fourth … bar."""
    every = 1
    while len(grid) * _NARROWEST > width:
        grid = [line for line in grid if line.bar is not None and (line.bar - 1) % every == 0]
        every *= 2
    return grid


def draw(shape: Outline, height: int, grid: list[Line]) -> list[str]:
    """Draw all channels over each other in `height` rows of braille signs, the peak at the edge, bar lines between.

    The outline has `DOTS_WIDE` stretches for each sign. Silence is a line of dots.
    """
    edges = np.linspace(1, -1, DOTS_HIGH * height + 1)[:, np.newaxis] * (shape.peak or 1.0)
    dots = (edges[:-1] > shape.lows.min(axis=1)) & (edges[1:] <= shape.highs.max(axis=1))
    signs = dots.reshape(height, DOTS_HIGH, -1, DOTS_WIDE).transpose(0, 2, 1, 3)
    codes = _BLANK + (signs * _BITS).sum(axis=(2, 3))
    bars = {_column(line, codes.shape[1]) for line in grid if line.bar is not None}
    blanks = [_BAR if column in bars else " " for column in range(codes.shape[1])]
    return [
        "".join(chr(code) if code > _BLANK else blank for code, blank in zip(row, blanks, strict=True)) for row in codes
    ]


def ruler(grid: list[Line], width: int) -> tuple[str, str]:
    """Return two rows to stand under the drawing: marks at bars and beats, and the numbers of as many bars as fit."""
    marks, numbers = [" "] * width, ""
    for line in grid:
        column = _column(line, width)
        marks[column] = _BEAT if line.bar is None else _BAR_MARK
        if line.bar is not None and len(numbers) <= column:
            numbers = f"{numbers:<{column}}{line.bar} "
    return "".join(marks).rstrip(), numbers.rstrip()


def _column(line: Line, width: int) -> int:
    """Return in which of `width` columns `line` lies."""
    return min(width - 1, int(line.at * width + _NEARLY))
