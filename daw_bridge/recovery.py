"""What is done about the jobs that an earlier life of the daemon left behind: each is finished or failed, once.

====================================  ================================================================================
it was left                           what becomes of it
====================================  ================================================================================
with clips that have their names      they are renamed to the end, and the job is done
with clips that wait for the folder   they wait on
running, twice in a row               it fails: it may be what kills the daemon
accepted too long ago                 it fails (`interrupted`): whoever asked has gone on
waiting or running                    it runs, from the start, under the plan that it was accepted with
ended, and not told                   it is told
told, and not written down as ended   it has ended so
====================================  ================================================================================

How long ago a job was accepted is a difference of two readings of the system's clock. A clock that was set back makes it
nothing, one that was set forward fails a job that could have run; neither loses one.
"""

import json
import logging
import re
import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from daw_bridge import reports
from daw_bridge.announce import Announcer
from daw_bridge.deliveries.parcels import Parcel
from daw_bridge.errors import Interrupted, JournalUnusable, Unreadable
from daw_bridge.jobs import REMEMBERED, Job, Jobs, State
from daw_bridge.journal import TOLD, Journal, clips_after
from daw_bridge.records import job_of
from daw_bridge.runner import Runner

_log = logging.getLogger(__name__)

_MOST_DEATHS = 2
_LONG_AGO = 86_400.0  # seconds after which nobody wants to be told any more
_TOLD_LINE = re.compile(r"^(\d{1,18}) (done|cancelled|failed)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Left:
    """A job that had not ended, or whose end had not been told.

    `age` is in seconds since it was accepted, `deaths` counts how many times in a row the daemon died while it ran.
    `outcome` is its last report, of those that ended.
    """

    number: int
    job: Job
    age: float
    deaths: int
    parcels: list[Parcel]
    outcome: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Legacy:
    """All that earlier lives left: jobs to be seen to, in order, and those that ended, with how, the last one last."""

    left: list[Left]
    untold: list[Left]
    ended: list[tuple[Job, State]]

    @property
    def parts(self) -> Collection[Path]:
        """The hidden files that are still wanted."""
        return {path for each in self.left for parcel in each.parcels for path in (parcel.sound, parcel.story)}


def legacy(base: sqlite3.Connection, state_folder: Path) -> Legacy:
    """Read what earlier lives left in the journal, and note there that the last one has died.

    A job that this version cannot read is ended in the journal, as nobody can be told, and is said in the log.
    Raises `JournalUnusable`.
    """
    try:
        return _legacy(base, state_folder)
    except sqlite3.Error as error:
        raise JournalUnusable(
            f"the journal in {state_folder} cannot be read or written ({error}); free some space there if there is none, "
            "or set paths.state to another folder"
        ) from None


def _legacy(base: sqlite3.Connection, state_folder: Path) -> Legacy:
    """Read and note it, all at once or not at all."""
    base.execute("BEGIN IMMEDIATE")
    _note_told(base, state_folder / TOLD)
    base.execute("UPDATE jobs SET deaths = deaths * (state = 'running') + (state = 'running') WHERE ended IS NULL")
    base.execute("UPDATE jobs SET state = 'waiting' WHERE ended IS NULL")
    left = list(_left(base, "ended IS NULL"))
    untold = list(_left(base, "ended IS NOT NULL AND NOT told"))
    base.execute("UPDATE jobs SET told = 1 WHERE ended < ? AND NOT told", (time.time() - _LONG_AGO,))
    base.execute("COMMIT")
    return Legacy(left, untold, list(_ended(base)))


def _note_told(base: sqlite3.Connection, path: Path) -> None:
    """Note in the journal which ends were told, and end there what was told while it could not be written."""
    with suppress(OSError):
        for number, state in _TOLD_LINE.findall(path.read_text("ascii", "replace")):
            base.execute("UPDATE jobs SET told = 1 WHERE number = ?", (number,))
            ended = "UPDATE jobs SET state = ?, ended = ? WHERE number = ? AND ended IS NULL"
            base.execute(ended, (state, time.time(), number))
            base.execute(clips_after(State(state)), (number,))


def resume(
    found: Legacy, jobs: Jobs, runner: Runner, announcer: Announcer, journal: Journal, *, too_old: float
) -> None:
    """See to all that was left; `too_old` is in seconds. Call it when whoever listens to reports does so."""
    for job, state in found.ended:
        jobs.remember(job, state)
    for each in found.untold:
        if each.age < too_old:
            _tell(each, announcer, journal)
    for each in found.left:
        job = each.job
        if each.parcels:
            jobs.restore(job)
            runner.keep(job, each.parcels)
        elif each.deaths >= _MOST_DEATHS:
            message = f"the daemon died {each.deaths} times while job {job.id} ran; it is not tried again"
            runner.end(job, State.FAILED, reports.Failed(job.id, "internal", message))
        elif each.age >= too_old:
            message = (
                f"the daemon ended before this job was done, and came back {each.age:.0f} s after it was asked for"
            )
            runner.end(job, State.FAILED, reports.Failed(job.id, Interrupted.code, f"{message}; ask again"))
        else:
            jobs.restore(job)
            if each.deaths:
                message = "the daemon ended in the middle of this job and begins it anew"
                announcer.tell(reports.Warned(job.id, message), job.request)
        _log.info("job %s was left by an earlier life of the daemon; it is %s now", job.id, jobs.state(job.id).value)


def _left(base: sqlite3.Connection, which: str) -> Iterator[Left]:
    """Yield the jobs that were left, in the order in which they were accepted."""
    rows = base.execute(
        f"SELECT number, id, accepted, deaths, record, outcome FROM jobs WHERE {which} ORDER BY number"  # noqa: S608
    )
    for number, name, accepted, deaths, record, outcome in rows.fetchall():
        age = max(0.0, time.time() - accepted)
        clips = base.execute("SELECT parcel FROM clips WHERE job = ? ORDER BY rank", (number,))
        try:
            job = job_of(record, monotonic() - age)
            parcels = [Parcel.of(json.loads(text)) for (text,) in clips]
            yield Left(number, job, age, deaths, parcels, json.loads(outcome) if outcome else None)
        except (Unreadable, LookupError, TypeError, ValueError) as error:
            _log.error("job %s in the journal is given up: %s", name, error)
            sql = "UPDATE jobs SET state = 'failed', ended = ?, told = 1 WHERE number = ?"
            base.execute(sql, (time.time(), number))


def _ended(base: sqlite3.Connection) -> Iterator[tuple[Job, State]]:
    """Yield the last jobs that ended, as many as are remembered, the last one last."""
    sql = "SELECT record, state FROM jobs WHERE ended IS NOT NULL ORDER BY number DESC LIMIT ?"
    for record, state in reversed(base.execute(sql, (REMEMBERED,)).fetchall()):
        with suppress(Unreadable, ValueError):
            yield job_of(record, monotonic()), State(state)


def _tell(each: Left, announcer: Announcer, journal: Journal) -> None:
    """Tell how a job ended, as the life that it ended in would have."""
    job, outcome = each.job, each.outcome or {}
    kinds = {kind.__name__: kind for kind in (reports.Done, reports.Cancelled, reports.Failed)}
    kind = kinds.get(str(outcome.pop("kind", None)))
    if kind is None:
        return
    if kind is reports.Done:
        for parcel in each.parcels:
            announcer.tell(reports.Delivered(job.id, parcel.rank, parcel.score, parcel.wav), job.request)
    journal.over(job, each.number)
    announcer.tell(kind(**outcome), job.request)
