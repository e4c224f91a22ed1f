"""What a take starts from: laid on the ring at the session's tempo, followed as far as asked, or refused clearly."""

import dataclasses
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from checkpoints import PUBLISHED
from numpy.typing import NDArray

from plugin_host.engine import Plan, Take
from plugin_host.engines.musicldm import MusicLdmEngine, guide, mel, noise
from plugin_host.engines.musicldm.asked import Call, words
from plugin_host.engines.musicldm.layout import lay_out
from plugin_host.engines.musicldm.loop import Loop
from plugin_host.engines.musicldm.ring import Course
from plugin_host.engines.sketch import SketchEngine
from plugin_host.errors import BadValue, OutOfRange
from plugin_host.musictime import Grid, Meter, Tempo


class Quiet:
    """A watch that lets everything pass."""

    def step(self, stage: str, fraction: float) -> None:
        """Let it pass."""


def plan(bpm: str = "120", **changes: Any) -> Plan:
    """Return a small plan of two bars."""
    grid = Grid(Tempo.parse(bpm), Meter(4, 4), 2, 48_000)
    return dataclasses.replace(Plan("house, only drums", grid, seed=1, takes=1, steps=8, variation=0.5), **changes)


def made(engine: MusicLdmEngine, asked: Plan) -> Take:
    """Return the first take of a plan."""
    return next(iter(engine.takes(asked, Quiet())))


def drums(bpm: str, bars: int = 2) -> NDArray[np.float32]:
    """Return a drum loop at 16 kHz, shape ``(frames,)``."""
    grid = Grid(Tempo.parse(bpm), Meter(4, 4), bars, 16_000)
    take: Take = next(iter(SketchEngine({}).takes(Plan("house, only drums", grid, 1, takes=1), Quiet())))
    return np.ascontiguousarray(take.audio.mono())


def acid(path: Path, bpm: float) -> None:
    """Add an `acid` chunk with a tempo to a WAV, as samplers do."""
    content = path.read_bytes()
    chunk = b"acid" + struct.pack("<IIHHfIHHf", 24, 0, 60, 0x8000, 0.0, 8, 4, 4, bpm)
    path.write_bytes(content[:4] + struct.pack("<I", len(content) - 8 + len(chunk)) + content[8:] + chunk)


def test_at_strength_0_the_guide_comes_back(engine: MusicLdmEngine) -> None:
    """Nothing is added to it: what sounds is the guide, through the model's own mel and vocoder, whatever the seed."""
    asked = plan(guide="sketch", strength=0.0)
    sound = made(engine, asked).audio.samples[:, 0]
    model = model_of(engine)
    loop = Loop.of(asked, model.geometry, 0.08)
    assert isinstance(loop.guide, guide.Guide)
    found = model.decode(model.encode(loop.guide.mel(asked.seed)), Course.RING)
    assert np.array_equal(sound, model.vocode(found, Course.RING).numpy())


def model_of(engine: MusicLdmEngine) -> Any:
    """Return the engine's model, loaded."""
    if engine._held.model is None:
        made(engine, plan())
    return engine._held.model


def test_likeness_to_the_guide_falls_with_strength(engine: MusicLdmEngine) -> None:
    """With every step of strength the latents go further from those of the guide, and at 0 they are those."""
    model = model_of(engine)
    call = Call("house", steps=8, generator=noise.generators([1]))
    likeness = []
    for strength in (0.0, 0.25, 0.5, 0.75, 1.0):
        loop = Loop.of(plan(guide="sketch", strength=strength), model.geometry, 0.08)
        assert isinstance(loop.guide, guide.Guide)
        latents = model.denoise(loop.journey(model, words(model.clap, call), call), lambda *_: None)[0]
        both = torch.stack([latents.flatten(), model.encode(loop.guide.mel(1)).flatten()])
        likeness.append(float(torch.corrcoef(both)[0, 1]))
    assert likeness[0] == pytest.approx(1)
    assert likeness == sorted(likeness, reverse=True)
    assert likeness[4] < 0.5


