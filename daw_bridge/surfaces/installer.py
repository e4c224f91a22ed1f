"""The installer: brings the files of a surface to their place, renews them, takes them away again, and nothing else.

What is about to be written stands in the receipt before the first byte of it; each file is written under a hidden
name and renamed. A work that is broken off at any moment is finished by the next one, or undone if that removes. Files
that are not ours (see `sites`) are left as they are, and told. Only folders that we made go with the last file in them.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from daw_bridge.deliveries import atomic
from daw_bridge.errors import SurfaceUnusable
from daw_bridge.surfaces.receipts import Receipt, ReceiptShelf, put, remove_if_empty, sum_of
from daw_bridge.surfaces.sites import FileState, Site
from daw_bridge.surfaces.told import Told

_TO_WRITE = (FileState.MISSING, FileState.OUTDATED)
_OURS = (FileState.CURRENT, FileState.OUTDATED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: files that were written, that were removed, and that were left because they are not ours."""

    written: tuple[Path, ...] = ()
    removed: tuple[Path, ...] = ()
    kept: Mapping[Path, FileState] = field(default_factory=dict)


def install(site: Site, base: Path, what: Told, shelf: ReceiptShelf) -> Outcome:
    """Bring everything of a surface under `base`, or up to date there. Raises `SurfaceUnusable`."""
    wanted = site.wanted(what)
    states = site.files(wanted)
    before = _settled(site.receipt or Receipt(site.name, base))
    to_write = [path for path in wanted if states[path] in _TO_WRITE]
    stale = [path for path in states if path not in wanted and states[path] is FileState.OUTDATED]
    made = _to_be_made(to_write)
    parts = {path: atomic.part(path.parent) for path in to_write}
    folders = (*before.folders, *(each for each in made if each not in before.folders))
    intended = {path: sum_of(wanted[path]) for path in to_write}
    with _in_plain_words(base):
        if to_write or stale:
            shelf.keep(replace(before, intended=intended, parts=tuple(parts.values()), folders=folders))
        for folder in made:
            folder.mkdir(exist_ok=True)
        for path in to_write:
            _write(path, wanted[path], parts[path], states[path])
        _unlink(stale)
        folders = tuple(each for each in _tidied(folders) if each.is_dir())
    written = {path: sum_of(wanted[path]) for path in wanted if states[path] in {*_TO_WRITE, *_OURS}}
    known = {**before.left, **before.written}
    edited = {path: known[path] for path in wanted if path in known and path not in written}
    receipt = replace(before, written={**written, **edited}, folders=folders, left={})
    if receipt.written:
        shelf.keep(receipt)
    else:
        shelf.drop(receipt)
    return Outcome(tuple(to_write), tuple(stale), _kept(states))


def remove(site: Site, base: Path, what: Told, shelf: ReceiptShelf) -> Outcome:
    """Take away what is ours of a surface under `base`. Raises `SurfaceUnusable`.

    What the user has changed stays and is remembered as that: an installation to come leaves it, too, and says why.
    """
    states = site.files(site.wanted(what))
    known = site.receipt.written if site.receipt else {}
    ours = [path for path, state in states.items() if state in _OURS]
    with _in_plain_words(base):
        _unlink(ours)
        receipt = _settled(site.receipt or Receipt(site.name, base))
        _tidied(receipt.folders)
        sums = {**receipt.left, **receipt.written}
        left = {path: sums[path] for path, state in states.items() if state is FileState.CHANGED and path in sums}
        if left:
            shelf.keep(
                Receipt(site.name, base, left=left, folders=tuple(each for each in receipt.folders if each.is_dir()))
            )
        else:
            shelf.drop(receipt)
    return Outcome(removed=tuple(ours), kept={path: state for path, state in _kept(states).items() if path in known})


def _kept(states: Mapping[Path, FileState]) -> dict[Path, FileState]:
    """Return what is left alone."""
    return {path: state for path, state in states.items() if state not in {*_TO_WRITE, *_OURS}}


def _settled(receipt: Receipt) -> Receipt:
    """Return a receipt without intentions: those of a work that was broken off have come true, or have not."""
    written = dict(receipt.written)
    for path, total in receipt.intended.items():
        try:
            if sum_of(path.read_bytes()) == total:
                written[path] = total
        except OSError:
            continue
    for part in receipt.parts:
        atomic.discard(part)
    return replace(receipt, written=written, intended={}, parts=())


def _to_be_made(paths: Iterable[Path]) -> list[Path]:
    """Return the folders that are missing above `paths`, the outer before the inner."""
    missing = {folder for path in paths for folder in path.parents if not folder.exists()}
    return sorted(missing, key=lambda folder: len(folder.parts))


def _write(path: Path, content: bytes, part: Path, before: FileState) -> None:
    """Write a file under a hidden name and rename it: over ours, or to a name that must be free."""
    try:
        put(part, content)
        if before is FileState.OUTDATED:
            part.replace(path)
        else:
            atomic.move_new(part, path)
    finally:
        atomic.discard(part)


def _unlink(paths: Iterable[Path]) -> None:
    """Remove files, and what Python has compiled of them; the folder of that goes with the last."""
    for path in paths:
        path.unlink(missing_ok=True)
        if path.suffix == ".py":
            compiled = path.parent / "__pycache__"
            for each in compiled.glob(f"{path.stem}.*.pyc"):
                each.unlink(missing_ok=True)
            remove_if_empty(compiled)


def _tidied(folders: Iterable[Path]) -> tuple[Path, ...]:
    """Remove those of our `folders` that are empty, the inner before the outer; return them all."""
    ours = tuple(folders)
    for folder in sorted(ours, key=lambda each: len(each.parts), reverse=True):
        remove_if_empty(folder)
    return ours


@contextmanager
def _in_plain_words(base: Path) -> Iterator[None]:
    """Turn what the system says into what to do about it."""
    try:
        yield
    except OSError as error:
        raise SurfaceUnusable(
            f"{error.filename or base} cannot be changed: {error.strerror or error}; close the program that uses it, or "
            "give this account the right to write there, and say the same again: it goes on where it stopped"
        ) from error
