"""Laws of ``inspect``: the right numbers from whatever source there is, and plain words for what is no clip."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import sounds
from clips import a_clip, an_order
from commands import Command
from hypothesis import given, settings
from hypothesis import strategies as st

from daw_bridge.cli.clipfile import read
from daw_bridge.cli.inspect import run
from daw_bridge.deliveries.folder import FolderDelivery
from daw_bridge.deliveries.wav import Depth
from plugin_host.engine import Form
from plugin_host.key import Key
from plugin_host.musictime import Grid, Meter, Tempo

GRID = Grid(Tempo.parse("92.5"), Meter(7, 8), bars=2, rate=44_100)
MUSIC = {"tempo": 92.5, "meter": "7/8", "bars": 2, "frames": GRID.frames, "rate": 44_100, "channels": 2}


def delivered(folder: Path, form: Form = Form.LOOP, depth: Depth = Depth.PCM_24, title: str = "dusty-break") -> Path:
    """Deliver a stereo clip on `GRID` and return the path of its WAV."""
    folder.mkdir(exist_ok=True)
    order = an_order(title, Key.parse("F#m"))
    order = replace(order, certificate={**order.certificate, "plan": {"takes": 4}, "made": "2025-01-01T00:00:00Z"})
    return FolderDelivery(folder, depth).deliver(a_clip(GRID, form, rank=2, channels=2), order)


def sidecar_of(path: Path) -> Path:
    """Return the path of the sidecar of the WAV at `path`."""
    return path.parent / f"{path.name.removesuffix('.wav')}.json"


def inspected(command: Command, path: Path) -> dict[str, Any]:
    """Return what ``inspect --json`` says of `path`."""
    ended = command("inspect", path, "--json")
    assert ended.status == 0, ended.err
    told: dict[str, Any] = json.loads(ended.out)
    return told


@pytest.mark.parametrize(
    ("depth", "words"), [(Depth.PCM_16, "16 bit"), (Depth.PCM_24, "24 bit"), (Depth.FLOAT_32, "32-bit float")]
)
def test_a_fresh_clip_is_told_in_full(command: Command, home: Path, depth: Depth, words: str) -> None:
    """Rank, score, music, length, format and origin are those that it was made with, and nothing is doubted."""
    told = inspected(command, delivered(home / "clips", depth=depth))
    expected = MUSIC | {"key": "F# minor", "rank": 2, "takes": 4, "form": "loop", "depth": words, "engine": "sketch 1"}
    assert told | expected == told
    assert (told["score"]["value"], told["score"]["parts"]) == (0.5, {"beat": 0.5})
    assert (told["loop"], told["seed"], told["take"]) == ([0, GRID.frames - 1], 2**62 + 2, 1)
    assert told["peak_dbfs"] == pytest.approx(20 * np.log10(np.abs(soundfile.read(told["path"])[0]).max()), abs=0.01)
    assert (told["sources"], told["notes"]) == (["sidecar", "chunks", "name"], [])


def test_people_are_told_the_same(command: Command, home: Path) -> None:
    """The page for people has the facts, and a picture that fits 80 columns, its bars numbered."""
    path = delivered(home / "clips")
    page = command("inspect", path).out
    assert path.name in page
    for words in (
        "2 of 4",
        "0.500 = beat 0.500",
        "92.5 BPM, 7/8, F# minor, 2 bars, 7 quarter notes",
        f"{float(GRID.seconds):.3f} s, {GRID.frames} frames: exactly its bars",
        "44100 Hz, 24 bit, stereo",
        "the whole file",
        "engine sketch 1, take 2",
        "MIT",
        "dusty-break",
    ):
        assert words in page
    drawn = page.splitlines()[-10:]
    assert all(len(row) < 80 for row in drawn)
    assert drawn[-1].split() == ["1", "2"]
    assert drawn[-2].count("│") == 2
    assert drawn[-2].count("╵") == 12
    assert all(any("\u2800" < sign < "\u2900" for sign in row) for row in drawn[:8])


def test_without_its_sidecar_chunks_and_name_speak(command: Command, home: Path) -> None:
    """Tempo, meter, loop, title and even the bars are known from the WAV alone; rank and key from its name."""
    path = delivered(home / "clips")
    sidecar_of(path).unlink()
    told = inspected(command, path)
    assert told | MUSIC | {"key": "F# minor", "rank": 2, "title": "dusty-break", "form": "loop"} == told
    assert told["sources"] == ["chunks", "name"]
    assert "score" not in told
    renamed = path.rename(path.parent / "mine.wav")
    told = inspected(command, renamed)
    assert told | MUSIC == told
    assert told["sources"] == ["chunks"]


def test_a_one_shot_is_told_as_one(command: Command, home: Path) -> None:
    """It has no loop, and that is said."""
    path = delivered(home / "clips", Form.ONE_SHOT)
    assert inspected(command, path)["form"] == "one-shot"
    assert "no: a one-shot" in command("inspect", path).out


def test_a_clip_that_was_edited_is_doubted(command: Command, home: Path) -> None:
    """Where the sound is another than the sidecar tells of, or has other frames, both are said."""
    path = delivered(home / "clips")
    samples, rate = soundfile.read(path)
    soundfile.write(path, samples[:-100] / 2, rate, "PCM_24")
    notes = inspected(command, path)["notes"]
    assert any("changed after it was made" in note for note in notes)
    assert any(f"2 bars would be {GRID.frames} frames, not {GRID.frames - 100}" in note for note in notes)
    page = command("inspect", path).out
    assert page.count("note: ") == 2
    assert "exactly" not in page


def test_a_wav_from_elsewhere_is_told_as_what_it_is(command: Command, home: Path) -> None:
    """Without tempo, key or origin, the sound is told and drawn, and nothing is made up."""
    path = home / "field recording.wav"
    soundfile.write(path, np.zeros((5, 1)), 8_000, "PCM_U8")
    told = inspected(command, path)
    assert told | {"frames": 5, "rate": 8_000, "channels": 1, "depth": "8 bit", "peak_dbfs": None} == told
    assert not {"tempo", "meter", "bars", "rank", "score", "key"} & told.keys()
    page = command("inspect", path).out
    assert "8000 Hz, 8 bit, mono, silent" in page
    assert "the sound alone" in page


def test_the_tempo_in_a_strangers_name_is_read(command: Command, home: Path) -> None:
    """Names like those of sample packs tell the tempo; a number that is none is passed over."""
    for name, tempo in (("Loop 92.5 BPM.wav", 92.5), ("break_174bpm.wav", 174.0), ("5bpm.wav", None)):
        soundfile.write(home / name, np.zeros(800), 8_000)
        assert inspected(command, home / name).get("tempo") == tempo


def test_samples_that_are_no_numbers_are_told(command: Command, home: Path) -> None:
    """NaN and infinity in a float WAV are drawn as silence, and said."""
    path = home / "broken.wav"
    soundfile.write(path, np.array([0.5, np.nan, np.inf, -np.inf], np.float32), 8_000, "FLOAT")
    told = inspected(command, path)
    assert told["peak_dbfs"] == pytest.approx(-6.02, abs=0.01)
    assert any("no numbers" in note for note in told["notes"])


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats() | st.just("1e999999999")
values = st.recursive(scalars, lambda deep: st.dictionaries(st.text(max_size=4), deep) | st.lists(deep), max_leaves=4)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lend a short WAV whose sidecar each example writes anew."""
    path = tmp_path_factory.mktemp("clip") / "loop_120bpm.wav"
    soundfile.write(path, np.zeros(800), 8_000)
    return path


