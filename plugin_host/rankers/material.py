"""What a clip is made of, as far as its beat is concerned: drums, tones that begin, or nothing that begins.

The border between drums and tones is drawn by two things that an onset of a drum kit has and a tone has not: noise
(between the partials of a tone there is silence, a snare has none to be between), and something above 5 kHz that begins
with it. What rings off at once, like a click or a wood block, counts as a drum whatever its spectrum.
"""

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from plugin_host.engine import Form
from plugin_host.rankers.onsets import Onsets
from plugin_host.rankers.spectrum import Loudness, extended

FEWEST_ONSETS = 4
"""A clip with fewer has no beat that could be wrong: a pad, a drone, a riser."""

NOISE = 0.053
"""From this much noise in its onsets on, a clip may be drums: white noise has 0.56, a saw wave next to none."""

BRIGHT = 0.05
"""Drums rise by at least this part above …"""

BRIGHT_HERTZ = 5_000.0
"""… so many Hz."""

DRY = 0.15
"""Of a click, no more than this part of the loudness is left …"""

RINGING_SECONDS = 0.12
"""… after so long."""

OCTAVES_HERTZ = (1_000.0, 2_000.0, 4_000.0)
"""Where the octaves begin in which noise is looked for: below, partials are too close to be told from it."""

_WINDOW = 2_048  # frames from an onset on: some 85 ms, in which partials of a low bass are told apart


class Material(Enum):
    """What begins in a clip: drums, tones, or nothing worth the name."""

    PERCUSSIVE = "percussive"
    TONAL = "tonal"
    BEATLESS = "beatless"


def tell(sound: NDArray[np.float32], rate: float, loudness: Loudness, onsets: Onsets, form: Form) -> Material:
    """Say what `sound`, shape ``(frames,)``, is made of, given its `loudness` and its strong `onsets`."""
    if len(onsets.seconds) < FEWEST_ONSETS:
        return Material.BEATLESS
    bright = float(onsets.within(BRIGHT_HERTZ, np.inf).sum() / onsets.strengths.sum()) >= BRIGHT
    noisy = bright and _noise(sound, rate, onsets, form) >= NOISE
    return Material.PERCUSSIVE if noisy or _ringing(loudness, onsets) <= DRY else Material.TONAL


def _ringing(loudness: Loudness, onsets: Onsets) -> float:
    """Return which part of its loudness the mean onset still has after `RINGING_SECONDS`."""
    whole = loudness.bands.sum(axis=1)
    at = np.rint(onsets.seconds / loudness.step).astype(np.int64)
    step = max(1, round(0.005 / loudness.step))
    loudest = np.max([whole[(at + k * step) % len(whole)] for k in range(1, 5)], axis=0)
    after = whole[(at + round(RINGING_SECONDS / loudness.step)) % len(whole)]
    return float(np.average(after / np.maximum(loudest, 1e-9), weights=onsets.strengths))


def _noise(sound: NDArray[np.float32], rate: float, onsets: Onsets, form: Form) -> float:
    """Return how noisy the onsets are: the flatness of the upper octaves, each weighed by its part of the loudness."""
    starts = np.rint(onsets.seconds * rate).astype(np.int64)
    around = extended(sound, _WINDOW, form)
    frames = around[np.minimum(starts[:, np.newaxis] + _WINDOW + np.arange(_WINDOW), len(around) - 1)]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(_WINDOW).astype(np.float32), axis=1))) + 1e-9
    hertz = np.arange(power.shape[1]) * (rate / _WINDOW)
    loud = power[:, hertz < OCTAVES_HERTZ[0]].sum(axis=1) ** 0.25
    noisy = np.zeros(len(power))
    for low in OCTAVES_HERTZ:
        octave = power[:, (hertz >= low) & (hertz < 2 * low)]
        if octave.size:
            level = octave.sum(axis=1) ** 0.25
            loud += level
            noisy += level * np.exp(np.log(octave).mean(axis=1)) / octave.mean(axis=1)
    return float(np.average(noisy / loud, weights=onsets.strengths))
