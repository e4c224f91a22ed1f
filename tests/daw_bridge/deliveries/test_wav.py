"""Laws of the WAV writer: what is read back is what was written, and the file is a RIFF file to the letter."""

import hashlib
import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from clips import ONE_BAR, noise
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from riff import chunks_of

from daw_bridge.deliveries import wav
from daw_bridge.deliveries.chunks import Tags
from daw_bridge.deliveries.wav import Depth
from daw_bridge.errors import OutOfRange
from plugin_host.audio import Audio
from plugin_host.engine import Form

TAGS = Tags(ONE_BAR, Form.LOOP, None, "title", "prompt", "software 1")
MOST_16, MOST_24 = 2**15 - 1, 2**23 - 1

shapes = st.tuples(st.integers(1, 50), st.integers(1, 3))
sounds = arrays(np.float32, shapes, elements=st.floats(-1, 1, width=32)).map(lambda samples: Audio(samples, 44_100))
loud_sounds = arrays(np.float32, shapes, elements=st.floats(-4, 4, width=32)).map(lambda s: Audio(s, 44_100))


def written(audio: Audio, depth: Depth, seed: int = 0) -> bytes:
    """Return the file that `audio` becomes."""
    file = io.BytesIO()
    wav.write(file, audio, TAGS, depth, seed)
    return file.getvalue()


def read_back(audio: Audio, depth: Depth, kind: str, seed: int = 0) -> NDArray[np.float64]:
    """Return the samples that libsndfile reads from that file, as `kind`."""
    samples, rate = soundfile.read(io.BytesIO(written(audio, depth, seed)), dtype=kind, always_2d=True)
    assert rate == audio.rate
    return np.asarray(samples, np.float64)


@given(audio=loud_sounds)
def test_float_keeps_every_bit(audio: Audio) -> None:
    """A float file gives back the same numbers, also beyond full scale."""
    assert np.array_equal(read_back(audio, Depth.FLOAT_32, "float32"), audio.samples)


@given(audio=sounds)
def test_24_bits_are_the_nearest_step(audio: Audio) -> None:
    """A 24-bit file is within half a step of the sound, halves going to the even step, and +1 stops at full scale."""
    steps = read_back(audio, Depth.PCM_24, "int32") / 256
    wanted = np.minimum(np.rint(audio.samples.astype(np.float64) * 2**23), MOST_24)
    assert np.array_equal(steps, wanted)


@given(audio=sounds)
def test_24_bits_are_within_half_a_step(audio: Audio) -> None:
    """Read as floats, a 24-bit file is off by at most 2⁻²⁴, and by one step at +1 itself."""
    error = np.abs(read_back(audio, Depth.PCM_24, "float64") - audio.samples)
    assert np.all(error <= np.where(audio.samples > 1 - 2**-23, 2**-23, 2**-24))


@given(audio=sounds, seed=st.integers(0, 2**63 - 1))
def test_16_bits_are_within_one_and_a_half_steps(audio: Audio, seed: int) -> None:
    """A 16-bit file is off by half a step of rounding and one of dither at most, and by two at +1 itself."""
    error = np.abs(read_back(audio, Depth.PCM_16, "int16", seed) - audio.samples.astype(np.float64) * 2**15)
    assert np.all(error <= np.where(audio.samples > 1 - 2**-15, 2.01, 1.51))


@given(audio=loud_sounds, depth=st.sampled_from([Depth.PCM_16, Depth.PCM_24]))
def test_what_is_too_loud_stops_at_full_scale(audio: Audio, depth: Depth) -> None:
    """A sample beyond full scale never comes out with the other sign."""
    read = read_back(audio, depth, "float64")
    loud = np.abs(audio.samples) >= 1
    assert np.all(np.sign(read[loud]) == np.sign(audio.samples[loud]))
    assert np.all(np.abs(read[loud]) > 0.999)


