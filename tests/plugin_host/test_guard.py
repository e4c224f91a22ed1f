"""Laws of the guard: a worker that hangs, grows or breaks costs one job, and the next one finds a fresh one.

The workers are real processes, with an engine in them that does wrong on purpose (``tests/hands.py``).
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import replace
from pathlib import Path

import hands
import pytest
import torch

from plugin_host.engine import Plan
from plugin_host.errors import EngineFailed, HostError, OutOfMemory, WorkerDied, WorkerHung
from plugin_host.footprint import held, there_is
from plugin_host.foreman import Foreman
from plugin_host.guard import Guard, Limits
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.spool import SpooledClip
from plugin_host.worker import Step, is_spent

PLAN = Plan("well", Grid(Tempo.parse(120), Meter(4, 4), 1, 48_000), 1, takes=2)
QUICK = Limits(patience=2.0, loading=10.0)
"""Soon enough for a test once the engine's pace is known, and time for a process to start on a busy machine."""

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="how much a process holds is only read on Linux")


async def made(foreman: Foreman, prompt: str = "well", each: Callable[[], object] = int) -> int:
    """Run a job that does what `prompt` says, something at `each` of its events, and return how many clips came."""
    clips = 0
    async for event in foreman.make("planted", replace(PLAN, prompt=prompt)):
        each()
        if isinstance(event, SpooledClip):
            clips += 1
            event.discard()
    return clips


@contextmanager
def foreman(base: Path, limits: Limits) -> Iterator[Foreman]:
    """Lend a foreman of workers with the planted engine, which leaves a trace of each job that it begins."""
    lent = Foreman(base, {"planted": {"trace": str(base / "trace")}}, 1, limits, main=hands.main)
    lent.start("planted")
    yield lent


def story(base: Path, limits: Limits, prompt: str) -> tuple[HostError, int]:
    """Run a job, then one that goes wrong, then another; return the error of the second and the clips of the third."""

    async def told() -> tuple[HostError, int]:
        with foreman(base, limits) as lent:
            try:
                assert await made(lent) == 2  # from now on the engine's pace is known
                with pytest.raises(HostError) as caught:
                    await made(lent, prompt)
                return caught.value, await made(lent)
            finally:
                await lent.stop()

    return asyncio.run(told())


def gone(path: Path) -> None:
    """Wait until there is no such file."""
    while path.exists():
        pass


def begun(base: Path, prompt: str) -> int:
    """Return how many workers began the job."""
    return sum(line.endswith(prompt) for line in (base / "trace").read_text().splitlines())


@pytest.mark.parametrize("how", ["hang", "spin"])
def test_a_worker_that_hangs_is_replaced(tmp_path: Path, how: str) -> None:
    """Waiting for ever or busy for ever: the job fails and says where and for how long, and the next one is made."""
    error, clips = story(tmp_path, QUICK, f"then {how}")
    assert isinstance(error, WorkerHung)
    assert error.code == "internal"
    assert "engine planted hung: in 'play' it made no step for" in str(error)
    assert begun(tmp_path, how) == 1
    assert clips == 2


@pytest.mark.parametrize(("how", "kind"), [("hang", WorkerHung), ("die", WorkerDied)])
def test_a_job_that_ends_two_workers_is_failed_and_not_tried_again(
    tmp_path: Path, how: str, kind: type[HostError]
) -> None:
    """Before its first step it is given to a second worker, since the first may have been ill; to a third it is not."""
    error, clips = story(tmp_path, replace(QUICK, loading=5.0), f"first {how}")
    assert isinstance(error, kind)
    assert "has ended two worker processes and is not tried again" in str(error)
    assert begun(tmp_path, how) == 2
    assert clips == 2


def test_what_a_killed_worker_had_not_told_of_is_cleared_away(tmp_path: Path) -> None:
    """It was at a job that had been cancelled, and had written a clip that nobody will ever hear of."""

    async def law() -> None:
        with foreman(tmp_path, QUICK) as lent:
            try:
                assert await made(lent) == 2
                async with aclosing(lent.make("planted", replace(PLAN, prompt="then hang"))) as events:
                    await anext(events)
                    untold = tmp_path / str(os.getpid()) / "2-9.f32"
                    untold.touch()
                os.kill(next(pid for pid in lent.pids if pid), signal.SIGKILL)
                assert await made(lent) == 2
                await asyncio.to_thread(gone, untold)
            finally:
                await lent.stop()

    asyncio.run(law())
    assert list(tmp_path.rglob("*.f32")) == []


