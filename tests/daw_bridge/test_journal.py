"""Laws of the journal: what it says is through is in the file, in order; and it can be read for ever."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from daw_bridge.deliveries.names import Name
from daw_bridge.deliveries.parcels import Parcel
from daw_bridge.errors import JournalFull, JournalUnusable
from daw_bridge.jobs import Job, State
from daw_bridge.journal import TOLD, Journal
from daw_bridge.ledger import FILE, opened
from daw_bridge.recovery import legacy
from daw_bridge.reports import Cancelled, Done, Failed
from daw_bridge.requests import Asker, Request, Said
from plugin_host.engine import Plan
from plugin_host.musictime import Grid, Meter, Tempo


def job(name: str) -> Job:
    """Return a job called `name`."""
    plan = Plan("x", Grid(Tempo.parse(120), Meter(4, 4), 4, 48_000), 0)
    return Job(name, Request(Said(), Asker("test"), "/bridge/generate", 0.0), plan, "sketch", "x")


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    """Return what another process reads in the journal."""
    with closing(sqlite3.connect(folder / FILE)) as base:
        return base.execute(sql).fetchall()


def note(order: list[int], number: int, _through: "asyncio.Future[None]") -> None:
    """Take note of whose turn it was."""
    order.append(number)


class Unflushable(sqlite3.Connection):
    """A database that can be told to flush at each commit, and not to leave it again."""

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        """Break where it is told to leave it."""
        if sql.startswith("PRAGMA synchronous = NORMAL"):
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, parameters)


def fill(journal: Journal, base: sqlite3.Connection, pages: int) -> None:
    """Let the disk have room for so many pages of the journal, whichever way they come."""
    assert journal._shortcut is not None
    for each in (base, journal._shortcut._base):
        each.execute(f"PRAGMA max_page_count = {pages}")


def kept_by(folder: Path, law: Callable[[Journal], Awaitable[None]], base: sqlite3.Connection | None = None) -> None:
    """Run `law` with a journal in `folder`, which writes into `base`, if there is one already."""

    async def life() -> None:
        journal = Journal(folder)
        journal.start(base or opened(folder)[0])
        try:
            await law(journal)
        finally:
            await journal.stop()

    asyncio.run(life())


def test_what_is_through_is_in_the_file(tmp_path: Path) -> None:
    """Each future is resolved when another process can read its record, and in the order of the calls."""

    async def law(journal: Journal) -> None:
        order: list[int] = []
        futures = [journal.accepted(job(f"j{number}")) for number in range(50)]
        for number, each in enumerate(futures):
            each.add_done_callback(partial(note, order, number))
        await futures[10]
        assert len(rows(tmp_path, "SELECT id FROM jobs")) >= 11
        await asyncio.gather(*futures)
        await asyncio.sleep(0)
        assert order == list(range(50))

    kept_by(tmp_path, law)
    assert rows(tmp_path, "SELECT id FROM jobs ORDER BY number") == [(f"j{number}",) for number in range(50)]


def test_states_and_ends_are_written(tmp_path: Path) -> None:
    """Waiting, running, done: with the moments, and the last report."""

    async def law(journal: Journal) -> None:
        for name in "abc":
            await journal.accepted(job(name))
        journal.started(job("a"))
        journal.started(job("b"))
        await journal.ended(job("a"), State.DONE, Done("a", 4, 1.5))
        await journal.ended(job("c"), State.CANCELLED, Cancelled("c"))

    kept_by(tmp_path, law)
    found = rows(tmp_path, "SELECT id, state, started IS NULL, ended >= accepted FROM jobs ORDER BY number")
    assert found == [("a", "done", 0, 1), ("b", "running", 0, None), ("c", "cancelled", 1, 1)]
    ((outcome,),) = rows(tmp_path, "SELECT outcome FROM jobs WHERE id = 'a'")
    assert outcome == '{"kind": "Done", "id": "a", "files": 4, "seconds": 1.5}'


def test_deaths_are_counted_in_a_row(tmp_path: Path) -> None:
    """One more for each life in which the job ran at the end; one in which it waited begins anew."""

    async def runs(journal: Journal) -> None:
        journal.started(job("a"))

    async def accepts(journal: Journal) -> None:
        await journal.accepted(job("a"))
        journal.started(job("a"))

    async def waits(journal: Journal) -> None:
        await journal.through()

    def deaths() -> list[int]:
        base, _ = opened(tmp_path)
        found = [each.deaths for each in legacy(base, tmp_path).left]
        base.close()
        return found

    kept_by(tmp_path, accepts)
    assert deaths() == [1]
    kept_by(tmp_path, runs)
    assert deaths() == [2]
    kept_by(tmp_path, waits)
    assert deaths() == [0]


@pytest.mark.parametrize(("jump", "age"), [(0.0, 0.0), (3_600.0, 3_600.0), (-1e9, 0.0)])
def test_a_clock_that_jumps_makes_no_job_younger_than_new(tmp_path: Path, jump: float, age: float) -> None:
    """Ages are told by the system's clock; one that was set back makes them nothing, and never less."""

    async def law(journal: Journal) -> None:
        await journal.accepted(job("a"))

    kept_by(tmp_path, law)
    base, _ = opened(tmp_path)
    base.execute("UPDATE jobs SET accepted = accepted - ?", (jump,))
    (left,) = legacy(base, tmp_path).left
    base.close()
    assert left.age == pytest.approx(age, abs=60.0)
    assert left.age >= 0
    assert monotonic() - left.job.request.received == pytest.approx(left.age, abs=1.0)


