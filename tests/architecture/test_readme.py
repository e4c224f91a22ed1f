"""The README says what the code does: its tables are made from the code, its commands are those that run."""

import re

import pytest
from tables import README, TABLES, filled

from daw_bridge.cli.app import app

ROOT = README.parent


def test_the_tables_are_those_of_the_code() -> None:
    """``python tests/tables.py`` would change nothing, and every table has its place."""
    text = README.read_text()
    assert filled(text) == text
    assert set(re.findall(r"<!-- table: (\w+) -->", text)) == set(TABLES)


def test_every_command_that_it_names_is_there() -> None:
    """And every command that is there is named, but the version."""
    named = set(re.findall(r"daw-bridge (\w+)", README.read_text()))
    there = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    there |= {str(group.name) for group in app.registered_groups}
    assert named <= there
    assert there - named <= {"version"}


def test_the_first_clip_is_near_in_every_daw() -> None:
    """At most two commands and five clicks, and each click that is counted is named by its number."""
    rows = re.findall(r"^\| ([\w ,]+) \| (\d) \| (\d) \| (.+) \|$", README.read_text(), re.MULTILINE)
    daws = {daw for names, _, _, _ in rows for daw in names.split(", ")}
    assert {"Ableton Live", "REAPER", "Bitwig", "Logic", "FL Studio", "Ardour"} <= daws
    for names, commands, clicks, which in rows:
        assert int(commands) <= 2, names
        assert [int(number) for number in re.findall(r"\((\d)\)", which)] == list(range(1, int(clicks) + 1))
        assert int(clicks) <= 5, names


def test_ci_runs_the_test_command_of_the_readme() -> None:
    """The same line, to the letter."""
    (command,) = re.findall(r"^(python3 -m venv .*pytest)$", README.read_text(), re.MULTILINE)
    assert command in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("room", ["daw_bridge", "plugin_host"])
def test_the_front_page_of_a_package_names_its_rooms(room: str) -> None:
    """Every module and folder at the top of a package stands in its first docstring."""
    page = (ROOT / room / "__init__.py").read_text()
    for path in (ROOT / room).iterdir():
        name = path.stem
        if name.startswith("_") or (path.is_file() and path.suffix != ".py") or name == "factory_presets":
            continue
        assert re.search(rf"\b{name}\b", page), f"{room}/__init__.py does not name {name}"


def test_no_word_about_a_machine_or_a_registry() -> None:
    """What is installed is named, never from where; and no folder of somebody's machine is."""
    for path in (README, ROOT / "pyproject.toml", ROOT / ".ci" / "run"):
        assert not re.search(r"https?://|index-url|find-links|(?<![\w.])/(opt|root|work|home)/", path.read_text())
