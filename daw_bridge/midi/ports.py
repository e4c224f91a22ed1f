"""The daemon's side of the MIDI driver: starts the process, hears what it says, replaces it when it has died or hangs."""

import asyncio
import multiprocessing
import queue
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from daw_bridge.midi.driver import drive
from daw_bridge.midi.event import Event, Light
from daw_bridge.midi.words import Lost, Opened, Wanted, Word

_AGAIN = 1.0  # seconds from the death of a driver to the next one
_SILENCE = 4.0  # seconds without a word after which a driver hangs; it speaks twice a second
_BIRTH = 15.0  # seconds that a new one has for its first word: it may have many ports to open
_WATCH = 1.0  # seconds from one look at that to the next
_MOST_LIGHTS = 1_024  # that may wait for a driver: more wait only for one that hangs
_PATIENCE = 1.0  # seconds that it has to leave before it is killed

Hear = Callable[[list[Event]], None]
Changed = Callable[[Opened], None]


class MidiPorts:
    """Keeps a driver at hand. Constructing it starts nothing. Thread: the event loop's."""

    def __init__(self, wanted: Wanted, hear: Hear, changed: Changed) -> None:
        """`hear` is given the events in their order; `changed` is told whenever other ports are open."""
        self._wanted = wanted
        self._hear = hear
        self._changed = changed
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._again: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._orders: queue.Queue[Light | None] = queue.Queue()
        self._stopped = False
        self.opened = Opened(())
        self.lost: Counter[str] = Counter()

    def start(self) -> None:
        """Start the driver, without waiting for it."""
        self._loop = asyncio.get_running_loop()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=drive, args=(theirs, self._wanted), daemon=True, name="midi driver")
        process.start()
        theirs.close()
        self._process, self._pipe = process, ours
        self._due = self._loop.time() + _BIRTH
        self._again = self._loop.call_later(_WATCH, self._watch)
        self._orders = queue.Queue(_MOST_LIGHTS)
        threading.Thread(target=_hand_on, args=(ours, self._loop, self._take), name="midi", daemon=True).start()
        threading.Thread(target=_tell, args=(ours, self._orders), name="midi lights", daemon=True).start()

    async def stop(self) -> None:
        """Close all ports."""
        self._stopped = True
        if self._again is not None:
            self._again.cancel()
        if self._process is not None and self._pipe is not None:
            self._put(None)
            await asyncio.to_thread(_dismiss, self._process)
            self._pipe.close()

    @property
    def pid(self) -> int | None:
        """The process id of the driver."""
        return self._process.pid if self._process is not None else None

    def light(self, light: Light) -> None:
        """Send a light, without waiting; without a driver it is lost, and sent again when there is one."""
        if self._pipe is not None:
            self._put(light)

    def _put(self, order: Light | None) -> None:
        """Have a light sent, or None: the word to leave. A driver that takes nothing any more is replaced anyway."""
        try:
            self._orders.put_nowait(order)
        except queue.Full:
            self.lost["light"] += 1

    def _take(self, word: Word | None) -> None:
        """Take what the driver says; None when it is dead."""
        match word:
            case None:
                self._lose()
            case Opened():
                self._due = _SILENCE + (self._loop.time() if self._loop is not None else 0.0)
                known, self.opened = self.opened, replace(word, fresh=())
                if word != known:
                    self._changed(word)
            case Lost(count, reason):
                self.lost[reason] += count
            case _:
                self._hear(word)

    def _watch(self) -> None:
        """Kill a driver that hangs; its end is heard like any other."""
        if self._loop is None or self._process is None:
            return
        if self._loop.time() > self._due:
            self._process.kill()
        else:
            self._again = self._loop.call_later(_WATCH, self._watch)

    def _lose(self) -> None:
        """Get a new driver in a moment."""
        if self._stopped or self._loop is None:
            return
        self.lost["driver died"] += 1
        self._pipe = None
        self._put(None)  # its thread may go
        if self._again is not None:
            self._again.cancel()
        self._take(Opened((), "the MIDI driver died and is started again"))
        self._again = self._loop.call_later(_AGAIN, self.start)


def _hand_on(pipe: Connection, loop: asyncio.AbstractEventLoop, take: Callable[[Word | None], None]) -> None:
    """Hand what the driver says to the event loop, until its pipe ends. Thread: one for each driver."""
    alive = True
    while alive:
        word: Word | None = None
        try:
            word = pipe.recv()
        except (EOFError, OSError):
            alive = False
        try:
            loop.call_soon_threadsafe(take, word)
        except RuntimeError:
            return  # the loop is closed: nobody is left to tell


def _tell(pipe: Connection, orders: "queue.Queue[Light | None]") -> None:
    """Send lights to the driver, until the word to leave, or until it is dead. Thread: one for each driver.

    The event loop cannot do it: the pipe of a driver that hangs is full some day, and whoever writes into it waits.
    """
    with suppress(OSError):
        while True:
            order = orders.get()
            pipe.send(order)
            if order is None:
                return


def _dismiss(process: SpawnProcess) -> None:
    """Wait for the driver to leave, then make it."""
    process.join(_PATIENCE)
    if process.is_alive():
        process.kill()
        process.join()
