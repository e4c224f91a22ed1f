"""Where the bar begins: a ring has no first frame, so the strongest downbeat is made it.

What begins at a moment is heard in all bands, and once more in the lowest, where the kick and the bass are. It is
folded at the beat, which says where beats are; then at the bar, which says which of them is the first; of all bars the
one that begins most strongly becomes the first. At last the beat is set to the millisecond by the onsets around it.
"""

import numpy as np
from numpy.typing import NDArray

from plugin_host.engine import Form
from plugin_host.rankers import onsets, spectrum

LOW = 180.0
"""Hz. What kick drums and basses have below, and little else …"""

LOW_WEIGHT = 3.0
"""… which counts so many times more: an open hat between the beats is loud in many bands."""

AROUND_SECONDS = 0.010
"""How far from each other onsets may be that are one beat to a listener."""

ALIKE = 0.1
"""Bars whose beginnings differ by less than this part are equally strong; of those the first one stays the first."""


def frame(ring: NDArray[np.float32], rate: int, bars: int, beats: int) -> int:
    """Return the frame of `ring`, shape ``(frames,)``, that should be its first.

    The ring holds so many `bars` of so many `beats` each. Rolled by that frame, it keeps its first frame.
    """
    strength, seconds = _strength(ring, float(rate))
    if not strength.any():
        return 0
    beat = _phase(strength, bars * beats)
    bar = _strongest(strength, beat, bars, beats)
    moment = _refined(ring, float(rate), bar * seconds)
    return round(moment * rate) % len(ring)


def _strength(ring: NDArray[np.float32], rate: float) -> tuple[NDArray[np.float64], float]:
    """Return how strongly something begins at each moment, and the seconds from one moment to the next."""
    heard = spectrum.loudness(ring, rate, Form.LOOP)
    rises = onsets.risen(heard, Form.LOOP).astype(np.float64)
    low = rises[:, heard.hertz < LOW].sum(axis=1)
    return rises.sum(axis=1) + LOW_WEIGHT * low, heard.step


def _phase(strength: NDArray[np.float64], beats: int) -> float:
    """Return the moment of the first beat, where what is `beats` to the ring begins most."""
    reach = max(1, round(AROUND_SECONDS / 0.002))
    kernel = np.hanning(2 * reach + 1)
    around = np.arange(-reach, reach + 1)
    smooth = strength[(np.arange(len(strength))[:, np.newaxis] + around) % len(strength)] @ kernel
    period = len(strength) / beats
    candidates = np.arange(0, period, 0.5)
    places = np.rint(candidates[:, np.newaxis] + period * np.arange(beats)).astype(int) % len(strength)
    return float(candidates[np.argmax(smooth[places].sum(axis=1))])


def _strongest(strength: NDArray[np.float64], beat: float, bars: int, beats: int) -> float:
    """Return the moment of the strongest downbeat: which beat of a bar is the first, then which bar."""
    period = len(strength) / (bars * beats)
    reach = max(1, round(AROUND_SECONDS / 0.002))
    around = np.arange(-reach, reach + 1)
    places = np.rint(beat + period * np.arange(bars * beats)).astype(int)
    found = strength[(places[:, np.newaxis] + around) % len(strength)].sum(axis=1).reshape(bars, beats)
    first = int(np.argmax(found.mean(axis=0)))
    strong = found[:, first]
    bar = np.flatnonzero(strong >= (1 - ALIKE) * strong.max())
    moments = beat + period * (bar * beats + first)
    return float(moments[np.argmin((moments + reach) % len(strength))])


def _refined(ring: NDArray[np.float32], rate: float, moment: float) -> float:
    """Return the onset nearest to a moment, in seconds, or the moment itself where there is none."""
    found = onsets.find(ring, rate, spectrum.loudness(ring, rate, Form.LOOP), Form.LOOP)
    if not len(found.seconds):
        return moment
    length = len(ring) / rate
    away = (found.seconds - moment + length / 2) % length - length / 2
    nearest = int(np.argmin(np.abs(away)))
    return moment + float(away[nearest]) if abs(away[nearest]) <= 2 * AROUND_SECONDS else moment
