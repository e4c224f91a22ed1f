"""Laws of the history, and of the limits of the folder."""

import asyncio
import os
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from past import a_job, make_past

from daw_bridge import keeper
from daw_bridge.errors import ClipGone, JournalUnusable, UnknownJob
from daw_bridge.history import History, PastClip
from daw_bridge.jobs import Job, State
from daw_bridge.journal import Journal
from daw_bridge.keeper import Keeper, tidy
from daw_bridge.ledger import FILE, opened
from daw_bridge.reports import Cancelled, Done
from daw_bridge.sections import FolderConfig, JobsConfig

_MB = 1_000_000


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Lend a history of three jobs that were done and one that failed."""
    jobs = [a_job("one", "dub techno"), a_job("two", "dusty break"), a_job("three", "Dub with ORGAN")]
    make_past(tmp_path / "state", tmp_path / "clips", jobs, [a_job("four", "noise")])
    return History(tmp_path / "state")


def names(clips: list[PastClip]) -> list[str]:
    """Return job and rank of each clip, as its name ends."""
    return [each.parcel.stem.split("_", 3)[-1] for each in clips]


def test_jobs_are_listed_the_last_one_first(history: History) -> None:
    """With what became of them, and their clips, best first."""
    jobs = history.jobs()
    assert [(each.job.id, each.state, len(each.clips)) for each in jobs] == [
        ("four", "failed", 0),
        ("three", "done", 2),
        ("two", "done", 2),
        ("one", "done", 2),
    ]
    assert jobs[0].message == "it broke; ask again"
    assert [clip.parcel.rank for clip in jobs[1].clips] == [1, 2]
    assert all(clip.place.exists() and clip.is_ours for each in jobs for clip in each.clips)
    assert [each.job.id for each in history.jobs(most=2)] == ["four", "three"]


@pytest.mark.parametrize(
    ("words", "found"), [("dub", ["three", "one"]), ("DUB organ", ["three"]), ("two", ["two"]), ("jazz", [])]
)
def test_all_words_are_searched_for(history: History, words: str, found: list[str]) -> None:
    """In id, title and prompt, in any order, great and small letters alike."""
    assert [each.job.id for each in history.jobs(words)] == found


def test_where_there_is_no_journal_there_is_no_history(tmp_path: Path) -> None:
    """And none is begun."""
    assert History(tmp_path).jobs() == []
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UnknownJob, match="daw-bridge jobs lists them"):
        History(tmp_path).job("one")


def test_clips_are_named_by_job_or_file(history: History) -> None:
    """By id, by path, by the name of either file; what is none is said."""
    both = history.clips("two")
    assert names(both) == ["two_r1", "two_r2"]
    assert history.clips(str(both[1].place)) == both[1:]
    assert history.clips(f"{both[0].parcel.stem}.json") == both[:1]
    for wrong in ("five", "five.wav", "four"):
        with pytest.raises(UnknownJob):
            history.clips(wrong)


def test_trash_and_back(history: History) -> None:
    """The history knows where a clip is; to do it twice does nothing more."""
    clip = history.clips("two")[0]
    gone = history.put_away(clip)
    assert (clip.place.exists(), gone.place.exists(), gone.trashed) == (False, True, True)
    assert history.clips("two")[0] == gone
    assert history.put_away(gone) == gone
    assert "two_r1" not in names(history.delivered())
    back = history.take_out(gone)
    assert back.place == clip.place
    assert history.take_out(back) == back == history.clips("two")[0]


def test_a_clip_that_is_gone_is_nowhere(history: History) -> None:
    """Neither is it said to be in its folder, nor in the trash, wherever it was seen last."""
    one, two = history.clips("two")
    one.place.unlink()
    for deed in (history.put_away, history.take_out):
        with pytest.raises(ClipGone, match=r"two_r1\.wav is no longer in its folder"):
            deed(one)
    two = history.put_away(two)
    two.place.unlink()
    for deed in (history.put_away, history.take_out):
        with pytest.raises(ClipGone, match=r"two_r2\.wav is no longer in the trash"):
            deed(two)


def test_a_journal_of_another_version_is_not_read(history: History, tmp_path: Path) -> None:
    """It is named, with the remedy; so is one that is damaged."""
    path = tmp_path / "state" / FILE
    with closing(sqlite3.connect(path)) as base:
        base.execute("PRAGMA user_version = 99")
    with pytest.raises(JournalUnusable, match="has schema 99"):
        history.jobs()
    path.write_bytes(b"rubbish" * 1_000)
    with pytest.raises(JournalUnusable, match="cannot be read"):
        history.jobs()


def test_no_limit_takes_nothing(history: History, tmp_path: Path) -> None:
    """As it is where nobody sets one."""
    assert tidy(history, FolderConfig(path=tmp_path / "clips")) == []


def test_the_oldest_without_a_star_go_first(history: History, tmp_path: Path) -> None:
    """As many as need be; the last in rank before the first, and never those of the last job."""
    history.star(history.clips("one")[:1], 1)
    clips = history.delivered()
    size = sum(path.stat().st_size for path in (tmp_path / "clips").iterdir()) / len(clips)
    limits = FolderConfig(path=tmp_path / "clips", limit_mb=4.2 * size / _MB)
    assert names(tidy(history, limits)) == ["one_r2", "two_r2"]
    assert tidy(history, limits) == []
    assert names(tidy(history, FolderConfig(path=tmp_path / "clips", limit_mb=1e-6))) == ["two_r1"]
    assert names(history.delivered()) == ["one_r1", "three_r2", "three_r1"]


def test_what_a_waiting_job_is_made_of_stays_until_it_has_ended(history: History, tmp_path: Path) -> None:
    """The parents of a mix, and a guide, of whatever job they are, by whatever link; as soon as it has ended they may go."""
    one, two = history.clips("one"), history.clips("two")
    limits = FolderConfig(path=tmp_path / "clips", limit_mb=1e-6)

    async def accepted(job: Job, end: State | None) -> None:
        """Accept a job, or end it as well."""
        journal = Journal(tmp_path / "state")
        journal.start(opened(tmp_path / "state")[0])
        await journal.accepted(job)
        if end is not None:
            await journal.ended(job, end, Cancelled(job.id))
        await journal.stop()

    mixing, guided = a_job("mixing"), a_job("guided")
    mixing = replace(mixing, plan=replace(mixing.plan, mix=(str(one[0].place), str(two[1].place))))
    guided = replace(guided, plan=replace(guided.plan, guide=str(two[0].place)))
    asyncio.run(accepted(mixing, None))
    asyncio.run(accepted(guided, State.CANCELLED))
    assert history.awaited() == {one[0].place, two[1].place}
    assert names(tidy(history, limits)) == ["one_r2", "two_r1"]
    (tmp_path / "link").symlink_to(one[1].place.parent)
    guided = replace(guided, plan=replace(guided.plan, guide=str(tmp_path / "link" / two[0].place.name)))
    asyncio.run(accepted(guided, None))
    assert history.awaited() == {one[0].place, two[1].place, two[0].place}


def test_a_clip_that_goes_while_it_is_tidied_keeps_no_other(history: History, tmp_path: Path) -> None:
    """Somebody takes it between the look and the move: the next one is moved all the same."""

    class Robbed(History):
        """A history of whose clips somebody takes one a moment before it is moved."""

        def put_away(self, clip: PastClip) -> PastClip:
            """Take the worst of the oldest job first."""
            if names([clip]) == ["one_r2"]:
                clip.place.unlink()
            return super().put_away(clip)

    limits = FolderConfig(path=tmp_path / "clips", limit_mb=1e-6)
    assert names(tidy(Robbed(tmp_path / "state"), limits)) == ["one_r1", "two_r2", "two_r1"]
    assert "one_r2" in names(history.delivered())


def test_days_are_counted_from_when_a_clip_was_made(history: History, tmp_path: Path) -> None:
    """What is older goes, but for stars and the last job."""
    limits = FolderConfig(path=tmp_path / "clips", limit_days=1.0)
    assert tidy(history, limits) == []
    with closing(sqlite3.connect(tmp_path / "state" / FILE)) as base:
        for clip in history.clips("one"):
            old = time.time_ns() - 2 * 86_400 * 10**9
            os.utime(clip.place, ns=(old, old))
            base.execute(
                "UPDATE clips SET parcel = replace(parcel, ?, ?) WHERE job = 1", (str(clip.parcel.made), str(old))
            )
        base.commit()
    assert names(tidy(history, limits)) == ["one_r2", "one_r1"]


def test_what_lands_while_it_is_tidied_is_tidied_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever became of the first time: what the system has against it is said, and breaks nothing."""
    begun, go = Event(), Event()
    tidied: list[FolderConfig] = []

    def tidy_slowly(_history: History, limits: FolderConfig) -> None:
        """Begin, wait to be let go on, and be refused by the system, once."""
        tidied.append(limits)
        begun.set()
        go.wait()
        if len(tidied) == 1:
            raise PermissionError(13, "not yours")

    async def life() -> None:
        journal = Journal(tmp_path)
        journal.start(opened(tmp_path)[0])
        looker = Keeper(tmp_path, FolderConfig(limit_mb=1.0), JobsConfig(), journal)
        looker.start()
        await asyncio.to_thread(begun.wait)
        for _ in range(2):
            looker.hear(Done("one", 2, 1.0), a_job("one").request)
        go.set()
        await looker.stop()
        await journal.stop()

    monkeypatch.setattr(keeper, "tidy", tidy_slowly)
    asyncio.run(life())
    assert len(tidied) == 2
    assert "not yours" in caplog.text


def test_what_we_did_not_write_is_never_touched(history: History, tmp_path: Path) -> None:
    """Not other files, however large, nor a clip of ours that somebody has changed or moved."""
    (tmp_path / "clips" / "theirs_120bpm_1bars_one_r1.wav").write_bytes(b"x" * 10 * _MB)
    one, two = history.clips("one")[0].place, history.clips("two")[0].place
    one.write_bytes(b"their own bounce")
    two.rename(tmp_path / "in-the-project.wav")
    gone = tidy(history, FolderConfig(path=tmp_path / "clips", limit_mb=1e-6))
    assert names(gone) == ["one_r2", "two_r2"]
    assert one.read_bytes() == b"their own bounce"
    assert tidy(history, FolderConfig(path=tmp_path / "elsewhere", limit_mb=1e-6)) == []
