"""The folder of the exchange: what lies in `requests` is taken, and what is told is laid into `replies`.

Every file appears whole: it is written under another name and then renamed. So nobody reads half a line.

``requests/<client>-<number>.req``
    Lines (see `exchange_text`), written as ``<client>-<number>.tmp`` and renamed. A client gives itself a name of 1 to 32
    letters, digits and underscores that nobody else has, and numbers its requests. The file is gone as soon as its
    request is taken: one that stays was heard by nobody, and who can remove it has taken it back. One that is older than
    `STALE` seconds is thrown away unread, since whoever asked has gone on.
``replies/<client>-<number>.rep``
    What is told to the client, numbered from 1 without a gap, some lines in each. A client removes a reply when it has
    read the next one: from the last that is there the daemon knows its next number, even after it was started anew.

It all is one account's, and nothing outside is touched: names are checked, links and pipes are neither followed nor read.
A reply that has not been fetched for a day is removed. So is whatever else lies in these folders for a minute: they are
a post box, and no place to keep things.
"""

import os
import re
import stat
import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from daw_bridge.errors import CannotListen

REQUESTS, REPLIES = "requests", "replies"
LARGEST = 65_536
"""Bytes that a request may have: as many as a packet of UDP."""

STALE = 10.0
"""Seconds after which a request is not done any more."""

_KEPT = 86_400.0  # seconds for which a reply waits
_STRAY = 60.0  # seconds for which what is no request may lie there
_AT_ONCE = 64  # requests that are taken in one look, and no more after so many bytes as one may have
_MOST_SEEN = 4_096  # entries of a folder that are looked at in one look
_MOST_CLIENTS = 64  # whose number is remembered …
_BEHIND = 512  # … and how many replies each may leave lying
_NAME = re.compile(r"([A-Za-z0-9_]{1,32})-([0-9]{1,15})\.(req|rep)", re.ASCII)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class Letter:
    """A request as it was found: from whom, and its bytes; None for more than it may have."""

    client: str
    data: bytes | None


class Box:
    """The two folders below `folder`. Constructing it makes nothing. Thread: one at a time, and never the event loop's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._requests, self._replies = folder / REQUESTS, folder / REPLIES
        self._next: OrderedDict[str, int] = OrderedDict()  # the number of each client's next reply

    def open(self) -> None:
        """Make the folders, for this account alone. Raises `CannotListen`."""
        try:
            for folder in (self._folder, self._requests, self._replies):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                if folder.is_symlink() or not folder.is_dir():
                    raise CannotListen(f"{folder} is no folder of ours but a link; remove it, or set osc.exchange to 0")
                folder.chmod(0o700)
        except OSError as error:
            raise CannotListen(
                f"{error.filename} cannot be used ({error.strerror}); mend it, or set osc.exchange to 0"
            ) from None

    def take(self) -> list[Letter]:
        """Take the requests that lie there, but not too much at once: of each client in their order, and clients in turn.

        Thread: the box's.
        """
        letters: list[Letter] = []
        size = 0
        for _turn, client, _number, path in self._in_turns():
            if len(letters) == _AT_ONCE or size >= LARGEST:
                break
            letter = self._taken(client, path)
            if letter is not None:
                letters.append(letter)
                size += len(letter.data or b"")
        return letters

    def put(self, client: str, lines: str) -> None:
        """Lay `lines` into the replies of `client`. Raises `OSError`: then they are lost, and their number is not."""
        number = self._next.get(client) or self._after_the_last(client)
        path = self._replies / f"{client}-{number}.rep"
        hidden = path.with_suffix(".tmp")
        with os.fdopen(os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NOFOLLOW, 0o600), "wb") as file:
            file.write(lines.encode())
        hidden.replace(path)
        self._next[client] = number + 1
        self._next.move_to_end(client)
        while len(self._next) > _MOST_CLIENTS:
            self._next.popitem(last=False)
        with suppress(OSError):
            (self._replies / f"{client}-{number - _BEHIND}.rep").unlink()

    def sweep(self) -> None:
        """Remove what nobody fetched, and what is no letter."""
        for folder, suffix, kept in ((self._requests, "req", _STRAY), (self._replies, "rep", _KEPT)):
            for entry in _look(folder):
                match = _NAME.fullmatch(entry.name)
                patience = kept if match is not None and match[3] == suffix else _STRAY
                with suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > patience:
                        Path(entry.path).unlink()

    def _in_turns(self) -> list[tuple[int, str, int, str]]:
        """Return the requests that lie there, the first of each client before the second of any."""
        found = sorted((match[1], int(match[2]), entry.path) for entry, match in self._entries(self._requests, "req"))
        turns: Counter[str] = Counter()
        rows: list[tuple[int, str, int, str]] = []
        for client, number, path in found:
            rows.append((turns[client], client, number, path))
            turns[client] += 1
        return sorted(rows)

    @staticmethod
    def _taken(client: str, path: str) -> Letter | None:
        """Read and remove one request; None if it was taken back meanwhile, is too old, or cannot be removed."""
        try:
            age = time.time() - os.lstat(path).st_mtime
            data = _bytes(path)
            Path(path).unlink()  # only who removes it has it
        except OSError:
            return None
        return Letter(client, data) if age <= STALE else None

    def _after_the_last(self, client: str) -> int:
        """Return the number after the last reply of `client` that is there."""
        return 1 + max(
            (int(match[2]) for _, match in self._entries(self._replies, "rep") if match[1] == client), default=0
        )

    @staticmethod
    def _entries(folder: Path, suffix: str) -> Iterator[tuple["os.DirEntry[str]", "re.Match[str]"]]:
        """Yield the entries of `folder` that have a name as they should."""
        for entry in _look(folder):
            match = _NAME.fullmatch(entry.name)
            if match is not None and match[3] == suffix:
                yield entry, match


def _look(folder: Path) -> Iterator["os.DirEntry[str]"]:
    """Yield what lies in `folder`; nothing if it is gone."""
    with suppress(OSError), os.scandir(folder) as entries:
        for seen, entry in enumerate(entries):
            if seen == _MOST_SEEN:
                return
            yield entry


def _bytes(path: str) -> bytes | None:
    """Read a file; None for what is none, or larger than a request may be. Raises `OSError`."""
    try:
        handle = os.open(path, os.O_RDONLY | _NOFOLLOW)
    except FileNotFoundError:
        raise
    except OSError:
        return None  # a link, or not ours to read
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            return None
        data = file.read(LARGEST + 1)
    return data if len(data) <= LARGEST else None
