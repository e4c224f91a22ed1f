"""The catalogue: each surface is a folder here with a page about itself, ``surface.toml``.

::

    title = "REAPER"                        # as its users call it
    about = "Fills a track at the cursor"   # one line: what a producer gets from it
    clicks = ["Actions → …", "…"]           # what to do next in the DAW, one step each
    settings = "daw_bridge_settings.lua"    # if it must be told where the daemon is: see `told`

    [[files]]
    file = "daw_bridge_generate.lua"        # in this folder; "DawBridge/" is all that is in that folder
    where = "reaper.scripts"                # see `places`; left out, it stays here and is opened by hand
    runs = "REAPER 6, Lua"
    does = "Makes a clip for the selected track"
    uses = ["/bridge/generate"]             # every address that it names; ["*"] is all that there are
    keys = ["bars"]                         # every key of a job that it names; likewise

A page that cannot be used is named with its place and remedy, and the others are there nevertheless.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any

from daw_bridge.errors import BadSurface, BridgeError, UnknownSurface
from daw_bridge.pages import read_page
from daw_bridge.surfaces.places import PLACES, Program, program_of
from daw_bridge.surfaces.told import KINDS
from daw_bridge.values import Text, Word, shown

PAGE = "surface.toml"
"""The name of the page about a surface, in its folder."""

_LARGEST = 65_536  # bytes
_KEYS = ("title", "about", "clicks", "settings", "files")
_ROW_KEYS = ("file", "where", "runs", "does", "uses", "keys")


@dataclass(frozen=True, slots=True)
class Row:
    """A file of a surface, or a folder, which then ends in a slash; `where` is its place, or empty."""

    file: str
    where: str
    runs: str
    does: str
    uses: tuple[str, ...]
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Surface:
    """A surface: the `folder` of its files, and what its page says. `settings` is a file's name, or empty."""

    name: str
    folder: Path
    title: str
    about: str
    clicks: tuple[str, ...]
    settings: str
    rows: tuple[Row, ...]

    @property
    def program(self) -> Program | None:
        """The program that it is put into; None for files that are opened by hand."""
        return next((program_of(row.where) for row in self.rows if row.where), None)

    def sources(self, row: Row) -> Iterator[tuple[PurePosixPath, Path]]:
        """Yield each file of a row as its path from the row's place, and where it is here."""
        source = self.folder / row.file
        if not row.file.endswith("/"):
            yield PurePosixPath(source.name), source
            return
        for path in sorted(source.rglob("*")):
            inside = path.relative_to(source)
            if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in inside.parts):
                yield PurePosixPath(inside.as_posix()), path


def factory_surfaces() -> Path:
    """Return the folder of the surfaces that come with the project."""
    return Path(str(files("daw_bridge.surfaces")))


def read_surfaces(folder: Path) -> tuple[dict[str, Surface], list[BadSurface]]:
    """Return the surfaces in `folder` by name, in order, and what is wrong with the pages that cannot be used."""
    surfaces: dict[str, Surface] = {}
    broken: list[BadSurface] = []
    for page in sorted(folder.glob(f"*/{PAGE}")):
        try:
            surfaces[page.parent.name] = read_surface(page.parent)
        except BadSurface as error:
            broken.append(error)
    return surfaces, broken


def pick(name: str, names: Iterable[str]) -> str:
    """Return `name` if it is one of `names`. Raises `UnknownSurface` with its nearest neighbours."""
    there = sorted(names)
    if name in there:
        return name
    near = get_close_matches(name, there, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(there)}"
    raise UnknownSurface(f"there is no surface {shown(name)}; {hint}")


def read_surface(folder: Path) -> Surface:
    """Read the page of one surface. Raises `BadSurface` with file, place and remedy."""
    page = folder / PAGE
    try:
        return _surface(folder, read_page(page, _LARGEST))
    except BridgeError as error:
        raise BadSurface(f"{page}: {error}") from None


def _surface(folder: Path, values: Mapping[str, Any]) -> Surface:
    """Make a surface of what its page says."""
    _known(values, _KEYS, "a surface")
    tables = values.get("files")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise BadSurface("files is no list of tables; write [[files]] and key = value under it")
    rows = tuple(_numbered(number, folder, table) for number, table in enumerate(tables, 1))
    programs = {row.where.partition(".")[0] for row in rows if row.where}
    if len(programs) > 1:
        raise BadSurface(f"its files belong to {' and '.join(sorted(programs))}; make a surface for each program")
    settings = _said(values, "settings") if "settings" in values else ""
    if settings and (Path(settings).name != settings or Path(settings).suffix not in KINDS):
        raise BadSurface(f"settings is {shown(settings)}; give the name of a file that ends in {', '.join(KINDS)}")
    clicks = _list(values, "clicks")
    return Surface(Word()(folder.name), folder, _said(values, "title"), _said(values, "about"), clicks, settings, rows)


def _numbered(number: int, folder: Path, table: Mapping[str, Any]) -> Row:
    """Read the row of one file; whatever is wrong with it is said with its number."""
    try:
        return _row(folder, table)
    except BridgeError as error:
        raise BadSurface(f"files {number}: {error}") from None


def _row(folder: Path, table: Mapping[str, Any]) -> Row:
    """Read the row of one file, which must be there, in the folder of the surface."""
    _known(table, _ROW_KEYS, "a file")
    file = _said(table, "file")
    source = folder / file
    if not source.resolve().is_relative_to(folder.resolve()) or source.resolve() == folder.resolve():
        raise BadSurface(f"file is {shown(file)}, which is not in the folder of the surface")
    if not (source.is_dir() if file.endswith("/") else source.is_file()):
        raise BadSurface(f"file is {shown(file)}, and there is none; a folder is written with a slash at its end")
    where = _said(table, "where") if "where" in table else ""
    if where and where not in PLACES:
        raise BadSurface(f"where is {shown(where)}, which is no place; there is {', '.join(PLACES)}")
    return Row(file, where, _said(table, "runs"), _said(table, "does"), _list(table, "uses"), _list(table, "keys"))


def _said(values: Mapping[str, Any], key: str) -> str:
    """Read a line of text that must be there."""
    text = values.get(key)
    if not isinstance(text, str) or not text.strip():
        raise BadSurface(f'{key} is missing; write {key} = "…"')
    return Text(200)(text)


def _list(values: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Read a list of lines, which may be left out."""
    lines = values.get(key, [])
    if not isinstance(lines, list) or not all(isinstance(line, str) and line.strip() for line in lines):
        raise BadSurface(f'{key} is {shown(lines)}; write {key} = ["…", "…"]')
    return tuple(Text(300)(line) for line in lines)


def _known(values: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    """Refuse a key that nobody reads."""
    for key in values:
        if key not in known:
            raise BadSurface(f"{shown(key)} is no key of {what}; there is {', '.join(known)}")
