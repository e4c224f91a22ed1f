"""The foreman: the daemon's side of the worker processes. It starts them, shares a plan out, and ranks what comes back.

Everything here runs in the event loop's thread but one small thread for each process, which does nothing but wait on
the pipe and hand on what arrives. Between what arrives it looks whether a worker hangs or takes too much memory; how
that is told stands in `guard`.
"""

import asyncio
import itertools
import logging
import multiprocessing
import os
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from enum import Enum
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from plugin_host.engine import Fact, Plan
from plugin_host.engines import SIDE_BY_SIDE
from plugin_host.errors import HostError, WorkerDied
from plugin_host.guard import LOOK, Guard, Limits
from plugin_host.processes import deaf, dismiss, one_thread_a_product
from plugin_host.rank import best_first
from plugin_host.spool import SpooledClip, forget, own_folder
from plugin_host.worker import Cancel, Ended, Event, Leave, Make, Step, Warm, clap_judges, work

_log = logging.getLogger(__name__)

_MOST_OWED = (
    12  # orders that were cancelled and not ended: what more is said to such a worker may not fit into its pipe
)
_HANDS = min(4, os.cpu_count() or 1)  # more would save little, and each holds some 60 MB


@dataclass(frozen=True, slots=True)
class _Staff:
    """One worker process and its pipe."""

    process: SpawnProcess
    pipe: Connection


class _Begun(Enum):
    """Whether a worker has said a word of its share."""

    NO = "no"
    YES = "yes"
    TWICE_GIVEN = "the second worker has it"


@dataclass(frozen=True, slots=True)
class _Share:
    """A part of a plan, and the worker that has it."""

    staff: _Staff
    place: int
    order: Make
    begun: _Begun = _Begun.NO

    @property
    def takes(self) -> int:
        """How many takes it is."""
        return self.order.plan.takes if self.order.takes is None else len(self.order.takes)


_Arrival = tuple[_Staff, int, Event | None]
"""What came: from whom, for which order, and what; None when the pipe has ended and the process is dead or dying."""