@settings(max_examples=60)
@given(story=values)
def test_a_sidecar_that_is_not_ours_is_left_aside(clip: Path, story: Any) -> None:
    """Whatever JSON lies beside a WAV, the rest is still told, and the sidecar is named."""
    sidecar_of(clip).write_text(json.dumps(story))
    found = read(clip)
    assert found.sources == ("name",)
    assert "loop_120bpm.json is left aside" in found.notes[0]


SECTIONS: dict[str, dict[str, Any]] = {
    "clip": {"rank": 1, "take": 0, "seed": 7, "form": "loop", "tempo": "120", "meter": "4/4", "key": None, "bars": 1},
    "plan": {"takes": 4},
    "engine": {"name": "sketch", "version": "1", "licence": None},
    "score": {"value": 0.5, "parts": {"beat": 0.5}, "weights": {"beat": 1}, "faults": [], "evidence": {}},
    "file": {"sha256": "0"},
}
PLACES = [(section, key) for section, keys in SECTIONS.items() for key in keys]


@settings(max_examples=60)
@given(place=st.sampled_from(PLACES), value=values)
def test_one_strange_value_in_a_sidecar_does_no_harm(clip: Path, place: tuple[str, str], value: Any) -> None:
    """Whichever value of a good sidecar is replaced by whatever, it is used or left aside, and the clip is told."""
    section, key = place
    story = {"title": "x", "prompt": "y", "version": "1", "made": "now", **SECTIONS}
    sidecar_of(clip).write_text(json.dumps(story | {section: {**SECTIONS[section], key: value}}))
    run(clip, None, plot=False, as_json=False)
    run(clip, None, plot=False, as_json=True)
    found = read(clip)
    assert ("sidecar" in found.sources) != any("left aside" in note for note in found.notes)


