"""The journal: every accepted job, in SQLite, so that a kill at any moment loses none.

The event loop never waits for the disk. What is to be kept is handed to one thread, which commits all that has come in
the meantime at once, and then the futures of those who wait are resolved, in order. A job is told as queued, and may
run, when its commit is through; how it ended is told when that is.

It is a write-ahead log. A kill takes nothing from it that was written, flushed to the disk or not; a power cut may. To
flush at every commit (`synchronous=FULL`) was measured, with generations at work on both cores and others at the disk:
a commit takes 2 ms and one in a hundred 9 ms, against 0.06 and 0.13 ms without (`NORMAL`), and the promised 5 ms until a
job is told as queued is gone. So only what would hurt is flushed: that clips are about to get their names, without which
they would be delivered twice. Of what a power cut takes, nothing had been made yet.

A journal that was made by a later version is refused and left alone; a damaged one is moved aside, never deleted.
"""

import asyncio
import json
import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from daw_bridge.deliveries.parcels import Parcel
from daw_bridge.errors import BridgeError, JournalFull, JournalUnusable
from daw_bridge.jobs import Job, State
from daw_bridge.records import job_text
from daw_bridge.reports import Cancelled, Done, Failed

_log = logging.getLogger(__name__)

FILE = "journal.sqlite3"
"""Its name in the state folder."""

TOLD = "told"
"""The name of the file, beside the journal, with the numbers of the jobs whose end this life of the daemon has told."""

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
_CHECKPOINT = 200  # commits after which the log is brought into the database
_LARGEST_LOG = 2**24  # bytes
_AGAIN = 1.0  # seconds after which what could not be written is tried again
_Statement = tuple[str, Sequence[Any]]


class _Safe(Enum):
    """What a commit must survive: a flush to the disk costs as much time as the rest a hundred times over."""

    FROM_KILLS = "NORMAL"
    FROM_POWER_CUTS = "FULL"


class _Fate(Enum):
    """What becomes of a batch that cannot be written now: it is written later, or it never happened."""

    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class _Batch:
    """Statements that are committed together, whoever waits for that, and what is done if they cannot be."""

    statements: tuple[_Statement, ...]
    through: "asyncio.Future[None]"
    otherwise: _Fate
    safe: _Safe


