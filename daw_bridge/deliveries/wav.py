"""Writing a clip as a WAV: plain PCM or float, the sound first, and what DAWs read about it behind.

The sound of a PCM file begins at byte 44, where even the most naive reader looks for it. It is written block by
block, so that a clip of minutes, mapped from a file, needs no more memory than one of a second.
"""

import hashlib
import struct
from collections.abc import Callable
from enum import Enum
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from daw_bridge.deliveries.chunks import Tags, chunk, trailer
from daw_bridge.errors import OutOfRange
from plugin_host.audio import Audio, Samples

_BLOCK = 65_536  # frames: three megabytes of scratch space for stereo, and few enough rounds through Python
_LARGEST = 2**32 - 1  # bytes that the length field of a RIFF file can tell
_PCM, _FLOAT = 1, 3  # format tags

_Bytes = NDArray[np.uint8]
_Encoder = Callable[[Samples], _Bytes]


class Depth(Enum):
    """How a sample is stored; the value is the word for it in settings and sidecars."""

    PCM_16 = "16"
    PCM_24 = "24"
    FLOAT_32 = "float"

    @property
    def width(self) -> int:
        """Bytes of one sample."""
        return {Depth.PCM_16: 2, Depth.PCM_24: 3, Depth.FLOAT_32: 4}[self]


def go_on() -> None:
    """Let the writing go on: what `write` asks of nobody in particular."""


def write(
    file: BinaryIO, audio: Audio, tags: Tags, depth: Depth, seed: int, *, check: Callable[[], None] = go_on
) -> str:
    """Write `audio` to `file` and return the SHA-256 of its sound as hexadecimal text.

    `check` is called before each second or so of sound; what it raises stops the writing.

    Finite samples only; beyond ±1 PCM stops at full scale, and float keeps them. 16 bit is dithered with noise drawn
    from `seed`: the same clip gives the same bytes. Raises `OutOfRange` for more than the 4 GB that a WAV can hold,
    and whatever `OSError` the file raises. Thread: delivery.
    """
    size = audio.frames * audio.channels * depth.width
    rest = trailer(tags, audio.frames, audio.rate)
    head = _head(audio, depth, size, len(rest))
    file.write(head)
    encode = _encoder(depth, seed)
    digest = hashlib.sha256()
    for start in range(0, audio.frames, _BLOCK):
        check()
        block = encode(audio.samples[start : start + _BLOCK]).data
        digest.update(block)
        file.write(block)
    file.write(b"\0" * (size % 2) + rest)
    return digest.hexdigest()


def _head(audio: Audio, depth: Depth, size: int, behind: int) -> bytes:
    """Return all that stands before `size` bytes of sound with `behind` bytes of chunks after it."""
    frame = audio.channels * depth.width
    tag = _FLOAT if depth is Depth.FLOAT_32 else _PCM
    fields = (tag, audio.channels, audio.rate, audio.rate * frame, frame, 8 * depth.width)
    form = struct.pack("<HHIIHH", *fields)
    if tag == _PCM:
        before = chunk(b"fmt ", form)
    else:  # whatever is no PCM has an extension, if an empty one, and tells its frames once more
        before = chunk(b"fmt ", form + struct.pack("<H", 0)) + chunk(b"fact", struct.pack("<I", audio.frames))
    total = len(b"WAVE") + len(before) + struct.calcsize("<4sI") + size + size % 2 + behind
    if total > _LARGEST:
        raise OutOfRange(
            f"the clip needs {total / 1e9:.1f} GB and a WAV holds at most 4.2; ask for fewer bars or a lower rate",
        )
    return struct.pack("<4sI4s", b"RIFF", total, b"WAVE") + before + struct.pack("<4sI", b"data", size)


def _encoder(depth: Depth, seed: int) -> _Encoder:
    """Return what turns blocks of samples, in their order, into the bytes of the file."""
    match depth:
        case Depth.PCM_16:
            dice = np.random.default_rng(seed)
            return lambda block: _pcm_16(block, dice)
        case Depth.PCM_24:
            return _pcm_24
        case Depth.FLOAT_32:
            return _float_32


def _pcm_16(block: Samples, dice: np.random.Generator) -> _Bytes:
    """Round to 16 bits after adding noise of triangular density, two steps wide.

    That noise makes mean and power of the rounding error independent of the music, so quiet tails fade into hiss
    and not into distortion (Lipshitz, Wannamaker and Vanderkooy, "Quantization and Dither", JAES 40, 1992).
    """
    noise = dice.random((*block.shape, 2), dtype=np.float32)
    steps = _steps(block, 16, noise[..., 0] - noise[..., 1])
    return steps.astype("<i2").reshape(-1).view(np.uint8)


def _pcm_24(block: Samples) -> _Bytes:
    """Round to 24 bits: to the nearest step, halves to the even one. No dither: no ear or converter goes that deep."""
    wide = _steps(block, 24, 0.0).astype("<i4").reshape(-1, 1).view(np.uint8)
    packed = np.empty((len(wide), 3), np.uint8)
    # One byte of all samples at a time: measured, in less than half the time of all three at once.
    for place in range(3):
        packed[:, place] = wide[:, place]
    return packed.reshape(-1)


def _float_32(block: Samples) -> _Bytes:
    """Keep the samples as they are."""
    return np.ascontiguousarray(block, "<f4").reshape(-1).view(np.uint8)


def _steps(block: Samples, bits: int, noise: Samples | float) -> Samples:
    """Scale `block` to whole steps of `bits`, as floats; exact, for a float32 holds whole numbers to 24 bits.

    Full scale +1.0 is one step beyond the largest number there is, and stops at that.
    """
    scale = 2.0 ** (bits - 1)
    steps = block * np.float32(scale)
    steps += noise
    np.rint(steps, out=steps)
    return np.clip(steps, -scale, scale - 1, out=steps)