def test_nothing_in_a_file_can_steer_the_terminal(command: Command, home: Path) -> None:
    """Escapes in a prompt or a title come out as harmless signs."""
    path = delivered(home / "clips", title="\x1b[31mred\x1b]0;title\x07\x9b2J")
    ended = command("inspect", path)
    assert not {"\x1b", "\x07", "\x9b"} & set(ended.out + ended.err)
    assert "red" in ended.out
    assert not {"\x1b", "\x07", "\x9b"} & set(command("inspect", path, "--json").out)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "clip.wav is not there; name a WAV that is"),
        (b"", "is empty; name a WAV"),
        (b"ID3 this is an MP3", "is no WAV; name a WAV"),
        (b"RIFF\x04\0\0\0WAVE", "has no sound in it"),
        (b"RIFF\x0e\0\0\0WAVEdata\x02\0\0\0\0\0", "is no WAV that can be played"),
    ],
    ids=["missing", "empty", "an MP3", "cut off", "without a format"],
)
def test_what_is_no_clip_is_refused_in_words(command: Command, home: Path, content: bytes | None, words: str) -> None:
    """A file that cannot be inspected is named with the reason and what to do; the status is 1."""
    path = home / "clip.wav"
    if content is not None:
        path.write_bytes(content)
    ended = command("inspect", path)
    assert (ended.status, ended.out) == (1, "")
    assert words in ended.err
    assert ended.err.startswith(f"daw-bridge: {path}")


def test_a_folder_is_no_clip(command: Command, home: Path) -> None:
    """A folder in the place of a file is refused in words."""
    ended = command("inspect", home)
    assert ended.status == 1
    assert "cannot be read: Is a directory" in ended.err


def test_the_sound_itself_is_measured(command: Command, home: Path) -> None:
    """A loop that was moved by 20 ms since it was delivered is told to be late, in words and in numbers."""
    on = Grid(Tempo.parse(120), Meter(4, 4), bars=2, rate=24_000)
    late = sounds.shifted(sounds.groove(on, "rock"), 20)
    path = FolderDelivery(home).deliver(replace(a_clip(on, channels=2), audio=late), an_order())
    measured = inspected(command, path)["measured"]
    assert measured["grid_error_ms"] == pytest.approx(20, abs=1)
    assert measured["tempo_bpm"] == pytest.approx(120, abs=0.1)
    assert (measured["material"], measured["tempo_relation"]) == ("percussive", "as asked")
    page = command("inspect", path).out
    for words in ("off: 20 ms late (median)", "percussive, 16 strong onsets", "(as asked), first beat 20 ms late"):
        assert words in page


def test_without_a_grid_nothing_is_held_against_it(command: Command, home: Path) -> None:
    """A WAV that tells no tempo is described, and not judged."""
    soundfile.write(
        home / "hit.wav", sounds.groove(Grid(Tempo.parse(120), Meter(4, 4), 1, 24_000), "rock").samples, 24_000
    )
    assert inspected(command, home / "hit.wav")["measured"] == {}
