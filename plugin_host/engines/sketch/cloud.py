"""Pads: clouds of detuned voices, made in the spectrum.

Each partial of a chord is spread over a band of frequencies with chance phases, and one inverse transform gives a
long loop in which dozens of voices seem to play (P. Nasca's PADsynth, 2005). It costs the same for any chord.
"""

import math
from collections.abc import Sequence

import numpy as np

from plugin_host.engines.sketch.chance import Dice
from plugin_host.engines.sketch.harmony import hertz
from plugin_host.engines.sketch.noise import TOP, Curve, sides
from plugin_host.engines.sketch.ring import Sound
from plugin_host.engines.sketch.timbres import Timbre
from plugin_host.engines.sketch.tone import partials

_LOOP = 1.2
"""Seconds that the loop of a cloud lasts at least; longer pads go around it."""


def cloud(timbre: Timbre, pitches: Sequence[int], hold: float, rate: int, dice: Dice) -> Sound:
    """Return a chord of `hold` seconds as a pad, stereo, RMS 0.25; after that it takes its attack again to go."""
    size = 1 << math.ceil(math.log2(_LOOP * rate))
    ceiling = min(TOP * rate, timbre.cutoff * 3)
    levels = np.zeros(round(ceiling * size / rate) + 1, np.float32)
    for pitch in pitches:
        _spread(levels, timbre, hertz(pitch), rate / size)
    loop = np.asarray(np.fft.irfft(levels * dice.phases(levels.size), size), np.float32)
    loop *= np.float32(0.25 / max(float(np.vdot(loop, loop) / size) ** 0.5, 1e-12))
    swell = min(timbre.attack, hold)
    frames = round((hold + swell) * rate)
    sound = sides(loop, 2, frames)
    _swell(sound, round(swell * rate))
    return sound


def _spread(levels: Curve, timbre: Timbre, fundamental: float, bin_width: float) -> None:
    """Add the partials of one note to `levels`, one value a bin of `bin_width` Hz, each as a bell-shaped band."""
    ratios, weights = partials(timbre.wave, fundamental, bin_width * (levels.size - 1))
    for ratio, weight in zip(ratios, weights, strict=True):
        centre = float(ratio) * fundamental
        width = max(centre * (2 ** (timbre.detune / 1200) - 1) / bin_width, 0.5)
        loudness = float(weight) / (1 + (centre / timbre.cutoff) ** 4) / math.sqrt(width)
        low = max(1, round(centre / bin_width - 3 * width))
        high = min(levels.size, round(centre / bin_width + 3 * width) + 1)
        away = (np.arange(low, high, dtype=np.float32) - np.float32(centre / bin_width)) / np.float32(width)
        levels[low:high] += np.float32(loudness) * np.exp(-np.square(away))


def _swell(sound: Sound, frames: int) -> None:
    """Let `sound` rise over its first `frames` and fall over its last, in place.

    Both are quarters of a sine: neighbouring clouds have nothing in common, so where one goes while the next one
    comes their powers add up to what they were.
    """
    angles = np.arange(0.5, frames, dtype=np.float32) * np.float32(np.pi / 2 / max(1, frames))
    sound[:, :frames] *= np.sin(angles)
    sound[:, sound.shape[1] - frames :] *= np.cos(angles)
