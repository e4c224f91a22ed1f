"""The runner: takes one job after the other through the worker and the deliveries, and says what happens.

The files of a job appear all together, in rank order, when all are written: a job that is cancelled or fails half-way
leaves nothing in the folder. How a job ended is told when the journal has it.

A job whose clips lie ready in the pool needs no worker, and waits for nobody: it is answered beside the one that runs.
"""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path
from time import monotonic

from daw_bridge import heard, reports
from daw_bridge.announce import Announcer
from daw_bridge.certificate import job_card, session_moved
from daw_bridge.deliveries.order import Order
from daw_bridge.deliveries.parcels import Parcel, take_back
from daw_bridge.deliveries.wav import go_on
from daw_bridge.errors import BridgeError, Interrupted, code_of
from daw_bridge.jobs import Job, Jobs, State
from daw_bridge.journal import Journal
from daw_bridge.landing import TROUBLE, Landing, Postponed, Wishes
from daw_bridge.pace import Pace
from daw_bridge.pool import Pool, Stock
from daw_bridge.session import Session
from plugin_host.errors import Cancelled, HostError
from plugin_host.foreman import Foreman
from plugin_host.spool import SpooledClip
from plugin_host.worker import Step

_log = logging.getLogger(__name__)

_Landed = list[tuple[Parcel, Path]]

_MADE = 0.95  # the share of a job that is the worker's; the rest is writing


