"""``daw-bridge surfaces``: what there is for each DAW, and one word that puts it there, renews it or takes it away."""

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from rich.table import Column

from daw_bridge.cli import screen
from daw_bridge.cli.daemons import Found, find, followed
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.config import Config
from daw_bridge.errors import BadRequest, BadSurface
from daw_bridge.sections import OscConfig
from daw_bridge.surfaces.catalogue import Surface, pick, read_surfaces
from daw_bridge.surfaces.installer import Outcome, install, remove
from daw_bridge.surfaces.places import Machine
from daw_bridge.surfaces.receipts import Receipt, ReceiptShelf
from daw_bridge.surfaces.sites import FileState, Site, SiteState, sites
from daw_bridge.surfaces.told import Told, told

_USUAL = OscConfig()

ALL = "all"
"""The word that stands for every surface whose program is here."""

_LEFT = {
    FileState.CHANGED: "was changed by you and stays as it is",
    FileState.FOREIGN: "is there already and is not ours; move it away, then say the same again",
    FileState.LINKED: "is a link of yours, or leads to our own files, and stays as it is",
}
_TO_HAVE_OURS = "; to have ours, move it away and say --update"


class Deed(Enum):
    """What is to be done with the surfaces that are named."""

    SHOW = "show"
    INSTALL = "install"
    UPDATE = "update"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class _Desk:
    """All that the command works with: what comes along, the machine, the receipts, and what surfaces are told."""

    surfaces: dict[str, Surface]
    machine: Machine
    shelf: ReceiptShelf
    receipts: tuple[Receipt, ...]
    told: Told

    def names(self) -> list[str]:
        """Return every surface that comes along or was left by an earlier version."""
        return [
            *self.surfaces,
            *sorted({each.surface for each in self.receipts if each.installed} - self.surfaces.keys()),
        ]

    def sites(self, name: str) -> list[Site]:
        """Return where the surface called `name` is or could be."""
        if name in self.surfaces:
            return list(sites(self.surfaces[name], self.machine, self.receipts))
        return [Site(name, None, each.base, each) for each in self.receipts if each.surface == name and each.installed]

    def at(self, name: str, base: Path) -> Site:
        """Return the surface called `name` under a base that the user has told."""
        receipt = next((each for each in self.receipts if (each.surface, each.base) == (name, base)), None)
        return Site(name, self.surfaces.get(name), base, receipt)


def run(
    config: Config,
    deed: Deed,
    names: list[str],
    to: Path | None,
    machine: Machine,
    shipped: Path,
    *,
    as_json: bool,
) -> None:
    """Do it, with the surfaces in the folder `shipped`, on `machine`.

    Raises `BadRequest` for what makes no sense, `CommandFailed` for what was asked and did not come about.
    """
    surfaces, broken = read_surfaces(shipped)
    shelf = ReceiptShelf(config.paths.state)
    found = find(config)
    desk = _Desk(surfaces, machine, shelf, tuple(shelf.all()), told(followed(config, found)))
    for error in broken:
        screen.note(f"surface left out: {error}")
    if deed is Deed.SHOW:
        _show(desk, names, broken, as_json=as_json)
        return
    done = []
    for site, outcome in _done(desk, deed, names, _base(to, names)):
        done.append((site, outcome))
        for trouble in _troubles(outcome, deed):
            screen.note(trouble)
        if not as_json:
            _tell(desk, site, outcome, deed)
        for hint in _hints(site, outcome, desk.told, found) if deed is not Deed.REMOVE else ():
            screen.note(hint)
    if as_json:
        after = replace(desk, receipts=tuple(shelf.all()))
        screen.write_json({"surfaces": [{**_card(after, site), **_outcome(outcome)} for site, outcome in done]})
    if not done:
        screen.note(f"nothing to {deed.value}")
    if deed is not Deed.REMOVE and any(_half(outcome) for _, outcome in done):
        raise CommandFailed("not everything could be put into place; follow the remedies above")


def _half(outcome: Outcome) -> bool:
    """Whether a file is missing from an installation, since another is in its place."""
    return FileState.FOREIGN in outcome.kept.values()


def _troubles(outcome: Outcome, deed: Deed) -> Iterator[str]:
    """Say which files stay as they are, and why."""
    for path, state in outcome.kept.items():
        ours = _TO_HAVE_OURS if state is FileState.CHANGED and deed is not Deed.REMOVE else ""
        yield f"{path} {_LEFT[state]}{ours}"


