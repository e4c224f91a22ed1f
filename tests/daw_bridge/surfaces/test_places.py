"""Laws of places: the folders of a DAW are found on each system where its makers put them, or not at all."""

from dataclasses import replace
from pathlib import Path

import pytest
from homes import BASES, furnished, machine

from daw_bridge.surfaces.places import PLACES, PROGRAMS, program_of

LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<Ableton MajorVersion="5"><ContentLibrary>
<UserLibrary><LibraryProject Id="0"><ProjectName Value="{name}" /><ProjectPath Value="{path}" /></LibraryProject></UserLibrary>
<LibraryProject><ProjectName Value="Decoy" /><ProjectPath Value="/decoy" /></LibraryProject>
</ContentLibrary></Ableton>"""


@pytest.mark.parametrize("system", BASES)
def test_each_program_is_found_where_it_is(tmp_path: Path, system: str) -> None:
    """In a home in which it was started; and Live, which Linux does not have, is not found there."""
    here = furnished(system, tmp_path)
    found = {each.name: each.find(here) for each in PROGRAMS.values()}
    assert found == {name: tmp_path / BASES[system][name] if name in BASES[system] else None for name in found}


@pytest.mark.parametrize("system", BASES)
def test_nothing_is_found_in_an_empty_home(tmp_path: Path, system: str) -> None:
    """No folder is made up for a program that is not there."""
    assert {each.find(machine(system, tmp_path)) for each in PROGRAMS.values()} == {None}


@pytest.mark.parametrize(("system", "preferences"), [("Darwin", ""), ("Windows", "Preferences")])
def test_a_user_library_that_was_moved_is_where_the_newest_live_says(
    tmp_path: Path, system: str, preferences: str
) -> None:
    """12.1 is newer than 9.7 and 12.0.25; what is none of its words, and a library that is gone, do not count."""
    here = furnished(system, tmp_path)
    above = tmp_path / {"Darwin": "Library/Preferences/Ableton", "Windows": "AppData/Roaming/Ableton"}[system]
    moved = tmp_path / "Big & Drive" / "Own Library"
    moved.mkdir(parents=True)
    said = {"Live 12.1": moved, "Live 12.0.25": tmp_path, "Live 9.7": tmp_path, "Live 12.2b4": tmp_path / "gone" / "x"}
    for live, library in said.items():
        page = above / live / preferences / "Library.cfg"
        page.parent.mkdir(parents=True)
        path = str(library.parent).replace("&", "&amp;")
        page.write_text(LIBRARY.format(name=library.name, path=path))
    assert PROGRAMS["live"].find(here) == moved
    (above / "Live 12.1" / preferences / "Library.cfg").write_bytes(b"\xff\x00 no page of Live's")
    assert PROGRAMS["live"].find(here) == tmp_path


def test_the_environment_moves_folders(tmp_path: Path) -> None:
    """XDG_CONFIG_HOME on Linux, OneDrive on Windows, and REAPER_RESOURCE_PATH for a portable REAPER anywhere."""
    here = machine("Linux", tmp_path)
    (tmp_path / "elsewhere" / "REAPER").mkdir(parents=True)
    assert PROGRAMS["reaper"].find(here) is None
    moved = replace(here, environment={"XDG_CONFIG_HOME": str(tmp_path / "elsewhere")})
    assert PROGRAMS["reaper"].find(moved) == tmp_path / "elsewhere" / "REAPER"
    told = replace(here, environment={"REAPER_RESOURCE_PATH": str(tmp_path / "elsewhere")})
    assert PROGRAMS["reaper"].find(told) == tmp_path / "elsewhere"
    cloud = tmp_path / "Cloud" / "Documents" / "Ableton" / "User Library"
    cloud.mkdir(parents=True)
    windows = replace(machine("Windows", tmp_path), environment={"OneDrive": str(tmp_path / "Cloud")})
    assert PROGRAMS["live"].find(windows) == cloud


def test_the_newest_ardour_counts(tmp_path: Path) -> None:
    """Each version has a folder of its own, and the scripts go to the one in use."""
    for version in ("ardour7", "ardour8"):
        (tmp_path / ".config" / version).mkdir(parents=True)
    assert PROGRAMS["ardour"].find(machine("Linux", tmp_path)) == tmp_path / ".config" / "ardour8"


def test_every_place_belongs_to_its_program() -> None:
    """The word before the dot is the program, and its folder lies under that program's base."""
    for place, folder in PLACES.items():
        assert not Path(folder).is_absolute()
        assert folder in program_of(place).places.values()
