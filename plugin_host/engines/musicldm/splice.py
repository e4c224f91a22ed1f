"""One clip out of a ring that holds several nearly equal ones: cut where nobody can tell, and closed there.

A clip that is too short for the model's frames is made several times over on one ring. Its end is then not followed by
its own start but by the next turn, which is nearly the same. The cut is made where the two differ least, wherever that
is, and the end is led into the start as the seam of any clip.
"""

import numpy as np
from numpy.typing import NDArray

from plugin_host.audio import Audio
from plugin_host.engine import Form
from plugin_host.fit import CROSSFADE_SECONDS, sealed


def clip(ring: NDArray[np.float32], turns: int, rate: int) -> NDArray[np.float32]:
    """Return one of the `turns` clips of `ring`, shape ``(frames,)``, itself a ring; frame 0 stays frame 0."""
    frames = round(len(ring) / turns)
    overlap = min(int(CROSSFADE_SECONDS * rate), frames // 4)
    place = _least_different(ring, frames, overlap)
    strip = Audio(np.roll(ring, -place)[: frames + overlap, np.newaxis], rate)
    closed = sealed(strip, frames, Form.LOOP)[0].samples[:, 0]
    return np.roll(closed, place % frames)


def _least_different(ring: NDArray[np.float32], period: int, overlap: int) -> int:
    """Return where `overlap` frames of the ring differ least from those one `period` later."""
    difference = np.square(np.roll(ring, -period) - ring, dtype=np.float64)
    sums = np.cumsum(np.concatenate(([0.0], difference, difference[:overlap])))
    return int(np.argmin(sums[overlap : overlap + len(ring)] - sums[: len(ring)]))