def test_workers_that_end_as_soon_as_they_are_started_are_named(tmp_path: Path) -> None:
    """The job fails with an error that the daemon knows, each time, and no more are started than two for a job."""

    async def law() -> None:
        lent = Foreman(tmp_path, {}, 1, QUICK, main=hands.leave)
        try:
            for _ in range(3):
                with pytest.raises(WorkerDied, match=r"ended two worker processes|as soon as it is started"):
                    await made(lent)
        finally:
            await lent.stop()

    asyncio.run(law())


@LINUX
def test_a_worker_that_grows_is_ended_before_the_machine_is_full(tmp_path: Path) -> None:
    """Its job ends with out_of_memory, which names what it took, what it may take and the setting."""
    error, clips = story(tmp_path, Limits(memory=400_000_000), "then grow")
    assert isinstance(error, OutOfMemory)
    assert error.code == "out_of_memory"
    assert "worker.memory allows 0.40 GB" in str(error)
    assert clips == 2


def test_a_gpu_error_costs_one_job_and_the_process(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """After it no call to the GPU works in that process, so the next job is another's; the log says where it was."""

    async def law() -> None:
        with foreman(tmp_path, QUICK) as lent:
            try:
                before = lent.pids
                with pytest.raises(EngineFailed) as caught:
                    await made(lent, "then gpu")
                assert str(caught.value).endswith("RuntimeError: CUDA error: an illegal memory access was encountered")
                assert await made(lent) == 2
                assert lent.pids != before
            finally:
                await lent.stop()

    asyncio.run(law())
    (broke,) = [record for record in caplog.records if record.getMessage() == "engine planted broke"]
    assert "hands.py" in str(broke.__dict__["facts"]["trace"])


def test_a_job_after_one_that_was_cancelled_and_hangs_is_made(tmp_path: Path) -> None:
    """It had not begun, so it is given to the worker that takes the place of the other."""

    async def law() -> None:
        with foreman(tmp_path, replace(QUICK, loading=120.0)) as lent:
            try:
                assert await made(lent) == 2  # from now on the engine's pace is known
                async with aclosing(lent.make("planted", replace(PLAN, prompt="then hang"))) as events:
                    async for event in events:
                        if isinstance(event, Step):
                            break
                assert await made(lent) == 2
            finally:
                await lent.stop()

    asyncio.run(law())


def test_a_worker_that_hears_nothing_any_more_is_not_told_for_ever(tmp_path: Path) -> None:
    """After some jobs that were cancelled while it hung it is replaced, long before its pipe could be full."""

    async def law() -> None:
        with foreman(tmp_path, Limits()) as lent:
            try:
                before = lent.pids
                for _ in range(12):
                    waiting = asyncio.create_task(made(lent, "first hang"))
                    await asyncio.sleep(0)
                    waiting.cancel()
                    await asyncio.wait([waiting])
                    assert lent.pids == before
                assert await made(lent) == 2
                assert lent.pids != before
            finally:
                await lent.stop()

    asyncio.run(law())


def test_a_worker_that_answers_is_kept_however_often_jobs_are_cancelled(tmp_path: Path) -> None:
    """What it has said in the meantime is heard before it is judged."""

    async def law() -> None:
        with foreman(tmp_path, Limits()) as lent:
            try:
                before = lent.pids
                for _ in range(5):
                    for _ in range(6):
                        waiting = asyncio.create_task(made(lent))
                        await asyncio.sleep(0)
                        waiting.cancel()
                        await asyncio.wait([waiting])
                    assert await made(lent) == 2
                assert lent.pids == before
            finally:
                await lent.stop()

    asyncio.run(law())


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot stop a process")
def test_a_process_that_is_stopped_from_outside_hangs(tmp_path: Path) -> None:
    """Whatever the reason is: what counts is that no step comes."""

    async def law() -> None:
        with foreman(tmp_path, QUICK) as lent:
            try:
                assert await made(lent) == 2
                with pytest.raises(WorkerHung):
                    await made(lent, each=lambda: os.kill(lent.pids[0] or 0, signal.SIGSTOP))
            finally:
                await lent.stop()

    asyncio.run(law())


class Hand:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def silent(guard: Guard, clock: Hand, seconds: float) -> bool:
    """Let so many seconds pass in silence, looking twice a second; return whether something counts as hung then."""
    for _ in range(int(2 * seconds)):
        clock.now += 0.5
        guard.due()
    return bool(guard.hung())


def test_patience_follows_the_pace_of_the_engine() -> None:
    """One that was seen to take ten seconds for a step may take two hundred, for twice the work twice that, up to the end."""
    clock = Hand()
    guard = Guard(Limits(patience=60, loading=300), clock)
    guard.watch(1, 7, "slow", PLAN, 1)
    assert not silent(guard, clock, 299)  # it may be loading
    assert silent(guard, clock, 2)
    guard.heard(1, "denoise 1/20")
    silent(guard, clock, 10)
    guard.heard(1, "denoise 2/20")
    assert not silent(guard, clock, 199)
    assert silent(guard, clock, 2)
    guard.heard(1, "load")
    assert not silent(guard, clock, 299)
    guard.ended(1)
    assert not silent(guard, clock, 1_000)
    guard.watch(2, 7, "slow", PLAN, 2)
    guard.heard(2, "denoise 1/20")
    assert not silent(guard, clock, 299)
    assert silent(guard, clock, 2)


def test_a_job_waits_for_the_step_of_one_that_was_cancelled_and_no_longer() -> None:
    """However many were cancelled at that worker, begun or not; another worker's are none of its business."""
    clock = Hand()
    guard = Guard(Limits(patience=60, loading=300), clock)
    guard.watch(1, 7, "slow", PLAN, 1)
    guard.heard(1, "denoise")
    guard.heard(1, "denoise")  # its pace is known: it is quick
    guard.watch(2, 8, "slow", PLAN, 1)
    for number in (1, 2):
        guard.let_go(number)
    guard.watch(3, 7, "slow", PLAN, 1)
    guard.watch(4, 9, "slow", PLAN, 1)
    assert silent(guard, clock, 61)
    assert set(guard.hung()) == {3}
    guard.let_go(3)
    guard.watch(5, 7, "slow", PLAN, 1)
    guard.buried(7)
    silent(guard, clock, 250)
    assert set(guard.hung()) == {4}


def test_a_machine_that_slept_blames_nobody() -> None:
    """Time in which nobody could look is no silence."""
    clock = Hand()
    guard = Guard(Limits(patience=60, loading=60), clock)
    guard.watch(1, 7, "sketch", PLAN, 1)
    clock.now += 8 * 3_600
    assert not guard.hung()
    assert silent(guard, clock, 61)


@LINUX
def test_memory_is_told_as_the_system_counts_it(tmp_path: Path) -> None:
    """A block that is written to is held, a process that is not there holds nothing, a container counts."""
    before = held(os.getpid())
    block = bytearray(os.urandom(2**20)) * 64
    after = held(os.getpid())
    assert before is not None
    assert after is not None
    assert after - before > 0.9 * len(block)
    assert held(2**22 + 1) is None
    (tmp_path / "max").write_text("max\n")
    whole = there_is([tmp_path / "max", tmp_path / "none"])
    assert whole is not None
    (tmp_path / "max").write_text("1048576\n")
    assert there_is([tmp_path / "max"]) == 1_048_576 < whole


def test_errors_of_a_gpu_are_known_by_their_words() -> None:
    """Also where another error was raised from them; that memory was short is no reason to leave."""
    poisoned = EngineFailed("it broke")
    poisoned.__cause__ = RuntimeError("CUBLAS_STATUS_EXECUTION_FAILED when calling cublasSgemm")
    assert is_spent(poisoned)
    assert is_spent(torch.AcceleratorError("device-side assert triggered"))
    assert not is_spent(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"))
    assert not is_spent(EngineFailed("take 2 is silent"))
