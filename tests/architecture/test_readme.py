"""The README says what the code does: its tables are made from the code, its commands are those that run."""

import re
import tomllib

import pytest
from pictures import MOST, PICTURE
from tables import README, TABLES, filled

from daw_bridge.cli.app import app
from daw_bridge.sections import APP
from daw_bridge.surfaces.catalogue import factory_surfaces, read_surfaces

ROOT = README.parent


def test_the_tables_are_those_of_the_code() -> None:
    """``python tests/tables.py`` would change nothing, and every table has its place."""
    text = README.read_text()
    assert filled(text) == text
    assert set(re.findall(r"<!-- table: (\w+) -->", text)) == set(TABLES)


def test_every_command_that_it_names_is_there() -> None:
    """And every command that is there is named, but the version."""
    named = set(re.findall(r"daw-bridge (\w+)(?![\w:])", README.read_text()))
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


def test_every_extra_is_explained() -> None:
    """What is optional stands in a table, and nothing else is told to be installed."""
    text, extras = README.read_text(), tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    table = text.partition("| extra | what it is for |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(extras["optional-dependencies"])
    told = set(re.findall(r"\[(\w+)\]'", text)) | set(re.findall(r"the extra `?(\w+)", text))
    assert told - {"NAME"} <= set(extras["optional-dependencies"])


def test_what_needs_an_extra_says_so() -> None:
    """Where a newcomer would copy it from."""
    for line in re.findall(r"^daw-bridge evaluate .*$", README.read_text(), re.MULTILINE):
        assert "extra musicldm" in line
    for words in ("`blend latents` (with the extra `musicldm`)", "with the extra `plot`"):
        assert words in README.read_text()


def test_all_examples_are_about_one_folder_of_clips() -> None:
    """The one in which they land when nothing is said."""
    assert set(re.findall(r"~/Music/[\w-]+", README.read_text())) == {f"~/Music/{APP}"}


def test_links_within_the_page_lead_somewhere() -> None:
    """Each to a heading, as it is written in an address."""
    text = README.read_text()
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    there = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
    links = re.findall(r"\]\(#([^)]+)\)", text)
    assert len(links) > 10
    assert set(links) <= there


def test_pictures_and_files_that_are_linked_are_there() -> None:
    """Each by its path from the README, in the tree, and a picture is no larger than a page should be."""
    links = re.findall(r"\]\(([^)#:]+)\)", README.read_text())
    assert PICTURE.relative_to(ROOT).as_posix() in links
    for link in links:
        assert (ROOT / link).is_file(), link
    assert PICTURE.stat().st_size <= MOST


def test_reapers_steps_are_the_installers() -> None:
    """The action that is run, and the files that are none."""
    (row,) = re.findall(r"^\| REAPER \| .*$", README.read_text(), re.MULTILINE)
    steps = " ".join(read_surfaces(factory_surfaces())[0]["reaper"].clicks)
    actions = set(re.findall(r"daw_bridge_generate\w*\.lua", steps))
    assert actions
    assert set(re.findall(r"daw_bridge_\w+\.lua", row)) == actions
    assert all(f"`{name}`" in README.read_text() for name in re.findall(r"daw_bridge\w*\.lua", steps))


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
