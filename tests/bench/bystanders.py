"""A program that has nothing to do but to fill a block when it is due, at the priority of the audio device's process.

It has no second thread, no server and no clip to wait for. What delays it too, the machine does. When told to, it writes
the figures that `TOLD` names, and goes on.
"""

import os
import select
import sys
import time
from contextlib import suppress

import numpy as np

from daw_bridge.playing.driver import PRIORITY

TOLD = ("blocks", "begun more than a block late", "longer than a block", "latest ms", "longest ms")


def run(period: float, frames: int) -> None:
    """Fill blocks of `frames` every `period` seconds, until there is nobody who might ask."""
    clip, out = np.ones((64 * frames, 2), np.float32), np.zeros((frames, 2), np.float32)
    blocks = late = long = 0
    latest = longest = 0.0
    due = time.monotonic()
    while True:
        due += period
        if select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
            if not sys.stdin.readline():
                return
            print(blocks, late, long, 1000 * latest, 1000 * longest, flush=True)
            continue
        began = time.monotonic()
        out.fill(0)
        out[:] = clip[blocks % 64 * frames :][:frames]
        took = time.monotonic() - began
        blocks, late, long = blocks + 1, late + (began - due > period), long + (took > period)
        latest, longest = max(latest, began - due), max(longest, took)
        if began - due > period:
            due = began  # one delay is one, however many blocks would have been due meanwhile


if __name__ == "__main__":
    with suppress(AttributeError, PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    print("ready", flush=True)
    run(int(sys.argv[1]) / int(sys.argv[2]), int(sys.argv[1]))
