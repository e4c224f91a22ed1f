"""Laws of ``doctor``: what is fine is said to be, what is not comes with its remedy, and nothing is left behind."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import Command, Ended
from daemons import Running, daemon
from ports import free_port

from daw_bridge import parts
from daw_bridge.cli import checks, devices
from daw_bridge.cli.checks import State
from daw_bridge.config import Config, load
from daw_bridge.sections import JobsConfig
from daw_bridge.wires import discovery
from plugin_host import engines


def findings(ended: Ended) -> dict[str, dict[str, Any]]:
    """Return what was found, by thing."""
    return {each["thing"]: each for each in json.loads(ended.out)["findings"]}


def test_a_healthy_machine_is_told_so(command: Command, home: Path) -> None:
    """All that deliveries need is ok, the engine has really rendered, the status is 0, and no folder was made."""
    ended = command("doctor", "--json")
    assert ended.status == 0, ended.out
    found = findings(ended)
    needed = ["Python", "engine sketch", "resampler", "clips folder", "state folder", "OSC port"]
    assert [found[thing]["state"] for thing in needed] == ["ok"] * len(needed)
    assert "made 2.00 s at 48000 Hz in" in found["engine sketch"]["found"]
    assert {"presets", "audio", "MIDI"} < found.keys()
    assert json.loads(ended.out)["ok"] is True
    assert list(home.iterdir()) == []


def test_people_get_a_row_for_each(command: Command) -> None:
    """Each thing stands in a row with its state, and a remedy under it begins with an arrow."""
    page = command("doctor").out
    assert all(f"\n{thing}" in page for thing in ("Python", "engine sketch", "clips folder", "OSC port", "MIDI"))


def test_folders_that_cannot_be_used_are_problems(command: Command, home: Path) -> None:
    """A folder under one that is missing, or a file in its place, ends with 1, each with its own option as remedy."""
    (home / "file").write_text("")
    ended = command("doctor", "--folder", home / "no" / "where", "--state", home / "file", "--json")
    assert ended.status == 1
    found = findings(ended)
    assert [found[thing]["state"] for thing in ("clips folder", "state folder")] == ["problem"] * 2
    assert found["clips folder"]["remedy"] == f"make the folder {home / 'no'}, or choose another with --folder"
    assert "--state" in found["state folder"]["remedy"]
    assert json.loads(ended.out)["ok"] is False
    assert "follow the remedies" in ended.err


def test_a_folder_that_is_there_is_tried_and_left_as_it_was(home: Path) -> None:
    """Its free space is told, and no file stays."""
    (home / "clips").mkdir()
    found = checks.clips_folder(load(None, {}, {"folder.path": home / "clips"}))
    assert found.state is State.OK
    assert "GB free" in found.found
    assert list((home / "clips").iterdir()) == []


def test_a_port_that_somebody_else_has_is_a_problem() -> None:
    """Another program at the port is told as one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", free_port()))
        config = load(None, {}, {"osc.port": other.getsockname()[1]})
        found = checks.osc_port(config)
    assert found.state is State.PROBLEM
    assert "--osc HOST:PORT" in found.remedy
    assert checks.osc_port(config).state is State.OK


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """Lend a daemon."""
    with daemon(tmp_path / "daemon") as started:
        yield started


def test_a_daemon_that_answers_is_told(running: Running) -> None:
    """Its port is taken, and that is as it should be."""
    found = checks.osc_port(load(None, {}, {"osc.port": running.port}))
    assert found.state is State.OK
    assert f"answers at UDP 127.0.0.1:{running.port} and delivers into {running.folder}" in found.found


def test_an_engine_that_cannot_be_had_is_a_problem() -> None:
    """The engine that is set is the one that is tried, and what it breaks with is told."""
    found = checks.engine(Config(jobs=JobsConfig(engine="nope")))
    assert (found.thing, found.state) == ("engine nope", State.PROBLEM)
    assert "there is no engine 'nope'; there is musicldm, sketch" in found.found


