"""The file of the journal: SQLite, its schema, and the thread that writes it.

It is a write-ahead log. A kill takes nothing from it that was written, flushed to the disk or not; a power cut may. To
flush at every commit (`synchronous=FULL`) was measured, with generations at work on both cores and others at the disk:
one commit in a hundred takes 8 ms, against 0.04 ms without (`NORMAL`): the promised 5 ms until a job is told as queued
would be gone. So only what would hurt is flushed (see `journal`).

One that was made by a later version is refused and left alone; a damaged one is moved aside, never deleted.
"""

import asyncio
import logging
import queue
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from daw_bridge.checkpoints import Checkpoints
from daw_bridge.errors import BridgeError, JournalFull, JournalUnusable

_log = logging.getLogger(__name__)

FILE = "journal.sqlite3"
"""Its name in the state folder."""

_MIGRATIONS = (
    """
    CREATE TABLE jobs (
      number INTEGER PRIMARY KEY,        -- in the order in which they were accepted
      id TEXT NOT NULL,
      state TEXT NOT NULL,               -- the word of a State
      accepted REAL NOT NULL,            -- Unix seconds, as all moments here
      started REAL,
      ended REAL,
      deaths INTEGER NOT NULL DEFAULT 0, -- how many times in a row the daemon died while it ran
      record TEXT NOT NULL,              -- the job, see `records`
      outcome TEXT,                      -- JSON: its last report
      told INTEGER NOT NULL DEFAULT 0,   -- whether an earlier life of the daemon has told how it ended
      starred INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX jobs_by_id ON jobs (id);
    CREATE INDEX jobs_by_state ON jobs (state);
    CREATE INDEX jobs_by_end ON jobs (ended);
    CREATE TABLE clips (
      job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
      rank INTEGER NOT NULL,
      state TEXT NOT NULL,               -- hidden, named (about to be published), delivered, trashed
      parcel TEXT NOT NULL,              -- JSON: where it lies and what it is called, see `Parcel`
      place TEXT,                        -- JSON: where its WAV was moved to since
      starred INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (job, rank)
    ) STRICT, WITHOUT ROWID;
    """,
)
"""What makes each version of the schema out of the one before; the version is the number of those that were applied."""


@dataclass(frozen=True, slots=True)
class _Version:
    """A version of the schema, and what makes it from nothing."""

    number: int
    schema: str


VERSION = _Version(len(_MIGRATIONS), "".join(_MIGRATIONS))
"""The version of the journal's schema that this program reads and writes."""

_PATIENCE = 5.0  # seconds that a command may hold the journal before a commit fails
_AGAIN = 1.0  # seconds after which what could not be written is tried again

_HELD = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PASSING = _HELD | {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
}  # what a write may meet that passes; all else is wrong with the statement, and would be for ever

Statement = tuple[str, Sequence[Any]]
"""SQL, and the values for its question marks."""


class Safe(Enum):
    """What a commit must survive: a flush to the disk costs as much time as the rest a hundred times over."""

    FROM_KILLS = "NORMAL"
    FROM_POWER_CUTS = "FULL"


class Fate(Enum):
    """What becomes of a batch that cannot be written now: it is written later, or it never happened."""

    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Batch:
    """Statements that are committed together, whoever waits for that, and what is done if they cannot be."""

    statements: tuple[Statement, ...]
    through: "asyncio.Future[None]"
    otherwise: Fate
    safe: Safe


def opened(folder: Path) -> tuple[sqlite3.Connection, str | None]:
    """Open the journal in `folder`, making or migrating it where need be; also return what had to be done to it.

    Raises `JournalUnusable`, with what to do about it.
    """
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            return _opened(path), None
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            aside = _moved_aside(path)
            return _opened(path), f"the journal was damaged ({error}) and lies now in {aside}; a new one was begun"
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise JournalUnusable(
            f"{folder} cannot be used: {reason}; set paths.state to a folder that can be written"
        ) from None


def _opened(path: Path) -> sqlite3.Connection:
    """Open the journal at `path`. Raises `sqlite3.DatabaseError` for a damaged one."""
    base = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        version = _checked(base, path)
        base.execute("PRAGMA journal_mode = WAL")
        base.execute(f"PRAGMA synchronous = {Safe.FROM_KILLS.value}")
        base.execute("PRAGMA wal_autocheckpoint = 0")
        base.execute("PRAGMA foreign_keys = ON")
        for number, script in enumerate(_MIGRATIONS[version:], version + 1):
            base.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")
    except BaseException:
        base.close()
        raise
    return base


def _checked(base: sqlite3.Connection, path: Path) -> int:
    """Return the version of the schema. Raises `JournalUnusable` for a later one, `DatabaseError` for a damaged file."""
    ((version,),) = base.execute("PRAGMA user_version")
    if version > len(_MIGRATIONS):
        raise JournalUnusable(
            f"the journal {path} was made by a later version of daw-bridge (schema {version}; this one has "
            f"{len(_MIGRATIONS)}); install a later one, or set paths.state to another folder"
        )
    ((found,),) = base.execute("PRAGMA quick_check(1)")
    if found != "ok":
        raise sqlite3.DatabaseError(found)
    return int(version)


