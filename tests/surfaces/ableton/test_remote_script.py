"""The remote script for Ableton Live: it drives the real daemon, in a model of Live that refuses what Live refuses."""

import ast
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import soundfile
from daemons import PATIENCE, Running, daemon, until
from hypothesis import given
from hypothesis import strategies as st
from livemodel import SCRIPT, Live
from lives import at
from ports import free_port

from daw_bridge.clocks.position import beat_of
from daw_bridge.wires import osc_packet
from plugin_host.musictime import Meter


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One daemon for all."""
    with daemon(tmp_path_factory.mktemp("live")) as one:
        yield one


@contextmanager
def opened(port: int, live: Live | None = None) -> Iterator[Live]:
    """Open a set in Live, with our script."""
    live = live or Live()
    script = live.load(port)
    live.tick()
    yield live
    script.disconnect()
    assert live.log == []


@pytest.fixture
def live(running: Running) -> Iterator[Live]:
    """A Live with our script and the daemon."""
    with opened(running.port) as one:
        yield one


def part(name: str) -> ModuleType:
    """Return a module of the script."""
    return import_module(f"DawBridge.{name}")


def told(live: Live, words: str) -> bool:
    """Whether the musician comes to read `words` in the status bar."""
    return live.until(lambda: any(words in message for message in live.messages))


def status(live: Live, running: Running, **wanted: object) -> bool:
    """Whether the daemon's status comes to say what is `wanted`."""

    def says() -> bool:
        """Ask once."""
        with running.client() as client:
            answer = client.ask("/bridge/status", "/bridge/status.reply", PATIENCE)
            assert answer is not None
            said = dict(zip(answer.arguments[::2], answer.arguments[1::2], strict=True))
            return all(said[name] == value for name, value in wanted.items())

    return live.until(says)


@pytest.fixture(scope="module")
def wav(running: Running) -> Path:
    """A clip of two bars in 7/8 at 133 BPM, with its sidecar."""
    with running.client() as client:
        client.send("/bridge/generate", "drums", "bars", 2, "meter", "7/8", "bpm", 133, "takes", 1)
        heard = next(each for each in until(client, "/bridge/done") if each.address == "/bridge/delivered")
    return Path(str(heard.arguments[3]))


def landed(live: Live, place: Any, path: Path) -> str:
    """Land a file in a turn of the script's, and return where it says that it is."""
    wish = part("wishes").Wish("x", "seven", place, "/bridge/generate", ())
    with live.hand():
        where = part("landing").land(live.song, wish, str(path), part("surface").Live.Clip.WarpMarker)
    return str(where)


def test_a_named_clip_is_filled(live: Live, running: Running) -> None:
    """A MIDI clip named `db: …` has its sound in its scene on the audio track beside: exact, looping, one step to undo."""
    with live.hand():
        live.song.tempo = 92.5
    slot = live.song.tracks[1].clip_slots[2]
    live.rename(live.song.tracks[0].clip_slots[2]._midi_clip(), "db: dusty breakbeat 2")
    assert live.until(lambda: slot.has_clip), live.messages
    clip = slot.clip
    info = soundfile.info(clip.file_path)
    assert Path(clip.file_path).parent == running.folder
    assert info.frames == round(Fraction(8 * 60 * info.samplerate) / Fraction("92.5"))
    assert (clip.name, clip.looping, clip.warping) == ("dusty breakbeat", True, True)
    assert (clip.loop_start, clip.loop_end, clip.end_marker) == (0, 8, 8)
    assert clip._beat_at(clip._seconds) == pytest.approx(8, abs=1e-3)
    assert len(live.undo) == 1
    assert told(live, "dusty breakbeat is on 2-Audio, scene 3")


def test_a_preset_and_the_last_wish_again(live: Live) -> None:
    """A scene asks for a preset, and a track for the same once more with the next seed; it lands below."""
    live.select(live.song.tracks[1])
    live.rename(live.song.scenes[4], "db: preset:boom-bap-loop 1")
    slots = live.song.tracks[1].clip_slots
    assert live.until(lambda: slots[4].has_clip), live.messages
    live.select(live.song.scenes[4])
    live.rename(live.song.tracks[1], "db: again")
    assert live.until(lambda: slots[5].has_clip), live.messages
    seeds = [
        json.loads(Path(slots[at].clip.file_path).with_suffix(".json").read_text())["plan"]["seed"] for at in (4, 5)
    ]
    assert seeds[1] == seeds[0] + 1
    assert [slots[at].clip.name for at in (4, 5)] == ["boom-bap-loop", "boom-bap-loop"]
    assert slots[4].clip.loop_end == 4


