"""A sender of MIDI clock, as a program of its own: plain bytes over TCP, at a tempo, to a port of this machine.

It writes the moment of its first tick, which is beat 0, in seconds of `time.monotonic`.
"""

import os
import socket
import sys
import time
from contextlib import suppress
from threading import Event

_START, _TICK = b"\xfa", b"\xf8"


def connected(port: int) -> socket.socket:
    """Return a connection to a port that is about to be opened."""
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            Event().wait(0.05)


if __name__ == "__main__":
    with suppress(AttributeError, PermissionError):  # a drum machine has nothing else to do, and is never held up
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    port, tempo = int(sys.argv[1]), float(sys.argv[2])
    never = Event()
    with connected(port) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begun = time.monotonic() + 0.5
        wire.sendall(_START)
        print(begun, flush=True)
        number = 0
        while True:
            never.wait(max(0.0, begun + number * 60 / tempo / 24 - time.monotonic()))
            try:
                wire.sendall(_TICK)
            except OSError:
                break
            number += 1