class Journal:
    """Writes down what becomes of jobs. Thread: the event loop's; SQLite is in another."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._batches: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._numbers: dict[str, int] = {}
        self._ending: dict[str, int] = {}
        self._next = 1
        self._told: int | None = None

    def start(self, base: sqlite3.Connection) -> None:
        """Begin to write into `base`, which `opened` gave, and which is the journal's from here on."""
        ((last,),) = base.execute("SELECT coalesce(max(number), 0) FROM jobs")
        self._next = last + 1
        self._numbers = dict(base.execute("SELECT id, number FROM jobs WHERE state IN ('waiting', 'running')"))
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        self._told = os.open(self._path.with_name(TOLD), flags, 0o600)
        arguments = (base, self._path, self._batches, asyncio.get_running_loop())
        self._writer = threading.Thread(target=_write_all, args=arguments, name="journal")
        self._writer.start()

    async def stop(self) -> None:
        """Write all that is left, and close."""
        self._batches.put(None)
        if self._writer is not None:
            await asyncio.to_thread(self._writer.join)
        if self._told is not None:
            os.close(self._told)

    def accepted(self, job: Job) -> "asyncio.Future[None]":
        """Write down a job that is to be accepted; it is, when the future is resolved without an error."""
        number = self._numbers[job.id] = self._next
        self._next += 1
        row = (number, job.id, State.WAITING.value, time.time(), job_text(job))
        return self._commit(
            _Fate.NEVER, ("INSERT INTO jobs (number, id, state, accepted, record) VALUES (?, ?, ?, ?, ?)", row)
        )

    def started(self, job: Job) -> None:
        """Write down that a job runs."""
        row = (State.RUNNING.value, time.time(), self._numbers.get(job.id))
        self._commit(_Fate.LATER, ("UPDATE jobs SET state = ?, started = ? WHERE number = ?", row))

    def hidden(self, job: Job, parcels: Sequence[Parcel]) -> "asyncio.Future[None]":
        """Write down that the clips of a job lie hidden, and are worth keeping over a death of the daemon."""
        return self._clips(job, parcels, "hidden", _Safe.FROM_KILLS)

    def named(self, job: Job, parcels: Sequence[Parcel]) -> "asyncio.Future[None]":
        """Write down the names that the clips of a job are about to get.

        From when that is through, the job is delivered whatever happens. The future may raise `JournalFull`.
        """
        return self._clips(job, parcels, "named", _Safe.FROM_POWER_CUTS)

    def over(self, job: Job, number: int) -> None:
        """Take note that job `number` ended in an earlier life, which did not come to tell it."""
        self._ending[job.id] = number

    def ended(self, job: Job, state: State, report: Done | Cancelled | Failed) -> "asyncio.Future[None]":
        """Write down how a job ended. The future never fails: what cannot be written now is written later."""
        number = self._numbers.pop(job.id, 0)
        self._ending[job.id] = number
        outcome = json.dumps({"kind": type(report).__name__, **asdict(report)})
        landed = "UPDATE clips SET state = 'delivered' WHERE job = ?"
        gone = "DELETE FROM clips WHERE job = ? AND state IN ('hidden', 'named')"
        return self._commit(
            _Fate.LATER,
            (landed if state is State.DONE else gone, (number,)),
            (
                "UPDATE jobs SET state = ?, ended = ?, outcome = ? WHERE number = ?",
                (state.value, time.time(), outcome, number),
            ),
        )

    def told(self, job: Job) -> None:
        """Take note that the end of `job` has been told.

        That is one small write into the system's memory, at once and from the event loop: between a report and the note
        of it must be as little time as can be, for in that time a kill would have the end told twice.
        """
        number = self._ending.pop(job.id, None)
        if self._told is not None and number is not None:
            with suppress(OSError):  # a full disk: after a kill the end is told again, no worse
                os.write(self._told, f"{number}\n".encode())

    def through(self) -> "asyncio.Future[None]":
        """Return a future that is resolved when all that was written down so far is through."""
        return self._commit(_Fate.LATER)

    def trim(self, count: int, seconds: float) -> None:
        """Forget jobs that ended more than `seconds` ago, and all but the last `count`; none that is starred."""
        over = "ended IS NOT NULL AND NOT starred AND NOT EXISTS (SELECT 1 FROM clips WHERE job = number AND starred)"
        self._commit(
            _Fate.LATER,
            (f"DELETE FROM jobs WHERE {over} AND ended < ?", (time.time() - seconds,)),  # noqa: S608 - ours alone
            (f"DELETE FROM jobs WHERE {over} AND number <= ?", (self._next - 1 - count,)),  # noqa: S608
        )

    def note(self, sql: str, *values: object) -> None:
        """Write down something else, in SQL."""
        self._commit(_Fate.LATER, (sql, values))

    def _clips(self, job: Job, parcels: Sequence[Parcel], state: str, safe: _Safe) -> "asyncio.Future[None]":
        """Write down where the clips of a job lie."""
        number = self._numbers.get(job.id)
        rows = [(number, each.rank, state, json.dumps(each.card())) for each in parcels]
        put = "INSERT OR REPLACE INTO clips (job, rank, state, parcel) VALUES (?, ?, ?, ?)"
        return self._commit(_Fate.NEVER, *((put, row) for row in rows), safe=safe)

    def _commit(
        self, otherwise: _Fate, *statements: _Statement, safe: _Safe = _Safe.FROM_KILLS
    ) -> "asyncio.Future[None]":
        """Have `statements` committed, after all that came before."""
        through: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._writer is None or not self._writer.is_alive():
            through.set_exception(JournalUnusable("the journal is closed; ask again when the daemon is back"))
            through.exception()
        else:
            self._batches.put(_Batch(statements, through, otherwise, safe))
        return through


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