def _hints(site: Site, outcome: Outcome, what: Told, found: Found | None) -> Iterator[str]:
    """Say where a surface looks for clips, or, if it has no file in which it is told, where the daemon's port must be changed."""
    if any(path.name == site.settings for path in outcome.written):
        yield f"{site.name} looks for clips in {what.clips}, {_says(found, what)}"
    if site.surface is None or site.settings or (what.host, what.port) == (_USUAL.host, _USUAL.port):
        return
    now = str(what.port) if what.host == _USUAL.host else f"{what.port}, and {_USUAL.host} to {what.host}"
    shipped = [path for row in site.surface.rows for _, path in site.surface.sources(row)]
    for path in site.wanted(what) or shipped:
        if lines := _lines(path):
            yield f"the port {_USUAL.port} is written in {path}, line {', '.join(lines)}: change it there to {now}"
    if not any(map(_lines, shipped)):
        yield f"the daemon's address is set in the program itself; give it {what.host}, port {what.port}, there"


def _lines(path: Path) -> list[str]:
    """Return the numbers of the lines in which the usual port stands; none in a table of addresses or in what is packed."""
    if path.suffix in {".tsv", ".tosc"} or not path.is_file():
        return []
    lines = path.read_text("utf-8", "replace").splitlines()
    return [str(number) for number, line in enumerate(lines, 1) if re.search(rf"\b{_USUAL.port}\b", line)]


def _says(found: Found | None, what: Told) -> str:
    """Say from whom the folder of the clips is known."""
    if found is None:
        return "as the settings say (no daemon runs that could be asked; when it delivers elsewhere, say --update then)"
    if str(found.folder) == what.clips:
        return "as the running daemon says"
    return f"as the settings say; the running daemon delivers into {found.folder}, which is not here"


def _base(to: Path | None, names: list[str]) -> Path | None:
    """Return the folder that the user has told. Raises `BadRequest`."""
    if to is None:
        return None
    if len(names) != 1 or names[0] == ALL:
        raise BadRequest("--to tells the folder of one program; name one surface with it")
    try:
        base = to.expanduser().absolute()
    except RuntimeError:
        raise BadRequest(f"--to is {to}, which begins with nobody's home; give the path of a folder") from None
    if not base.is_dir():
        raise BadRequest(f"--to is {to}, and there is no such folder; give one that is there")
    return base


def _done(desk: _Desk, deed: Deed, names: list[str], base: Path | None) -> Iterator[tuple[Site, Outcome]]:
    """Do it to one surface after the other; those that `all` stands for are passed over where there is nothing to do."""
    several = names == [ALL] or (not names and deed is Deed.UPDATE)
    if not names and not several:
        raise BadRequest(f"name what to {deed.value}: {', '.join(desk.names())}, or {ALL}")
    act: Callable[[Site, Path, Told, ReceiptShelf], Outcome] = remove if deed is Deed.REMOVE else install
    for name in desk.names() if several else [pick(each, desk.names()) for each in names]:
        there = [desk.at(name, base)] if base else desk.sites(name)
        fit = [each for each in there if _fits(each, deed, desk.told)]
        if not fit and not several:
            raise CommandFailed(_unfit(there[0], deed))
        for site in there:
            if site not in fit and (deed is Deed.INSTALL or _away(site)):
                screen.note(_unfit(site, deed))
        for site in fit:
            yield site, act(site, site.base, desk.told, desk.shelf) if site.base else Outcome()


def _fits(site: Site, deed: Deed, what: Told) -> bool:
    """Whether there is something to do: what is opened by hand is only told about, what is not here not removed."""
    if deed is not Deed.REMOVE and _away(site):
        return False
    if deed is Deed.INSTALL:
        return site.state(site.wanted(what)) is not SiteState.NOT_FOUND
    if site.installed:
        return True
    return deed is Deed.REMOVE and site.base is not None and site.state(site.wanted(what)) is SiteState.INSTALLED


def _away(site: Site) -> bool:
    """Whether the folder of an installation is not there, as on a disk that is not plugged in."""
    return site.base is not None and not site.base.is_dir()


def _unfit(site: Site, deed: Deed) -> str:
    """Say why nothing can be done, and what can."""
    if site.installed and _away(site):
        forget = f"daw-bridge surfaces --remove {site.name} forgets it"
        return f"{site.name} is installed in {site.base}, which is not there now; bring that back, or {forget}"
    if deed is Deed.REMOVE:
        return f"{site.name} is not installed"
    if deed is Deed.UPDATE:
        return f"{site.name} is not installed; daw-bridge surfaces --install {site.name} does that"
    program = site.surface.program if site.surface else None
    if program is None:
        return f"{site.name} comes along no more; daw-bridge surfaces --remove {site.name} takes it away"
    return (
        f"{program.name} was not found for this account: start it once, or tell {program.base} with "
        f"daw-bridge surfaces --install {site.name} --to DIR"
    )


def _show(desk: _Desk, names: list[str], broken: list[BadSurface], *, as_json: bool) -> None:
    """List all surfaces, or show those that are named in full."""
    chosen = [pick(each, desk.names()) for each in names] or desk.names()
    every = [site for name in chosen for site in desk.sites(name)]
    if as_json:
        cards = [_card(desk, site) for site in every]
        screen.write_json({"surfaces": cards, "broken": [str(each) for each in broken]})
    elif names:
        for site in every:
            _show_one(desk, site)
    else:
        _show_all(desk, every)


