"""Streams of MIDI clock ticks, as senders and drivers make them: seconds at which each arrives."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.float64]

START = 1_000.0
"""Seconds: no stream begins at zero, for no clock does."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Ticks that were sent at `sent` and came at `came`: both in seconds, in order. Lost ones came not, doubled ones twice."""

    sent: Times
    came: Times


def steady(tempo: float, bars: float, dice: np.random.Generator, *, jitter: float = 0.0, block: float = 0.0) -> Stream:
    """Return the ticks of a clock at `tempo` for so many bars of 4/4.

    `jitter` is the standard deviation of their delay in seconds, `block` the length of the blocks at whose end a driver
    hands them over.
    """
    sent = START + np.arange(round(96 * bars) + 1) * 60 / tempo / 24
    return Stream(sent, _delayed(sent, dice, jitter, block))


def changing(tempi: list[tuple[float, float]], dice: np.random.Generator, *, jitter: float = 0.0) -> Stream:
    """Return the ticks of a clock whose tempo goes through points of (second, BPM) in straight lines."""
    fine = np.arange(0, tempi[-1][0], 1e-4)
    points = np.array(tempi)
    beats = np.cumsum(np.interp(fine, points[:, 0], points[:, 1])) / 60 * 1e-4
    sent = START + np.interp(np.arange(0, beats[-1], 1 / 24), beats, fine)
    return Stream(sent, _delayed(sent, dice, jitter, 0.0))


def _delayed(sent: Times, dice: np.random.Generator, jitter: float, block: float) -> Times:
    """Return when the ticks come."""
    came = sent + dice.normal(0, jitter, len(sent))
    if block:
        came = np.ceil(came / block) * block
    return np.maximum.accumulate(came)