def test_one_record_that_breaks_costs_the_others_nothing(tmp_path: Path) -> None:
    """It is refused by itself, and the journal goes on."""

    async def law(journal: Journal) -> None:
        first = journal.accepted(job("a"))
        broken = journal.accepted(replace(job("b"), id="\ud800"))
        last = journal.accepted(job("c"))
        with pytest.raises(JournalUnusable, match="mistake in daw-bridge"):
            await broken
        await asyncio.gather(first, last)

    kept_by(tmp_path, law)
    assert rows(tmp_path, "SELECT id FROM jobs") == [("a",), ("c",)]


def test_the_log_does_not_grow_for_ever(tmp_path: Path) -> None:
    """It is brought into the database while others write."""

    async def law(journal: Journal) -> None:
        for number in range(3_100):
            await journal.accepted(job(f"j{number}"))
        assert (tmp_path / f"{FILE}-wal").stat().st_size < 40_000_000

    kept_by(tmp_path, law)
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]


def test_an_end_that_was_not_told_is_found_once(tmp_path: Path) -> None:
    """Until the next life has told it."""

    async def law(journal: Journal) -> None:
        for name in "ab":
            await journal.accepted(job(name))
            await journal.ended(job(name), State.CANCELLED, Cancelled(name))
        journal.hear(Cancelled("a"), job("a").request)

    def untold() -> list[str]:
        base, _ = opened(tmp_path)
        found = [each.job.id for each in legacy(base, tmp_path).untold]
        base.close()
        return found

    async def tells(journal: Journal) -> None:
        journal.over(job("b"), 2)
        journal.hear(Cancelled("b"), job("b").request)

    kept_by(tmp_path, law)
    assert untold() == ["b"]
    kept_by(tmp_path, tells)
    assert untold() == []


@pytest.mark.parametrize(
    ("state", "report", "clips"),
    [
        (State.DONE, Done("a", 1, 1.5), [("delivered",)]),
        (State.CANCELLED, Cancelled("a"), []),
        (State.FAILED, Failed("a", "internal", "it broke"), []),
    ],
)
def test_an_end_that_was_told_and_could_not_be_written_stays_an_end(
    tmp_path: Path, state: State, report: Done | Cancelled | Failed, clips: list[tuple[str]]
) -> None:
    """The next life does not run the job again, whose end somebody has heard; how it ended is known by what was told."""

    async def law(journal: Journal) -> None:
        await journal.accepted(job("a"))
        await journal.named(job("a"), [Parcel(1, 0.5, Name("x", "y"), tmp_path / "sound", tmp_path / "story", "stem")])
        with closing(sqlite3.connect(tmp_path / FILE)) as other:
            other.executescript("CREATE TRIGGER full BEFORE UPDATE ON jobs BEGIN SELECT RAISE(ABORT, 'full'); END")
        await journal.ended(job("a"), state, report)
        journal.hear(report, job("a").request)

    kept_by(tmp_path, law)
    base, _ = opened(tmp_path)
    base.execute("DROP TRIGGER full")
    found = legacy(base, tmp_path)
    base.close()
    assert [each.id for each, _ in found.ended] == ["a"]
    assert found.left == found.untold == []
    assert rows(tmp_path, "SELECT state, ended >= accepted, told FROM jobs") == [(state.value, 1, 1)]
    assert rows(tmp_path, "SELECT state FROM clips") == clips


