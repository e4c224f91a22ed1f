"""When something begins: the onsets of a clip, to a millisecond.

An onset is found where the bands together get louder fast (spectral flux; the survey of Bello et al., "A Tutorial on
Onset Detection in Music Signals", 2005, compares such measures). That says roughly when. The moment itself is read
from the fine envelope around it: where it first rises out of what was before, which for a drum is within a
fraction of a millisecond of its first frame, and for a slow attack is when it begins to be heard.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from plugin_host.engine import Form
from plugin_host.rankers.spectrum import HOPS_PER_WINDOW, Loudness, extended

LAG = 3
"""Loudness is compared with what it was so many moments (8 ms) before …"""

HOLD = 8
"""… or in any of the 7 moments before that: the cycles of a bass and the beating of a chord are no onsets."""

APART_SECONDS = 0.024
"""Of two onsets closer than this, the stronger counts: the ear fuses them."""

CLEAR_RISE = 0.2
"""An onset is clear when the loudness rises by this part of the clip's mean loudness …"""

CLEAR_RATIO = 10.0
"""… and by so many times what it does half of the time: steady noise flutters up to five times that."""

STRONG = 0.13
"""Onsets with less than this part of the strongest one's rise are not counted: ghost notes, echoes."""

PAST_SECONDS = 0.016
"""What went before an onset is heard for so long: a cycle of the bass …"""

BACK_SECONDS = 0.016
"""… until so long before the rough moment, since a bass is noticed late; from there the envelope is searched …"""

ON_SECONDS = 0.010
"""… until so long after it."""

RISE_PART = 0.05
"""An onset is where the envelope has come so far of its way up …"""

OUT_OF_NOISE = 1.5
"""… and to so many times the highest that it was before, so that what went before is not taken for it."""

LATEST_PART = 0.5
"""An onset that has not come out of the noise half way up is left where it was roughly."""

CYCLE_SECONDS = 0.024
"""Out of silence, a low tone is looked for so long before the rough moment: it may take a cycle to be noticed."""

SILENT_PART = 0.15
"""Silence is what does not reach this part of the tone that follows."""

ENVELOPE_SECONDS = 0.000_67
"""How fine the fine envelope is."""


@dataclass(frozen=True, slots=True, eq=False)
class Onsets:
    """The strong onsets of a clip: when, in `seconds` from its first frame, and how strong beside each other.

    `rises` tells what each is made of: how much louder each band gets, shape ``(onsets, bands)``; `hertz` is where
    each band begins. Both are empty where that was not heard.
    """

    seconds: NDArray[np.float64]
    strengths: NDArray[np.float64]
    rises: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))
    hertz: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def within(self, low: float, high: float) -> NDArray[np.float64]:
        """Return how much each onset rises in the bands that begin from `low` to `high` Hz; where not heard, in all."""
        if not self.rises.size:
            return self.strengths
        found: NDArray[np.float64] = self.rises[:, (self.hertz >= low) & (self.hertz < high)].sum(
            axis=1, dtype=np.float64
        )
        return found


def risen(loudness: Loudness, form: Form) -> NDArray[np.float32]:
    """Return how much louder each band gets from moment to moment, as a part of the clip's mean loudness."""
    bands = loudness.bands
    reach = LAG + HOLD - 1
    if len(bands) <= reach:
        return np.zeros_like(bands)
    margin = np.zeros_like(bands[:reach]) if form is Form.ONE_SHOT else bands[-reach:]
    before = np.concatenate((margin, bands[:-LAG]))
    for shift in (1, 2, 4):  # the maximum over two, four, eight moments
        before = np.maximum(before[shift:], before[:-shift])
    rises: NDArray[np.float32] = np.maximum(0, bands - before)
    mean = float(bands.sum(dtype=np.float64)) / max(1, len(bands))
    return rises / np.float32(mean) if mean > 0 else rises


