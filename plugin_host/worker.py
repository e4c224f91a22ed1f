"""The worker: a process of its own that holds the engine. This is its side of the pipe.

It is spawned, never forked, so that nothing of the daemon is in it. It works on one order at a time in its main thread;
a second thread listens, so that a cancel is heard at the engine's next step. When the daemon goes away, however it
goes, the pipe ends and the worker leaves at once. `plugin_host.foreman` is the other side.
"""

import logging
import os
import queue
import signal
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic
from typing import Protocol, runtime_checkable

from plugin_host.clip import Clip
from plugin_host.engine import Engine, Fact, Plan, Watch
from plugin_host.engines import MUSICLDM, check_ear, create
from plugin_host.errors import Cancelled, EngineFailed, HostError, OutOfMemory
from plugin_host.host import Host
from plugin_host.rank import Ranker
from plugin_host.rankers.clap import ClapRanker, Ear
from plugin_host.rankers.library import Library
from plugin_host.rankers.signal import SignalRanker
from plugin_host.rankers.tonality import KeyRanker
from plugin_host.spool import SpooledClip, spool

_log = logging.getLogger(__name__)

_NICE = 14  # the daemon answers first: it needs next to nothing, but at once; so does the DAW, whose sound comes first
_STEP_INTERVAL = 0.02  # seconds between two reports of progress within one stage
_SACRIFICE = "500"  # of 1000: when memory runs out, the system ends the worker and not the daemon
_SPENT = 70  # exit status of a worker that can do no more work
_GPU_ERRORS = ("CUDA error", "CUDA driver error", "CUBLAS_STATUS", "CUDNN_STATUS", "HIP error", "cuFFT error")


@dataclass(frozen=True, slots=True)
class Make:
    """To the worker: make those `takes` of `plan` with `engine`, by their indexes; None is all of them.

    Orders are numbered in the order in which they are given.
    """

    number: int
    engine: str
    plan: Plan
    takes: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Warm:
    """To the worker: get `engine` ready for a first job."""

    engine: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """To the worker: stop the order of this number, if it is not done, at its next step."""

    number: int


@dataclass(frozen=True, slots=True)
class Leave:
    """To the worker: end, whatever you are doing."""


@dataclass(frozen=True, slots=True)
class Step:
    """From the worker: `fraction` (0–1) of the running job is done, `stage` is running."""

    stage: str
    fraction: float


@dataclass(frozen=True, slots=True)
class Ended:
    """From the worker: the job is over, with `error` if it broke or was cancelled."""

    error: HostError | Cancelled | None = None
    spent: bool = False  # the worker can do no more work, and leaves


@runtime_checkable
class Preloads(Protocol):
    """An engine that can get ready before its first job."""

    def preload(self) -> None:
        """Load what is heavy, if the engine's settings want it loaded beforehand. Thread: worker."""


Order = Make | Warm
Event = Step | SpooledClip | Ended
"""What comes back over the pipe, each with the number of the order that it belongs to: ``(number, event)``."""


def work(pipe: Connection, spool_folder: Path, settings: Mapping[str, Mapping[str, Fact]]) -> None:
    """Serve jobs from `pipe` until it ends: the main function of the worker process.

    `settings` holds each engine's own, by its name, and CLAP's: when it ranks (`rank`: auto, always, never), the folder
    of earlier clips and that of references.
    """
    # Ctrl-C in a terminal reaches us too, but stopping is the daemon's word.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICE)
    with suppress(OSError):  # there is such a file on Linux alone
        Path("/proc/self/oom_score_adj").write_text(_SACRIFICE, encoding="ascii")
    _Worker(pipe, spool_folder, settings).run()