class Runner:
    """Runs jobs, one at a time. Thread: the event loop's; files are written in another."""

    def __init__(
        self,
        jobs: Jobs,
        foreman: Foreman,
        landings: Mapping[str, Landing],
        announcer: Announcer,
        *,
        pace: Pace,
        pool: Pool,
        journal: Journal,
        session: Session,
        warn: float,
    ) -> None:
        """`landings` are by a job's `deliver`. `warn` is the part of the score, 0–1, below which the beat of a job's best clip is worth a warning."""
        self._jobs = jobs
        self._warn_below = warn
        self._foreman = foreman
        self._landings = landings
        self._pool = pool
        self._journal = journal
        self._announcer = announcer
        self._session = session
        self._pace = pace
        self._loop: asyncio.Task[None] | None = None
        self._work: asyncio.Task[_Landed] | None = None  # the running job's, for as long as it can still be cancelled
        self._parcels: dict[str, list[Parcel]] = {}
        self._filling: asyncio.Task[None] | None = None
        self._answers: set[asyncio.Task[None]] = set()
        self._cancellable: dict[str, asyncio.Task[_Landed]] = {}  # those of them that can still be cancelled, by job
        self._abandoned = threading.Event()
        self._stopping = False
        self._furthest = 0.0
        self.ended: Counter[State] = Counter()

    def start(self) -> None:
        """Begin to run jobs."""
        self._loop = asyncio.create_task(self._run_all(), name="runner")

    async def stop(self) -> None:
        """Fail what waits and what runs with `interrupted`, accept nothing more, and rest.

        Files that are being published get their names, and their job gets done. Clips that wait for their folder are
        kept, and their job goes on when the daemon is back.
        """
        self._stopping = True
        for job in self._jobs.waiting:
            self._jobs.withdraw(job.id)
            if job.id in self._parcels:
                self._postpone(job)
            else:
                self.end(job, State.FAILED, _interrupted(job))
        self._abandon()
        for name in list(self._cancellable):
            self.cancel(name)
        if self._loop is not None:
            if self._jobs.running is None:
                self._loop.cancel()
            with suppress(asyncio.CancelledError):
                await self._loop
        await asyncio.gather(*self._answers)
        await self._rested()
        self._pool.empty()

    def check_open(self) -> None:
        """Raise `Interrupted` when the daemon is about to stop and no job can be accepted."""
        if self._stopping:
            raise Interrupted("the daemon is about to stop; ask again when it is back")

    def cancel(self, name: str) -> None:
        """Cancel a job that runs or is being answered. While its files are being published it is too late: it gets done."""
        running = self._jobs.running
        if running is not None and running.id == name:
            self._abandon()
        elif answer := self._cancellable.pop(name, None):
            answer.cancel()

    def answer(self, job: Job, stock: Stock) -> None:
        """Deliver a job that was taken out of the queue with what is ready, beside whatever runs."""
        work = asyncio.create_task(self._answered(job, stock), name=f"answer {job.id}")
        self._cancellable[job.id] = work
        task = asyncio.create_task(self._answer(job, stock, work), name=f"end of answer {job.id}")
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    def keep(self, job: Job, parcels: list[Parcel]) -> None:
        """Have `job`, when its turn comes, land these clips that an earlier life of the daemon made for it."""
        self._parcels[job.id] = parcels

    def withdraw(self, job: Job) -> None:
        """Report a job that was taken out of the queue before it ran."""
        parcels = self._parcels.pop(job.id, None)
        if parcels is None:
            self.end(job, State.CANCELLED, reports.Cancelled(job.id))
        else:
            task = asyncio.create_task(self._withdrawn(job, parcels), name=f"withdraw {job.id}")
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)

    async def _withdrawn(self, job: Job, parcels: list[Parcel]) -> None:
        """Remove what an earlier life had made of a job, and report that it was withdrawn."""
        await asyncio.to_thread(_removed, parcels)
        self.end(job, State.CANCELLED, reports.Cancelled(job.id))

    def _abandon(self) -> None:
        """Let go of the running job: its worker, and what is being written."""
        if self._work is not None and not self._abandoned.is_set():
            self._abandoned.set()
            self._work.cancel()

    async def _run_all(self) -> None:
        """Run jobs for as long as the daemon lives."""
        while not self._stopping:
            await self._rested()
            filling = self._filling = asyncio.create_task(self._pool.fill(), name="pool")
            try:
                job = await self._jobs.next()
            finally:
                filling.cancel()
            await self._run(job)  # nothing may be waited for in between: who cancels it must find its work

    async def _rested(self) -> None:
        """Wait until nothing is being made for the pool any more."""
        if self._filling is not None:
            await asyncio.wait({self._filling})

    async def _run(self, job: Job) -> None:
        """Take one job to its end and report it."""
        self._abandoned.clear()
        self._furthest = 0.0
        begun = monotonic()
        self._begin(job)
        self._work = asyncio.create_task(self._deliver(job), name=f"job {job.id}")
        try:
            landed = await self._outcome(job, self._work)
        finally:
            self._work = None
        if landed is not None:
            self._pace.learn(job.engine, job.plan, monotonic() - begun)
            self._done(job, landed)

    async def _answer(self, job: Job, stock: Stock, work: "asyncio.Task[_Landed]") -> None:
        """Take one job whose clips were ready to its end and report it."""
        self._begin(job)
        landed = await self._outcome(job, work)
        self._cancellable.pop(job.id, None)
        stock.discard()  # what was not written
        if landed is not None:
            self._done(job, landed)

    def _begin(self, job: Job) -> None:
        """Tell that a job runs, and write that down: not of one that is answered, which no death is to be laid to."""
        self._announcer.tell(reports.Started(job.id, job.engine), job.request)
        if self._jobs.running is job:
            self._journal.started(job)

    async def _outcome(self, job: Job, work: "asyncio.Task[_Landed]") -> "_Landed | None":
        """Return what `work` has landed; if it did not come to that, end the job, and return None."""
        try:
            return await work
        except asyncio.CancelledError:
            kept = self._parcels.pop(job.id, [])  # it was over before it had begun
            if self._stopping and kept:
                self._postpone(job)
            elif self._stopping:
                self.end(job, State.FAILED, _interrupted(job))
            else:
                await asyncio.to_thread(_removed, kept)
                self.end(job, State.CANCELLED, reports.Cancelled(job.id))
        except Postponed:
            self._postpone(job)
        except (BridgeError, HostError) as error:
            self.end(job, State.FAILED, reports.Failed(job.id, code_of(error), str(error)))
        except Exception as error:  # noqa: BLE001 - a bug of ours costs one job, is said and is logged
            _log.exception("job %s broke", job.id)
            message = f"something went wrong inside the daemon ({type(error).__name__}: {error}); its log has the rest"
            self.end(job, State.FAILED, reports.Failed(job.id, "internal", message))
        return None

    def _postpone(self, job: Job) -> None:
        """Tell that the clips of a job wait for the daemon's next life."""
        message = "the daemon stops; the clips of this job are kept, and delivered when it is back"
        self._announcer.tell(reports.Warned(job.id, message), job.request)

    def _done(self, job: Job, landed: "_Landed") -> None:
        """End a job whose clips have all landed."""
        self._announcer.tell(reports.Progress(job.id, 1.0, "done"), job.request)
        delivered = [reports.Delivered(job.id, parcel.rank, parcel.score, path) for parcel, path in landed]
        done = reports.Done(job.id, len(delivered), monotonic() - job.request.received)
        self.end(job, State.DONE, done, delivered)

    def end(
        self,
        job: Job,
        state: State,
        report: reports.Done | reports.Cancelled | reports.Failed,
        delivered: Sequence[reports.Delivered] = (),
    ) -> None:
        """Note how a job ended, and tell it when that is written down; what was `delivered` is told before."""
        self._jobs.finish(job, state)
        self.ended[state] += 1
        self._announcer.hold(self._journal.ended(job, state, report))
        for each in (*delivered, report):
            self._announcer.tell(each, job.request)

    async def _deliver(self, job: Job) -> "_Landed":
        """Make the clips of `job`, unless an earlier life did, and land them. Cancelled, it leaves nothing."""
        await self._rested()
        parcels = self._parcels.pop(job.id, None)
        if parcels is None:
            parcels = await self._made(job)
        wishes = Wishes(
            self._check,
            self._close,
            partial(self._open_again, self._work),
            partial(self._waits, job),
            lambda: self._stopping,
        )
        return await self._landings[job.deliver].land(job, parcels, wishes)

    async def _answered(self, job: Job, stock: Stock) -> "_Landed":
        """Write and land the clips of `stock` for `job`. Cancelled, it leaves nothing."""
        order = Order(job.id, job.title, job.plan.prompt, job.plan.key, {**job_card(job), **stock.card()})
        landing, work = self._landings[job.deliver], self._cancellable[job.id]
        writing = [asyncio.create_task(asyncio.to_thread(landing.stage, clip, order, go_on)) for clip in stock.clips]
        wishes = Wishes(
            go_on,
            partial(self._close_answer, job),
            partial(self._cancellable.__setitem__, job.id, work),
            partial(self._waits, job),
            lambda: self._stopping,
        )
        for clip in stock.clips:
            self._warn(job, clip)
        return await landing.land(job, await _written(writing), wishes)

    async def _made(self, job: Job) -> list[Parcel]:
        """Make and write all clips of `job`, hidden, and return them best first. Cancelled, it leaves nothing."""
        order = Order(job.id, job.title, job.plan.prompt, job.plan.key, job_card(job))
        landing = self._landings[job.deliver]
        writing: list[asyncio.Task[Parcel]] = []  # side by side: most of it is waiting for the disk
        try:
            async with aclosing(self._foreman.make(job.engine, job.plan)) as events:
                async for event in events:
                    if isinstance(event, Step):
                        self._progress(job, event.fraction * _MADE, event.stage)
                    else:
                        self._warn(job, event)
                        self._progress(job, _MADE + (1 - _MADE) * len(writing) / job.plan.takes, "write")
                        work = asyncio.to_thread(landing.stage, event, order, self._check)
                        writing.append(asyncio.create_task(work, name=f"write {job.id}"))
        except BaseException:
            await _unwritten(writing)
            raise
        return await _written(writing)

    def _close(self) -> None:
        """From here on it is too late to cancel the running job."""
        self._work = None

    def _close_answer(self, job: Job) -> None:
        """From here on it is too late to cancel a job that is being answered."""
        self._cancellable.pop(job.id, None)

    def _open_again(self, work: "asyncio.Task[_Landed] | None") -> None:
        """Let the running job be cancelled again: publishing failed, and it waits."""
        self._work = work

    def _waits(self, job: Job, error: BridgeError, seconds: float) -> None:
        """Warn that the clips of a job wait for their folder."""
        if self._jobs.running is job:
            self._progress(job, _MADE, "folder")
        message = f"{error}. The clips are made and kept, and delivered when that is mended within {seconds:.0f} s"
        self._announcer.tell(reports.Warned(job.id, message), job.request)

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


async def _written(writing: Sequence["asyncio.Task[Parcel]"]) -> list[Parcel]:
    """Wait until all is written. Cancelled, or where one cannot be, it leaves nothing."""
    try:
        return [await asyncio.shield(each) for each in writing]  # a thread cannot be cancelled, only told to stop
    except BaseException:
        await _unwritten(writing)
        raise


async def _unwritten(writing: Sequence["asyncio.Task[Parcel]"]) -> None:
    """Wait until nothing is being written any more, and remove what was."""
    for each in await asyncio.gather(*writing, return_exceptions=True):
        if isinstance(each, Parcel):
            each.discard()


def _removed(parcels: Sequence[Parcel]) -> None:
    """Remove clips that were made, public ones too. Thread: delivery."""
    with suppress(*TROUBLE):  # the folder is away: what is public in it stays
        take_back(parcels)
    for each in parcels:
        each.discard()


def _interrupted(job: Job) -> reports.Failed:
    """Return the report of a job that the daemon's own end has ended."""
    error = Interrupted("the daemon was stopped before this job was done; ask again")
    return reports.Failed(job.id, error.code, str(error))
