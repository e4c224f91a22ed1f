"""Laws of loops in a folder: each fact comes from whoever is to be believed most, and nothing is left out in silence."""

import dataclasses
import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from clips import a_clip, an_order
from sounds import audio, drums, grid, groove, kick, noise, shifted

from daw_bridge.deliveries.folder import FolderDelivery
from plugin_host.audio import Audio
from plugin_host.errors import BadValue
from plugin_host.key import Key
from plugin_host.loops import read_folder, read_loop
from plugin_host.musictime import Meter, Tempo


def write(path: Path, sound: Audio, acid: tuple[int, float] | None = None) -> Path:
    """Write a WAV, and behind it an `acid` chunk of these flags and tempo, as samplers do; return where it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound.samples, sound.rate, "PCM_24")
    if acid is not None:
        data = path.read_bytes()
        chunk = b"acid" + struct.pack("<IIHHfIHHf", 24, acid[0], 60, 0x8000, 0.0, 8, 4, 4, acid[1])
        path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8 + len(chunk)) + data[8:] + chunk)
    return path


def test_a_clip_of_ours_is_told_by_its_sidecar(tmp_path: Path) -> None:
    """Tempo, meter, bars, key, prompt: all of it exactly, and the downbeat is its first frame."""
    on = grid(92.5, "7/8", bars=2, rate=8_000)
    card = {"version": "0.1.0", "made": "2026-11-27", "plan": {"takes": 1}}
    order = dataclasses.replace(an_order("dusty break", Key.parse("Bbm")), certificate=card)
    loop = read_loop(FolderDelivery(tmp_path).deliver(a_clip(on), order))
    assert loop.beat is not None
    assert (loop.beat.tempo, loop.beat.meter, loop.beat.bars) == (Tempo.parse("92.5"), Meter(7, 8), 2)
    assert (loop.beat.downbeat, loop.beat.wraps, loop.beat.beats) == (0, True, Fraction(7))
    assert (loop.caption, str(loop.key), loop.frames) == ("dusty break", "Bb minor", on.frames)
    assert loop.sources == dict.fromkeys(("caption", "tempo", "meter", "downbeat", "key"), "sidecar")


def test_without_its_sidecar_the_chunks_tell(tmp_path: Path) -> None:
    """A DAW that copies the WAV alone loses no beat."""
    wav = FolderDelivery(tmp_path).deliver(a_clip(grid(92.5, "7/8", bars=2, rate=8_000)), an_order("dusty break"))
    wav.with_suffix(".json").unlink()
    loop = read_loop(wav)
    assert loop.beat is not None
    assert (loop.beat.tempo, loop.beat.meter, loop.beat.bars) == (Tempo.parse("92.5"), Meter(7, 8), 2)
    assert (loop.sources["tempo"], loop.sources["caption"]) == ("chunks", "chunks")
    assert loop.sources["downbeat"] == "whole bars"


def test_a_tempo_in_a_name_is_believed_and_may_be_rounded(tmp_path: Path) -> None:
    """Four bars at 92.3 BPM are called 92bpm; they are four bars all the same."""
    loop = read_loop(write(tmp_path / "rock_92bpm.wav", groove(grid(92.3, bars=4, rate=16_000), "rock")))
    assert loop.beat is not None
    assert (loop.beat.tempo, loop.beat.bars, loop.beat.wraps) == (Tempo.parse(92), 4, True)
    assert loop.sources["tempo"] == "name"


@pytest.mark.parametrize("name", ["rock", "house", "boom bap"])
@pytest.mark.parametrize("late", [0.0, 0.25])
def test_where_nothing_tells_the_tempo_is_heard(tmp_path: Path, name: str, late: float) -> None:
    """To a part in five hundred, with the beat within a few milliseconds of where it is."""
    sound = shifted(groove(grid(104, bars=4, rate=24_000), name), 1000 * late)
    loop = read_loop(write(tmp_path / "x.wav", sound), "a beat")
    assert loop.beat is not None
    assert float(loop.beat.tempo) == pytest.approx(104, rel=2e-3)
    assert (loop.sources["tempo"], loop.sources["downbeat"]) == ("heard", "heard")
    beat = 60 / 104
    off = (loop.beat.downbeat / loop.rate - late + beat / 2) % beat - beat / 2
    assert abs(off) < 0.008


def test_the_first_downbeat_is_where_the_bar_is_accented_most(tmp_path: Path) -> None:
    """A loop with a lead-in that its chunks do not tell of: the bar begins at the heavy kick."""
    on = grid(120, bars=3, rate=24_000)
    sound = np.concatenate((np.zeros((7_000, 2), np.float32), drums(on).samples))
    loud = np.zeros(len(sound))
    for bar in range(3):
        start = 7_000 + bar * 48_000
        loud[start : start + 12_000] += kick(24_000)
    loop = read_loop(write(tmp_path / "beat_120bpm.wav", audio(sound[:, 0] + loud, 24_000)))
    assert loop.beat is not None
    assert loop.sources["downbeat"] == "heard"
    assert abs(loop.beat.downbeat - 7_000) < 0.008 * 24_000
    assert loop.beat.bars == 3


def test_a_one_shot_and_a_texture_have_no_beat(tmp_path: Path) -> None:
    """And the loop says why, for whoever wants one."""
    shot = read_loop(write(tmp_path / "hit_120bpm.wav", drums(grid(120, bars=1, rate=16_000)), (1, 120.0)))
    hiss = read_loop(write(tmp_path / "hiss.wav", noise(grid(120, bars=1, rate=16_000))))
    assert (shot.beat, hiss.beat) == (None, None)
    assert shot.sources["beat"] == "chunks: a one-shot"
    assert hiss.sources["beat"] == "no beat is told or heard"


def test_nothing_in_a_folder_is_left_out_in_silence(tmp_path: Path) -> None:
    """Loops in folders below are read; whatever is no loop is named with its reason; what lies beside loops is neither."""
    tmp_path = tmp_path / "1"  # a name that says nothing
    sound = groove(grid(100, bars=1, rate=8_000), "rock")
    write(tmp_path / "rock_100bpm.wav", sound)
    write(tmp_path / "Breaks" / "01_100bpm.wav", sound)
    write(tmp_path / "02_100bpm.wav", sound)
    write(tmp_path / "silent_100bpm.wav", Audio(np.zeros((800, 1), np.float32), 8_000))
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    (tmp_path / "old.rx2").write_bytes(b"CAT ")
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / ".hidden.wav").write_bytes(b"")
    (tmp_path / "captions.csv").write_text('file,caption\nrock_100bpm.wav,"slow, dry rock"\ngone.wav,a pad\n')
    (tmp_path / "deep").mkdir()
    told: list[tuple[int, int]] = []
    found = read_folder(tmp_path, lambda done, count: told.append((done, count)))
    assert {each.path.name: each.caption for each in found.loops} == {
        "rock_100bpm.wav": "slow, dry rock",
        "01_100bpm.wav": "breaks",
    }
    reasons = {each.path.name: each.reason for each in found.refused}
    assert set(reasons) == {"02_100bpm.wav", "silent_100bpm.wav", "broken.wav", "old.rx2", "gone.wav"}
    assert "has no words in its name" in reasons["02_100bpm.wav"]
    assert "no sound file" in reasons["broken.wav"]
    assert "louder than −60 dBFS" in reasons["silent_100bpm.wav"]
    assert "there is no such sound" in reasons["gone.wav"]
    assert told[-1] == (6, 6)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With what to do; so is a file that was taken for one, and a sound that is not there."""
    with pytest.raises(BadValue, match=r"loop\.wav is not there; name a sound that is"):
        read_loop(tmp_path / "loop.wav")
    (tmp_path / "loop.wav").touch()
    with pytest.raises(BadValue, match=r"loop\.wav is a file; name the folder"):
        read_folder(tmp_path / "loop.wav")
    with pytest.raises(BadValue, match=r"there is no folder .*; name one that holds loops"):
        read_folder(tmp_path / "nowhere")


def test_a_loop_is_a_value(tmp_path: Path) -> None:
    """It cannot be changed by whoever holds it."""
    loop = read_loop(write(tmp_path / "rock_100bpm.wav", groove(grid(100, bars=1, rate=8_000), "rock")))
    with pytest.raises(dataclasses.FrozenInstanceError):
        loop.caption = "another"  # type: ignore[misc]
