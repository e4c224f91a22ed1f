"""A home in which nothing is this account's, and commands that run at it."""

import sys
from pathlib import Path

import pytest
from commands import Command, Ended

from daw_bridge.cli import main


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lend a home in which nothing is of this account's, with its clips, state, configuration and presets."""
    base = tmp_path / "home"
    base.mkdir()
    for variable, folder in (
        ("HOME", ""),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_STATE_HOME", "state"),
        ("MPLCONFIGDIR", "plots"),
        ("DAW_BRIDGE_FOLDER_PATH", "clips"),
        ("DAW_BRIDGE_PATHS_STATE", "state"),
        ("DAW_BRIDGE_PATHS_PRESETS", "presets"),
        ("DAW_BRIDGE_MUSICLDM_ADAPTERS", "adapters"),
    ):
        monkeypatch.setenv(variable, str(base / folder))
    monkeypatch.setenv("DAW_BRIDGE_OSC_PORT", "0")
    monkeypatch.setenv("COLUMNS", "80")
    return base


@pytest.fixture
def command(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Lend what runs a command at `home`."""
    monkeypatch.chdir(home)

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["daw-bridge", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        written = capsys.readouterr()
        return Ended(int(end.value.code or 0), written.out, written.err)

    return run
