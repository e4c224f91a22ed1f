"""Laws of ``daw-bridge devices``: what can play, what is set, and what to do where nothing can."""

import json
from pathlib import Path

import pytest
from commands import Command

MACHINE = """
class PortAudioError(Exception): pass
class default: device = (0, 2)
def query_hostapis(): return [{"name": "ALSA", "default_output_device": 0}, {"name": "JACK", "default_output_device": 2}]
def query_devices():
    row = lambda name, api, channels, rate: dict(
        name=name, hostapi=api, max_output_channels=channels, default_samplerate=rate)
    return [row("HDA Intel", 0, 2, 44100.0), row("mic", 0, 0, 48000.0), row("system", 1, 16, 48000.0)]
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the commands a machine with two outputs, and return where its library lies."""
    (tmp_path / "sounddevice.py").write_text(MACHINE)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).parents[3]}")
    return tmp_path


@pytest.mark.usefixtures("machine")
def test_outputs_are_listed_with_what_they_are(command: Command) -> None:
    """Name, host API, channels and rate; what only records is left out, and that none is set is said."""
    ended = command("devices")
    assert ended.status == 0
    assert [line.split() for line in ended.out.splitlines() if "ALSA" in line] == [
        ["0", "HDA", "Intel", "ALSA", "2", "44100"]
    ]
    assert "mic" not in ended.out
    assert "none is set" in ended.err


@pytest.mark.usefixtures("machine")
def test_the_one_that_is_set_is_marked(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program reads the same."""
    monkeypatch.setenv("DAW_BRIDGE_DEVICE_NAME", "intel")
    told = json.loads(command("devices", "--json").out)
    assert [each["chosen"] for each in told["outputs"]] == [True, False]
    assert [each["default"] for each in told["outputs"]] == [False, True]
    assert told["trouble"] == ""


@pytest.mark.usefixtures("machine")
def test_a_setting_that_fits_nothing_is_said(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is there all the same."""
    monkeypatch.setenv("DAW_BRIDGE_DEVICE_NAME", "moon")
    ended = command("devices")
    assert "no audio output 'moon'" in ended.err
    assert "system" in ended.out


def test_without_portaudio_it_says_what_to_install(command: Command, machine: Path) -> None:
    """That is an error: there is nothing to list."""
    (machine / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    ended = command("devices")
    assert ended.status == 1
    assert "libportaudio2" in ended.err