@pytest.mark.parametrize("misjudged", [1.0, 0.5, 2.0, 1.004])
def test_the_grid_is_the_daemons_whatever_live_guessed(running: Running, wav: Path, misjudged: float) -> None:
    """Two bars of 7/8 are 7 beats from the first frame to the last, also where Live took another tempo."""
    with opened(running.port, Live(misjudged=misjudged)) as live, live.hand():
        live.song.tempo = 133
        landed(live, part("places").SlotPlace(live.song.tracks[1], live.song.scenes[0]), wav)
        clip = live.song.tracks[1].clip_slots[0].clip
        assert clip._beat_at(clip._seconds) == pytest.approx(7, abs=1e-3)
        assert clip.loop_end == 7
        assert len(clip.warp_markers) == (2 if misjudged == 1 else 3)


def _midi(live: Live) -> tuple[str, Any]:
    """A MIDI clip in the third scene."""
    return "clip", live.song.tracks[2].clip_slots[2]._midi_clip()


def _audio(live: Live) -> tuple[str, Any]:
    """An audio clip in the third scene."""
    slot = live.song.tracks[3].clip_slots[2]
    clip = slot._midi_clip()
    clip.__dict__["is_audio_clip"] = True
    return "clip", clip


def _scene(live: Live) -> tuple[str, Any]:
    """The third scene, while the second MIDI track is selected."""
    live.select(live.song.tracks[2])
    return "scene", live.song.scenes[2]


def _track(live: Live) -> tuple[str, Any]:
    """An audio track, while the third scene is selected."""
    live.select(live.song.scenes[2])
    return "track", live.song.tracks[3]


@pytest.mark.parametrize(("named", "row"), [(_midi, 2), (_audio, 3), (_scene, 2), (_track, 2)])
def test_each_name_has_its_place(live: Live, wav: Path, named: Callable[[Live], tuple[str, Any]], row: int) -> None:
    """What the table in `places` promises: the track, and the first empty slot from the row on."""
    kind, thing = named(live)
    place = part("places").place_of(live.song, kind, thing)
    landed(live, place, wav)
    slots = live.song.tracks[3].clip_slots
    assert [at for at, slot in enumerate(slots) if slot.has_clip and slot.clip.name == "seven"] == [row]


def test_frozen_tracks_and_groups_are_passed_over(live: Live) -> None:
    """They take no clips; the next audio track right of them does."""
    live.song.tracks[1].__dict__["is_frozen"] = True
    live.song.tracks[2].__dict__.update(has_audio_input=True, is_foldable=True)
    place = part("places").place_of(live.song, "track", live.song.tracks[0])
    assert place.track == live.song.tracks[3]


def test_a_one_shot_does_not_loop(live: Live) -> None:
    """A riser plays once, to its end."""
    live.rename(live.song.tracks[3], "db: preset:noise-riser 1")
    slot = live.song.tracks[3].clip_slots[0]
    assert live.until(lambda: slot.has_clip), live.messages
    assert (slot.clip.looping, slot.clip.end_marker) == (False, 4)


def test_a_clip_is_never_landed_on(live: Live, wav: Path) -> None:
    """It takes the next empty slot; where none is left, it says so and what to do, and nothing is changed."""
    track = live.song.tracks[1]
    place = part("places").SlotPlace(track, live.song.scenes[6])
    assert landed(live, place, wav) == "2-Audio, scene 7"
    first = track.clip_slots[6].clip
    assert landed(live, place, wav) == "2-Audio, scene 8"
    with pytest.raises(part("places").NoPlace, match="insert a scene"):
        landed(live, place, wav)
    assert track.clip_slots[6].clip is first


def test_the_arrangement_is_filled_where_there_is_room(live: Live, wav: Path) -> None:
    """A MIDI clip of the Arrangement View has its sound at its beginning, beside; not where a clip would be cut."""
    midi = live.song.tracks[0].clip_slots[0]._midi_clip()
    midi.__dict__.update(is_arrangement_clip=True, canonical_parent=live.song.tracks[0], start_time=16.0, end_time=20.0)
    place = part("places").place_of(live.song, "clip", midi)
    assert landed(live, place, wav) == "2-Audio, beat 17"
    (clip,) = live.song.tracks[1].arrangement_clips
    assert (clip.start_time, clip.loop_end, clip.name) == (16, 7, "seven")
    with pytest.raises(part("places").NoPlace, match="make room"):
        landed(live, part("places").ArrangementPlace(live.song.tracks[1], 12.0), wav)
    assert landed(live, part("places").ArrangementPlace(live.song.tracks[1], 9.0), wav)
    assert len(live.song.tracks[1].arrangement_clips) == 2