def test_a_torn_line_tells_of_no_other_job(tmp_path: Path) -> None:
    """What a full disk took of a note of what was told costs that note alone."""

    async def law(journal: Journal) -> None:
        for name in "ab":
            await journal.accepted(job(name))
            await journal.ended(job(name), State.CANCELLED, Cancelled(name))

    kept_by(tmp_path, law)
    (tmp_path / TOLD).write_text("\n1 canc\n2 cancelled")
    base, _ = opened(tmp_path)
    found = [each.job.id for each in legacy(base, tmp_path).untold]
    base.close()
    assert found == ["a"]


def test_numbers_go_on_and_an_id_may_come_again(tmp_path: Path) -> None:
    """A job is known by its number; its id is a name, and names are given again in time."""

    async def law(journal: Journal) -> None:
        await journal.accepted(job("a"))
        await journal.ended(job("a"), State.CANCELLED, Cancelled("a"))

    kept_by(tmp_path, law)
    kept_by(tmp_path, law)
    assert rows(tmp_path, "SELECT number, id, state FROM jobs") == [(1, "a", "cancelled"), (2, "a", "cancelled")]


def test_old_history_is_trimmed_and_stars_are_kept(tmp_path: Path) -> None:
    """All but the last so many, and what is older than so long; never what is starred, or has not ended."""

    async def law(journal: Journal) -> None:
        for name in "abcdef":
            await journal.accepted(job(name))
            if name != "b":
                await journal.ended(job(name), State.CANCELLED, Cancelled(name))
        journal.note("UPDATE jobs SET starred = 1 WHERE id = ?", "a")
        journal.trim(2, 1e9)
        await journal.through()
        assert rows(tmp_path, "SELECT id FROM jobs") == [("a",), ("b",), ("e",), ("f",)]
        journal.trim(100, -1.0)
        await journal.through()

    kept_by(tmp_path, law)
    assert rows(tmp_path, "SELECT id FROM jobs") == [("a",), ("b",)]


def test_what_cannot_be_written_is_refused_or_written_later(tmp_path: Path) -> None:
    """While another program holds the journal a job is not accepted; how one ended is written when it lets go."""
    base, _ = opened(tmp_path)
    base.execute("PRAGMA busy_timeout = 300")  # milliseconds of patience with the other; a daemon has more

    async def law(journal: Journal) -> None:
        await journal.accepted(job("a"))
        with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            refused = journal.accepted(job("b"))
            ended = journal.ended(job("a"), State.CANCELLED, Cancelled("a"))
            with pytest.raises(JournalFull, match="jobs cannot be written down"):
                await refused
            await ended
            assert other.execute("SELECT id, state FROM jobs").fetchall() == [("a", "waiting")]
            other.execute("ROLLBACK")
        await journal.through()

    kept_by(tmp_path, law, base)
    assert rows(tmp_path, "SELECT id, state FROM jobs") == [("a", "cancelled")]


def test_what_can_never_be_written_keeps_nothing_else_from_it(tmp_path: Path) -> None:
    """It is given up, and what comes with it and after it goes through."""

    async def law(journal: Journal) -> None:
        journal.note("UPDATE nothing SET that = 'is there'")
        await journal.accepted(job("a"))
        await journal.accepted(job("b"))

    kept_by(tmp_path, law)
    assert rows(tmp_path, "SELECT id FROM jobs") == [("a",), ("b",)]


