"""Laws of reading chunks: what our writer wrote is read back, and nothing that a stranger wrote does harm."""

import hashlib
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from riff import chunks_of

from daw_bridge.deliveries import wav
from daw_bridge.deliveries.chunks import Tags, chunk
from daw_bridge.deliveries.wav import Depth
from plugin_host.audio import Audio
from plugin_host.engine import Form
from plugin_host.errors import BadValue
from plugin_host.key import Key
from plugin_host.loops import riff
from plugin_host.loops.riff import Acid
from plugin_host.musictime import Grid, Meter, Tempo

meters = st.builds(Meter, st.integers(1, 32), st.sampled_from([1, 2, 4, 8, 16, 32]))
tempi = st.decimals(20, 999, places=2).map(Tempo.parse)


def written(tags: Tags) -> bytes:
    """Return a short WAV with `tags`."""
    file = io.BytesIO()
    wav.write(file, Audio(np.full((40, 1), 0.5, np.float32), 8_000), tags, Depth.PCM_24, 0)
    return file.getvalue()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lend a place for a file that each example writes anew."""
    return tmp_path_factory.mktemp("riff") / "clip.wav"


@given(tempo=tempi, meter=meters, form=st.sampled_from(Form), title=st.text(max_size=30))
def test_what_was_written_is_read_back(path: Path, tempo: Tempo, meter: Meter, form: Form, title: str) -> None:
    """Tempo to the decimal as it was said, meter, form, loop and title come back."""
    data = written(Tags(Grid(tempo, meter, 1, 8_000), form, Key.parse("A minor"), title, "a prompt", "maker 1"))
    path.write_bytes(data)
    found = riff.read(path)
    assert isinstance(found.acid, Acid)
    assert (Tempo.parse(found.acid.tempo), found.acid.meter) == (tempo, str(meter))
    assert found.acid.one_shot == (form is Form.ONE_SHOT)
    assert found.loop == ((0, 39) if form is Form.LOOP else None)
    assert found.info.get("INAM", "") == title.replace("\0", "").encode("utf-8", "replace").decode()
    assert (found.info["ICMT"], found.info["ISFT"]) == ("a prompt", "maker 1")
    assert b"acid" in chunks_of(data)


@given(garbage=st.binary(max_size=400), name=st.sampled_from([b"acid", b"smpl", b"LIST", b"junk", b"fmt "]))
def test_garbage_in_a_chunk_does_no_harm(path: Path, garbage: bytes, name: bytes) -> None:
    """Whatever a chunk holds, the file is read to its end or refused in words."""
    body = chunk(name, garbage) + chunk(b"data", b"\0\0")
    path.write_bytes(struct.pack("<4sI4s", b"RIFF", 4 + len(body), b"WAVE") + body)
    assert riff.read(path).sha256


@given(data=st.binary(max_size=200), claimed=st.integers(0, 2**32 - 1))
def test_lengths_that_lie_do_no_harm(path: Path, data: bytes, claimed: int) -> None:
    """A chunk that claims to be longer than the file is passed over, and what stands before it is still read."""
    body = chunk(b"data", b"\0\0\0\0") + struct.pack("<4sI", b"LIST", claimed) + data
    path.write_bytes(struct.pack("<4sI4s", b"RIFF", 0, b"WAVE") + body)
    assert riff.read(path).sha256 == hashlib.sha256(b"\0\0\0\0").hexdigest()


@given(length=st.integers(0, 11))
def test_a_wav_without_sound_is_refused_in_words(path: Path, length: int) -> None:
    """A file that was cut off before its sound is told as that."""
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + b"fmt \x10\0\0\0"[:length])
    with pytest.raises(BadValue, match="has no sound in it"):
        riff.read(path)


@given(data=st.binary(max_size=100).filter(lambda data: not data.startswith(b"RIFF")))
def test_what_is_no_wav_is_refused_in_words(path: Path, data: bytes) -> None:
    """An empty file is said to be empty, another to be no WAV, each with what to do."""
    path.write_bytes(data)
    with pytest.raises(BadValue, match="is no WAV; name a WAV" if data else "is empty; name a WAV"):
        riff.read(path)