def find(sound: NDArray[np.float32], rate: float, loudness: Loudness, form: Form) -> Onsets:
    """Return the strong onsets of `sound`, shape ``(frames,)`` at `rate`, whose `loudness` is known already."""
    rises = risen(loudness, form)
    rise = rises.sum(axis=1, dtype=np.float64)
    apart = int(APART_SECONDS / loudness.step)
    if len(rise) <= 2 * apart or not rise.any():
        return Onsets(np.empty(0), np.empty(0))
    around = sliding_window_view(np.concatenate((rise[-apart:], rise, rise[:apart])), 2 * apart + 1)
    clear = max(CLEAR_RISE, CLEAR_RATIO * float(np.median(rise)))
    peaks = np.flatnonzero((rise >= around.max(axis=1)) & (rise > clear))
    if len(peaks) == 0:
        return Onsets(np.empty(0), np.empty(0))
    strong = peaks[rise[peaks] >= STRONG * rise[peaks].max()]
    # A step changes loudness most midway between the two windows that are compared, and, since loudness rises early in
    # what is left of a window's power, a quarter of a window later than that.
    roughly = (strong - LAG / 2 + HOPS_PER_WINDOW / 4) * loudness.step
    return Onsets(_refined(sound, rate, roughly, form), rise[strong], rises[strong], loudness.hertz)


def _refined(sound: NDArray[np.float32], rate: float, roughly: NDArray[np.float64], form: Form) -> NDArray[np.float64]:
    """Return the moments, in seconds, at which the fine envelope begins to rise.

    The slope tells best, since it does not hear the bass that sounds on under a hi-hat. But of a low saw wave that
    begins, the first steep place comes up to a cycle late; out of silence, the level tells better.
    """
    step = max(1, round(ENVELOPE_SECONDS * rate))
    slope = np.diff(sound, prepend=sound[-1:])
    steep = _emerged(_envelope(slope, step), step / rate, roughly, form, (BACK_SECONDS, LATEST_PART))
    loud = _emerged(_envelope(sound, step), step / rate, roughly, form, (CYCLE_SECONDS, SILENT_PART))
    refined: NDArray[np.float64] = np.fmin(np.where(np.isnan(steep), roughly, steep), loud)
    return refined


def _emerged(
    envelope: NDArray[np.float32],
    seconds: float,
    roughly: NDArray[np.float64],
    form: Form,
    search: tuple[float, float],
) -> NDArray[np.float64]:
    """Return when, in seconds, an `envelope` of so many `seconds` a value rises near each moment; NaN where it does not.

    `search` is how far back to look, and how much of its way it may have come before it is out of the noise.
    """
    far, latest = search
    past, back, on = (round(reach / seconds) for reach in (PAST_SECONDS, far, ON_SECONDS))
    padded = extended(envelope, past + back + on, form)
    centres = np.clip(np.rint(roughly / seconds).astype(int), 0, len(envelope))
    around = padded[centres[:, np.newaxis] + np.arange(on, past + back + 2 * on + 1)]
    found: NDArray[np.float64] = (centres - back + _emergence(around[:, :past], around[:, past:], latest)) * seconds
    return found


def _envelope(wave: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Return the level of a wave, a value for each `step` frames."""
    blocks = wave[: len(wave) // step * step].reshape(-1, step)
    levels: NDArray[np.float32] = np.sqrt(np.einsum("ij,ij->i", blocks, blocks))
    return levels


def _emergence(past: NDArray[np.float32], after: NDArray[np.float32], latest: float) -> NDArray[np.float64]:
    """Return where each row of `after` first rises out of its `past`, in fractions of columns.

    NaN where it comes out later than at this part of its rise.
    """
    rows = np.arange(len(after))
    low = past.mean(axis=1)
    rise = after.max(axis=1) - low
    wanted = np.maximum(OUT_OF_NOISE * past.max(axis=1), low + RISE_PART * rise)
    first = (after >= wanted[:, np.newaxis]).argmax(axis=1)
    before = np.where(first > 0, after[rows, first - 1], past[:, -1])
    climb = after[rows, first] - before
    short = np.divide(after[rows, first] - wanted, climb, out=np.zeros(len(after)), where=climb > 0)
    # A level belongs to the middle of its block.
    return np.where(wanted <= low + latest * rise, first - np.clip(short, 0, 1) + 0.5, np.nan)