def test_what_is_too_large_for_the_disk_waits_and_what_is_not_is_accepted(tmp_path: Path) -> None:
    """How jobs ended is written in order, when there is room again; small new ones need not wait for that."""
    base, _ = opened(tmp_path)

    async def law(journal: Journal) -> None:
        for name in "ab":
            await journal.accepted(job(name))
        ((pages,),) = base.execute("PRAGMA page_count")
        fill(journal, base, pages + 4)
        journal.ended(job("a"), State.FAILED, Failed("a", "internal", "long" * 50_000))
        journal.ended(job("b"), State.CANCELLED, Cancelled("b"))
        await journal.accepted(job("c"))
        assert rows(tmp_path, "SELECT id, state FROM jobs") == [(name, "waiting") for name in "abc"]
        fill(journal, base, 1_000_000)
        await journal.through()

    kept_by(tmp_path, law, base)
    assert rows(tmp_path, "SELECT id, state FROM jobs") == [("a", "failed"), ("b", "cancelled"), ("c", "waiting")]


def test_a_commit_after_which_sqlite_breaks_keeps_nobody_waiting(tmp_path: Path) -> None:
    """All futures are resolved, and the journal goes on."""
    opened(tmp_path)[0].close()
    base = sqlite3.connect(tmp_path / FILE, isolation_level=None, check_same_thread=False, factory=Unflushable)

    async def law(journal: Journal) -> None:
        await journal.accepted(job("a"))
        await asyncio.wait_for(journal.named(job("a"), []), 10)
        await asyncio.wait_for(journal.accepted(job("b")), 10)

    kept_by(tmp_path, law, base)
    assert rows(tmp_path, "SELECT id FROM jobs") == [("a",), ("b",)]


def test_what_the_journal_closes_without_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """In the log, by what was to be written."""
    base, _ = opened(tmp_path)

    async def law(journal: Journal) -> None:
        await journal.accepted(job("a"))
        ((pages,),) = base.execute("PRAGMA page_count")
        fill(journal, base, pages)
        await journal.ended(job("a"), State.FAILED, Failed("a", "internal", "long" * 50_000))

    kept_by(tmp_path, law, base)
    (said,) = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert "closes without" in said
    assert "UPDATE jobs SET state" in said


def test_a_later_versions_journal_is_left_alone(tmp_path: Path) -> None:
    """It is named with its version and the remedy, and not a byte of it is changed."""
    with closing(sqlite3.connect(tmp_path / FILE)) as base:
        base.execute("PRAGMA user_version = 99")
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(JournalUnusable, match=r"schema 99; this one has 1.*paths\.state"):
        opened(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before


@pytest.mark.parametrize("damage", [b"rubbish" * 1_000, None])
def test_a_damaged_journal_is_moved_aside(tmp_path: Path, damage: bytes | None) -> None:
    """Whether it never was one, or is broken inside: it lies beside the new one, and that is said."""

    async def law(journal: Journal) -> None:
        for number in range(200):
            await journal.accepted(job(f"j{number}"))

    kept_by(tmp_path, law)
    path = tmp_path / FILE
    whole = path.read_bytes()
    path.write_bytes(damage or whole[:4_096] + b"\xff" * (len(whole) - 4_096))
    broken = path.read_bytes()
    base, remark = opened(tmp_path)
    assert base.execute("SELECT count(*) FROM jobs").fetchall() == [(0,)]
    base.close()
    assert (tmp_path / f"{FILE}.damaged-1").read_bytes() == broken
    assert remark is not None
    assert f"{FILE}.damaged-1; a new one was begun" in remark


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """With the setting to change."""
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalUnusable, match=r"file cannot be used.*set paths\.state"):
        opened(tmp_path / "file")


def test_what_is_in_the_way_is_waited_for_elsewhere(tmp_path: Path) -> None:
    """While another program writes, no commit is made by the event loop, and all come through in order behind it."""

    async def law(journal: Journal) -> None:
        assert journal.accepted(job("a")).done()
        with closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = [journal.accepted(job("b")), journal.accepted(job("c"))]
            assert not any(each.done() for each in waiting)
            other.execute("COMMIT")
            await asyncio.gather(*waiting)
        await asyncio.sleep(0)
        assert journal.accepted(job("d")).done()

    kept_by(tmp_path, law)
    assert rows(tmp_path, "SELECT id FROM jobs ORDER BY number") == [("a",), ("b",), ("c",), ("d",)]
