"""A process of ours at the end of a pipe: started, heard, and replaced when it has died or hangs."""

import asyncio
import logging
import multiprocessing
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

from plugin_host.processes import deaf, dismiss, one_thread_a_product

_log = logging.getLogger(__name__)

_AGAIN = 0.5  # seconds from the death of a process to the next one
_LATER = 5.0  # seconds from one that could not be started, for want of memory or processes, to the next try
_BIRTH = 15.0  # seconds that a new one has for its first word: it may have much to load, or many ports to open
_MOST = 4_096  # words that may wait for it: more wait only for one that hangs

T = TypeVar("T")


class Child(Generic[T]):
    """Keeps a process at hand that sends `T`s. Constructing it starts nothing. Thread: the event loop's."""

    def __init__(
        self,
        main: Callable[..., None],
        arguments: tuple[Any, ...],
        hear: Callable[[T], None],
        lost: Callable[[], None],
        *,
        silence: float | None = None,
    ) -> None:
        """Keep the process of `main`, which is given the pipe and `arguments`, and leaves when it hears None.

        `hear` is given what it sends, `lost` hears of its death. After `silence` seconds without a word it hangs, and is
        killed; None: it may be silent.
        """
        self._main = main
        self._arguments = arguments
        self._hear = hear
        self._lost = lost
        self._silence = silence
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._words: queue.Queue[object] = queue.Queue()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._stopped = False

    def start(self) -> None:
        """Start the process, without waiting for it. One that cannot be started is logged, and tried again later."""
        loop = asyncio.get_running_loop()
        context = multiprocessing.get_context("spawn")
        try:
            ours, theirs = context.Pipe()
        except OSError as error:
            self._put_off(error)
            return
        process = context.Process(target=self._main, args=(theirs, *self._arguments), daemon=True)
        try:
            with deaf(), one_thread_a_product():
                process.start()
        except OSError as error:
            ours.close()
            self._put_off(error)
            return
        finally:
            theirs.close()
        self._process, self._pipe, self._words = process, ours, queue.Queue(_MOST)
        if self._silence is not None:
            self._due = loop.time() + _BIRTH
            self._timer = loop.call_later(self._silence / 4, self._watch)
        threading.Thread(target=_hand_on, args=(ours, loop, self._take), name="child hears", daemon=True).start()
        threading.Thread(target=_pass_on, args=(ours, self._words), name="child tells", daemon=True).start()

    def _put_off(self, error: OSError) -> None:
        """Try to start it later."""
        _log.warning("a process cannot be started, and is tried again: %s", error)
        self._timer = asyncio.get_running_loop().call_later(_LATER, self.start)

    def end(self) -> None:
        """Kill the process; its end is heard like any other, and another one started."""
        if self._process is not None and self._pipe is not None:
            self._process.kill()

    async def stop(self) -> None:
        """End the process for good."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        if self._process is not None and self._pipe is not None:
            self.tell(None)
            await asyncio.to_thread(dismiss, self._process)
            self._pipe.close()
            self._pipe = None

    @property
    def pid(self) -> int | None:
        """The process id; None where nothing was started."""
        return self._process.pid if self._process is not None else None

    def tell(self, word: object) -> None:
        """Send `word`, without waiting; without a process, and to one that takes nothing any more, it is lost."""
        if self._pipe is not None:
            with suppress(queue.Full):
                self._words.put_nowait(word)

    def _take(self, pipe: Connection, word: T | None) -> None:
        """Take what the process says; None when it is dead."""
        if pipe is not self._pipe or self._stopped:
            return
        loop = asyncio.get_running_loop()
        if word is not None:
            self._due = loop.time() + (self._silence or 0.0)
            self._hear(word)
            return
        if self._timer is not None:
            self._timer.cancel()
        self.tell(None)  # whoever passes words on may go
        self._pipe.close()
        self._pipe = None
        self._timer = loop.call_later(_AGAIN, self.start)
        self._lost()

    def _watch(self) -> None:
        """Kill a process that hangs; its end is heard like any other."""
        if self._silence is None:
            return
        loop = asyncio.get_running_loop()
        if loop.time() > self._due:
            self.end()
        else:
            self._timer = loop.call_later(self._silence / 4, self._watch)


def _hand_on(pipe: Connection, loop: asyncio.AbstractEventLoop, take: Callable[[Connection, Any], None]) -> None:
    """Hand what comes to the event loop, until the pipe ends. Thread: one for each process."""
    word: Any = True
    while word is not None:
        try:
            word = pipe.recv()
        except (EOFError, OSError):
            word = None
        try:
            loop.call_soon_threadsafe(take, pipe, word)
        except RuntimeError:
            return  # the loop is closed: nobody is left to tell


def _pass_on(pipe: Connection, words: "queue.Queue[object]") -> None:
    """Send what is to be told, until the word to leave, or until the process is dead. Thread: one for each process.

    The event loop cannot do it: the pipe of a process that hangs is full some day, and whoever writes into it waits.
    """
    with suppress(OSError):
        while True:
            word = words.get()
            pipe.send(word)
            if word is None:
                return
