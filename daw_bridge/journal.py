"""The journal: every accepted job is written down, so that a kill at any moment loses none.

The event loop does not wait for the disk. What need not be flushed to it is committed at once (see `shortcut`); all else
is handed to one thread, which commits all that has come in the meantime together, and then the futures of those who wait
are resolved, in order. A job is told as queued, and may run, when its commit is through; how it ended is told when that is.

What a kill leaves is all of it. A power cut may take the last commits, but for one: that clips are about to get their
names is flushed to the disk before they do, or they would be delivered twice. Of what it takes, nothing had been made.
"""

import asyncio
import json
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from daw_bridge.checkpoints import Checkpoints
from daw_bridge.deliveries.parcels import Parcel
from daw_bridge.errors import JournalUnusable
from daw_bridge.jobs import Job, State
from daw_bridge.ledger import FILE, Batch, Fate, Safe, Statement, write_all
from daw_bridge.records import job_text
from daw_bridge.reports import Cancelled, Done, Failed, Told
from daw_bridge.requests import Request
from daw_bridge.shortcut import Shortcut

TOLD = "told"
"""The name of the file, beside the journal, with the jobs whose end this life of the daemon has told: number and state.

The state is there for those that ended while the journal could not be written: there is no other word of it then.
"""

_ROOM = b"\n" * 2**16  # what is taken from the disk at the start, for some thousand ends that are told when it is full

_STATES = {Done: State.DONE, Cancelled: State.CANCELLED, Failed: State.FAILED}


def clips_after(state: State) -> str:
    """Return the SQL by which the clips of a job that ended so are delivered, or gone; its value is the job's number."""
    landed = "UPDATE clips SET state = 'delivered' WHERE job = ? AND state IN ('hidden', 'named')"
    gone = "DELETE FROM clips WHERE job = ? AND state IN ('hidden', 'named')"
    return landed if state is State.DONE else gone