def _write_all(
    base: sqlite3.Connection,
    path: Path,
    batches: "queue.SimpleQueue[_Batch | None]",
    loop: asyncio.AbstractEventLoop,
) -> None:
    """Commit what comes, all that is there at once, until None comes. Thread: the journal's."""
    log = _Log(base, path)
    late: list[_Batch] = []
    more = True
    while more:
        waiting: list[_Batch] = []
        try:
            item = batches.get(timeout=_AGAIN if late else None)
            while item is not None:
                waiting.append(item)
                item = batches.get_nowait()
            more = False
        except queue.Empty:
            pass
        errors = _worked_off(base, [*late, *waiting])
        outcome = list(zip(waiting, errors[len(late) :], strict=True))
        late = [
            batch
            for batch, error in zip([*late, *waiting], errors, strict=True)
            if batch.otherwise is _Fate.LATER and isinstance(error, JournalFull)
        ]
        with suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            loop.call_soon_threadsafe(_resolve, outcome)
        log.grown()
    log.stop()
    base.close()


class _Log:
    """Brings the write-ahead log into the database now and then, in a thread of its own, as that waits for the disk.

    SQLite would do it in the middle of a commit; measured, that is one of a hundred, and takes up to 30 ms. Only when
    commits come so densely that the log cannot be caught up with is it done there, to keep it from growing for ever.
    """

    def __init__(self, base: sqlite3.Connection, path: Path) -> None:
        self._base = base
        self._path = path
        self._commits = 0
        self._work: threading.Thread | None = None

    def grown(self) -> None:
        """Take note of a commit."""
        self._commits += 1
        if self._commits % _CHECKPOINT == 0 and self._size() > _LARGEST_LOG:
            with suppress(sqlite3.Error):
                self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        elif self._commits % _CHECKPOINT == 0 and (self._work is None or not self._work.is_alive()):
            self._work = threading.Thread(target=self._bring, name="journal checkpoint")
            self._work.start()

    def stop(self) -> None:
        """Wait until nothing is being brought."""
        if self._work is not None:
            self._work.join()

    def _size(self) -> int:
        """Return the bytes of the log."""
        log = self._path.with_name(f"{self._path.name}-wal")
        return log.stat().st_size if log.exists() else 0

    def _bring(self) -> None:
        """Bring over all that nobody is writing just now. Thread: its own."""
        with suppress(sqlite3.Error), closing(sqlite3.connect(self._path)) as base:
            base.execute("PRAGMA wal_checkpoint(PASSIVE)")


def _worked_off(base: sqlite3.Connection, batches: Sequence[_Batch]) -> list[BridgeError | None]:
    """Commit `batches` together, or, if one of them breaks, each by itself; return what was wrong with each."""
    error = _committed(base, batches)
    if error is None or isinstance(error, JournalFull):
        return [error] * len(batches)
    return [_committed(base, [each]) for each in batches]


def _committed(base: sqlite3.Connection, batches: Sequence[_Batch]) -> BridgeError | None:
    """Commit `batches` together; return why not, if not: `JournalFull` for what may pass."""
    if not batches:
        return None
    safe = max((each.safe for each in batches), key=list(_Safe).index)
    try:
        base.execute(f"PRAGMA synchronous = {safe.value}")
        base.execute("BEGIN IMMEDIATE")
        for batch in batches:
            for sql, values in batch.statements:
                base.execute(sql, values)
        base.execute("COMMIT")
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one record must not end the thread
        with suppress(sqlite3.Error):
            base.execute("ROLLBACK")
        _log.warning("the journal cannot be written now: %s", error)
        reason = f"jobs cannot be written down ({error})"
        if isinstance(error, sqlite3.OperationalError):
            return JournalFull(f"{reason}; free some space, or set paths.state to another disk")
        return JournalUnusable(f"{reason}; that is a mistake in daw-bridge, and its log says more")
    return None


def _resolve(outcome: Sequence[tuple[_Batch, BridgeError | None]]) -> None:
    """Tell those who wait for their batches that they are through, or, where they are not kept for later, why not."""
    for batch, error in outcome:
        if batch.through.done():
            continue
        if error is not None and batch.otherwise is _Fate.NEVER:
            batch.through.set_exception(error)
            batch.through.exception()  # whoever does not ask need not
        else:
            batch.through.set_result(None)
