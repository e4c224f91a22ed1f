"""Laws of all commands alike: help with an example, and the exit statuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from commands import Command
from daemons import PATIENCE

from daw_bridge import __version__
from daw_bridge.cli.app import app
from daw_bridge.requests import JOB_KEYS

COMMANDS = sorted(str(each.name or getattr(each.callback, "__name__", "")) for each in app.registered_commands)


def test_the_commands_are_those_that_were_promised() -> None:
    """Nothing is missing from the table, and nothing is there that nobody knows of."""
    assert [
        *("again", "demo", "devices", "doctor", "evaluate", "generate", "inspect", "jobs", "keep", "learn"),
        *("mix", "presets", "serve", "star", "surfaces", "train", "trash", "version"),
    ] == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_has_help_with_an_example(command: Command, name: str, flag: str) -> None:
    """The help of each ends with a line that can be typed as it stands."""
    ended = command(name, flag)
    assert ended.status == 0
    assert f"Example: daw-bridge {name}" in ended.out.splitlines()[-1]


GROUPS = sorted(str(each.name) for each in app.registered_groups)


@pytest.mark.parametrize("name", ["fetch", "list", "info"])
def test_every_command_about_models_has_help_with_an_example(command: Command, name: str) -> None:
    """The commands of the one group are explained like the others, and speak JSON."""
    ended = command("model", name, "--help")
    assert ended.status == 0
    assert "--json" in ended.out
    assert f"Example: daw-bridge model {name}" in ended.out.splitlines()[-1]
    assert GROUPS == ["model"]


def test_the_list_of_commands_is_not_cut_off(command: Command) -> None:
    """At 80 columns each command is said in a whole sentence."""
    listed = command("--help").out.partition("Commands:")[2].strip().splitlines()
    assert len(listed) == len(COMMANDS) + len(GROUPS)
    assert all(line.endswith(".") and not line.endswith("...") for line in listed)


@pytest.mark.parametrize(
    "name",
    [
        "again",
        "demo",
        "devices",
        "doctor",
        "evaluate",
        "generate",
        "inspect",
        "jobs",
        "mix",
        "presets",
        "surfaces",
        "train",
        "version",
    ],
)
def test_what_a_program_might_read_can_be_json(command: Command, name: str) -> None:
    """Each command that answers something offers it as JSON."""
    assert "--json" in command(name, "--help").out


@pytest.mark.parametrize("key", ["preset", "bars", "bpm", "meter", "key", "takes", "seed", "engine", "rate"])
def test_options_of_a_job_are_explained_by_the_table_of_keys(command: Command, key: str) -> None:
    """No range is written twice: the help of an option is what the table says."""
    helped = " ".join(command("generate", "--help").out.split())
    assert f"--{key} {key.upper()} {JOB_KEYS[key].means}; {JOB_KEYS[key].read.allowed}" in helped


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["inspect"],
        ["generate", "x", "--nonsense"],
        ["doctor", "--osc", "nonsense"],
        ["doctor", "--osc", "127.0.0.1:99999"],
        ["presets", "--config", "nowhere.toml"],
        ["serve", "--engine", "nonsense"],
        ["serve", "--folder", "~nosuch-user/x"],
        ["demo", "--folder", "~nosuch-user/x"],
        ["generate", "x", "--folder", "~nosuch-user/x"],
        ["generate", "x", "--set", "id=all"],
    ],
    ids=" ".join,
)
def test_a_bad_argument_or_setting_ends_with_2(command: Command, arguments: list[str]) -> None:
    """What cannot be right on any machine is told on standard error, and nothing else is written."""
    ended = command(*arguments)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err
    assert "Traceback" not in ended.err


def test_the_version_is_printed(command: Command) -> None:
    """A program can read the version."""
    assert command("version").out == f"{__version__}\n"
    assert json.loads(command("version", "--json").out) == {"version": __version__}


def test_an_engine_that_is_not_there_is_told_with_those_that_are(command: Command) -> None:
    """Before anything is started."""
    told = "jobs.engine in the command line: 'nonsense' is unknown; give one of auto, musicldm, sketch"
    assert told in command("serve", "--engine", "nonsense").err


def test_a_daemon_that_cannot_use_its_state_folder_says_so(home: Path) -> None:
    """It ends with 1 and the remedy in its last line, and shows nothing of its inside."""
    (home / "file").write_text("")
    flags = ["--osc", "127.0.0.1:0", "--folder", str(home / "clips"), "--state", str(home / "file")]
    command = [sys.executable, "-m", "daw_bridge", "serve", *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"daw-bridge: {home / 'file'}")
    assert last.endswith("set paths.state to a folder that can be written")
    assert "Traceback" not in done.stderr


def test_the_package_runs_as_a_module(home: Path) -> None:
    """``python -m daw_bridge`` is the command, under its own name."""
    done = subprocess.run([sys.executable, "-m", "daw_bridge"], capture_output=True, text=True, cwd=home, check=False)
    assert "Usage: daw-bridge" in done.stdout + done.stderr


def test_ctrl_c_ends_with_130_and_no_traceback(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """However early it comes, Ctrl-C is a quiet end."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(typer.Typer, "__call__", interrupted)
    ended = command("version")
    assert (ended.status, ended.out, ended.err) == (130, "", "")
