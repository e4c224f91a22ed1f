"""What it costs to write a job down: commits flushed to the disk and not, while generations run; and a start with a past.

Promised: nothing by itself; `answers` holds the 5 ms until a job is told as queued.
"""

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from time import perf_counter

from answers import LOAD
from daemons import daemon, until
from figures import record, spread
from past import a_job

from daw_bridge.jobs import State
from daw_bridge.journal import Journal
from daw_bridge.ledger import FILE, opened
from daw_bridge.records import job_text
from daw_bridge.recovery import legacy
from daw_bridge.reports import Cancelled

_COMMITS = 400
_PAST = 10_000


def run() -> None:
    """Measure all three in a fresh folder."""
    with tempfile.TemporaryDirectory() as base, daemon(Path(base) / "daemon") as running, running.client() as client:
        client.send("/bridge/generate", *LOAD)
        until(client, "/bridge/started")
        flushed = {mode: spread(commits(Path(base) / f"{mode}.sqlite3", mode)) for mode in ("FULL", "NORMAL")}
        record("journal", {"commits": _COMMITS, "load": "64 bars x 16 takes"}, {"commit_ms": flushed})
        client.send("/bridge/cancel", "all")
        until(client, "/bridge/cancelled")
    with tempfile.TemporaryDirectory() as base:
        asyncio.run(lived(Path(base), _PAST))
        begun = perf_counter()
        journal, _ = opened(Path(base))
        found = legacy(journal, Path(base))
        seconds = perf_counter() - begun
        journal.close()
        size = (Path(base) / FILE).stat().st_size
        figures = {
            "open_ms": round(1_000 * seconds, 1),
            "remembered": len(found.ended),
            "megabytes": round(size / 1e6, 1),
        }
        record("journal", {"past_jobs": _PAST}, figures)


def commits(path: Path, mode: str) -> list[float]:
    """Return the seconds that each commit of a job takes in a thread that does nothing else."""
    text, spent = job_text(a_job("x")), []
    with closing(sqlite3.connect(path, isolation_level=None)) as base:
        base.execute("PRAGMA journal_mode = WAL")
        base.execute(f"PRAGMA synchronous = {mode}")
        base.execute("CREATE TABLE jobs (number INTEGER PRIMARY KEY, record TEXT)")
        for _ in range(_COMMITS):
            begun = perf_counter()
            base.execute("BEGIN IMMEDIATE")
            base.execute("INSERT INTO jobs (record) VALUES (?)", (text,))
            base.execute("COMMIT")
            spent.append(perf_counter() - begun)
    return spent


async def lived(folder: Path, jobs: int) -> None:
    """Write a past of so many jobs."""
    journal = Journal(folder)
    journal.start(opened(folder)[0])
    for number in range(jobs):
        job = a_job(f"j{number}")
        journal.accepted(job)
        through = journal.ended(job, State.CANCELLED, Cancelled(job.id))
        journal.hear(Cancelled(job.id), job.request)
        if number % 100 == 0:
            await through
    await journal.stop()
