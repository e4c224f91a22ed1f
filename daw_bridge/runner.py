"""The runner: takes one job after the other through the worker and the deliveries, and says what happens.

The files of a job appear all together, in rank order, when all are written: a job that is cancelled or fails half-way
leaves nothing in the folder.
"""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from pathlib import Path
from time import monotonic

from daw_bridge import heard, reports
from daw_bridge.announce import Announcer
from daw_bridge.certificate import job_card, session_moved
from daw_bridge.deliveries import wav
from daw_bridge.deliveries.folder import FolderDelivery, Staged, retract
from daw_bridge.deliveries.order import Order
from daw_bridge.errors import BridgeError, Interrupted, code_of
from daw_bridge.jobs import Job, Jobs, State
from daw_bridge.pace import Pace
from daw_bridge.pool import Pool, Stock
from daw_bridge.session import Session
from plugin_host.errors import Cancelled, HostError
from plugin_host.foreman import Foreman
from plugin_host.spool import SpooledClip
from plugin_host.worker import Step

_log = logging.getLogger(__name__)

_MADE = 0.95  # the share of a job that is the worker's; the rest is writing


class Runner:
    """Runs jobs, one at a time. Thread: the event loop's; files are written in another."""

    def __init__(
        self,
        jobs: Jobs,
        foreman: Foreman,
        folder: FolderDelivery,
        own: FolderDelivery,
        announcer: Announcer,
        *,
        pace: Pace,
        pool: Pool,
        session: Session,
        warn: float,
    ) -> None:
        """`own` is where clips lie that are for the audio device alone. `warn` is the part of the score, 0–1, below which the beat of a job's best clip is worth a warning."""
        self._jobs = jobs
        self._warn_below = warn
        self._foreman = foreman
        self._folder = folder
        self._own = own
        self._pool = pool
        self._answers: set[asyncio.Task[None]] = set()
        self._announcer = announcer
        self._session = session
        self._pace = pace
        self._loop: asyncio.Task[None] | None = None
        self._work: asyncio.Task[int] | None = None  # the running job's, for as long as it can still be cancelled
        self._abandoned = threading.Event()
        self._stopping = False
        self._furthest = 0.0
        self.ended: Counter[State] = Counter()

    def start(self) -> None:
        """Begin to run jobs."""
        self._loop = asyncio.create_task(self._run_all(), name="runner")

    async def stop(self) -> None:
        """Fail what waits and what runs with `interrupted`, accept nothing more, and rest.

        Files that are being published get their names, and their job gets done.
        """
        self._stopping = True
        for job in self._jobs.waiting:
            self._jobs.withdraw(job.id)
            self._end(job, State.FAILED, _interrupted(job))
        self._abandon()
        if self._loop is not None:
            if self._jobs.running is None:
                self._loop.cancel()
            with suppress(asyncio.CancelledError):
                await self._loop
        await asyncio.gather(*self._answers)
        self._pool.empty()

    def check_open(self) -> None:
        """Raise `Interrupted` when the daemon is about to stop and no job can be accepted."""
        if self._stopping:
            raise Interrupted("the daemon is about to stop; ask again when it is back")

    def cancel(self) -> None:
        """Cancel the running job, at once. While its files are being published it is too late: it gets done."""
        self._abandon()

    def answer(self, job: Job, stock: Stock) -> None:
        """Deliver a job that was taken out of the queue from what is ready, beside whatever runs."""
        task = asyncio.create_task(self._answer(job, stock), name=f"answer {job.id}")
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(self, job: Job, stock: Stock) -> None:
        """Take one job that is ready to its end and report it."""
        self._announcer.tell(reports.Started(job.id, job.engine), job.request)
        order = Order(job.id, job.title, job.plan.prompt, job.plan.key, {**job_card(job), **stock.card()})
        folder = self._own if job.deliver == "device" else self._folder
        try:
            paths = await asyncio.to_thread(_write_all, folder, stock.clips, order)
        except (BridgeError, HostError, OSError) as error:
            self._end(job, State.FAILED, reports.Failed(job.id, code_of(error), str(error)))
            return
        self._announcer.tell(reports.Progress(job.id, 1.0, "done"), job.request)
        for path, clip in zip(paths, stock.clips, strict=True):
            self._announcer.tell(reports.Delivered(job.id, clip.facts.rank, clip.facts.score.value, path), job.request)
        self._end(job, State.DONE, reports.Done(job.id, len(paths), monotonic() - job.request.received))

    def withdraw(self, job: Job) -> None:
        """Report a job that was taken out of the queue before it ran."""
        self._end(job, State.CANCELLED, reports.Cancelled(job.id))

    def _abandon(self) -> None:
        """Let go of the running job: its worker, and what is being written."""
        if self._work is not None and not self._abandoned.is_set():
            self._abandoned.set()
            self._work.cancel()

    async def _run_all(self) -> None:
        """Run jobs for as long as the daemon lives."""
        while not self._stopping:
            await self._run(await self._next())

    async def _next(self) -> Job:
        """Wait for a job; meanwhile the pool is filled."""
        filling = asyncio.create_task(self._pool.fill(), name="pool")
        try:
            return await self._jobs.next()
        finally:
            filling.cancel()
            await asyncio.gather(filling, return_exceptions=True)

    async def _run(self, job: Job) -> None:
        """Take one job to its end and report it."""
        self._abandoned.clear()
        self._furthest = 0.0
        begun = monotonic()
        self._announcer.tell(reports.Started(job.id, job.engine), job.request)
        self._work = asyncio.create_task(self._deliver(job), name=f"job {job.id}")
        try:
            files = await self._work
        except asyncio.CancelledError:
            if self._stopping:
                self._end(job, State.FAILED, _interrupted(job))
            else:
                self._end(job, State.CANCELLED, reports.Cancelled(job.id))
        except (BridgeError, HostError) as error:
            self._end(job, State.FAILED, reports.Failed(job.id, code_of(error), str(error)))
        except Exception as error:  # noqa: BLE001 - a bug of ours costs one job, is said and is logged
            _log.exception("job %s broke", job.id)
            message = f"something went wrong inside the daemon ({type(error).__name__}: {error}); its log has the rest"
            self._end(job, State.FAILED, reports.Failed(job.id, "internal", message))
        else:
            self._pace.learn(job.engine, job.plan, monotonic() - begun)
            self._end(job, State.DONE, reports.Done(job.id, files, monotonic() - job.request.received))
        finally:
            self._work = None

    def _end(self, job: Job, state: State, report: reports.JobReport) -> None:
        """Note and tell how a job ended."""
        self._jobs.finish(job, state)
        self.ended[state] += 1
        self._announcer.tell(report, job.request)

    async def _deliver(self, job: Job) -> int:
        """Make and write all clips of `job`, then publish them; return how many. Cancelled, it leaves nothing."""
        order = Order(job.id, job.title, job.plan.prompt, job.plan.key, job_card(job))
        folder = self._own if job.deliver == "device" else self._folder
        writing: list[asyncio.Task[Staged]] = []  # side by side: most of it is waiting for the disk
        try:
            async with aclosing(self._foreman.make(job.engine, job.plan)) as events:
                async for event in events:
                    if isinstance(event, Step):
                        self._progress(job, event.fraction * _MADE, event.stage)
                    else:
                        self._warn(job, event)
                        self._progress(job, _MADE + (1 - _MADE) * len(writing) / job.plan.takes, "write")
                        work = asyncio.to_thread(_stage, folder, event, order, self._check)
                        writing.append(asyncio.create_task(work, name=f"write {job.id}"))
            staged = [await asyncio.shield(each) for each in writing]  # a thread cannot be cancelled, only told to stop
            self._work = None  # from here on it is too late to cancel
            paths = await asyncio.to_thread(_publish, staged)
        finally:
            for each in await asyncio.gather(*writing, return_exceptions=True):
                if isinstance(each, Staged):
                    each.discard()
        self._progress(job, 1.0, "done")
        for path, clip in zip(paths, staged, strict=True):
            self._announcer.tell(reports.Delivered(job.id, clip.facts.rank, clip.facts.score.value, path), job.request)
        return len(paths)

    def _check(self) -> None:
        """Raise `Cancelled` when what is being written is not wanted any more. Thread: delivery."""
        if self._abandoned.is_set():
            raise Cancelled

    def _warn(self, job: Job, best: SpooledClip) -> None:
        """Tell what an engine remarked upon, what is wrong with the beat, and what has changed: with the best clip."""
        if best.facts.rank != 1:
            return
        remarks = (
            best.facts.take_facts.get("warning"),
            heard.warning(best.facts.score, self._warn_below),
            session_moved(job, self._session.state),
        )
        for remark in remarks:
            if remark:
                self._announcer.tell(reports.Warned(job.id, str(remark)), job.request)

    def _progress(self, job: Job, fraction: float, stage: str) -> None:
        """Tell how far the job is; a fraction never falls."""
        self._furthest = max(self._furthest, fraction)
        self._announcer.tell(reports.Progress(job.id, self._furthest, stage), job.request)