def _moved_aside(path: Path) -> Path:
    """Move a damaged journal, and what SQLite keeps beside it, out of the way, and return where it is now."""
    for number in range(1, 10_000):
        aside = path.with_name(f"{path.name}.damaged-{number}")
        if not aside.exists():
            break
    for end in ("-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(aside.with_name(aside.name + end))
    return aside


def write_all(
    base: sqlite3.Connection,
    checkpoints: Checkpoints,
    batches: "queue.SimpleQueue[Batch | None]",
    loop: asyncio.AbstractEventLoop,
) -> None:
    """Commit what comes, all that is there at once, until None comes. Thread: the journal's.

    Whatever goes wrong, everybody who waits hears of it: the announcer holds back its words until they do.
    """
    late: list[Batch] = []
    more = True
    while more:
        waiting, more = _arrived(batches, _AGAIN if late else None)
        errors = _worked_off(base, [*late, *waiting])
        outcome = list(zip(waiting, errors[len(late) :], strict=True))
        late = [
            batch
            for batch, error in zip([*late, *waiting], errors, strict=True)
            if error and _is_written_later(batch, error)
        ]
        with suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            loop.call_soon_threadsafe(_resolve, outcome)
        checkpoints.grown()
        if checkpoints.behind:
            checkpoints.cut(base)
    for batch in late:
        _log.error("the journal closes without what could not be written: %s", [sql for sql, _ in batch.statements])
    checkpoints.stop()
    with suppress(sqlite3.Error):
        base.close()


def _arrived(batches: "queue.SimpleQueue[Batch | None]", patience: float | None) -> tuple[list[Batch], bool]:
    """Return all that has come, and whether there is more to come; wait so many seconds if there is nothing yet."""
    waiting: list[Batch] = []
    with suppress(queue.Empty):
        item = batches.get(timeout=patience)
        while item is not None:
            waiting.append(item)
            item = batches.get_nowait()
        return waiting, False
    return waiting, True


def _is_written_later(batch: Batch, error: BridgeError) -> bool:
    """Whether `batch` is to be tried again."""
    return batch.otherwise is Fate.LATER and isinstance(error, JournalFull)


def _worked_off(base: sqlite3.Connection, batches: Sequence[Batch]) -> list[BridgeError | None]:
    """Commit `batches` together, or, if one of them breaks, each by itself; return what was wrong with each.

    One that is written later keeps its place before others of its kind, but nobody else's: a job may be accepted while
    an end that is too large for the disk waits. Never raises.
    """
    error = _committed(base, batches)
    if error is None or len(batches) == 1 or _code(error) in _HELD:  # which each would wait for anew
        return [_in_our_words(error)] * len(batches)
    found: list[BridgeError | None] = []
    stuck: BridgeError | None = None
    for each in batches:
        waits = stuck if each.otherwise is Fate.LATER else None
        told = waits or _in_our_words(_committed(base, [each]))
        if told and _is_written_later(each, told):
            stuck = told
        found.append(told)
    return found


def _committed(base: sqlite3.Connection, batches: Sequence[Batch]) -> Exception | None:
    """Commit `batches` together; return why not, if not. Never raises."""
    if not batches:
        return None
    flushed = any(each.safe is Safe.FROM_POWER_CUTS for each in batches)
    try:
        if flushed:
            base.execute(f"PRAGMA synchronous = {Safe.FROM_POWER_CUTS.value}")
        _execute(base, [each for batch in batches for each in batch.statements])
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one record must not end the thread
        with suppress(sqlite3.Error):
            base.execute("ROLLBACK")
        _log.warning("the journal cannot be written now: %s", error)
        return error
    finally:
        if flushed:
            with suppress(sqlite3.Error):  # then the next commits are flushed as well, no worse
                base.execute(f"PRAGMA synchronous = {Safe.FROM_KILLS.value}")
    return None


def _code(error: Exception) -> int | None:
    """Return SQLite's primary code of an error, None if it is none of SQLite's own."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF


def _in_our_words(error: Exception | None) -> BridgeError | None:
    """Return what a client is told about `error`: `JournalFull` for what may pass."""
    if error is None:
        return None
    reason = f"jobs cannot be written down ({error})"
    if _code(error) in _PASSING:
        return JournalFull(f"{reason}; free some space, or set paths.state to another disk")
    return JournalUnusable(f"{reason}; that is a mistake in daw-bridge, and its log says more")


def _execute(base: sqlite3.Connection, statements: Sequence[Statement]) -> None:
    """Execute all or none. One alone is a transaction by itself: each call gives the interpreter away, and may wait."""
    if len(statements) == 1:
        base.execute(*statements[0])
        return
    base.execute("BEGIN IMMEDIATE")
    for statement in statements:
        base.execute(*statement)
    base.execute("COMMIT")


def _resolve(outcome: Sequence[tuple[Batch, BridgeError | None]]) -> None:
    """Tell those who wait for their batches that they are through, or, where they are not kept for later, why not."""
    for batch, error in outcome:
        if batch.through.done():
            continue
        if error is not None and batch.otherwise is Fate.NEVER:
            batch.through.set_exception(error)
            batch.through.exception()  # whoever does not ask need not
        else:
            batch.through.set_result(None)
