"""The MIDI driver: a process that keeps the ports open, hands on what they hear, and sends lights.

It is a process of its own because MIDI drivers are not to be trusted: a system without a sequencer raises from inside the
library, a JACK server that dies leaves calls that never return, and none of that may touch the daemon. What it hears it
sends over a pipe as lists of `Event`; it is told `Light`s, and None to leave. Twice a second it looks which ports there
are: a controller that was plugged in again is opened again.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection

from daw_bridge.midi.event import Light
from daw_bridge.midi.eye import ServerGone
from daw_bridge.midi.network import NetworkPorts
from daw_bridge.midi.outbox import Outbox
from daw_bridge.midi.reading import Ear, bytes_of
from daw_bridge.midi.system import SystemPorts
from daw_bridge.midi.words import Lost, Opened, Wanted

_PATIENCE = 0.8  # seconds for the ports to close in; a JACK server may stand still when clients end without a word
_LOOK = 0.5  # seconds from one look at the ports to the next


def drive(pipe: Connection, wanted: Wanted) -> None:
    """Keep the ports until told to leave, or until the daemon is gone. Entry point of the process."""
    _quiet()
    lock = threading.Lock()  # a pipe's end is for one thread at a time
    ear = Ear()
    threading.Thread(target=_hand_on, args=(pipe, ear.outbox, lock), name="midi events", daemon=True).start()
    system = SystemPorts(wanted, ear.message)
    network, trouble = _network(wanted.network, ear)
    for light in _told(pipe):
        if light is not None:
            message = bytes_of(light)
            if network is None or not network.send(light.port, bytes(message)):
                system.send(light.port, message)
            continue
        try:
            opened = system.look() if wanted.ports or wanted.virtual else Opened(())
        except ServerGone:  # its clients can neither be used nor closed: the next process begins afresh
            os._exit(1)
        names = (*opened.names, *(network.names if network is not None else ()))
        with lock, suppress(OSError):  # also where nothing is new: it shows that we do not hang
            said = "; ".join(each for each in (trouble, opened.trouble) if each)
            pipe.send(replace(opened, names=names, trouble=said))
    threading.Timer(_PATIENCE, os._exit, [1]).start()  # a driver that hangs in its own end must not keep us
    with suppress(Exception):
        system.close()
    os._exit(0)


def _network(port: int, ear: Ear) -> tuple[NetworkPorts | None, str]:
    """Open the network port, if one is wanted; return why not, where it cannot be."""
    if not port:
        return None, ""
    try:
        return NetworkPorts(port, ear.feed), ""
    except OSError as error:
        return None, f"TCP port {port} cannot be opened ({error.strerror}); choose another midi.network"


def _told(pipe: Connection) -> Iterator[Light | None]:
    """Yield the lights that are to be sent; None when it is time to look at the ports. End when told to leave."""
    due = 0.0
    with suppress(EOFError, OSError):
        while True:
            if time.monotonic() >= due:
                yield None
                due = time.monotonic() + _LOOK
            if pipe.poll(max(0.0, due - time.monotonic())):
                light = pipe.recv()
                if light is None:
                    return
                yield light


def _hand_on(pipe: Connection, outbox: Outbox, lock: threading.Lock) -> None:
    """Send what the outbox holds to the daemon. Thread: one."""
    with suppress(OSError):  # the daemon has left, and so do we
        while True:
            events, lost = outbox.take()
            with lock:
                if events:
                    pipe.send(events)
                for reason, count in lost.items():
                    pipe.send(Lost(count, reason))


def _quiet() -> None:
    """Keep Ctrl-C from us, and the libraries' own words from the terminal: drivers write there as they like."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all, but stopping is the daemon's word
    os.environ["JACK_NO_START_SERVER"] = "1"
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