def _show_all(desk: _Desk, every: list[Site]) -> None:
    """Write a table, and how to go on."""
    sheet = screen.table(
        Column("surface", no_wrap=True), "for", Column("", no_wrap=True), Column("where", overflow="fold")
    )
    for site in every:
        state = site.state(site.wanted(desk.told)).value
        title = site.surface.title if site.surface else "of an earlier version"
        sheet.add_row(site.name, screen.plain(title), state, screen.plain(_short(site.base, desk.machine.home)))
    paper = screen.out()
    paper.print(sheet)
    paper.print()
    paper.print("daw-bridge surfaces NAME shows one in full; --install NAME puts it into place", soft_wrap=True)


def _short(path: Path | None, home: Path) -> str:
    """Return a path as people write it, with ~ for their home."""
    if path is None:
        return ""
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)


def _show_one(desk: _Desk, site: Site) -> None:
    """Write all that there is to know about a surface at its place."""
    paper = screen.out()
    if site.surface is None:
        paper.print(f"{site.name}, of an earlier version, in {screen.plain(site.base)}", soft_wrap=True)
        return
    wanted = site.wanted(desk.told)
    files = [(str(path), state.value) for path, state in site.files(wanted).items()]
    if site.base is None:
        files = [(f"{site.surface.folder / row.file}: {row.does}", "file") for row in site.surface.rows]
    uses = sorted({use for row in site.surface.rows for use in row.uses})
    paper.print(screen.plain(f"{site.name}, {site.surface.title}"), style="bold")
    paper.print(
        screen.rows(
            [
                ("about", site.surface.about),
                ("state", site.state(wanted).value),
                *((state, path) for path, state in files),
                ("addresses", "all" if uses == ["*"] else ", ".join(uses)),
                *_steps(desk, site),
            ]
        )
    )


def _steps(desk: _Desk, site: Site) -> list[tuple[str, str]]:
    """Return what to click next, numbered."""
    return [(f"{number}.", click) for number, click in enumerate(_clicks(desk, site), 1)]


def _clicks(desk: _Desk, site: Site) -> list[str]:
    """Return what to click next: with the daemon's address, and the whole path of what is opened by hand."""
    surface = site.surface
    if surface is None:
        return []
    words = {f"{_USUAL.host}:{_USUAL.port}": f"{desk.told.host}:{desk.told.port}"}
    words |= {f"127.0.0.1, port {_USUAL.port}": f"{desk.told.host}, port {desk.told.port}"}
    if surface.program is None:
        words |= {row.file: shlex.quote(str((site.base or surface.folder) / row.file)) for row in surface.rows}
    either = re.compile("|".join(map(re.escape, words)))
    return [either.sub(lambda found: words[found[0]], click) for click in surface.clicks]


def _tell(desk: _Desk, site: Site, outcome: Outcome, deed: Deed) -> None:
    """Say what was done, and what to click next."""
    paper = screen.out()
    where = screen.plain(site.base or "")
    if deed is Deed.REMOVE:
        paper.print(f"{site.name}: {screen.counted(len(outcome.removed), 'file')} removed from {where}", soft_wrap=True)
        return
    if site.base is None and site.surface is not None:
        paper.print(f"{site.name} is opened by hand, from {screen.plain(site.surface.folder)}", soft_wrap=True)
    elif outcome.written or outcome.removed:
        paper.print(
            f"{site.name}: {screen.counted(len(outcome.written), 'file')} written to {where}"
            + (f", {len(outcome.removed)} removed" if outcome.removed else ""),
            soft_wrap=True,
        )
    else:
        paper.print(f"{site.name}: nothing to do in {where}", soft_wrap=True)
    steps = _steps(desk, site)
    if site.surface is not None and deed is Deed.INSTALL and steps and not _half(outcome):
        program = site.surface.program
        paper.print(f"Next, in {screen.plain(site.surface.title)}:" if program else "Next:")
        paper.print(screen.rows(steps))


def _card(desk: _Desk, site: Site) -> dict[str, Any]:
    """Return a surface at its place as JSON has it."""
    site = desk.at(site.name, site.base) if site.base else site
    wanted = site.wanted(desk.told)
    surface = site.surface
    return {
        "name": site.name,
        "title": surface.title if surface else None,
        "about": surface.about if surface else None,
        "state": site.state(wanted).value,
        "base": site.base,
        "folder": surface.folder if surface else None,
        "files": [{"path": path, "state": state.value} for path, state in site.files(wanted).items()],
        "clicks": _clicks(desk, site),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    """Return what was done, as JSON has it."""
    return {
        "written": list(outcome.written),
        "removed": list(outcome.removed),
        "kept": [{"path": path, "reason": state.value} for path, state in outcome.kept.items()],
    }
