"""The tracker: from the ticks of a MIDI clock to its tempo and phase.

Ticks arrive late, early, in pairs (a driver hands them over block by block), doubled, or not at all. A line is fitted to
the last ticks by least squares: its slope is the time of a tick, and its height the phase. Over n ticks with a jitter of
σ seconds the slope has a standard error of σ·√(12/n³), which is why bars are needed and not beats: with 1 ms of jitter at
120 BPM one beat (24 ticks) gives ±0.2 BPM, two bars (192) ±0.008.

The window is as long as it can be: where the newest ticks bend away from the line, its older half is dropped until the
line fits them again. So a steady clock is read to a hundredth, and a ramp or a jump is followed at once, if less exactly.

A leap is no bend. Ticks that keep their distance a whole number of ticks beside a long line are ones after a tick that
was lost, or doubled, and are counted so. Beside a short line a leap tells nothing: at 120 BPM and blocks of 1024 frames,
ticks drift through the block and leap back by all of it every other beat.

Where block and tick take nearly the same time (1024 frames at 48 kHz are a tick of 117.19 BPM), such a leap is as long as
a tick, and between two of them the ticks follow each other as blocks do and not as they were sent. So a leap of one tick
beside a line of exactly a block's pace is taken for the block's, and from then on nothing within one block is a bend.
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
_UNHEARD = _NEWEST + _EVERY - 1  # ticks that have no say in the line: a leap may have come as long before the newest
_SURE = 120  # ticks: a line through fewer cannot tell a lost tick from a driver's block that came between two
_ASIDE = 0.6  # of a tick: so far beside the line is no jitter
_SAME_PLACE = 0.3  # of a tick: so near to a whole number of ticks is one
_SHARP = 0.13  # of a tick: beside a line with a greater spread, a lost tick cannot be told from a block's leap
_HAIR = 0.002  # seconds: a smaller bend of the line is not worth a shorter window
_BLOCKS = [2**power / rate for power in range(8, 13) for rate in (44_100, 48_000)]  # seconds; 96 kHz has the same
_EXACTLY = 8e-4  # of a block: so near to it is its pace, and no tempo's

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
        while len(times) - begin >= _NEWEST + _UNHEARD:
            old = _drawn(numbers[begin:-_UNHEARD], times[begin:-_UNHEARD])
            off = times[-_NEWEST:] - (old.time + (numbers[-_NEWEST:] - old.number) * old.period)
            moved = _moved(old, off)
            since = _since(old, numbers, times, moved) if moved else 0
            leap = _leap(old, numbers[begin:], times[begin:])
            if since:
                numbers[-since:] += moved
                self._mend(since, moved)
            elif not _bent(old, off, leap) or (old.ticks < _SURE and _leapt(old, off, times)):
                break
            elif leap:
                begin = len(times) - _NEWEST - _UNHEARD + 1
            else:
                begin += (len(times) - begin) // 2 if len(times) - begin >= 4 * _NEWEST else _NEWEST
        for _ in range(begin):
            self._numbers.popleft()
            self._times.popleft()
        self.line = _drawn(numbers[begin:], times[begin:])

    def _mend(self, since: int, moved: int) -> None:
        """Count the last `since` ticks, and all that follow, `moved` ticks later."""
        for place in range(-since, 0):
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


def _moved(old: Line, off: _Floats) -> int:
    """Return by how many whole ticks the newest stand beside a long and sharp line; 0 where they do not."""
    if old.ticks < _SURE or old.spread > _SHARP * old.period or max(off.min(), -off.max()) < _ASIDE * old.period:
        return 0
    ticks = float(np.median(off)) / old.period
    pace = abs(float(off[-1] - off[0])) / old.period
    moved = round(ticks) if pace < _ASIDE and abs(ticks - round(ticks)) < _SAME_PLACE else 0
    return 0 if abs(moved) == 1 and _has_pace_of_blocks(old) else moved


def _since(old: Line, numbers: _Floats, times: _Floats, moved: int) -> int:
    """Return how many ticks have come since the leap; 0 where there is none among those that the line has not heard."""
    steps = np.diff(times[-_UNHEARD - 1 :]) - np.diff(numbers[-_UNHEARD - 1 :]) * old.period
    place = int(np.argmax(steps * moved))
    return _UNHEARD - place if abs(steps[place]) > _SAME_PLACE * old.period else 0


def _has_pace_of_blocks(line: Line) -> bool:
    """Whether ticks follow each other exactly as the blocks of an audio driver do."""
    return any(abs(line.period / block - 1) < _EXACTLY for block in _BLOCKS)


def _leap(old: Line, numbers: _Floats, times: _Floats) -> float:
    """Return the longest leap between two ticks, in seconds; 0 where none is a leap."""
    steps = np.abs(np.diff(times) - np.diff(numbers) * old.period)
    longest = float(steps.max())
    return longest if longest > _ASIDE * old.period else 0.0


def _bent(old: Line, off: _Floats, leap: float) -> bool:
    """Whether the newest ticks have left the line: each of them to the same side, and further than jitter explains.

    The jitter of a driver that hands ticks over block by block comes in slow waves; so the bound is about its crest,
    and not the standard error of a mean of eight. Where ticks leap, they may drift as far as the leap.
    """
    nearest = max(off.min(), -off.max())  # above zero only where all are on one side
    return bool(nearest > max(_HAIR, 1.5 * old.spread, 1.2 * leap))


def _leapt(old: Line, off: _Floats, times: _Floats) -> bool:
    """Whether it was one leap that took the newest ticks off a short line, and no other pace."""
    leap = float(np.abs(np.diff(times[-_UNHEARD - 1 :]) - old.period).max())
    return leap > _ASIDE * abs(float(np.median(off)))
