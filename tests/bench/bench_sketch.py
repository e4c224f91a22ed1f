"""How long `sketch` takes for a take, and how that grows with bars and takes.

Run it with ``python tests/bench/bench_sketch.py [style …]`` on an idle machine. It prints a table and one JSON line a
row; each figure is the median of warm repeats, on one core.
"""

import json
import platform
import resource
import statistics
import sys
import time

import numpy as np

from plugin_host.engine import Plan
from plugin_host.engines.sketch import SketchEngine
from plugin_host.engines.sketch.styles import STYLES
from plugin_host.musictime import Grid, Meter, Tempo

REPEATS = 5
BUDGET_MS = 45.0
"""For one take of four bars of 4/4 at 120 BPM, 48 kHz, stereo, in full arrangement."""


class Onlooker:
    """A watch that never stops anything, and finds the longest time between two reports."""

    def __init__(self) -> None:
        self.last = time.perf_counter()
        self.longest = 0.0

    def step(self, _stage: str, _fraction: float) -> None:
        """Note the time since the last report."""
        now = time.perf_counter()
        self.longest, self.last = max(self.longest, now - self.last), now


def measure(style: str, bars: int, takes: int) -> dict[str, object]:
    """Return the figures of one row: milliseconds a take, and the longest wait for a cancel."""
    grid = Grid(Tempo.parse(120), Meter(4, 4), bars, 48_000)
    times, longest = [], 0.0
    for repeat in range(REPEATS + 1):
        watch = Onlooker()
        start = time.perf_counter()
        for _ in SketchEngine({}).takes(Plan(style, grid, repeat, takes), watch):
            pass
        times.append((time.perf_counter() - start) / takes * 1e3)
        longest = max(longest, watch.longest * 1e3)
    return {
        "style": style,
        "bars": bars,
        "takes": takes,
        "ms_per_take": round(statistics.median(times[1:]), 1),
        "best_ms_per_take": round(min(times[1:]), 1),
        "longest_step_ms": round(longest, 1),
    }


def main(styles: list[str]) -> None:
    """Print every style at the promised size, then how one of them grows."""
    rows = [(style, 4, 4) for style in styles or STYLES]
    rows += [("house", bars, 1) for bars in (1, 4, 16, 64)] + [("house", 4, takes) for takes in (1, 4, 16)]
    machine = {"python": platform.python_version(), "numpy": np.__version__, "machine": platform.machine()}
    for row in rows:
        figures = measure(*row)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"bench": "sketch", **figures, "budget_ms": BUDGET_MS, "peak_mb": round(peak_mb), **machine}))


if __name__ == "__main__":
    main(sys.argv[1:])
