"""Receipts: what was written where, one page for each surface at each place, in the state folder.

They are what "never touch a file that is not ours" rests on: each file stands there with the sum of what we wrote, and
so do the folders that had to be made. What is about to be written is put down before the first byte of it, under
`intended`; a receipt that still has intentions is that of a work which was broken off, and the next one finishes it.

They lie in the state folder and not beside the files, so that nothing of ours is among what a DAW lists. When one is
lost, files that are still as we would write them are known by that, and all others are somebody else's.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from daw_bridge.deliveries import atomic
from daw_bridge.errors import SurfaceUnusable

FOLDER = "surfaces"
"""Their folder in the state folder."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done for the surface called `surface` under the folder `base`.

    `written` and `intended` are sums (SHA-256, in hex) by path; `parts` are the hidden files on the way to their
    names; `folders` are those that we made, the outer before the inner. `left` are sums of files that stayed after a
    removal because the user had changed them: from them it is known that these are not somebody else's.
    """

    surface: str
    base: Path
    written: Mapping[Path, str] = field(default_factory=dict)
    intended: Mapping[Path, str] = field(default_factory=dict)
    parts: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    left: Mapping[Path, str] = field(default_factory=dict)

    @property
    def installed(self) -> bool:
        """Whether it is that of an installation, be it half of one, and not only a memory of what was left."""
        return bool(self.written or self.intended)


class ReceiptShelf:
    """The receipts in a state folder. Holds no state but its place. One user's hand at a time, as with any shell."""

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER

    def all(self) -> Iterator[Receipt]:
        """Yield every receipt, by name of its file. Raises `SurfaceUnusable` for one that cannot be read."""
        for path in sorted(self._folder.glob("*.json")):
            try:
                yield _receipt(json.loads(path.read_bytes()))
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                raise SurfaceUnusable(
                    f"the receipt {path} cannot be read ({type(error).__name__}); move it away: files that are still as "
                    "we wrote them are known without it"
                ) from None

    def keep(self, receipt: Receipt) -> None:
        """Write a receipt down, in place of the one before. Raises `SurfaceUnusable`."""
        path = self._path(receipt)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            atomic.sweep(self._folder)
            part = atomic.part(self._folder)
            try:
                put(part, json.dumps(_page(receipt), indent=2).encode())
                part.replace(path)
            finally:
                atomic.discard(part)
        except OSError as error:
            raise SurfaceUnusable(
                f"{path} cannot be written: {error.strerror or error}; nothing was installed. Set paths.state to a "
                "folder that can be written"
            ) from None

    def drop(self, receipt: Receipt) -> None:
        """Forget a receipt, and the folder of receipts with the last."""
        atomic.discard(self._path(receipt))
        with suppress(OSError):
            atomic.sweep(self._folder)
        remove_if_empty(self._folder)

    def _path(self, receipt: Receipt) -> Path:
        """Return where a receipt lies: its place is in the name, as a sum, since a path can be too long for one."""
        return self._folder / f"{receipt.surface}-{sum_of(os.fsencode(receipt.base))[:12]}.json"


def sum_of(content: bytes) -> str:
    """Return the sum by which a content is known."""
    return sha256(content).hexdigest()


def put(path: Path, content: bytes) -> None:
    """Write a file that is not there yet, down to the disk. Raises `OSError`."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def remove_if_empty(folder: Path) -> None:
    """Remove a folder if nothing is in it."""
    try:
        folder.rmdir()
    except OSError:
        return


def _page(receipt: Receipt) -> Mapping[str, object]:
    """Return a receipt as JSON has it."""
    return {
        "surface": receipt.surface,
        "base": str(receipt.base),
        "written": {str(path): total for path, total in receipt.written.items()},
        "intended": {str(path): total for path, total in receipt.intended.items()},
        "parts": [str(path) for path in receipt.parts],
        "folders": [str(path) for path in receipt.folders],
        "left": {str(path): total for path, total in receipt.left.items()},
    }


def _receipt(page: Mapping[str, object]) -> Receipt:
    """Read a receipt. Raises `KeyError`, `TypeError` or `AttributeError` for what is none."""
    return Receipt(
        str(page["surface"]),
        Path(str(page["base"])),
        _sums(page["written"]),
        _sums(page["intended"]),
        tuple(Path(each) for each in _texts(page["parts"])),
        tuple(Path(each) for each in _texts(page["folders"])),
        _sums(page.get("left", {})),  # an earlier version wrote none
    )


def _sums(table: object) -> Mapping[Path, str]:
    """Read sums by path."""
    if not isinstance(table, dict):
        raise TypeError
    return {Path(path): str(total) for path, total in table.items()}


def _texts(lines: object) -> list[str]:
    """Read a list of texts."""
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise TypeError
    return lines
