"""The guard over the workers: it knows one that hangs from one that is slow, and one that takes too much memory.

An engine that makes no step is no error that it could report, so somebody else must look. How long a silence may last
follows from the engine's own pace: so many times the longest that it was seen to take for work of that size, but no
less than `Limits.patience` and no more than `Limits.loading`. The latter is also the time to load a model, and that of
a heavy engine of which nothing is known yet.

Nothing here ends a process: that is the foreman's. Thread: the event loop's.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic

from plugin_host.engine import Plan
from plugin_host.engines import SIDE_BY_SIDE
from plugin_host.errors import OutOfMemory, WorkerHung
from plugin_host.footprint import held

LOOK = 0.2
"""Seconds between two looks at the workers."""

_LONGEST_LOOK = 1.0  # what passes between two looks counts for no more: see `_Awake`
_GENEROUS = 20.0  # how many times its longest silence so far an engine may take
_LIGHT_PACE = 0.02  # seconds of silence for a second of a light engine's take, before anything was seen
_LOADING = "load"  # stages that begin so bring a model into memory


@dataclass(frozen=True, slots=True)
class Limits:
    """What workers may take: seconds without a step (see the module), and bytes of memory, None for any."""

    patience: float = 60.0
    loading: float = 900.0
    memory: int | None = None


class _Awake:
    """A clock that goes on by a second at most between two readings.

    So it does not count the time in which nobody looked: a machine that slept, or a daemon that was stopped, blames no
    worker for it.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._read = clock()
        self._reading = 0.0

    def __call__(self) -> float:
        """Return the seconds that were lived through."""
        now = self._clock()
        self._reading += min(now - self._read, _LONGEST_LOOK)
        self._read = now
        return self._reading


@dataclass(slots=True)
class _Order:
    """An order that a worker is at: since when nothing was heard of it, and at which stage it then was."""

    worker: int | None
    engine: str
    work: float
    since: float
    stage: str = ""


class Guard:
    """Watches the orders that workers are at. Constructing it starts nothing."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = monotonic) -> None:
        self._limits = limits
        self._now = _Awake(clock)
        self._orders: dict[int, _Order] = {}
        self._leaving: dict[int, _Order] = {}
        self._pace: dict[str, float] = {}
        self._looked = float("-inf")

    def watch(self, number: int, worker: int | None, engine: str, plan: Plan, takes: int) -> None:
        """Watch an order from now on: so many `takes` of `plan`, given to the process `worker`."""
        self._orders[number] = _Order(worker, engine, takes * float(plan.grid.seconds), self._now())

    def heard(self, number: int, stage: str) -> None:
        """Take note of a sign of life: the order is at `stage`."""
        order = self._orders[number]
        now = self._now()
        if order.stage and not order.stage.startswith(_LOADING):
            slowest = self._pace.get(order.engine, 0.0)
            self._pace[order.engine] = max(slowest, (now - order.since) / order.work)
        order.since, order.stage = now, stage

    def ended(self, number: int) -> None:
        """Watch an order no longer: it is over."""
        self._orders.pop(number, None)
        self._leaving.pop(number, None)

    def let_go(self, number: int) -> None:
        """Take note that an order was cancelled. Its worker may be in the middle of a step, or hang in it."""
        if order := self._orders.pop(number, None):
            self._leaving[number] = order

    def owed(self, worker: int | None) -> int:
        """Return how many orders were cancelled at a process that has not said yet that it has ended them."""
        return sum(order.worker == worker for order in self._leaving.values())

    def buried(self, worker: int | None) -> list[int]:
        """Take note that a process is no more; return the orders that it has not ended."""
        unended = [number for number, order in (self._orders | self._leaving).items() if order.worker == worker]
        self._leaving = {number: order for number, order in self._leaving.items() if order.worker != worker}
        return unended

    def due(self) -> bool:
        """Whether it is time for another look; asked, it counts as one."""
        now = self._now()
        if now - self._looked < LOOK:
            return False
        self._looked = now
        return True

    def hung(self) -> dict[int, WorkerHung]:
        """Return the orders of which nothing was heard for too long, each with the error that says so."""
        now = self._now()
        return {
            number: _hung(order, now - order.since, self._limit(order))
            for number, order in self._orders.items()
            if now - order.since > self._limit(order)
        }

    def greedy(self, workers: Iterable[int | None]) -> tuple[int, OutOfMemory] | None:
        """Return the process that holds the most, with an error, if all `workers` together hold more than they may."""
        if self._limits.memory is None:
            return None
        sizes = {worker: held(worker) or 0 for worker in workers if worker is not None}
        if sum(sizes.values()) <= self._limits.memory:
            return None
        error = OutOfMemory(
            f"the workers took {sum(sizes.values()) / 1e9:.2f} GB of memory; worker.memory allows "
            f"{self._limits.memory / 1e9:.2f} GB: ask for fewer bars or takes, or raise it"
        )
        return max(sizes, key=sizes.__getitem__), error

    def _limit(self, order: _Order) -> float:
        """Return the seconds for which nothing may be heard of an order.

        Before its first step it may have to wait until what was cancelled before it has come to the end of a step.
        """
        before = [each for each in self._leaving.values() if each.worker == order.worker]
        return max(map(self._longest_step, [order] if order.stage or not before else before))

    def _longest_step(self, order: _Order) -> float:
        """Return the seconds that a step of an order may take, its loading before the first included."""
        longest = max(self._limits.loading, self._limits.patience)
        light = order.engine in SIDE_BY_SIDE
        if not order.stage:
            return self._limits.patience if light else longest
        pace = self._pace.get(order.engine, _LIGHT_PACE if light else None)
        if pace is None or order.stage.startswith(_LOADING):
            return longest
        return min(max(self._limits.patience, _GENEROUS * pace * order.work), longest)


def _hung(order: _Order, silence: float, limit: float) -> WorkerHung:
    """Say what hung, where and for how long."""
    where = f"in {order.stage!r}" if order.stage else "before its first step"
    return WorkerHung(
        f"engine {order.engine} hung: {where} it made no step for {silence:.0f} s, and may take {limit:.0f} s; its "
        "worker process was ended. Ask again, a fresh one is at hand; if it was only slow, raise worker.patience"
    )