class Foreman:
    """Keeps worker processes at hand and has them carry out one plan at a time.

    Takes of a light engine are shared between the workers; a heavy engine, or one whose takes a heavy model judges,
    has one worker, and all of it. Constructing a foreman starts nothing. A worker that dies costs the job it was at; the next job gets a fresh one.
    """

    def __init__(
        self,
        spool: Path,
        settings: Mapping[str, Mapping[str, Fact]],
        hands: int = _HANDS,
        limits: Limits = Limits(),  # noqa: B008 - it is frozen
        *,
        main: Callable[[Connection, Path, Mapping[str, Mapping[str, Fact]]], None] = work,
    ) -> None:
        """Take note of all that; `main` is what a worker process runs."""
        self._base = spool
        self._main = main
        self._guard = Guard(limits)
        self._spool = spool
        self._settings = settings
        self._crew: list[_Staff | None] = [None] * hands
        self._arrivals: asyncio.Queue[_Arrival] = asyncio.Queue()
        self._numbers = itertools.count(1)

    @property
    def pids(self) -> list[int | None]:
        """The process ids of the workers there are."""
        return [staff.process.pid for staff in self._crew if staff is not None]

    def start(self, engine: str) -> None:
        """Clear the spool, start the workers and have them get `engine` ready, without waiting for them.

        Raises `SpoolFull` or `SpoolUnusable`.
        """
        self._spool = own_folder(self._base)
        for place in range(self._hands(engine)):
            self._hired(place).pipe.send(Warm(engine))

    async def make(self, engine: str, plan: Plan) -> AsyncGenerator[Step | SpooledClip, None]:
        """Have `plan` carried out; yield progress, then the clips, best first. One at a time.

        Closing the generator cancels the work: the workers stop at their next step, and what they still send is
        dropped. Raises what the host raises (`HostError`); `WorkerDied` when a process ends in the middle, `WorkerHung`
        when it makes no step, and `OutOfMemory` when it takes too much: it is replaced. A share that was not begun by
        then is given to a second worker, and no further: what ends two is to blame itself.
        """
        clips: list[SpooledClip] = []
        try:
            async with aclosing(self._carried_out(engine, plan)) as events:
                async for event in events:
                    if isinstance(event, SpooledClip):
                        clips.append(event)
                    else:
                        yield event
            clips.sort(key=lambda clip: clip.facts.take)
            ranking = best_first([clip.facts.score for clip in clips])
            ranked = [
                replace(clips[index], facts=replace(clips[index].facts, rank=n)) for n, index in enumerate(ranking, 1)
            ]
            while ranked:
                clip = ranked.pop(0)
                clips.remove(next(each for each in clips if each.path == clip.path))
                yield clip
        finally:
            for clip in clips:  # those that nobody took
                clip.discard()

    async def _carried_out(self, engine: str, plan: Plan) -> AsyncGenerator[Step | SpooledClip, None]:
        """Share `plan` out and yield what comes back, until every share has ended."""
        pending: dict[int, _Share] = {}
        fractions: dict[int, float] = {}
        self._catch_up()
        try:
            self._make_room()
            for place, takes in enumerate(self._shares(engine, plan)):
                order = Make(next(self._numbers), engine, plan, takes)
                pending[order.number] = self._given(place, order)
                fractions[place] = 0.0
            while pending:
                if (arrival := await self._arrived()) is not None:
                    staff, number, event = arrival
                    if event is None:
                        await self._bury(staff)
                        self._give_again(staff, pending, _death(staff))
                    elif number not in pending:
                        self._drop(number, event)
                    elif isinstance(event, Ended):
                        self._guard.ended(number)
                        del pending[number]
                        if event.error is not None:
                            _log_trace(engine, event.error)
                            raise event.error
                    elif isinstance(event, Step):
                        self._guard.heard(number, event.stage)
                        pending[number] = replace(pending[number], begun=_Begun.YES)
                        fractions[pending[number].place] = event.fraction
                        yield Step(event.stage, sum(fractions.values()) / len(fractions))
                    else:
                        self._guard.heard(number, "hand over")
                        yield event
                self._look(pending)
        finally:
            for number, share in pending.items():
                self._let_go(number, share.staff)

    async def _arrived(self) -> _Arrival | None:
        """Return what arrives next; None when it is time to look at the workers before."""
        try:
            async with asyncio.timeout(LOOK):
                return await self._arrivals.get()
        except TimeoutError:
            return None

    def _catch_up(self) -> None:
        """Take in what has arrived since the last order ended: it is all about earlier ones."""
        while not self._arrivals.empty():
            staff, number, event = self._arrivals.get_nowait()
            if event is not None:
                self._drop(number, event)
                continue
            if staff in self._crew:
                self._end(staff)
            staff.pipe.close()

    def _make_room(self) -> None:
        """Let go of workers that still hold more than they may, of jobs that are over."""
        while (greedy := self._guard.greedy(self.pids)) is not None:
            self._end(self._staff(greedy[0]))

    def _look(self, pending: dict[int, _Share]) -> None:
        """End what hangs, or takes too much memory. Raises the error that says so unless the share can be given again."""
        if not self._guard.due():
            return
        if (greedy := self._guard.greedy(self.pids)) is not None:
            self._end(self._staff(greedy[0]))
            raise greedy[1]
        for number, error in self._guard.hung().items():
            if number in pending:
                staff = pending[number].staff
                self._end(staff)
                self._give_again(staff, pending, error)

    def _give_again(self, staff: _Staff, pending: dict[int, _Share], error: HostError) -> None:
        """Give the shares of a worker that is no more to a fresh one, once. Raises `error` where they were begun."""
        for share in [each for each in pending.values() if each.staff is staff]:
            if share.begun is _Begun.YES:
                raise error
            if share.begun is _Begun.TWICE_GIVEN:
                raise type(error)(f"this job has ended two worker processes and is not tried again: {error}")
            self._let_go(share.order.number, staff)
            del pending[share.order.number]
            # Under a number of its own: the first worker's last words are not the second's.
            again = replace(share.order, number=next(self._numbers))
            pending[again.number] = replace(self._given(share.place, again), begun=_Begun.TWICE_GIVEN)

    def _let_go(self, number: int, staff: _Staff) -> None:
        """Have a worker stop an order at its next step, if it is still there."""
        if staff not in self._crew:
            self._guard.ended(number)
            return
        self._guard.let_go(number)
        with suppress(OSError):
            staff.pipe.send(Cancel(number))

    def _drop(self, number: int, event: Event) -> None:
        """Let go of the words of an order that nobody waits for any more, and of the file that they may hold."""
        if isinstance(event, SpooledClip):
            event.discard()
        elif isinstance(event, Ended):
            self._guard.ended(number)

    def _shares(self, engine: str, plan: Plan) -> list[tuple[int, ...] | None]:
        """Return which takes each worker makes: in turn where they are light, else all of them by the first."""
        hands = min(self._hands(engine), plan.takes)
        return [tuple(range(place, plan.takes, hands)) for place in range(hands)] if hands > 1 else [None]

    def _hands(self, engine: str) -> int:
        """Return how many workers `engine` may have: each holds all that makes its takes, and all that judges them."""
        light = engine in SIDE_BY_SIDE and not clap_judges(engine, self._settings)
        return len(self._crew) if light else 1

    def _given(self, place: int, order: Make) -> _Share:
        """Give an order to the worker at `place`; one that turns out to be dead is replaced first.

        Raises `WorkerDied` where the fresh one dies as well, be it while it starts.
        """
        try:
            staff = self._told(place, order)
        except OSError:
            try:
                staff = self._told(place, order)
            except OSError as error:
                raise WorkerDied(f"a worker process ends as soon as it is started ({error}); ask again") from error
        share = _Share(staff, place, order)
        self._guard.watch(order.number, staff.process.pid, order.engine, order.plan, share.takes)
        return share

    def _told(self, place: int, order: Make) -> _Staff:
        """Send an order to the worker at `place` and return it. Raises `OSError` for one that is dead, or was to be."""
        staff = self._hired(place)
        try:
            staff.pipe.send(order)
        except OSError:
            self._end(staff)
            raise
        return staff

    async def stop(self) -> None:
        """End the workers: politely, then not."""
        crew = [staff for staff in self._crew if staff is not None]
        self._crew = [None] * len(self._crew)
        for staff in crew:
            with suppress(OSError):  # it may have left already
                staff.pipe.send(Leave())
        for staff in crew:
            await asyncio.to_thread(dismiss, staff.process)
            staff.pipe.close()

    def _hired(self, place: int) -> _Staff:
        """Return the worker at `place`, starting a fresh one if there is none alive."""
        staff = self._crew[place]
        if staff is not None and not staff.process.is_alive():
            self._forget(staff)  # its pipe is closed when its end is heard of
            staff = None
        if staff is not None and self._guard.owed(staff.process.pid) >= _MOST_OWED:
            self._end(staff)
            staff = None
        if staff is None:
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe()
            process = context.Process(target=self._main, args=(theirs, self._spool, self._settings), daemon=True)
            with deaf(), one_thread_a_product():
                process.start()
            theirs.close()
            staff = self._crew[place] = _Staff(process, ours)
            arguments = (staff, self._arrivals, asyncio.get_running_loop())
            threading.Thread(target=_hand_on, args=arguments, name="worker events", daemon=True).start()
        return staff

    def _staff(self, pid: int) -> _Staff:
        """Return the worker with that process id."""
        return next(staff for staff in self._crew if staff is not None and staff.process.pid == pid)

    def _end(self, staff: _Staff) -> None:
        """End a worker that will not leave by itself. A driver may keep it for a while: nobody waits for that here."""
        staff.process.kill()
        self._forget(staff)  # its pipe is closed when it has ended: a thread still reads from it

    async def _bury(self, staff: _Staff) -> None:
        """Clear away a worker that died, or is about to: what a driver has to clear up first may take seconds."""
        if staff in self._crew:
            await asyncio.to_thread(dismiss, staff.process)
            self._forget(staff)
        staff.pipe.close()

    def _forget(self, staff: _Staff) -> None:
        """Have no more to do with a worker; what it has written of orders that it did not end goes once it is dead."""
        unended = self._guard.buried(staff.process.pid)
        self._crew = [None if each is staff else each for each in self._crew]
        arguments = (staff.process, self._spool, unended)
        threading.Thread(target=_last_respects, args=arguments, name="last respects", daemon=True).start()