@dataclass(slots=True)
class _Worker:
    """The engines that this process has loaded, and the job that it works on."""

    pipe: Connection
    folder: Path
    settings: Mapping[str, Mapping[str, Fact]]
    orders: "queue.SimpleQueue[Order]" = field(default_factory=queue.SimpleQueue)
    cancelled: int = 0  # the last order that was cancelled; all before it are over
    engines: dict[str, Engine] = field(default_factory=dict)
    libraries: dict[tuple[str | None, str | None], Library] = field(
        default_factory=dict
    )  # by the weights that heard them

    def run(self) -> None:
        """Work off orders for as long as the process lives."""
        threading.Thread(target=self._listen, name="listener", daemon=True).start()
        while True:
            order = self.orders.get()
            if isinstance(order, Make):
                ended = self._make(order)
                self.pipe.send((order.number, ended))
                if ended.spent:
                    os._exit(_SPENT)
            else:
                self._warm(order.engine)

    def _listen(self) -> None:
        """Take in what the daemon sends. Thread: listener."""
        while True:
            try:
                message = self.pipe.recv()
            except (EOFError, OSError):
                os._exit(0)  # the daemon is gone, and the main thread may be deep inside an engine
            if isinstance(message, Leave):
                os._exit(0)
            elif isinstance(message, Cancel):
                self.cancelled = message.number
            else:
                self.orders.put(message)

    def _make(self, order: Make) -> Ended:
        """Do one job and say how it ended; its clips are sent as they come."""
        try:
            host = Host(self._engine(order.engine), self._rankers(order.engine))
            for clip in _clips(host, order, _Watch(self, order.number)):
                self.pipe.send((order.number, spool(clip, self.folder, f"{order.number}-{clip.facts.take}")))
        except (HostError, Cancelled) as error:
            return Ended(error, spent=is_spent(error))
        except MemoryError:
            return Ended(OutOfMemory("not enough memory for this job; ask for fewer bars, fewer takes or a lower rate"))
        except Exception as error:  # noqa: BLE001 - whatever an engine does wrong costs one job, and is said
            _log.exception("engine %s broke", order.engine)
            told = f"engine {order.engine} broke: {type(error).__name__}: {_first_line(error)}"
            failed = EngineFailed(told)
            failed.add_note("".join(traceback.format_tb(error.__traceback__)))  # for the daemon's log
            return Ended(failed, spent=is_spent(error))
        return Ended()

    def _warm(self, name: str) -> None:
        """Get an engine ready; what is wrong with it is said by the first job that wants it."""
        try:
            engine = self._engine(name)
            if isinstance(engine, Preloads):
                engine.preload()
        except HostError as error:
            _log.warning("engine %s is not ready: %s", name, error)

    def _rankers(self, name: str) -> Sequence[Ranker]:
        """Return who judges what the engine called `name` has made. CLAP does where the settings want it to."""
        ear: object = self._ear(name) if clap_judges(name, self.settings) else None
        if not isinstance(ear, Ear):
            return [SignalRanker(), KeyRanker()]
        clap = self.settings["clap"]
        folders = [Path(str(clap[key])) for key in ("folder", "reference") if clap.get(key)]
        told = self._engine(MUSICLDM).capabilities
        library = self.libraries.setdefault((told.weights, told.revision), Library(folders))
        return [SignalRanker(), KeyRanker(), ClapRanker(ear, library)]

    def _ear(self, name: str) -> Engine:
        """Return the engine whose CLAP hears what `name` has made: its own takes whatever plays, others' not by a stand-in."""
        if name != MUSICLDM:
            check_ear(self.settings.get(MUSICLDM, {}))
        return self._engine(MUSICLDM)

    def _engine(self, name: str) -> Engine:
        """Return the engine called `name`, constructing it the first time."""
        if name not in self.engines:
            self.engines[name] = create(name, self.settings.get(name, {}))
        return self.engines[name]


def is_spent(error: BaseException) -> bool:
    """Whether `error`, or what it came from, is one of a GPU's after which this process can compute nothing more on it.

    Told by its words: torch has a class for it only since 2.8, and is not imported here.
    """
    cause: BaseException | None = error
    while cause is not None:
        if type(cause).__name__ == "AcceleratorError" or any(words in str(cause) for words in _GPU_ERRORS):
            return True
        cause = cause.__cause__
    return False


def _first_line(error: BaseException) -> str:
    """Return what `error` says, without the advice that libraries add to it."""
    return next(iter(str(error).strip().splitlines()), "")


def clap_judges(engine: str, settings: Mapping[str, Mapping[str, Fact]]) -> bool:
    """Return whether CLAP, a heavy model, judges what the engine called `engine` has made."""
    rank = settings.get("clap", {}).get("rank", "never")
    return rank == "always" or (rank == "auto" and engine == MUSICLDM)


def _clips(host: Host, order: Make, watch: Watch) -> Iterator[Clip]:
    """Yield the clips of an order as they are made. A single take is a plan of its own, from that take's seed."""
    if order.takes is None:
        yield from host.made(order.plan, watch)
        return
    for done, index in enumerate(order.takes):
        alone = replace(order.plan, seed=order.plan.take_seed(index), takes=1)
        for clip in host.made(alone, _Part(watch, done, len(order.takes))):
            yield replace(clip, facts=replace(clip.facts, take=index))


@dataclass(frozen=True, slots=True)
class _Part:
    """The watch of one part of several: its 0–1 is that part's of the whole."""

    watch: Watch
    index: int
    count: int

    def step(self, stage: str, fraction: float) -> None:
        """Pass on a step of the part's. Thread: worker."""
        self.watch.step(stage, (self.index + fraction) / self.count)


@dataclass(slots=True)
class _Watch:
    """The engine's way to report and to learn of a cancel."""

    worker: _Worker
    number: int
    stage: str = ""
    sent: float = 0.0

    def step(self, stage: str, fraction: float) -> None:
        """Send a step, unless one was sent a moment ago. Raises `Cancelled`. Thread: worker."""
        if self.number <= self.worker.cancelled:
            raise Cancelled
        now = monotonic()
        if stage != self.stage or now - self.sent >= _STEP_INTERVAL:
            self.stage, self.sent = stage, now
            self.worker.pipe.send((self.number, Step(stage, fraction)))
