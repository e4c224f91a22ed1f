"""The tables of the README and of the surfaces, made from the code. ``python tests/tables.py`` writes them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING
from pathlib import Path

from threats import THREATS

from daw_bridge.config import settings
from daw_bridge.presets import PresetShelf, factory_folder
from daw_bridge.reports import CODES
from daw_bridge.requests import JOB_KEYS
from daw_bridge.surfaces.catalogue import Row, Surface, factory_surfaces, read_surfaces
from daw_bridge.surfaces.places import PLACES, program_of
from daw_bridge.wires.osc_addresses import REPLY, REPORTS, REQUESTS, SYNCED, report_arguments

README = Path(__file__).parents[1] / "README.md"
SURFACES = factory_surfaces() / "README.md"
ADDRESSES = factory_surfaces() / "open_sound_control" / "addresses.tsv"
_PLACE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '∣') for cell in line)} |\n" for line in lines)


def requests() -> str:
    """Return the table of addresses that are understood."""
    return table(
        ("address", "arguments", "does"), ((f"`{each.path}`", each.arguments, each.does) for each in REQUESTS.values())
    )


def keys() -> str:
    """Return the table of a job's keys."""
    return table(
        ("key", "value", "means"), ((f"`{each.name}`", each.read.allowed, each.means) for each in JOB_KEYS.values())
    )


def reports() -> str:
    """Return the table of reports, each with the first sentence of its class."""
    rows = ((f"`{path}`", report_arguments(kind), first_sentence(kind.__doc__)) for kind, path in REPORTS.items())
    return table(("address", "arguments", "says"), rows)


def first_sentence(text: str | None) -> str:
    """Return the first sentence of a docstring, on one line."""
    return " ".join((text or "").split()).split(". ")[0].rstrip(".")


def codes() -> str:
    """Return the codes in a row."""
    return ", ".join(f"`{code}`" for code in CODES) + ".\n"


def presets() -> str:
    """Return the table of factory presets."""
    return table(
        ("family", "preset", "for"),
        ((each.family, f"`{each.name}`", each.about) for each in PresetShelf([factory_folder()]).all()[0]),
    )


def configuration() -> str:
    """Return the table of settings; defaults that differ from machine to machine are left to ``doctor``."""
    rows = []
    for section, each in settings():
        default = "of the system" if isinstance(each.default, Path) or each.default is MISSING else shown(each.default)
        rows.append((f"`{section}.{each.name}`", default, each.metadata["read"].allowed, each.metadata["means"]))
    return table(("setting", "default", "value", "means"), rows)


def shown(default: object) -> str:
    """Write a default as it would stand in the file."""
    if default is None or default == ():
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{list(default) if isinstance(default, tuple) else default}`"


def threats() -> str:
    """Return the threat list, a row for each; who it is stands in the first of his rows."""
    rows, before = [], ""
    for each in THREATS:
        tests = ", ".join(f"`{test.split('::')[1].removeprefix('test_')}`" for test in each.tests)
        rows.append((each.who if each.who != before else "", each.tries, each.stopped_by, tests))
        before = each.who
    return table(("who", "could try", "what stops it", "shown by the test"), rows)


def surfaces() -> str:
    """Return the table of surfaces: the name of each, what it is for, and what it brings."""
    every = read_surfaces(factory_surfaces())[0].values()
    rows = ((f"`{each.name}`", each.title, each.about) for each in every)
    return table(("name", "for", "what it brings"), rows)


def files() -> str:
    """Return the table of all files of all surfaces: where each runs, what it does and what it says to the daemon."""
    every = read_surfaces(factory_surfaces())[0].values()
    rows = (_file(surface, row) for surface in every for row in surface.rows)
    return table(("file", "where it runs", "lies in", "what it does", "addresses", "keys"), rows)


def _file(surface: Surface, row: Row) -> tuple[str, ...]:
    """Return the row of one file."""
    place = f"{program_of(row.where).name}: `{PLACES[row.where]}`" if row.where else "where you open it from"
    words = (
        "all" if said == ("*",) else ", ".join(f"`{each}`" for each in said) or "–" for said in (row.uses, row.keys)
    )
    return (f"`{surface.name}/{row.file}`", row.runs, place, row.does, *words)


ANSWERS = {
    path: each for each in REQUESTS.values() for path in (each.path + REPLY, SYNCED) if f"answers `{path}`" in each.does
}
"""The request that each answer belongs to, by the answer's address."""


def _answer(does: str, path: str) -> str:
    """Return what an answer carries, as the words of its request say it."""
    return does.partition(f"`{path}`")[2].strip().removeprefix("with ").replace("it,", "the same int,")


def addresses() -> str:
    """Return every address as a row of a table that any program reads: what is sent, what is heard, then the keys of a job."""
    rows = [("kind", "name", "value", "meaning")]
    rows += [("send", each.path, each.arguments, each.does) for each in REQUESTS.values()]
    rows += [("hear", path, _answer(asked.does, path), f"answers {asked.path}") for path, asked in ANSWERS.items()]
    rows += [("hear", path, report_arguments(kind), first_sentence(kind.__doc__)) for kind, path in REPORTS.items()]
    rows += [("key", each.name, each.read.allowed, each.means) for each in JOB_KEYS.values()]
    return "".join("\t".join(cell.replace("`", "") for cell in row) + "\n" for row in rows)


TABLES: Mapping[str, Callable[[], str]] = {
    "requests": requests,
    "keys": keys,
    "reports": reports,
    "codes": codes,
    "presets": presets,
    "settings": configuration,
    "threats": threats,
    "surfaces": surfaces,
}
"""The tables of the README, by name."""

PAGES: Mapping[Path, Mapping[str, Callable[[], str]]] = {README: TABLES, SURFACES: {"files": files}}
"""The pages that have tables, and the tables that each has."""


def filled(text: str, tables: Mapping[str, Callable[[], str]] = TABLES) -> str:
    """Return `text` with every table made anew."""
    return _PLACE.sub(lambda place: place[1] + tables[place[2]]() + place[3], text)


if __name__ == "__main__":
    for page, made in PAGES.items():
        page.write_text(filled(page.read_text(), made))
    ADDRESSES.write_text(addresses())
