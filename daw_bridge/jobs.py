"""Jobs and their queue: bounded, fair between senders, and the only place where a job's state changes.

::

    reserve ──▶ confirm ──▶ WAITING ──▶ RUNNING ──▶ DONE | CANCELLED | FAILED
       ├──▶ answer ───────────────────▶ RUNNING
       └──▶ forget              └──────────────────▶ CANCELLED
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from daw_bridge.errors import DuplicateId, QueueFull, UnknownJob
from daw_bridge.requests import Request
from daw_bridge.turns import Turns
from daw_bridge.values import shown
from plugin_host.engine import Plan

REMEMBERED = 1_000
"""How many ended jobs are remembered, for `/bridge/again` and for refusing an id that is taken."""

_KEPT = 4  # a quarter of the queue more is there for the first jobs of others


class State(Enum):
    """Where a job is in its life; the value is the word for people."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """An accepted request: what was asked, and the plan that it was accepted with and keeps.

    `title` names its files: the preset or the prompt. `session` is the session as it was, for the sidecar. `deliver` is
    where its clips go, `replaces` whether it takes the place of its sender's last one.
    """

    id: str
    request: Request
    plan: Plan
    engine: str
    title: str
    session: Mapping[str, Any] = field(default_factory=dict)
    deliver: str = "folder"
    replaces: bool = False


class Jobs:
    """The queue, the job that runs, and the memory of those that ended. Thread: the event loop's."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._unconfirmed: set[str] = set()
        self._waiting: Turns[Job] = Turns(lambda job: job.request.asker.sender)
        self._running: Job | None = None
        self._known: dict[str, tuple[Job, State]] = {}
        self._arrival = asyncio.Event()
        self._last: Job | None = None

    def accept(self, job: Job, instead_of: Job | None = None) -> int:
        """Put `job` where its sender's turn is and return how many wait before it. Raises `DuplicateId` or `QueueFull`.

        In the room of the one that it comes `instead_of` there is always place; that one is the caller's to withdraw.
        """
        self.check_free(job.id)
        if instead_of is None:
            self.check_room(job.request.asker.sender)
        self._waiting.append(job)
        self._remember(job, State.WAITING)
        self._last = job
        self._arrival.set()
        return self._waiting.index(job)

    def check_room(self, sender: str) -> None:
        """Raise `QueueFull` if no more jobs can wait.

        Room is kept for those who have none waiting: whoever fills the queue keeps nobody else out of it.
        """
        if len(self._waiting) < self._limit:
            return
        first = all(job.request.asker.sender != sender for job in self._waiting)
        if not first or len(self._waiting) >= self._limit + self._limit // _KEPT:
            raise QueueFull(
                f"{len(self._waiting)} jobs are waiting, the most that may; wait for one to end, "
                "cancel some with /bridge/cancel, or raise jobs.queue in the configuration",
            )

    def reserve(self, job: Job, instead_of: Job | None = None) -> None:
        """Accept `job`, but let it wait until `confirm` is called: its place and its id are taken at once."""
        self.accept(job, instead_of)
        self._unconfirmed.add(job.id)

    def position(self, job: Job) -> int:
        """Return how many wait before `job`. Raises `ValueError` for one that does not wait."""
        return self._waiting.index(job)

    def confirm(self, name: str) -> None:
        """Let a reserved job run when its turn comes; one that was withdrawn in the meantime stays so."""
        self._unconfirmed.discard(name)
        self._arrival.set()

    def answer(self, job: Job) -> None:
        """Take a reserved `job` out of the queue: it is answered beside the one that runs, with what is there already."""
        self._unconfirmed.discard(job.id)
        self._waiting.remove(job)
        self._remember(job, State.RUNNING)

    def forget(self, name: str) -> None:
        """Undo the reservation of a job: there never was one."""
        self._unconfirmed.discard(name)
        job, _ = self._known.pop(name)
        if job in self._waiting:
            self._waiting.remove(job)
        if self._last is job:
            self._last = next((each for each, _ in reversed(self._known.values())), None)

    def restore(self, job: Job) -> None:
        """Put a job that an earlier life of the daemon had accepted at the end, however many wait."""
        self._waiting.append(job)
        self.remember(job, State.WAITING)

    def check_free(self, name: str) -> None:
        """Raise `DuplicateId` if a job of that name is known."""
        if name in self._known:
            state = self._known[name][1].value
            raise DuplicateId(f"a job called {shown(name)} is {state} already; choose another id, or leave it out")

    async def next(self) -> Job:
        """Wait for a job, make it the running one and return it. One caller at a time."""
        while (job := self._first()) is None:
            self._arrival.clear()
            await self._arrival.wait()
        self._waiting.take(job)
        self._running = job
        self._remember(job, State.RUNNING)
        return job

    def finish(self, job: Job, state: State) -> None:
        """Note how a job ended, be it the running one or one that was withdrawn."""
        if self._running is job:
            self._running = None
        self._remember(job, state)

    def withdraw(self, name: str) -> Job | None:
        """Take the job called `name` out of the queue and return it, or None if it is running already.

        A running job is its runner's to stop. Raises `UnknownJob` for one that is not there or over.
        """
        job, state = self._lookup(name)
        if state is State.RUNNING:
            return None
        if state is not State.WAITING:
            raise UnknownJob(f"job {shown(name)} is {state.value} already; there is nothing to cancel")
        self._waiting.remove(job)
        self._remember(job, State.CANCELLED)
        return job

    def latest(self, sender: str, wish: str) -> Job | None:
        """Return the job that `sender` asked for last and that still waits, if `wish` is its preset, or its prompt."""
        for job in reversed(self._waiting):
            if job.request.asker.sender == sender and job.title == wish:
                return job
        return None

    def get(self, name: str | None) -> Job:
        """Return the job called `name`, or the last one accepted. Raises `UnknownJob`."""
        if name is not None:
            return self._lookup(name)[0]
        if self._last is None:
            raise UnknownJob("there was no job yet; start one with /bridge/generate or /bridge/preset/<name>")
        return self._last

    def state(self, name: str) -> State:
        """Return where the job called `name` is in its life. Raises `UnknownJob`."""
        return self._lookup(name)[1]

    def knows(self, name: str) -> bool:
        """Whether a job of that name is waiting, running or remembered."""
        return name in self._known

    @property
    def waiting(self) -> tuple[Job, ...]:
        """The jobs that wait, next one first."""
        return tuple(self._waiting)

    @property
    def at_work(self) -> tuple[Job, ...]:
        """The job that runs, and those that are answered beside it."""
        return tuple(job for job, state in self._known.values() if state is State.RUNNING)

    def waits(self, name: str) -> bool:
        """Whether a job of that name waits."""
        return name in self._known and self._known[name][1] is State.WAITING

    @property
    def running(self) -> Job | None:
        """The job that runs now."""
        return self._running

    def remember(self, job: Job, state: State) -> None:
        """Know a job of an earlier life of the daemon, such as it was left."""
        self._remember(job, state)
        self._last = job

    def _first(self) -> Job | None:
        """Return the job that may run next."""
        return next((job for job in self._waiting if job.id not in self._unconfirmed), None)

    def _lookup(self, name: str) -> tuple[Job, State]:
        """Return the job and its state. Raises `UnknownJob`."""
        try:
            return self._known[name]
        except KeyError:
            raise UnknownJob(f"there is no job {shown(name)}; the id is in its /bridge/queued report") from None

    def _remember(self, job: Job, state: State) -> None:
        """Note the state of `job`; forget the oldest of the ended ones when there are too many."""
        self._known.pop(job.id, None)
        self._known[job.id] = (job, state)
        excess = len(self._known) - REMEMBERED - self._limit - 1
        if excess > 0:
            ended = (name for name, (_, each) in self._known.items() if each not in {State.WAITING, State.RUNNING})
            for name in [name for _, name in zip(range(excess), ended, strict=False)]:
                del self._known[name]
