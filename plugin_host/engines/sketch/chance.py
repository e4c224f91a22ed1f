"""Chance with a name: every part of a take throws dice of its own, so that no part disturbs another."""

import zlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


class Dice:
    """A stream of chance for one purpose of one take.

    `path` names the purpose ("drums", "bar", 3). Streams of different paths have nothing in common, so taking the
    drums away leaves the bass as it was. Numbers come from PCG64 and CRC-32, never from `hash`, and are therefore
    the same in every process. Not for use by several threads.
    """

    def __init__(self, seed: int, *path: str | int) -> None:
        name = "/".join(map(str, path)).encode()
        self._generator = np.random.Generator(np.random.PCG64([seed, zlib.crc32(name)]))

    def between(self, low: float, high: float) -> float:
        """Return a number from `low` to `high`, all equally likely."""
        return low + (high - low) * self._generator.random()

    def chance(self, probability: float) -> bool:
        """Return whether something of this probability (0–1) happens; always throws exactly once."""
        return self._generator.random() < probability

    def pick(self, options: Sequence[T]) -> T:
        """Return one of `options`, all equally likely."""
        return options[int(self._generator.random() * len(options))]

    def near(self, value: float, spread: float = 0.08) -> float:
        """Return `value` bent by at most `spread` of itself: how two drums of one make differ."""
        return value * self.between(1 - spread, 1 + spread)

    def phases(self, *shape: int) -> NDArray[np.complex64]:
        """Return numbers on the unit circle, all directions equally likely: the spectrum of white noise."""
        angles = self._generator.random(shape, dtype=np.float32) * np.float32(2 * np.pi)
        spectrum = np.empty(shape, np.complex64)
        np.cos(angles, out=spectrum.real)
        np.sin(angles, out=spectrum.imag)
        return spectrum