def _publish(staged: list[Staged]) -> list[Path]:
    """Publish all files, best first; if one cannot be, take back those that were. Thread: delivery."""
    paths: list[Path] = []
    try:
        for each in staged:
            paths.append(each.publish())  # noqa: PERF401 - what was published before an error must be known
    except BaseException:
        for path in paths:  # nobody has been told of these yet
            retract(path)
        raise
    return paths


def _stage(folder: FolderDelivery, spooled: SpooledClip, order: Order, check: Callable[[], None]) -> Staged:
    """Write one clip under its hidden name, and let go of its place in the spool. Thread: delivery."""
    try:
        return folder.stage(spooled.load(), order, check)
    finally:
        spooled.discard()


def _write_all(folder: FolderDelivery, clips: Sequence[SpooledClip], order: Order) -> list[Path]:
    """Write `clips` side by side and publish them; none if one cannot be. Thread: delivery."""
    with ThreadPoolExecutor(len(clips)) as hands:
        writing = [hands.submit(_stage, folder, clip, order, wav.go_on) for clip in clips]
    try:
        return _publish([each.result() for each in writing])
    finally:
        for each in writing:
            if each.exception() is None:
                each.result().discard()


def _interrupted(job: Job) -> reports.Failed:
    """Return the report of a job that the daemon's own end has ended."""
    error = Interrupted("the daemon was stopped before this job was done; ask again")
    return reports.Failed(job.id, error.code, str(error))