@pytest.mark.parametrize("misjudged", [1.0, 0.5, 2.0])
def test_the_arrangement_is_not_cut_whatever_live_guessed(running: Running, wav: Path, misjudged: float) -> None:
    """A clip for which there is just room has its own length, its neighbour keeps its own, and no slot is left filled."""
    with opened(running.port, Live(misjudged=misjudged)) as live:
        with live.hand():
            live.song.tempo = 133
            track = live.song.tracks[1]
            track.create_audio_clip(str(wav), 23.0)
        (neighbour,) = track.arrangement_clips
        before = (neighbour.start_time, neighbour.end_time)
        assert landed(live, part("places").ArrangementPlace(track, 16.0), wav) == "2-Audio, beat 17"
        clip = track.arrangement_clips[-1]
        assert (clip.start_time, clip.end_time) == (16, 23)
        assert (neighbour.start_time, neighbour.end_time) == before
        assert not any(slot.has_clip for slot in track.clip_slots)


def test_a_refusal_is_not_laid_on_a_wish_that_nobody_heard(live: Live) -> None:
    """It was named while there was no daemon; the one that was named now is refused, and is said by its own name."""
    wish_of, jobs = part("wishes").wish_of, live.script._jobs
    lost, refused = (wish_of(name, None, name, None) for name in ("lost", "refused"))
    lost.scolded = True
    jobs._wishes.update({"lost": lost, "refused": refused})
    with live.hand():
        jobs.hear("/bridge/error", ["/bridge/generate", "queue_full", "the queue is full"])
    assert live.messages[-1].startswith("daw-bridge: refused: the queue is full")
    assert list(jobs._wishes) == ["lost"]


def test_an_older_live_is_told_which_file_it_is(running: Running) -> None:
    """Live 11 cannot make a clip of a file; the message names the file and where in the browser it is."""
    with opened(running.port, Live((11, 3, 21))) as live:
        live.rename(live.song.tracks[1], "db: vinyl noise 1")
        assert told(live, "Places"), live.messages
        assert "12.0.5" in live.messages[-1]
        assert any(path.name in live.messages[-1] for path in running.wavs)
        assert live.undo in ([], [0])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("db: preset:no-such-thing", "unknown_preset"),
        ("db: " + "x" * 2001, "at most 2000 characters"),
        ("db:", "write what you want"),
        ("db: again", "write what you want"),
    ],
)
def test_what_cannot_be_made_is_said(live: Live, name: str, words: str) -> None:
    """A refusal is shown with its reason, and nothing lands."""
    live.rename(live.song.tracks[1], name)
    assert told(live, words), live.messages
    assert live.undo == []


def test_a_set_without_audio_tracks_is_told_to_get_one(live: Live) -> None:
    """Nothing is asked for that could not land."""
    for track in live.song.tracks:
        track.__dict__["has_audio_input"] = False
    live.rename(live.song.tracks[2], "db: dusty breakbeat")
    assert told(live, "no audio track")


def test_an_opened_set_starts_nothing(live: Live) -> None:
    """A name that was there before its bearer was selected asks for nothing; neither does another name."""
    live.song.scenes[5].__dict__["name"] = "db: dusty breakbeat"
    live.select(live.song.scenes[5])
    live.tick()
    live.select(live.song.scenes[0])
    live.rename(live.song.scenes[1], "Chorus")
    live.tick()
    assert live.messages == []
    assert live.script._jobs._wishes == {}


def test_a_name_counts_when_tab_has_moved_on(live: Live) -> None:
    """Tab takes a name and selects the next scene in the same moment."""
    live.select(live.song.scenes[0])
    live.tick()
    with live.hand():
        live.song.scenes[0].name = "db:"
    live.select(live.song.scenes[1])
    live.tick()
    assert "write what you want" in live.messages[-1]