@given(audio=sounds, depth=st.sampled_from(Depth))
def test_a_file_is_riff_to_the_letter(audio: Audio, depth: Depth) -> None:
    """Every length and pad byte is right, at odd sizes too, and the sound lies where its header says."""
    data = written(audio, depth)
    chunks = chunks_of(data)
    before = [b"fmt ", b"fact"] if depth is Depth.FLOAT_32 else [b"fmt "]
    assert list(chunks) == [*before, b"data", b"acid", b"smpl", b"LIST"]
    assert len(chunks[b"data"]) == audio.frames * audio.channels * depth.width


@pytest.mark.parametrize("depth", [Depth.PCM_16, Depth.PCM_24])
def test_pcm_begins_at_byte_44(depth: Depth) -> None:
    """The sound of a PCM file begins where the most naive reader looks for it."""
    data = written(noise(5), depth)
    assert data[44:].startswith(chunks_of(data)[b"data"])


@pytest.mark.parametrize("depth", Depth)
def test_long_sounds_are_whole(depth: Depth) -> None:
    """A sound of several blocks comes back whole: no block is lost, doubled or out of order."""
    audio = noise(150_001, channels=2)
    error = np.abs(read_back(audio, depth, "float64") - audio.samples)
    assert error.max() < 2**-14


@pytest.mark.parametrize("depth", Depth)
def test_where_the_samples_lie_does_not_matter(depth: Depth, tmp_path: Path) -> None:
    """Samples mapped read-only from a file, or strided in memory, give the bytes of plain ones."""
    audio = noise(70_001, channels=2)
    np.save(tmp_path / "spooled.npy", audio.samples)
    mapped = Audio(np.load(tmp_path / "spooled.npy", mmap_mode="r"), audio.rate)
    strided = Audio(np.asfortranarray(audio.samples), audio.rate)
    assert written(mapped, depth) == written(strided, depth) == written(audio, depth)


def test_the_seed_makes_the_dither() -> None:
    """The same seed gives the same 16-bit file, another seed another."""
    audio = noise(1_000)
    assert written(audio, Depth.PCM_16, 1) == written(audio, Depth.PCM_16, 1)
    assert written(audio, Depth.PCM_16, 1) != written(audio, Depth.PCM_16, 2)


@pytest.mark.parametrize("level", [0.0, 0.1, 0.25, 0.5, 0.75])
def test_dither_frees_the_error_from_the_sound(level: float) -> None:
    """Between two steps, mean and power of the 16-bit error are those of triangular dither, wherever it lies."""
    audio = Audio(np.full((200_000, 1), level / 2**15, np.float32), 48_000)
    error = read_back(audio, Depth.PCM_16, "int16", seed=3) - level
    assert abs(error.mean()) < 0.01
    assert abs(error.var() - 1 / 4) < 0.01


@pytest.mark.parametrize("depth", Depth)
def test_the_checksum_is_that_of_the_sound(depth: Depth) -> None:
    """What `write` returns is the SHA-256 of the data chunk."""
    file = io.BytesIO()
    digest = wav.write(file, noise(70_001), TAGS, depth, 0)
    assert digest == hashlib.sha256(chunks_of(file.getvalue())[b"data"]).hexdigest()


class Sink(io.RawIOBase):
    """A file that forgets what it is told."""

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, data: object) -> int:
        """Forget `data`."""
        return len(memoryview(data))  # type: ignore[arg-type]


@pytest.mark.parametrize("depth", Depth)
def test_memory_is_flat(depth: Depth) -> None:
    """A clip of 100 MB is written in less than 10 MB of memory."""
    minutes = Audio(np.broadcast_to(np.zeros((1, 2), np.float32), (12_500_000 // 4, 2)), 192_000)
    tracemalloc.start()
    try:
        wav.write(io.BufferedWriter(Sink()), minutes, TAGS, depth, 0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


def test_more_than_a_wav_can_hold_is_refused_at_once() -> None:
    """A clip beyond 4 GB is refused in words, before a byte is written: its length would not fit the header."""
    file = io.BytesIO()
    endless = Audio(np.broadcast_to(np.zeros((1, 2), np.float32), (2**30, 2)), 48_000)
    with pytest.raises(OutOfRange, match=r"6\.4 GB .* fewer bars"):
        wav.write(file, endless, TAGS, Depth.PCM_24, 0)
    assert file.getvalue() == b""
