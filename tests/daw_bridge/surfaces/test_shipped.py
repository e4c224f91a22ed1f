"""Laws of the surfaces that come along: what their pages say is true, and each comes and goes without a trace."""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from homes import BASES, furnished, tree
from tables import ADDRESSES, ANSWERS, PAGES, SURFACES, addresses, filled

from daw_bridge.requests import JOB_KEYS
from daw_bridge.surfaces import installer
from daw_bridge.surfaces.catalogue import PAGE, Row, Surface, factory_surfaces, read_surfaces
from daw_bridge.surfaces.receipts import ReceiptShelf
from daw_bridge.surfaces.sites import SiteState, sites
from daw_bridge.surfaces.told import Told
from daw_bridge.wires.osc_addresses import PRESET, REPORTS, REQUESTS

SHIPPED, BROKEN = read_surfaces(factory_surfaces())
KNOWN = {*REQUESTS, *REPORTS.values(), *ANSWERS}
ADDRESS = re.compile(r"/bridge/[a-z./]*")
ROWS = [(surface, row) for surface in SHIPPED.values() for row in surface.rows]
NAMES = [f"{surface.name}/{row.file}" for surface, row in ROWS]


def read(path: Path) -> str:
    """Return the text of a file, if need be of one that is packed, as layouts of TouchOSC are."""
    content = path.read_bytes()
    return (zlib.decompress(content) if content[:1] == b"\x78" else content).decode()


def named(text: str) -> Iterator[str]:
    """Yield the addresses that stand in a text; the name of a preset, or what is put there later, stands for any."""
    for found in ADDRESS.findall(text):
        address = found.rstrip("./") if found.rstrip("./") + "/" != PRESET else PRESET
        if address.startswith(PRESET):
            yield f"{PRESET}<name>"
        elif address != "/bridge":
            yield address


def stands(address: str, text: str) -> bool:
    """Whether an address stands in a text: whole, or as a quoted word where a file takes addresses apart by a pattern."""
    if address.removesuffix("<name>") in text:
        return True
    return "/bridge/(" in text and re.search(rf"""['"]{address.rpartition("/")[2]}['"]""", text) is not None


def text_of(surface: Surface, row: Row) -> str:
    """Return all that stands in the files of a row."""
    return "\n".join(read(path) for _, path in surface.sources(row))


def test_every_page_can_be_read() -> None:
    """None is broken, and each folder here is a surface."""
    assert BROKEN == []
    folders = {path.name for path in factory_surfaces().iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == SHIPPED.keys()


@pytest.mark.parametrize(("surface", "row"), ROWS, ids=NAMES)
def test_each_address_in_a_file_is_in_its_page_and_in_the_table(surface: Surface, row: Row) -> None:
    """And each that the page names is in the file; nothing is said to the daemon, or heard, that it does not know."""
    text = text_of(surface, row)
    uses = KNOWN if row.uses == ("*",) else set(row.uses)
    assert uses <= KNOWN
    assert set(named(text)) - uses == set()
    for address in uses:
        assert stands(address, text), address


@pytest.mark.parametrize(("surface", "row"), ROWS, ids=NAMES)
def test_each_key_of_a_page_is_in_its_file_and_in_the_table(surface: Surface, row: Row) -> None:
    """As a word of its own."""
    keys = set(JOB_KEYS) if row.keys == ("*",) else set(row.keys)
    assert keys <= set(JOB_KEYS)
    text = text_of(surface, row)
    for key in keys:
        assert re.search(rf"(?<![a-z_]){key}(?![a-z_])", text), key


@pytest.mark.parametrize("surface", SHIPPED.values(), ids=list(SHIPPED))
def test_every_file_of_a_surface_stands_in_its_page(surface: Surface) -> None:
    """Nothing lies there that nobody installs, opens or has explained."""
    told = {path for row in surface.rows for _, path in surface.sources(row)} | {surface.folder / PAGE}
    there = {path for path in surface.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert there == told
    assert surface.clicks


@pytest.mark.parametrize("system", BASES)
def test_each_comes_and_goes_without_a_trace(tmp_path: Path, system: str) -> None:
    """All of them together, in the home of each system: the tree before, ours in their places, the tree before again."""
    machine = furnished(system, tmp_path / "home")
    before, shelf = tree(tmp_path / "home"), ReceiptShelf(tmp_path / "state")
    told = Told("127.0.0.1", 9310, 9311, "/exchange", "/clips")
    for _ in ("install", "remove"):
        for surface in SHIPPED.values():
            for site in sites(surface, machine, shelf.all()):
                if site.base is None:
                    continue
                if site.receipt is None:
                    wanted = set(installer.install(site, site.base, told, shelf).written)
                    (now,) = [each for each in sites(surface, machine, shelf.all()) if each.base == site.base]
                    assert now.state(now.wanted(told)) is SiteState.INSTALLED
                    assert {path for path in wanted if path.is_file()} == set(now.wanted(told))
                else:
                    installer.remove(site, site.base, told, shelf)
    assert tree(tmp_path / "home") == before


def test_the_table_and_the_list_are_those_of_the_code() -> None:
    """``python tests/tables.py`` would change nothing."""
    assert filled(SURFACES.read_text(), PAGES[SURFACES]) == SURFACES.read_text()
    assert ADDRESSES.read_text() == addresses()
    lines = addresses().splitlines()
    assert {line.split("\t")[1] for line in lines[1:]} == KNOWN | JOB_KEYS.keys()
    assert {line.count("\t") for line in lines} == {3}