def test_a_guided_take_can_be_made_again_alone(engine: MusicLdmEngine) -> None:
    """Each take follows a sketch of its own, from its own seed."""
    asked = plan(guide="sketch", strength=0.5, takes=2)
    both = list(engine.takes(asked, Quiet()))
    alone = made(engine, dataclasses.replace(asked, seed=both[1].seed, takes=1))
    assert np.abs(alone.audio.samples - both[1].audio.samples).max() < 1e-4
    assert both[0].facts["guide"] == "sketch"


@pytest.mark.parametrize(
    ("name", "chunk", "source"),
    [("loop.wav", 100.0, "acid chunk"), ("my_100bpm_loop.wav", None, "name"), ("loop.wav", None, "what is heard")],
)
def test_a_guide_s_own_tempo_becomes_the_session_s(tmp_path: Path, name: str, chunk: float | None, source: str) -> None:
    """From its chunk, its name or its beat: two bars at 100 BPM are eight beats on a ring at 125."""
    path = tmp_path / name
    soundfile.write(path, drums("100"), 16_000, subtype="PCM_24")
    if chunk:
        acid(path, chunk)
    loop = guide.read(path, PUBLISHED, 125.0)
    assert loop.facts["guide_tempo_from"] == source
    assert loop.facts["guide_tempo_bpm"] == pytest.approx(100, rel=1e-3)
    assert loop.beats == 8
    assert len(loop.sound) == pytest.approx(8 * 0.6 * 16_000, rel=1e-3)


def test_a_guide_lies_beat_by_beat_on_the_ring(tmp_path: Path) -> None:
    """Its mel at 125 BPM is that of the same loop played at 125 BPM: what begins there begins here."""
    path = tmp_path / "loop_100bpm.wav"
    soundfile.write(path, drums("100"), 16_000, subtype="PCM_24")
    asked = plan("125", guide=str(path))
    layout = lay_out(asked.grid, PUBLISHED, asked.variation, 0.08)
    found = guide.Guide.of(asked, PUBLISHED, layout)
    assert found is not None
    laid = found.mel(0)
    native = drums("125")
    reference = mel.heard(native, np.linspace(0, len(native), len(laid), endpoint=False), PUBLISHED)
    rises = [torch.relu(each.diff(dim=0)).sum(dim=1) for each in (laid, reference)]
    assert float(torch.corrcoef(torch.stack(rises))[0, 1]) > 0.8


def test_half_and_double_are_the_session_s_own_tempo(tmp_path: Path) -> None:
    """A loop at 70 BPM in a session of 140 keeps its speed, and has twice as many beats."""
    path = tmp_path / "loop_70bpm.wav"
    soundfile.write(path, drums("70"), 16_000)
    loop = guide.read(path, PUBLISHED, 140.0)
    assert (loop.beats, loop.facts["guide_tempo_bpm"]) == (16, 140)


@pytest.mark.parametrize(
    ("samples", "error", "told"),
    [
        (np.zeros(0, np.float32), BadValue, "is empty"),
        (np.zeros(8_000, np.float32), BadValue, "holds no sound"),
        (np.full(8_000, np.nan, np.float32), BadValue, "holds no sound"),
    ],
)
def test_a_guide_without_sound_is_refused(
    tmp_path: Path, samples: NDArray[np.float32], error: type[Exception], told: str
) -> None:
    """Nothing can follow nothing."""
    path = tmp_path / "guide.wav"
    soundfile.write(path, samples, 16_000, subtype="FLOAT")
    with pytest.raises(error, match=told):
        guide.read(path, PUBLISHED, 120.0)


def test_a_text_is_no_guide(tmp_path: Path) -> None:
    """The answer says that it cannot be read as sound."""
    path = tmp_path / "guide.wav"
    path.write_text("dusty breakbeat")
    with pytest.raises(BadValue, match=r"guide\.wav is no sound file that can be read"):
        guide.read(path, PUBLISHED, 120.0)


def riff(*chunks: tuple[bytes, bytes, int | None], size: int | None = None) -> bytes:
    """Return a WAV of chunks: name, body, and the size that it claims if that is a lie; so may that of the whole be."""
    body = b"".join(name + struct.pack("<I", len(data) if lie is None else lie) + data for name, data, lie in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body) if size is None else size) + b"WAVE" + body


