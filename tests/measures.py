"""What a stranger would measure on a delivered file, by means that share no code with ours."""

from dataclasses import dataclass
from pathlib import Path

import librosa
import numpy as np
import soundfile
from librosa.onset import onset_detect
from numpy.typing import NDArray

WINDOW = 1024
HOP = 256

LEVELS = 2000
"""Levels a second, by which onsets are compared."""


@dataclass(frozen=True, slots=True)
class Seam:
    """The join of a file's end to its start, against its own inside.

    Percentiles go from 0 to 100; `flux_against_bars` is the flux at the join over the largest at a bar line inside.
    """

    jump: float
    jump_percentile: float
    flux_percentile: float
    flux_against_bars: float


def read(path: Path) -> tuple[NDArray[np.float64], int]:
    """Return samples of shape ``(frames, channels)`` and the rate, as libsndfile reads them."""
    samples, rate = soundfile.read(path, always_2d=True)
    return samples, rate


def seam(samples: NDArray[np.float64], bars: int) -> Seam:
    """Measure the join: the step from the last frame to the first, and the spectral flux across it.

    Flux is the summed rise of the magnitudes from one window to the next. Across the seam it is the largest between
    any two neighbouring windows of which one lies on the join. A bar line inside the clip is what the seam is too, so
    the flux is compared with all windows, and with those on bar lines.
    """
    steps = np.abs(np.diff(samples, axis=0)).max(axis=1)
    jump = float(np.abs(samples[0] - samples[-1]).max())
    mono = samples.mean(axis=1)
    across = flux_around(mono, 0)
    inside = ring_flux(mono)[WINDOW // HOP : -WINDOW // HOP]
    at_bars = [flux_around(mono, round(bar * len(mono) / bars)) for bar in range(1, bars)]
    return Seam(
        jump,
        100 * float((steps < jump).mean()),
        100 * float((inside < across).mean()),
        across / max(at_bars),
    )


def flux_around(mono: NDArray[np.float64], frame: int) -> float:
    """Return the largest spectral flux between windows that touch `frame` of a sound that goes round."""
    rolled = np.roll(mono, 2 * WINDOW - frame)[: 4 * WINDOW]
    return float(_flux(rolled)[WINDOW // HOP : 2 * WINDOW // HOP + 1].max())


def ring_flux(mono: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the spectral flux of a sound that goes round, one value for each hop; window k begins at frame k · HOP."""
    return _flux(np.concatenate([mono[-HOP:], mono, mono[: WINDOW - HOP]]))


def _flux(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the summed rise of the magnitudes from each window to the next."""
    magnitudes = np.abs(librosa.stft(sound, n_fft=WINDOW, hop_length=HOP, center=False))
    flux: NDArray[np.float64] = np.maximum(np.diff(magnitudes, axis=1), 0).sum(axis=0)
    return flux


def onset_errors(found: NDArray[np.float64], truth: NDArray[np.float64], rate: int, beats: int) -> NDArray[np.float64]:
    """Return by how many seconds each onset of `found` comes later than in `truth`, two loops of equal length, mono.

    Both are the same music but for a roll by whole beats, which is undone first. Onsets are where librosa hears them in
    the truth; each is then looked for in what was found by the correlation of the two levels around it.
    """
    one, other = _level(found, rate), _level(truth, rate)
    rolls = [round(beat * len(one) / beats) for beat in range(beats)]
    one = np.roll(one, -max(rolls, key=lambda roll: float(np.roll(one, -roll) @ other)))
    onsets = onset_detect(y=truth.astype(np.float32), sr=rate, hop_length=128, units="time")
    places = np.rint(onsets * LEVELS).astype(int)
    reach, around = round(0.030 * LEVELS), np.arange(round(-0.015 * LEVELS), round(0.030 * LEVELS))
    lags = []
    for place in places:
        model = other[(place + around) % len(other)]
        parts = [one[(place + around + lag) % len(one)] for lag in range(-reach, reach + 1)]
        lags.append((int(np.argmax([_likeness(part, model) for part in parts])) - reach) / LEVELS)
    return np.array(lags)


def _likeness(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the correlation of two stretches; 0 where one of them does not change."""
    one, other = one - one.mean(), other - other.mean()
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other) + 1e-12))


def _level(mono: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Return the level of the slope of a sound, `LEVELS` times a second."""
    edges = np.arange(round(len(mono) * LEVELS / rate)) * rate // LEVELS
    level: NDArray[np.float64] = np.sqrt(np.add.reduceat(np.square(np.diff(mono, prepend=mono[-1])), edges))
    return level
