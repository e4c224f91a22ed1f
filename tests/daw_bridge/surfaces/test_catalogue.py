"""Laws of the catalogue: a page says what a surface is, and one that cannot be used is named with place and remedy."""

from pathlib import Path

import pytest
from shipments import PAGE, ship

from daw_bridge.errors import BadSurface, UnknownSurface
from daw_bridge.surfaces.catalogue import pick, read_surface, read_surfaces


def test_a_page_becomes_a_surface(tmp_path: Path) -> None:
    """With its program, its files in order, and all that is in a folder, but what is hidden or compiled."""
    (ship(tmp_path) / "reaper" / "more" / "__pycache__").mkdir()
    (tmp_path / "reaper" / "more" / "__pycache__" / "two.cpython-311.pyc").write_bytes(b"")
    surface = read_surface(tmp_path / "reaper")
    assert (surface.name, surface.title, surface.clicks) == ("reaper", "REAPER", ("Actions → Load", "Run it"))
    assert surface.program is not None
    assert surface.program.name == "REAPER"
    assert [row.file for row in surface.rows] == ["go.lua", "more/", "tempo.ReaperOSC", "notes.txt"]
    assert [str(inside) for inside, _ in surface.sources(surface.rows[1])] == ["inner/deep.lua", "two.py"]
    assert (surface.rows[0].uses, surface.rows[0].keys) == (("/bridge/generate",), ("bars",))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('title = "REAPER"', "", "title is missing; write title = "),
        ('about = "Fills a track"', "about = 3", "about is missing"),
        ('settings = "told.lua"', 'settings = "../told.lua"', "give the name of a file that ends in .lua, .py, .json"),
        ('settings = "told.lua"', 'settings = "told.ini"', "settings is 'told.ini'"),
        ('settings = "told.lua"', 'setings = "told.lua"', "'setings' is no key of a surface; there is title"),
        ('["Actions → Load", "Run it"]', '"Run it"', 'clicks is \'Run it\'; write clicks = ["…", "…"]'),
        ('file = "go.lua"', 'file = "gone.lua"', "files 1: file is 'gone.lua', and there is none"),
        ('file = "more/"', 'file = "more"', "files 2: file is 'more', and there is none; a folder is written with"),
        ('file = "go.lua"', 'file = "../../other"', "files 1: file is '../../other', which is not in the folder"),
        ('file = "more/"', 'file = "./"', "files 2: file is './', which is not in the folder of the surface"),
        ('"reaper.osc"', '"reaper.nowhere"', "files 3: where is 'reaper.nowhere', which is no place; there is reaper."),
        ('"reaper.osc"', '"live.max"', "its files belong to live and reaper; make a surface for each program"),
        ('keys = ["bars"]', 'keys = "bars"', "files 1: keys is 'bars'"),
        ('does = "Helps it"', 'dose = "Helps it"', "files 2: 'dose' is no key of a file"),
        (PAGE, 'title = "x"', "files is no list of tables; write [[files]]"),
        (PAGE, "title = ", "is no TOML"),
    ],
)
def test_a_page_that_cannot_be_used_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    """By file and place, with the remedy, and the others are there nevertheless."""
    ship(tmp_path, page=PAGE.replace(old, new, 1))
    ship(tmp_path, name="other")
    with pytest.raises(BadSurface) as error:
        read_surface(tmp_path / "reaper")
    assert str(error.value).startswith(f"{tmp_path / 'reaper' / 'surface.toml'}: ")
    assert words in str(error.value)
    surfaces, broken = read_surfaces(tmp_path)
    assert (list(surfaces), [str(each) for each in broken]) == (["other"], [str(error.value)])


def test_a_surface_that_is_not_there_is_told_with_its_neighbours() -> None:
    """Those that sound alike, or all."""
    with pytest.raises(UnknownSurface, match="did you mean reaper"):
        pick("reper", ["ableton", "reaper"])
    with pytest.raises(UnknownSurface, match="there is ableton, reaper"):
        pick("logic", ["reaper", "ableton"])
    assert pick("reaper", ["reaper"]) == "reaper"
