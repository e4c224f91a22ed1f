"""A program on JACK that records what is played to it, as a process of its own, for PortAudio to play on.

It writes ``ready`` once its ports are there. ``save FILE`` writes all that was heard so far into a .npy, and answers with
the number of frames, how often the server left frames out, and the moment in seconds of `time.monotonic` at which the
block with each hundredth frame began, into a second array beside the first (``FILE.times.npy``).
"""

import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

NAME = "Test ears"
_MOST = 48_000 * 700


def main() -> None:
    """Record until nothing more is said."""
    sys.path = [each for each in sys.path if Path(each) != Path(__file__).parent]  # the tests have a jack of their own
    jack: Any = import_module("jack")
    client = jack.Client(NAME, no_start_server=True)
    ports = [client.inports.register("in_1"), client.inports.register("in_2")]
    heard = np.zeros((_MOST, 2), np.float32)
    stamps = np.zeros((_MOST // 64, 3))
    at = [0, 0, 0]  # frames, blocks, gaps

    def process(frames: int) -> None:
        begun = client.last_frame_time
        if at[1] and begun != stamps[at[1] - 1, 1] + frames:
            at[2] += 1
        stamps[at[1]] = at[0], begun, time.monotonic()
        for column, port in enumerate(ports):
            heard[at[0] : at[0] + frames, column] = port.get_array()
        at[0] += frames
        at[1] += 1

    client.set_process_callback(process)
    client.activate()
    print("ready", flush=True)
    for line in sys.stdin:
        _, path = line.split()
        frames, blocks, gaps = at
        np.save(path, heard[:frames])
        np.save(f"{path}.times.npy", stamps[:blocks])
        print(frames, gaps, flush=True)
    client.deactivate()
    client.close()
    os._exit(0)


if __name__ == "__main__":
    main()
