"""Noise with a shape: made in the spectrum, so no filter has to run and nothing lies above what a rate can hold."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from plugin_host.engines.sketch.chance import Dice
from plugin_host.engines.sketch.ring import Sound

Curve = NDArray[np.float32]
"""One value a frame, or one a frequency."""

TOP = 0.45
"""The highest frequency that anything here sounds at, as a part of the sample rate."""


def band(hertz: Curve, low: float, high: float) -> Curve:
    """Return how much of each frequency a band from `low` to `high` lets through: 12 dB an octave on both sides."""
    below = (hertz / np.float32(low)) ** 2
    above = (hertz / np.float32(high)) ** 4
    return np.asarray(below / ((1 + below) * (1 + above)), np.float32)


def shaped(shape: Callable[[Curve], Curve], frames: int, channels: int, rate: int, dice: Dice) -> Sound:
    """Return noise with the spectrum `shape` (a function of Hz), RMS 1, shape ``(channels, frames)``.

    What is above 0.45 of the rate is left out.
    """
    size = quick_size(frames)
    hertz = np.arange(int(TOP * size) + 1, dtype=np.float32) * np.float32(rate / size)
    weights = shape(np.maximum(hertz, 1.0)) * (hertz > 0)
    loudness = float(np.sqrt(2 * np.vdot(weights, weights))) / size
    spectrum = dice.phases(weights.size) * (weights / np.float32(loudness or 1.0))
    return sides(np.asarray(np.fft.irfft(spectrum, size), np.float32), channels, frames)


def sides(loop: Curve, channels: int, frames: int) -> Sound:
    """Return `frames` of a loop of noise, shape ``(channels, frames)``; the second side runs half a loop ahead.

    Noise has nothing in common with itself that much later, so the sides are as good as independent.
    """
    size, sound = loop.size, np.empty((channels, frames), np.float32)
    for row, ahead in zip(sound, (0, size // 2), strict=False):
        for at in range(-ahead, frames, size):
            start, end = max(0, at), min(frames, at + size)
            row[start:end] = loop[start - at : end - at]
    return sound


def seconds(frames: int, rate: int) -> Curve:
    """Return the time of each frame in seconds."""
    return np.arange(frames, dtype=np.float32) * np.float32(1 / rate)


def sine(cycles: NDArray[np.float64]) -> Sound:
    """Return the sine of a phase in cycles, shape ``(1, frames)``. Whole cycles go before the precision does."""
    turns = (cycles - np.floor(cycles)).astype(np.float32)
    return np.asarray(np.sin(turns * np.float32(2 * np.pi)), np.float32)[None]


def smooth_ends(sound: Sound, attack: float, release: float, rate: int) -> Sound:
    """Fade `sound` in and out, in place, over `attack` and `release` seconds along a raised cosine."""
    frames = sound.shape[1]
    rise, fall = min(frames, round(attack * rate)), min(frames, round(release * rate))
    if rise:
        sound[:, :rise] *= _rise(rise)
    if fall:
        sound[:, frames - fall :] *= _rise(fall)[::-1]
    return sound


def wide(sides: Sound, width: float) -> Sound:
    """Bring two sides together, shape ``(2, frames)``: `width` 0 is mono, 1 leaves them apart."""
    middle = sides.mean(axis=0, keepdims=True)
    return np.asarray(middle + np.float32(width) * (sides - middle), np.float32)


def _rise(frames: int) -> Curve:
    """Half a raised cosine that starts just above 0 and ends just below 1."""
    places = np.arange(0.5, frames, dtype=np.float32) * np.float32(np.pi / frames)
    return np.asarray(0.5 - 0.5 * np.cos(places), np.float32)


def quick_size(frames: int) -> int:
    """Return the least 2, 3 or 5 times a power of two, 32 or more, that holds `frames`: such transforms are quick."""
    return min(factor << max(4, -(-frames // factor) - 1).bit_length() for factor in (2, 3, 5))
