"""The device's process: it keeps a stream open, plays what it is told, and says how that goes.

It is a process of its own because an audio server that dies under PortAudio leaves calls that never return, in closing,
in ending, even in leaving the interpreter (COMPONENTS). So nothing is closed that may be dead: the process goes at once
and the daemon starts another. And it is of its own because the callback needs Python's lock every few milliseconds:
whoever else works in this process does so in small pieces, or in NumPy, which lets go of the lock.
"""

import gc
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

import numpy as np

from daw_bridge.errors import DeviceUnavailable
from daw_bridge.playing.loop import AT_ONCE, CUT, Cue, Curve, equal_gain, equal_power
from daw_bridge.playing.output import Stream, let_go, look_again
from daw_bridge.playing.words import Blend, Closed, Forget, Level, Load, Loaded, Opened, Order, Start, Wanted
from plugin_host.audio import Samples

PRIORITY = 5
"""Of the whole process, where the system lets us: who holds Python's lock must not be held up while the callback wants it.

Below the 10 of an audio server."""

_LOOK = 1.0  # seconds from one look for a missing device to the next
_TURN = 0.02  # seconds from one look at what happened to the next
_BEAT = 0.1  # seconds from one beat to the next
_DEAD = 1.0  # seconds without a callback after which a stream is dead
_PATIENCE = 1.0  # seconds that closing may take
_SWITCH = 0.0005  # seconds after which the callback gets Python's lock; Python's own 5 ms are a whole block


def drive(pipe: Connection, wanted: Wanted) -> None:
    """Open the device and keep it until told to leave, or until the daemon is gone. Entry point of the process."""
    _quiet()
    stream = None
    with suppress(EOFError, OSError):
        stream = _found(pipe, wanted)
        if stream is not None:
            pipe.send(Opened(str(stream.output), stream.rate, wanted.block))
            _Desk(pipe, stream).serve()
    _close(stream)


def _quiet() -> None:
    """Keep Ctrl-C from us, and the libraries' own words from the terminal; let the callback have its way."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all, but stopping is the daemon's word
    os.environ["JACK_NO_START_SERVER"] = "1"
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    with suppress(AttributeError, OSError):  # where the system lets us, as it lets an audio server
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    sys.setswitchinterval(_SWITCH)
    gc.disable()  # a collection holds the lock, and nothing here is made in circles


def _close(stream: Stream | None) -> NoReturn:
    """Let go of the audio system, and end the process.

    A client that leaves without a word keeps a synchronous JACK, and all who want to leave it, until its patience ends.
    """
    threading.Thread(target=_leave, args=(_PATIENCE,), daemon=True).start()
    with suppress(DeviceUnavailable):
        if stream is not None:
            stream.close()
        let_go()
    os._exit(0)


def _leave(seconds: float) -> None:
    """End the process after so many `seconds`, whatever it hangs in."""
    time.sleep(seconds)
    os._exit(0)


def _found(pipe: Connection, wanted: Wanted) -> Stream | None:
    """Open the device, waiting for it to be there; None when told to leave before that."""
    while True:
        try:
            return Stream(wanted)
        except DeviceUnavailable as error:
            pipe.send(Closed(str(error)))
        ends = time.monotonic() + _LOOK
        while pipe.poll(max(0.0, ends - time.monotonic())):
            if pipe.recv() is None:
                return None
        with suppress(DeviceUnavailable):
            look_again()


class _Desk:
    """Passes orders on to the player, and says what happens. Thread: main."""

    def __init__(self, pipe: Connection, stream: Stream) -> None:
        self._pipe = pipe
        self._stream = stream
        self._clips: dict[int, Samples] = {}
        self._at_once: tuple[Cue, ...] = ()

    def serve(self) -> None:
        """Work until told to leave. A stream that has died ends the process."""
        lively, callbacks, beaten = time.monotonic(), -1, 0.0
        while True:
            while self._pipe.poll(_TURN):
                order: Order = self._pipe.recv()
                if order is None:
                    return
                self._do(order)
            now = time.monotonic()
            if self._stream.callbacks != callbacks:
                lively, callbacks = now, self._stream.callbacks
            if now - lively > _DEAD or not self._stream.active:
                self._pipe.send(Closed(f"{self._stream.output} has gone away"))
                os._exit(1)
            for each in self._stream.player.happened():
                self._pipe.send(each)
            beat = self._stream.beat() if now - beaten >= _BEAT else None
            if beat is not None:
                beaten = now
                self._pipe.send(beat)

    def _do(self, order: Load | Forget | Start | Level) -> None:
        """Do as told."""
        player = self._stream.player
        match order:
            case Load(clip, path):
                self._pipe.send(self._load(clip, path))
            case Forget(keep):
                self._clips = {number: clip for number, clip in self._clips.items() if number in keep}
            case Level(gain):
                player.level(gain)
            case Start() if order.clip and order.clip not in self._clips:
                pass  # it was meant for the process before this one
            case Start():
                samples = self._clips.get(order.clip)
                rise, fall = _curves(order.blend, order.fade)
                cue = Cue(order.number, order.frame, samples, order.form, order.phase, rise, fall)
                player.follow((*self._at_once, cue))  # what is to be at once may not have been yet: a stop, and a start
                self._at_once = (cue,) if cue.frame == AT_ONCE else ()

    def _load(self, number: int, path: Path) -> Loaded:
        """Read a clip into memory of our own, all of it: the callback must not wait for a disk."""
        try:
            clip: Samples = np.array(np.load(path, mmap_mode="r"), np.float32, order="C")
        except (OSError, ValueError, MemoryError) as error:
            return Loaded(number, 0, f"a clip cannot be read: {error}")
        clip.flags.writeable = False
        self._clips[number] = clip
        return Loaded(number, len(clip))


def _curves(blend: Blend, frames: int) -> tuple[Curve, Curve]:
    """Return the weights of what comes and of what goes."""
    if blend is Blend.CUT or frames == 0:
        return CUT, CUT
    rise = equal_power(frames) if blend is Blend.OTHER else equal_gain(frames)
    return rise, np.ascontiguousarray(rise[::-1])
