"""The tracker: from the ticks of a MIDI clock to its tempo and phase.

Ticks arrive late, early, in pairs (a driver hands them over block by block), doubled, or not at all. A line is fitted to
the last ticks by least squares: its slope is the time of a tick, and its height the phase. Over n ticks with a jitter of
σ seconds the slope has a standard error of σ·√(12/n³), which is why bars are needed and not beats: with 1 ms of jitter at
120 BPM one beat (24 ticks) gives ±0.2 BPM, two bars (192) ±0.008.

The window is as long as it can be: where the newest ticks bend away from the line, its older half is dropped until the
line fits them again. So a steady clock is read to a hundredth, and a ramp or a jump is followed at once, if less exactly.

A leap is no bend. Ticks that keep their distance a whole number of ticks beside a long line are ones after a tick that
was lost, or doubled, and are counted so. Beside a short line a leap tells nothing: at 120 BPM and blocks of 1024 frames,
ticks drift through the block and leap back by all of it every other beat. (Where block and tick take nearly the same
time, as from 117 to 119 BPM, the two cannot be told apart, and the tempo may be read wrong by some BPM.)
"""

from collections import deque
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

TICKS_A_BEAT = 24
"""MIDI 1.0: 24 clocks to a quarter note."""

_LONGEST = 384  # ticks: four bars of 4/4
_SHORTEST = 8  # ticks that a line needs
_NEWEST = 8  # ticks that must agree before they are believed against the line
_EVERY = 3  # ticks from one drawing to the next: an eighth of a beat is soon enough, and costs a third
_SURE = 120  # ticks: a line through fewer cannot tell a lost tick from a driver's block that came between two
_ASIDE = 0.6  # of a tick: so far beside the line is no jitter
_SAME_PLACE = 0.3  # of a tick: so near to a whole number of ticks is one
_HAIR = 0.002  # seconds: a smaller bend of the line is not worth a shorter window

_Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """Tick `number` stood at `time`, in seconds; a tick takes `period` seconds, give or take `error`.

    `time` is the line's own, not the moment at which that tick arrived. `ticks` is how many it was drawn through, and
    `spread` the standard deviation of their distance to it, in seconds.
    """

    number: int
    time: float
    period: float
    error: float
    spread: float
    ticks: int

    @property
    def tempo(self) -> float:
        """Quarter notes a minute."""
        return 60.0 / (TICKS_A_BEAT * self.period)

    @property
    def tempo_error(self) -> float:
        """The standard error of `tempo`."""
        return self.tempo * self.error / self.period


class Tracker:
    """Draws the line through the ticks. It never asks what time it is. Thread: one at a time."""

    def __init__(self) -> None:
        self._numbers: deque[int] = deque(maxlen=_LONGEST)
        self._times: deque[float] = deque(maxlen=_LONGEST)
        self._next = 0
        self.mended = 0
        self.line: Line | None = None

    def tick(self, time: float) -> int:
        """Take a tick that arrived at `time` (seconds, never falling) and return its number, from 0."""
        self._numbers.append(self._next)
        self._times.append(time)
        self._next += 1
        if len(self._times) >= _SHORTEST and self._next % _EVERY == 0:
            self._draw()
        return self._numbers[-1]

    def forget(self) -> None:
        """Begin anew: the clock was silent. Numbers go on."""
        self._numbers.clear()
        self._times.clear()
        self.line = None

    def _draw(self) -> None:
        """Draw the line through as many ticks as lie on one."""
        numbers, times = np.fromiter(self._numbers, np.float64), np.fromiter(self._times, np.float64)
        begin = 0
        while len(times) - begin >= 2 * _NEWEST:
            old = _drawn(numbers[begin:-_NEWEST], times[begin:-_NEWEST])
            off = times[-_NEWEST:] - (old.time + (numbers[-_NEWEST:] - old.number) * old.period)
            moved = _moved(old, off)
            if moved:
                numbers[-_NEWEST:] += moved
                self._mend(moved)
            elif not _bent(old, off) or (old.ticks < _SURE and _leapt(old, off, times[-_NEWEST - 1 :])):
                break
            else:
                begin += (len(times) - begin) // 2 if len(times) - begin >= 4 * _NEWEST else _NEWEST
        for _ in range(begin):
            self._numbers.popleft()
            self._times.popleft()
        self.line = _drawn(numbers[begin:], times[begin:])

    def _mend(self, moved: int) -> None:
        """Count the newest ticks, and all that follow, `moved` ticks later."""
        for place in range(-_NEWEST, 0):
            self._numbers[place] += moved
        self._next += moved
        self.mended += abs(moved)


def _drawn(numbers: _Floats, times: _Floats) -> Line:
    """Return the line of least squares through ticks; it tells the place of the last one."""
    count = len(times)
    x, y = numbers - numbers.mean(), times - times.mean()
    square = float(x @ x)
    period = float(x @ y) / square
    spread = float(np.sqrt(np.mean((y - period * x) ** 2)))
    last = int(numbers[-1])
    return Line(
        number=last,
        time=float(times.mean() + period * (last - numbers.mean())),
        period=period,
        error=spread / sqrt(square),
        spread=spread,
        ticks=count,
    )


def _off(line: Line, numbers: _Floats, times: _Floats) -> _Floats:
    """Return by how many seconds ticks are late for `line`."""
    return times - (line.time + (numbers - line.number) * line.period)


def _moved(old: Line, off: _Floats) -> int:
    """Return by how many whole ticks the newest stand beside a long line; 0 where they do not."""
    if old.ticks < _SURE or max(off.min(), -off.max()) < _ASIDE * old.period:
        return 0
    ticks = float(np.median(off)) / old.period
    pace = abs(float(off[-1] - off[0])) / old.period
    return round(ticks) if pace < _ASIDE and abs(ticks - round(ticks)) < _SAME_PLACE else 0


def _bent(old: Line, off: _Floats) -> bool:
    """Whether the newest ticks have left the line: each of them to the same side, and further than jitter explains.

    The jitter of a driver that hands ticks over block by block comes in slow waves; so the bound is about its crest,
    and not the standard error of a mean of eight.
    """
    nearest = max(off.min(), -off.max())  # above zero only where all are on one side
    return bool(nearest > max(_HAIR, 1.5 * old.spread))


def _leapt(old: Line, off: _Floats, times: _Floats) -> bool:
    """Whether it was one leap that took the newest ticks off the line, and no other pace."""
    leap = float(np.abs(np.diff(times) - old.period).max())
    return leap > _ASIDE * abs(float(np.median(off)))
