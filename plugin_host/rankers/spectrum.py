"""How loud each band of a sound is, moment by moment: what onsets and flux are read from.

Loudness is the fourth root of power, near what Stevens measured of hearing (a tenfold power is about twice as loud):
a hi-hat beside a kick drum still counts, and hiss 60 dB down does not.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from plugin_host.audio import Audio
from plugin_host.engine import Form

ANALYSIS_RATE = 24_000
"""About the rate at which sound is analysed, in Hz: what is above 12 kHz tells no more about when than what is below."""

WINDOW_SECONDS = 0.021
"""About the length of the window: a bass of 50 Hz does not flutter in it, and a sixteenth note fits many times."""

HOPS_PER_WINDOW = 8
BANDS = 20
FLOOR = 1e-8
"""Power, relative to the loudest band of the clip, below which a band counts as silent (−80 dB)."""

_BLOCK = 256  # windows transformed at a time: they stay in the processor's cache


@dataclass(frozen=True, slots=True, eq=False)
class Loudness:
    """`bands` of shape ``(moments, bands)``, relative to the loudest; moment k is `k · step` seconds into the clip.

    `hertz` is where each band begins, shape ``(bands,)``.
    """

    bands: NDArray[np.float32]
    step: float
    hertz: NDArray[np.float64]


def coarse(audio: Audio) -> tuple[NDArray[np.float32], float]:
    """Return the mean of the channels, shape ``(frames,)``, brought down to about `ANALYSIS_RATE`, and its exact rate.

    Frames are averaged in groups. That is a poor filter and a very fast one; what it lets through as alias begins at
    the same moment as the sound it came from, and that is all that is asked here.
    """
    group = max(1, round(audio.rate / ANALYSIS_RATE))
    frames = audio.frames // group
    together = audio.samples[: frames * group].reshape(frames, group * audio.channels)
    # A product with a vector: numpy's mean over so short an axis is forty times slower.
    return together @ np.full(together.shape[1], 1 / together.shape[1], np.float32), audio.rate / group


def loudness(sound: NDArray[np.float32], rate: float, form: Form) -> Loudness:
    """Return how loud each band of `sound` is; windows of a loop wrap around, those of a one-shot see silence."""
    window = 2 ** round(math.log2(WINDOW_SECONDS * rate))
    hop = window // HOPS_PER_WINDOW
    shape = np.hanning(window).astype(np.float32)
    edges = _edges(window)
    to_bands = _to_bands(window, edges)
    views = sliding_window_view(extended(sound, window // 2, form), window)[: len(sound) : hop]
    power = np.empty((len(views), to_bands.shape[1]), np.float32)
    for start in range(0, len(views), _BLOCK):
        parts = np.fft.rfft(views[start : start + _BLOCK] * shape).astype(np.complex64, copy=False).view(np.float32)
        power[start : start + _BLOCK] = np.square(parts, out=parts) @ to_bands
    loudest = float(power.max(initial=0.0))
    if loudest > 0:
        power /= loudest
    bands = np.sqrt(np.sqrt(power + np.float32(FLOOR))) - np.float32(FLOOR**0.25)
    return Loudness(bands, hop / rate, edges[:-1] * (rate / window))


def extended(sound: NDArray[np.float32], margin: int, form: Form) -> NDArray[np.float32]:
    """Return `sound` with a margin on both sides, in frames: its own other end for a loop, silence for a one-shot."""
    if form is Form.ONE_SHOT:
        return np.pad(sound, margin)
    around = np.arange(margin)
    return np.concatenate((sound[(around - margin) % len(sound)], sound, sound[around % len(sound)]))


def _edges(window: int) -> NDArray[np.int64]:
    """Return the first line of each band and the end of the last: a constant ratio apart from the third line up."""
    half = window // 2
    return np.unique(np.concatenate(([1], np.geomspace(3, half, BANDS).astype(np.int64), [half + 1])))


def _to_bands(window: int, edges: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the matrix, ``(window + 2, bands)``, that sums real and imaginary squares of a spectrum to bands."""
    lines = np.arange(window // 2 + 1)[:, np.newaxis]
    inside = (lines >= edges[:-1]) & (lines < edges[1:])
    return np.repeat(inside, 2, axis=0).astype(np.float32)