def form(channels: int = 1, rate: int = 16_000, bits: int = 16, tag: int = 1) -> tuple[bytes, bytes, int | None]:
    """Return a `fmt ` chunk."""
    block = channels * bits // 8
    return b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, rate * block & 0xFFFFFFFF, block & 0xFFFF, bits), None


SOUND = (np.sin(np.arange(16_000) / 9) * 9_000).astype("<i2").tobytes()
NOT_FINITE = np.array([0.1, np.nan, np.inf, -np.inf] * 400, "<f4").tobytes()

HOSTILE = {
    "nothing": b"",
    "a head alone": b"RIFF\xff\xff\xff\xffWAVE",
    "no channels": riff(form(channels=0), (b"data", SOUND, None)),
    "60 000 channels": riff(form(channels=60_000), (b"data", SOUND, None)),
    "1 024 channels": riff(form(channels=1_024), (b"data", SOUND, None)),
    "no rate": riff(form(rate=0), (b"data", SOUND, None)),
    "a rate of 1 Hz": riff(form(rate=1), (b"data", SOUND, None)),
    "a rate of 4 GHz": riff(form(rate=2**32 - 1), (b"data", SOUND, None)),
    "no bits": riff(form(bits=0), (b"data", SOUND, None)),
    "bits that nobody has": riff(form(bits=13, tag=77), (b"data", SOUND, None)),
    "no format": riff((b"data", SOUND, None)),
    "no sound": riff(form()),
    "samples that are no numbers": riff(form(bits=32, tag=3), (b"data", NOT_FINITE, None)),
    "a format that is cut off": riff((b"fmt ", b"\x01\x00\x01", None), (b"data", SOUND, None)),
    "a chunk of 4 GB that is not there": riff(form(), (b"LIST", b"x", 2**32 - 1)),
}
"""WAVs that are refused. What claims more sound than there is is read as far as it goes, as every player does."""


@pytest.mark.parametrize("how", HOSTILE)
def test_a_hostile_wav_is_refused_with_its_name(tmp_path: Path, how: str) -> None:
    """One sentence that says what to do, whatever lies in its headers, and at once."""
    path = tmp_path / "guide.wav"
    path.write_bytes(HOSTILE[how])
    with pytest.raises((BadValue, OutOfRange), match=r"^guide: guide\.wav "):
        guide.read(path, PUBLISHED, 120.0)


@pytest.mark.parametrize(
    "raw",
    [
        riff(form(), (b"data", SOUND, 2**32 - 1), size=2**32 - 1),
        riff(form(), (b"acid", b"\xff" * 24, None), (b"data", SOUND, None), size=0),
        riff(form(), (b"data", SOUND, None), *[(b"junk", b"", None)] * 100_000),
        riff(form(), (b"data", SOUND, None), (b"acid", b"\0" * 10, 24)),
    ],
    ids=["claims 4 GB", "claims nothing", "a hundred thousand chunks", "cut off in a chunk"],
)
def test_a_wav_that_lies_about_its_size_is_read_as_far_as_it_goes(tmp_path: Path, raw: bytes) -> None:
    """No more than is there, and within a bounded number of looks at chunks."""
    path = tmp_path / "guide_120bpm.wav"
    path.write_bytes(raw)
    loop = guide.read(path, PUBLISHED, 120.0)
    assert loop.beats == 2
    assert 0 < len(loop.sound) <= 16_000
    assert np.isfinite(loop.sound).all()


def test_five_hours_are_no_guide(tmp_path: Path) -> None:
    """Known from the header, before anything is read."""
    path = tmp_path / "guide.wav"
    frames = 5 * 3600 * 8_000
    with path.open("wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 36 + frames) + b"WAVEfmt ")
        file.write(struct.pack("<IHHIIHH", 16, 1, 1, 8_000, 8_000, 1, 8) + b"data" + struct.pack("<I", frames))
        file.truncate(44 + frames)
    with pytest.raises(OutOfRange, match="lasts 18000 s; a guide has at most 600 s"):
        guide.read(path, PUBLISHED, 120.0)
