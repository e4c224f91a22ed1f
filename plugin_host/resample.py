"""Brings a fitted clip to the rate and to the exact frames of its grid, without opening its seam.

The converter's filter looks some milliseconds ahead and behind. For a loop it must look across the seam: the ring is
wrapped at both ends, converted, and the part that belongs to it is cut out. So conversion and rolling a ring change
places freely, and no frame knows where the file begins.

The ratio is the quotient of the two lengths, not of the two rates, and so the last part in a thousand that a
ring may be off disappears here. That bends the pitch by less than two cents.
"""

from collections.abc import Iterator

import numpy as np
import soxr

from plugin_host.audio import Audio, Samples
from plugin_host.engine import Form
from plugin_host.errors import EngineFailed
from plugin_host.fit import level, within_a_thousandth
from plugin_host.musictime import Grid

QUALITY = "HQ"
"""soxr's recipe: images and aliases at −120 dB, below the last bit of a 20-bit recording."""

MARGIN = 256
"""How far the wrapped ends reach, in frames of the lower of the two rates: twice as far as the filter (104)."""

CHOICES = 16_384
"""So many margins are tried for one that ends on a frame of the other rate."""

BLOCK = 65_536
"""Frames handed to the converter at a time, so that a long clip is never in memory twice."""


def resample(audio: Audio, grid: Grid, form: Form) -> Audio:
    """Return `audio` as exactly `grid.frames` frames at `grid.rate`; the same object where it is that already.

    A loop wraps around, a one-shot stands in silence. A peak that the filter lifts over `fit.CEILING` is scaled back
    to it, the whole clip alike. Raises `EngineFailed` when the clip is off its grid by more than one part in a
    thousand (or one frame, if that is more). Thread: any; soxr lets other threads run.
    """
    if audio.rate == grid.rate and audio.frames == grid.frames:
        return audio
    if not within_a_thousandth(audio, grid):
        raise EngineFailed(
            f"a clip of {audio.frames} frames at {audio.rate} Hz would have to be stretched by more than one part in a "
            f"thousand to be {grid.frames} frames at {grid.rate} Hz; the engine must make it that exact",
        )
    return level(Audio(converted(audio.samples, grid.frames, form), grid.rate))[0]


def converted(samples: Samples, frames: int, form: Form) -> Samples:
    """Return `samples` as so many `frames`, whatever that does to their pitch; a loop wraps around. Thread: any."""
    margin, first = _margin(len(samples), frames)
    converter = soxr.ResampleStream(len(samples), frames, samples.shape[1], dtype="float32", quality=QUALITY)
    result = np.empty((frames, samples.shape[1]), np.float32)
    come = 0  # how much the converter has given back; what it gives before `first` is the margin
    for block in _blocks(samples, margin, form):
        piece = converter.resample_chunk(block, last=len(block) == 0)
        start, stop = max(come, first), min(come + len(piece), first + frames)
        if start < stop:
            result[start - first : stop - first] = piece[start - come : stop - come]
        come += len(piece)
    return result


def _margin(length: int, frames: int) -> tuple[int, int]:
    """Return a margin for a clip of `length`, and what it measures once the clip is so many `frames`.

    It is the one whose end falls nearest to a frame of the other rate, so that frame 0 stays frame 0: exactly, where
    the bars are whole frames at both rates; else to within a twentieth of a frame, 6 microseconds at 8 kHz.
    """
    shortest = MARGIN * max(1, -(-length // frames))
    margins = np.arange(shortest, shortest + CHOICES, dtype=np.int64)
    past = margins * frames % length
    margin = shortest + int(np.argmin(np.minimum(past, length - past)))
    return margin, (margin * frames + length // 2) // length


def _blocks(samples: Samples, margin: int, form: Form) -> Iterator[Samples]:
    """Yield the margin before, the clip in blocks, the margin after, and an empty block that ends the stream."""
    if form is Form.LOOP:
        around = np.arange(margin)
        before, after = samples[(around - margin) % len(samples)], samples[around % len(samples)]
    else:
        before = after = np.zeros((margin, samples.shape[1]), np.float32)
    yield before
    for start in range(0, len(samples), BLOCK):
        yield samples[start : start + BLOCK]
    yield after
    yield samples[:0]