def _log_trace(engine: str, error: BaseException) -> None:
    """Log where in its code an engine broke: its process has no log of its own."""
    for trace in getattr(error, "__notes__", ()):
        _log.error("engine %s broke", engine, extra={"facts": {"trace": trace}})


def _death(staff: _Staff) -> WorkerDied:
    """Return the error that says how a worker died."""
    code = staff.process.exitcode
    how = f"was killed by signal {-code}" if code is not None and code < 0 else f"ended with exit status {code}"
    return WorkerDied(f"the worker process {how} in the middle of this job; ask again, a fresh one is at hand")


def _last_respects(process: SpawnProcess, spool: Path, orders: list[int]) -> None:
    """Wait until a worker is dead: until then it may write; then remove what it has not told of. Thread: one for each."""
    process.join()
    for order in orders:
        forget(spool, order)


def _hand_on(staff: _Staff, arrivals: "asyncio.Queue[_Arrival]", loop: asyncio.AbstractEventLoop) -> None:
    """Hand the events of one worker to the event loop until its pipe ends. Thread: one for each worker."""
    arrival: _Arrival = (staff, 0, None)
    alive = True
    while alive:
        try:
            arrival = (staff, *staff.pipe.recv())
        except (EOFError, OSError):
            arrival, alive = (staff, 0, None), False
        try:
            loop.call_soon_threadsafe(arrivals.put_nowait, arrival)
        except RuntimeError:
            return  # the loop is closed: nobody is left to tell