def test_an_engine_that_is_set_and_not_there_is_a_bad_setting(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told as any other setting that cannot be."""
    monkeypatch.setenv("DAW_BRIDGE_JOBS_ENGINE", "nope")
    ended = command("doctor")
    assert ended.status == 2
    assert "jobs.engine in the environment variable DAW_BRIDGE_JOBS_ENGINE: 'nope' is unknown" in ended.err


def test_what_is_an_extra_is_told_as_one(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Without torch nothing is wrong: the daemon says which engine plays, and how to have the other; so does doctor."""
    monkeypatch.setattr(engines, "find_spec", lambda _name: None)
    caplog.set_level("INFO")
    config = load(None, {}, {})
    assert parts._settled(config, parts._engine_settings(config)).jobs.engine == "sketch"
    remedy = "pip install 'daw-bridge[musicldm]'"
    assert caplog.messages == [f"the engine is sketch (MusicLDM is an extra that wants torch; {remedy})"]
    found = checks.model(config)
    assert (found.state, found.remedy) == (State.NOTE, remedy)


def test_what_stands_in_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Once by the daemon, and by doctor, with the command that fetches the real one; `auto` is a sketch all the same."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    caplog.set_level("INFO")
    config = load(None, {}, {})
    assert parts._settled(config, parts._engine_settings(config)).jobs.engine == "sketch"
    assert len([line for line in caplog.messages if line.startswith("engine musicldm: ")]) == 1
    found = checks.model(config)
    assert (found.state, found.remedy) == (State.NOTE, "get the real one with: daw-bridge model fetch")
    assert "musicldm-mini plays in its place" in found.found
    caplog.clear()
    named = load(None, {"DAW_BRIDGE_MUSICLDM_CHECKPOINT": "musicldm-mini"}, {})
    assert parts._settled(named, parts._engine_settings(named)).jobs.engine == "sketch"
    assert caplog.messages == [
        "the engine is sketch (musicldm.checkpoint is musicldm-mini, a demonstration; say engine musicldm to hear it)"
    ]


def test_the_folder_for_scripts_without_sockets_is_told() -> None:
    """Where requests in files are taken; and off is off."""
    config = load(None, {}, {"paths.state": "/state"})
    assert checks.exchange(config).found.startswith(str(Path("/state") / "exchange"))
    assert checks.exchange(load(None, {}, {"osc.exchange": 0})).found == "off (osc.exchange)"


def test_broken_presets_are_a_note(home: Path) -> None:
    """They are counted, and stop nothing."""
    (home / "presets").mkdir()
    (home / "presets" / "mess.toml").write_text("x")
    found = checks.presets(load(None, {}, {"paths.presets": home / "presets"}))
    assert found.state is State.NOTE
    assert "1 broken" in found.found


def a_library(home: Path, name: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a library called `name` before the real one, for programs that are started from here."""
    (home / f"{name}.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(home))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise OSError('PortAudio library not found')", "PortAudio library not found"),
        ("import os; os.write(2, b'ALSA lib: noise'); os._exit(3)", "broke off"),
        ("import threading; threading.Event().wait()", "did not answer in"),
        ("print('noise')\nquery_hostapis = list\nquery_devices = list", "no output"),
    ],
    ids=["missing", "dies", "hangs", "has none"],
)
def test_audio_in_any_condition_is_a_note(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], code: str, words: str
) -> None:
    """Audio that is missing, dies, hangs or has nothing to offer is told; it is not waited for, and writes nowhere."""
    a_library(home, "sounddevice", code, monkeypatch)
    monkeypatch.setattr(devices, "_PATIENCE", 1.0 if "wait" in code else 20.0)
    found = checks.audio(load(None, {}, {}))
    assert found.state is State.NOTE
    assert words in found.found
    assert capfd.readouterr() == ("", "")


def test_outputs_are_named_with_their_system(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A device is known by its name and host API; what can only record is left out."""
    a_library(
        home,
        "sounddevice",
        "def query_hostapis(): return [{'name': 'JACK'}]\n"
        "def query_devices(): return [{'name': n, 'hostapi': 0, 'max_output_channels': c} for n, c in (('out', 2), ('mic', 0))]",
        monkeypatch,
    )
    assert devices.audio() == devices.Ports(("out (JACK)",))


def test_midi_without_a_back_end_is_a_note(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy names the package that brings one."""
    a_library(home, "rtmidi", "raise ImportError('no back end')", monkeypatch)
    found = checks.midi(load(None, {}, {}))
    assert found.state is State.NOTE
    assert "pip install 'daw-bridge[midi]'" in found.remedy


def test_the_clocks_that_are_followed_are_named_by_rank() -> None:
    """One that is asked for and stands in no rank is a note, with its remedy."""
    found = checks.clocks(load(None, {}, {"midi.ports": "*", "clock.live": True}))
    assert found.state is State.OK
    assert found.found.startswith("follows midi, live, daw, hand")
    deaf = checks.clocks(load(None, {}, {"clock.live": True, "clock.priority": "midi, hand"}))
    assert deaf.state is State.NOTE
    assert deaf.remedy == "put it into clock.priority"


def test_who_is_not_found_by_himself_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    """With zeroconf, the name is told; without, how to get it; and off is off."""
    assert "announces 'daw-bridge' to OSC programs" in checks.discovery(load(None, {}, {})).found
    monkeypatch.setattr(discovery, "installed", lambda: False)
    found = checks.discovery(load(None, {}, {}))
    assert found.state is State.NOTE
    assert "daw-bridge[discover]" in found.remedy
    assert checks.discovery(load(None, {}, {"osc.announce": 0})).found == "off (osc.announce)"
