"""Where sounds are laid down: a ring, whose end flows into its start, or a strip, which ends.

Inside this engine sound is planar, shape ``(channels, frames)`` with one or two channels: rows are contiguous, a
mono sound broadcasts onto both, and the two sides of a room can have delays of their own.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float32]
"""Shape ``(1, frames)`` for mono or ``(2, frames)``."""

_PIECE = 32_768
"""Frames that are worked on at once: few enough to stay in a core's own cache."""


class Ring:
    """A loop under construction: `samples` has shape ``(channels, frames)``; all positions are modulo `frames`.

    A tail that reaches past the end goes on at the start, as often around as it is long. Nothing here has an edge,
    so nothing can click there.
    """

    def __init__(self, channels: int, frames: int) -> None:
        self.frames = frames
        self.samples: Sound = np.zeros((channels, frames), np.float32)

    def spans(self, at: int, length: int) -> Iterator[tuple[slice, slice]]:
        """Yield (where in the ring, which part of the sound), piece by piece, for `length` frames laid at `at`."""
        done = 0
        while done < length:
            start = (at + done) % self.frames
            count = min(length - done, self.frames - start, _PIECE)
            yield slice(start, start + count), slice(done, done + count)
            done += count

    def add(self, sound: Sound, at: int, gain: float = 1.0) -> None:
        """Lay `sound` down with its first frame at `at`; a mono one lies on all channels."""
        for here, there in self.spans(at, sound.shape[1]):
            self.samples[:, here] += sound[:, there] * np.float32(gain)

    def scale(self, curve: NDArray[np.float32], at: int) -> None:
        """Multiply what is there by `curve`, shape ``(frames,)``, from `at` on: how a kick ducks a bass."""
        for here, there in self.spans(at, min(curve.shape[0], self.frames)):
            self.samples[:, here] *= curve[there]

    def add_later(self, target: Sound, source: Sound, delay: int) -> None:
        """Add `source` to `target`, both as long as this ring, `delay` frames later. They may not share memory."""
        for here, there in self.spans(delay, self.frames):
            target[..., here] += source[..., there]


class Strip(Ring):
    """A one-shot under construction: what reaches past the end is cut, and nothing comes back at the start."""

    def spans(self, at: int, length: int) -> Iterator[tuple[slice, slice]]:
        """Yield the pieces that lie inside."""
        inside = max(0, min(length, self.frames - at))
        for done in range(0, inside, _PIECE):
            count = min(_PIECE, inside - done)
            yield slice(at + done, at + done + count), slice(done, done + count)
