"""Laws of the worker process: it ends with its job's error told, with its cancel heard, and never takes anyone along."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plugin_host.engine import Capabilities, Fact, Plan, Take, Watch
from plugin_host.engines.musicldm.checkpoint import MINI, SHIPPED
from plugin_host.errors import EngineFailed, EngineUnavailable, HostError, WorkerDied
from plugin_host.foreman import Foreman
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.rankers.clap import ClapRanker
from plugin_host.spool import SpooledClip
from plugin_host.worker import Ended, Make, Step, _Worker

PLAN = Plan("pad", Grid(Tempo.parse(120), Meter(4, 4), 1, 48_000), 1, takes=2)
LONG = Plan("everything", Grid(Tempo.parse(60), Meter(4, 4), 32, 48_000), 1, takes=16)


async def clips(
    foreman: Foreman, plan: Plan = PLAN, engine: str = "sketch", each: Callable[[], object] = int
) -> list[SpooledClip]:
    """Run a job, do something at `each` of its events, and return its clips."""
    made = []
    async for event in foreman.make(engine, plan):
        each()
        if isinstance(event, SpooledClip):
            made.append(event)
    return made


async def until_step(foreman: Foreman) -> None:
    """Run a long job until its first step, and let go of it."""
    async with aclosing(foreman.make("sketch", LONG)) as events:
        async for event in events:
            if isinstance(event, Step):
                return


def test_clips_come_through_the_spool(tmp_path: Path) -> None:
    """Best first, read-only, exact, and gone once they are discarded."""

    async def law() -> None:
        foreman = Foreman(tmp_path, {})
        foreman.start("sketch")
        try:
            made = await clips(foreman)
            assert [each.facts.rank for each in made] == [1, 2]
            for each in made:
                clip = each.load()
                assert clip.audio.frames == PLAN.grid.frames
                assert not clip.audio.samples.flags.writeable
                assert np.isfinite(clip.audio.samples).all()
                each.discard()
        finally:
            await foreman.stop()

    asyncio.run(law())
    assert not list(tmp_path.rglob("*.f32"))


def test_a_job_that_nobody_waits_for_any_more_is_stopped(tmp_path: Path) -> None:
    """Letting go of a job cancels it; its last words are not taken for those of the next."""

    async def law() -> None:
        foreman = Foreman(tmp_path, {})
        foreman.start("sketch")
        pids = foreman.pids
        try:
            await until_step(foreman)
            made = await clips(foreman)
            assert [each.facts.grid for each in made] == [PLAN.grid] * 2
            assert foreman.pids == pids
            for each in made:
                each.discard()
        finally:
            await foreman.stop()

    asyncio.run(law())
    assert not list(tmp_path.rglob("*.f32"))


def test_a_death_is_told_and_the_next_job_gets_a_fresh_process(tmp_path: Path) -> None:
    """Killed in mid-job: `WorkerDied` says by which signal."""

    async def law() -> None:
        foreman = Foreman(tmp_path, {})
        try:
            with pytest.raises(WorkerDied, match="killed by signal 9"):
                await clips(foreman, LONG, each=lambda: os.kill(foreman.pids[0] or 0, signal.SIGKILL))
            assert len(await clips(foreman)) == 2
        finally:
            await foreman.stop()

    asyncio.run(law())


def test_an_engine_that_is_not_there_costs_no_process(tmp_path: Path) -> None:
    """Neither warmed up nor asked for; the worker lives on."""

    async def law() -> None:
        foreman = Foreman(tmp_path, {})
        foreman.start("nothing")
        pids = foreman.pids
        try:
            with pytest.raises(EngineUnavailable, match="no engine 'nothing'"):
                await clips(foreman, engine="nothing")
            assert len(await clips(foreman)) == 2
            assert foreman.pids[0] == pids[0]
        finally:
            await foreman.stop()

    asyncio.run(law())


@pytest.mark.parametrize(
    ("engine", "rank", "workers"),
    [("sketch", "never", 3), ("sketch", "auto", 3), ("sketch", "always", 1), ("musicldm", "never", 1)],
)
def test_a_heavy_model_is_held_by_one_worker_only(tmp_path: Path, engine: str, rank: str, workers: int) -> None:
    """Whether it makes the takes or judges them."""

    async def law() -> None:
        foreman = Foreman(tmp_path, {"clap": {"rank": rank}}, 3)
        foreman.start(engine)
        try:
            assert len(foreman.pids) == workers
        finally:
            await foreman.stop()

    asyncio.run(law())


def test_what_only_stands_in_hears_its_own_takes_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CLAP of a model that stands in judges no sketch, even where all are to be judged; named, it does."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    ours, _theirs = multiprocessing.Pipe()
    settings: dict[str, dict[str, Fact]] = {"clap": {"rank": "always"}}
    assert len(_Worker(ours, tmp_path, settings)._rankers("musicldm")) == 3
    with pytest.raises(EngineUnavailable, match="daw-bridge model fetch"):
        _Worker(ours, tmp_path, settings)._rankers("sketch")
    settings["musicldm"] = {"checkpoint": "musicldm-mini"}
    assert len(_Worker(ours, tmp_path, settings)._rankers("sketch")) == 3


def test_what_another_model_has_heard_is_not_compared_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once another is fetched, the clips in the folder are heard anew, by that one; until then they are remembered."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    ours, _theirs = multiprocessing.Pipe()
    worker = _Worker(ours, tmp_path, {"clap": {"rank": "auto"}})
    before, again = worker._rankers("musicldm")[-1], worker._rankers("musicldm")[-1]
    home, commit = tmp_path / "models--ucsd-reach--musicldm", "0" * 40
    for folder in ("refs", "snapshots"):
        (home / folder).mkdir(parents=True)
    (home / "refs" / "main").write_text(commit)
    (home / "snapshots" / commit).symlink_to(SHIPPED[MINI])
    after = worker._rankers("musicldm")[-1]
    assert isinstance(before, ClapRanker)
    assert isinstance(again, ClapRanker)
    assert isinstance(after, ClapRanker)
    assert again._library is before._library
    assert after._library is not before._library


def test_the_takes_of_a_light_engine_are_shared_and_come_out_the_same(tmp_path: Path) -> None:
    """One worker or three: the same clips in the same order, each with its own take and seed."""

    async def story(hands: int) -> list[tuple[object, ...]]:
        foreman = Foreman(tmp_path, {}, hands)
        foreman.start("sketch")
        assert len(foreman.pids) == hands
        try:
            made = await clips(foreman, replace(PLAN, takes=5))
            told: list[tuple[object, ...]] = [
                (each.facts.rank, each.facts.take, each.facts.seed, each.load().audio.samples.tobytes())
                for each in made
            ]
            for each in made:
                each.discard()
            return told
        finally:
            await foreman.stop()

    alone, shared = asyncio.run(story(1)), asyncio.run(story(3))
    assert alone == shared
    assert [each[2] for each in alone] == [PLAN.take_seed(int(str(each[1]))) for each in alone]


class Broken:
    """An engine with a bug."""

    @property
    def capabilities(self) -> Capabilities:
        """It claims to work."""
        return Capabilities("broken", "1", channels=2, longest=600.0, uses=frozenset())

    def takes(self, plan: Plan, watch: Watch) -> Iterator[Take]:
        """Divide by zero."""
        watch.step("play", plan.takes / (plan.seed - 1))
        return iter(())

    def close(self) -> None:
        """It holds nothing."""


def test_a_bug_in_an_engine_is_a_failed_job_that_names_it(tmp_path: Path) -> None:
    """The worker lives, and the error crosses the pipe as one that the daemon knows."""
    ours, theirs = multiprocessing.Pipe()
    worker = _Worker(theirs, tmp_path, {}, engines={"broken": Broken()})
    theirs.send(worker._make(Make(1, "broken", PLAN)))
    told = ours.recv()
    ours.close()
    theirs.close()
    assert isinstance(told, Ended)
    assert isinstance(told.error, EngineFailed)
    assert isinstance(told.error, HostError)
    assert str(told.error) == "engine broken broke: ZeroDivisionError: division by zero"