class Journal:
    """Writes down what becomes of jobs. Thread: the event loop's; SQLite is in another."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._batches: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._waiting = 0  # batches that are on the long way
        self._shortcut: Shortcut | None = None
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
        self._told = os.open(self._path.with_name(TOLD), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with suppress(OSError):  # it is full already
            os.write(self._told, _ROOM)
        os.lseek(self._told, 0, os.SEEK_SET)
        checkpoints = Checkpoints(self._path)
        self._shortcut = Shortcut(self._path, checkpoints)
        arguments = (base, checkpoints, self._batches, asyncio.get_running_loop())
        self._writer = threading.Thread(target=write_all, args=arguments, name="journal")
        self._writer.start()

    async def stop(self) -> None:
        """Write all that is left, and close."""
        self._batches.put(None)
        if self._writer is not None:
            await asyncio.to_thread(self._writer.join)
        if self._shortcut is not None:
            self._shortcut.close()
        if self._told is not None:
            os.close(self._told)
            self._told = None

    def accepted(self, job: Job) -> "asyncio.Future[None]":
        """Write down a job that is to be accepted; it is, when the future is resolved without an error."""
        number = self._numbers[job.id] = self._next
        self._next += 1
        row = (number, job.id, State.WAITING.value, time.time(), job_text(job))
        return self._commit(
            Fate.NEVER, ("INSERT INTO jobs (number, id, state, accepted, record) VALUES (?, ?, ?, ?, ?)", row)
        )

    def started(self, job: Job) -> None:
        """Write down that a job runs."""
        row = (State.RUNNING.value, time.time(), self._numbers.get(job.id))
        self._commit(Fate.LATER, ("UPDATE jobs SET state = ?, started = ? WHERE number = ?", row))

    def hidden(self, job: Job, parcels: Sequence[Parcel]) -> "asyncio.Future[None]":
        """Write down that the clips of a job lie hidden, and are worth keeping over a death of the daemon."""
        return self._clips(job, parcels, "hidden", Safe.FROM_KILLS)

    def named(self, job: Job, parcels: Sequence[Parcel]) -> "asyncio.Future[None]":
        """Write down the names that the clips of a job are about to get.

        From when that is through, the job is delivered whatever happens. The future may raise `JournalFull`.
        """
        return self._clips(job, parcels, "named", Safe.FROM_POWER_CUTS)

    def over(self, job: Job, number: int) -> None:
        """Take note that job `number` ended in an earlier life, which did not come to tell it."""
        self._ending[job.id] = number

    def ended(self, job: Job, state: State, report: Done | Cancelled | Failed) -> "asyncio.Future[None]":
        """Write down how a job ended. The future never fails: what cannot be written now is written later."""
        number = self._numbers.pop(job.id, 0)
        self._ending[job.id] = number
        outcome = json.dumps({"kind": type(report).__name__, **asdict(report)})
        return self._commit(
            Fate.LATER,
            (clips_after(state), (number,)),
            (
                "UPDATE jobs SET state = ?, ended = ?, outcome = ? WHERE number = ?",
                (state.value, time.time(), outcome, number),
            ),
        )

    def hear(self, report: Told, _request: Request) -> None:
        """Take note that the end of a job has been told: a listener of the announcer, right behind the wire.

        That is one small write into the system's memory, at once and from the event loop: between a report and the note
        of it must be as little time as can be, for in that time a kill would have the end told twice. (Never once, were
        it noted before: who waits for a word that never comes is worse off.)
        """
        if self._told is None or not isinstance(report, (Done, Cancelled, Failed)):
            return
        number = self._ending.pop(report.id, None)
        if number is not None:
            line = f"\n{number} {_STATES[type(report)].value}"  # the break comes first: a torn line spoils no other
            with suppress(OSError):  # a full disk: after a kill the end is told again, no worse
                os.write(self._told, line.encode())

    def through(self) -> "asyncio.Future[None]":
        """Return a future that is resolved when all that was written down so far is through."""
        return self._commit(Fate.LATER)

    def trim(self, count: int, seconds: float) -> None:
        """Forget jobs that ended more than `seconds` ago, and all but the last `count`; none that is starred."""
        over = "ended IS NOT NULL AND NOT starred AND NOT EXISTS (SELECT 1 FROM clips WHERE job = number AND starred)"
        self._commit(
            Fate.LATER,
            (f"DELETE FROM jobs WHERE {over} AND ended < ?", (time.time() - seconds,)),  # noqa: S608 - ours alone
            (f"DELETE FROM jobs WHERE {over} AND number <= ?", (self._next - 1 - count,)),  # noqa: S608
        )

    def note(self, sql: str, *values: object) -> None:
        """Write down something else, in SQL."""
        self._commit(Fate.LATER, (sql, values))

    def _clips(self, job: Job, parcels: Sequence[Parcel], state: str, safe: Safe) -> "asyncio.Future[None]":
        """Write down where the clips of a job lie."""
        number = self._numbers.get(job.id)
        rows = [(number, each.rank, state, json.dumps(each.card())) for each in parcels]
        put = "INSERT OR REPLACE INTO clips (job, rank, state, parcel) VALUES (?, ?, ?, ?)"
        return self._commit(Fate.NEVER, *((put, row) for row in rows), safe=safe)

    def _commit(self, otherwise: Fate, *statements: Statement, safe: Safe = Safe.FROM_KILLS) -> "asyncio.Future[None]":
        """Have `statements` committed, after all that came before: at once, if nothing is in the way."""
        through: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._writer is None or self._shortcut is None or not self._writer.is_alive():
            through.set_exception(JournalUnusable("the journal is closed; ask again when the daemon is back"))
            through.exception()
        elif not self._waiting and safe is Safe.FROM_KILLS and self._shortcut.commit(statements):
            through.set_result(None)
        else:
            self._waiting += 1
            through.add_done_callback(self._arrived)
            self._batches.put(Batch(statements, through, otherwise, safe))
        return through

    def _arrived(self, _through: "asyncio.Future[None]") -> None:
        """Take note that a batch has come through, or never will."""
        self._waiting -= 1
