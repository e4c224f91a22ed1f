"""Sites: a surface at its place, how it is with each of its files there, and what may therefore be done to it.

A file is ours if it is as a receipt says that we wrote it, or as we would write it now. Everything else belongs to the
user, be it that somebody else put it there or that ours was edited, and a link always does: what it leads to was not
written by us, and may be the very file that would be copied there.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from daw_bridge.errors import SurfaceUnusable
from daw_bridge.surfaces.catalogue import Surface, factory_surfaces
from daw_bridge.surfaces.places import PLACES, Machine
from daw_bridge.surfaces.receipts import Receipt, sum_of
from daw_bridge.surfaces.told import Told, read, text


class FileState(Enum):
    """How it is with a file of ours."""

    MISSING = "missing"
    CURRENT = "current"
    OUTDATED = "outdated"
    CHANGED = "changed by you"
    FOREIGN = "somebody else's"
    LINKED = "a link of yours"


class SiteState(Enum):
    """How it is with a surface at its place."""

    BY_HAND = "by hand"
    NOT_FOUND = "program not found"
    AWAY = "folder is away"
    ABSENT = "not installed"
    BLOCKED = "files in the way"
    UNFINISHED = "unfinished"
    OUTDATED = "outdated"
    CHANGED = "changed"
    INSTALLED = "installed"


@dataclass(frozen=True, slots=True)
class Site:
    """A surface under the folder `base`, with its receipt; no base where it is opened by hand, or nothing was found.

    `surface` is None for one that no longer comes along, of which only the receipt is left.
    """

    name: str
    surface: Surface | None
    base: Path | None
    receipt: Receipt | None

    @property
    def installed(self) -> bool:
        """Whether a receipt says that it is here."""
        return self.receipt is not None and self.receipt.installed

    @property
    def settings(self) -> str:
        """The name of the file in which it is told where the daemon is; empty if it has none."""
        return self.surface.settings if self.surface else ""

    def said(self) -> Mapping[str, object]:
        """Return what it was told, by key as in `Told`; nothing where nothing of ours can be read."""
        known = self.receipt.written if self.receipt and self.settings else {}
        for path in known:
            if path.name == self.settings:
                try:
                    return read(path.read_bytes(), path.name)
                except OSError:
                    return {}
        return {}

    def wanted(self, what: Told) -> dict[Path, bytes]:
        """Return what should lie here, by path. Raises `SurfaceUnusable` if our own files cannot be read."""
        if self.surface is None or self.base is None:
            return {}
        wanted: dict[Path, bytes] = {}
        for row in self.surface.rows:
            if not row.where and self.surface.program is not None:
                continue  # opened by hand, from where it is
            inner = "" if row.where or not row.file.endswith("/") else row.file
            place = self.base / PLACES.get(row.where, inner)
            if self.surface.settings and not wanted:
                wanted[place / self.surface.settings] = text(what, self.surface.settings)
            for inside, source in self.surface.sources(row):
                try:
                    wanted[place / inside] = source.read_bytes()
                except OSError as error:
                    raise SurfaceUnusable(
                        f"{source} cannot be read: {error.strerror}; install daw-bridge anew"
                    ) from None
        return wanted

    def files(self, wanted: Mapping[Path, bytes]) -> dict[Path, FileState]:
        """Return the state of each file that should be here, and of each that is ours and should no longer be."""
        written = self.receipt.written if self.receipt else {}
        intended = self.receipt.intended if self.receipt else {}
        left = self.receipt.left if self.receipt else {}
        states = {}
        for path in (*wanted, *(path for path in {**written, **intended} if path not in wanted)):
            ours = {sums[path] for sums in (written, intended, left) if path in sums}
            states[path] = _state(path, wanted.get(path), ours)
        return {path: state for path, state in states.items() if path in wanted or state is not FileState.MISSING}

    def state(self, wanted: Mapping[Path, bytes]) -> SiteState:
        """Return the state of all of it together: the one that something can be done about comes first."""
        if self.base is None:
            return SiteState.BY_HAND if self.surface and self.surface.program is None else SiteState.NOT_FOUND
        if not self.base.is_dir():  # a disk that is not plugged in
            return SiteState.AWAY
        found = set(self.files(wanted).values())
        return _noted(found, self.receipt) if self.receipt and self.receipt.installed else _unnoted(found)


def _unnoted(found: set[FileState]) -> SiteState:
    """Return the state of a surface that no receipt says to be here, by those of its files."""
    if found & {FileState.FOREIGN, FileState.LINKED}:
        return SiteState.BLOCKED
    return SiteState.INSTALLED if found == {FileState.CURRENT} else SiteState.ABSENT


def _noted(found: set[FileState], receipt: Receipt) -> SiteState:
    """Return the state of a surface with a receipt, by those of its files."""
    if receipt.intended:
        return SiteState.UNFINISHED
    if found & {FileState.OUTDATED, FileState.MISSING}:
        return SiteState.OUTDATED
    return SiteState.INSTALLED if found <= {FileState.CURRENT} else SiteState.CHANGED


def sites(surface: Surface, machine: Machine, receipts: Iterable[Receipt]) -> Iterator[Site]:
    """Yield where a surface is or could be: each place with a receipt, then the one that is found."""
    bases = {receipt.base: receipt for receipt in receipts if receipt.surface == surface.name}
    there = [base for base, receipt in bases.items() if receipt.installed]
    found = surface.program.find(machine) if surface.program else None
    for base in dict.fromkeys((*there, *([found] if found else []))):
        yield Site(surface.name, surface, base, bases.get(base))
    if not there and found is None:
        yield Site(surface.name, surface, None, None)


def _state(path: Path, wanted: bytes | None, ours: set[str]) -> FileState:
    """Return how it is with a file that should hold `wanted` (or not be), and that we wrote as one of the sums `ours`."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode) or path.resolve().is_relative_to(factory_surfaces().resolve()):
            return FileState.LINKED if path.is_symlink() or path.is_file() else FileState.FOREIGN
        with path.open("rb") as file:
            total = hashlib.file_digest(file, "sha256").hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return FileState.MISSING
    except OSError:
        return FileState.FOREIGN  # what we may not even read is not ours to replace
    if wanted is not None and total == sum_of(wanted):
        return FileState.CURRENT
    if total in ours:
        return FileState.OUTDATED
    return FileState.CHANGED if ours else FileState.FOREIGN