def test_what_was_deleted_meanwhile_is_no_place(live: Live, wav: Path) -> None:
    """A clip that is gone is looked at no more, and a track that is gone is said."""
    clip = live.song.tracks[0].clip_slots[0]._midi_clip("new")
    live.select(clip)
    live.tick()
    place = part("places").place_of(live.song, "clip", clip)
    live.song.tracks[0].clip_slots[0].__dict__["clip"] = None
    live.song.view.__dict__["detail_clip"] = None
    clip.__dict__["_dead"] = True
    live.tick()
    place.track.__dict__["_dead"] = True
    with pytest.raises(part("places").NoPlace, match="gone"):
        landed(live, place, wav)


def test_the_daemon_keeps_step(live: Live, running: Running) -> None:
    """Tempo, meter, key and play of the set are the session's."""
    with live.hand():
        live.song.tempo, live.song.signature_numerator, live.song.signature_denominator = 133.7, 7, 8
        live.song.root_note, live.song.scale_name, live.song.scale_mode = 9, "Dorian", True
        live.song.is_playing, live.song.current_song_time = True, 10.5
    assert status(live, running, meter="7/8", key="A minor", playing="yes", tempo_from="daw", beat_from="daw")
    assert status(live, running, tempo=133.7)
    live.script._session.forget()  # as when the first answer of the daemon comes late
    with live.hand():
        live.song.is_playing, live.song.scale_mode = False, False
    assert status(live, running, playing="no", key="none")


def test_a_new_daemon_is_told_everything_and_loses_no_wish(tmp_path: Path) -> None:
    """A daemon that was killed and started anew knows the set, though nothing in it has changed, and lands what it owes."""
    port = free_port()
    with daemon(tmp_path, *at(port)) as first, opened(port) as live:
        with live.hand():
            live.song.tempo = 77.0
        assert status(live, first, tempo=77.0)
        live.rename(live.song.tracks[1], "db: slow dub 4")
        assert told(live, "slow dub")
        first.process.kill()
        first.process.wait(PATIENCE)
        part("surface")._ASK_EVERY = 0.2  # type: ignore[attr-defined]
        with daemon(tmp_path, *at(port)) as second:
            assert status(live, second, tempo=77.0, tempo_from="daw")
            assert live.until(lambda: live.song.tracks[1].clip_slots[0].has_clip), live.messages


def test_a_daemon_that_is_not_there_is_missed_once() -> None:
    """A wish that nobody answers is told of, with what to do, and once."""
    port = free_port()
    with opened(port) as live:
        part("jobs")._PATIENCE = 0.0  # type: ignore[attr-defined]
        live.rename(live.song.tracks[1], "db: dusty breakbeat")
        for _ in range(5):
            live.tick()
        missed = [message for message in live.messages if "daw-bridge serve" in message]
        assert len(missed) == 1
        assert f"127.0.0.1:{port}" in missed[0]


def pythons() -> dict[str, str]:
    """Return the Pythons of Live 11 and of this process, as far as they are here."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    known = [str(each) for each in root.glob("versions/3.7.*/bin/python3.7")]
    for path in filter(None, [*known, shutil.which("python3.7")]):
        if subprocess.run([path, "-c", ""], check=False, capture_output=True).returncode == 0:
            return {"3.7": path, "this": sys.executable}
    return {"this": sys.executable}


@pytest.mark.parametrize("which", ["3.7", "this"])
def test_nothing_waits_in_a_turn(running: Running, which: str) -> None:
    """In Live's own Pythons a clip lands, with no thread, no call that waits, and less than 5 ms of work in a turn."""
    if which not in pythons():
        pytest.skip("Python 3.7 is not installed; Live 11 has it")
    command = [pythons()[which], "liverun.py", str(running.port), "db: tight drums 1"]
    cwd = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True, timeout=PATIENCE)
    seen = json.loads(done.stdout)
    assert seen["python"] == ([3, 7] if which == "3.7" else list(sys.version_info[:2]))
    assert seen["landed"], seen
    assert seen["log"] == []
    assert seen["loop_end"] == 4
    assert seen["beats"] == pytest.approx(4, abs=1e-3)
    assert seen["waited"] == []
    assert seen["timeout"] == 0
    assert seen["threads"] == 1
    assert seen["ticks"][-1] < 0.005


@pytest.mark.parametrize("path", sorted(SCRIPT.glob("*.py")), ids=lambda path: path.name)
def test_the_script_is_written_for_both_lives(path: Path) -> None:
    """Each file is Python 3.7, and imports Python's own modules, Live's, and its neighbours."""
    tree = ast.parse(path.read_text(), feature_version=(3, 7))
    allowed = sys.stdlib_module_names | {"Live", "_Framework"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom) and not node.level:
            assert str(node.module).split(".")[0] in allowed


def test_the_model_refuses_what_live_refuses(live: Live, wav: Path) -> None:
    """Another thread, a change from a notification, an occupied slot, a MIDI track, a relative path, a dead clip."""
    song = live.song
    caught: list[Exception] = []

    def touch() -> None:
        """Read from another thread."""
        try:
            _ = song.tempo
        except RuntimeError as error:
            caught.append(error)

    other = threading.Thread(target=touch)
    other.start()
    other.join()
    assert len(caught) == 1
    with pytest.raises(RuntimeError, match="notifications"):
        song.tempo = 99.0
    with live.hand():
        with pytest.raises(RuntimeError, match="audio tracks"):
            song.tracks[0].clip_slots[0].create_audio_clip(str(wav))
        with pytest.raises(ValueError, match="valid audio file"):
            song.tracks[1].clip_slots[0].create_audio_clip(wav.name)
        song.tracks[1].clip_slots[0].create_audio_clip(str(wav))
        with pytest.raises(RuntimeError, match="empty"):
            song.tracks[1].clip_slots[0].create_audio_clip(str(wav))
        with pytest.raises(AttributeError, match="no setter"):
            song.tracks[1].has_audio_input = True
    with pytest.raises(TypeError):
        _ = song.tracks[0] == song.scenes[0]


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("db: dusty breakbeat 4", ("/bridge/generate", "dusty breakbeat", 4)),
        (" DB:dusty breakbeat, 12 bars ", ("/bridge/generate", "dusty breakbeat", 12)),
        ("db: drums like an 808", ("/bridge/generate", "drums like an 808", None)),
        ("db: 65", ("/bridge/generate", "65", None)),
        ("db: Preset: dub-techno-chords 8", ("/bridge/preset/dub-techno-chords", None, 8)),
    ],
)
def test_a_name_is_read_as_it_is_meant(name: str, sent: tuple[str, str | None, int | None]) -> None:
    """Prompt or preset, and the bars at the end."""
    wish = part("wishes").wish_of(part("wishes").said(name), None, "x", None)
    address, prompt, bars = sent
    assert wish.address == address
    assert wish.arguments == (*([prompt] if prompt else []), "id", "x", *(("bars", bars) if bars else ()))


@pytest.mark.parametrize("name", ["dusty", "adb: x", "db dusty", ""])
def test_other_names_are_not_ours(name: str) -> None:
    """Only what begins with `db:` asks for something."""
    assert part("wishes").said(name) is None


@given(st.floats(0, 10_000), st.sampled_from(["4/4", "3/4", "7/8", "5/16", "2/2"]))
def test_a_position_is_read_back_and_is_never_late(quarters: float, meter: str) -> None:
    """What the script writes, the daemon reads: cut to a hundredth of a beat."""
    upper, lower = (int(each) for each in meter.split("/"))
    read = beat_of(part("session").position(quarters, upper, lower), Meter.parse(meter))
    assert read is not None
    assert -1e-5 <= quarters - read <= 0.01 * 4 / lower + 1e-5


@given(
    st.lists(st.one_of(st.text(max_size=40), st.integers(-(2**31), 2**31 - 1), st.floats(width=32, allow_nan=False)))
)
def test_both_ends_speak_the_same_osc(arguments: list[str | int | float]) -> None:
    """The daemon reads what the script writes, and the script what the daemon writes; what is no OSC is nothing."""
    clean = [each.replace("\0", "") if isinstance(each, str) else each for each in arguments]
    osc = part("osc")
    (message,) = osc_packet.decode(osc.encode("/bridge/generate", tuple(arguments)))
    back = osc.decode(osc_packet.encode("/bridge/done", clean))
    assert back == ("/bridge/done", clean)
    assert message.address == "/bridge/generate"
    for read, sent in zip(message.arguments(), clean, strict=True):
        assert read == (pytest.approx(sent, rel=1e-6) if isinstance(sent, float) else sent)


@given(st.binary(max_size=64))
def test_what_is_no_osc_is_nothing(packet: bytes) -> None:
    """Whatever comes, the script's reading ends, with a message or with none."""
    read = part("osc").decode(packet)
    assert read is None or read[0].startswith("/")
