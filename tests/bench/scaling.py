"""How the time of a job grows with its bars and its takes. Promised: no faster than linearly."""

import tempfile
from pathlib import Path
from statistics import median

from daemons import daemon
from figures import record
from trigger import trigger

_RUNS = 9
_PROMPTS = ("house", "dusty breakbeat", "dub techno", "funk", "trap", "synthwave", "drum and bass")


def run() -> None:
    """Measure 1 to 64 bars of one take and 1 to 16 takes of four bars, in turn: a slow moment hits all alike."""
    sizes = [(1, 1), (4, 1), (16, 1), (64, 1), (4, 4), (4, 16)]
    seen: dict[tuple[int, int], list[float]] = {size: [] for size in sizes}
    with tempfile.TemporaryDirectory() as base, daemon(Path(base)) as running, running.client() as client:
        trigger(client, "house", bars=4, takes=4)
        for number in range(_RUNS):
            for bars, takes in sizes:
                seen[bars, takes].append(trigger(client, _PROMPTS[number % len(_PROMPTS)], bars=bars, takes=takes)[1])
    figures = {f"{bars} bars x {takes} takes, ms": round(1_000 * median(seen[bars, takes]), 1) for bars, takes in sizes}
    growth = {
        "4 to 64 bars (linear is 16)": round(median(seen[64, 1]) / median(seen[4, 1]), 2),
        "4 to 16 takes (linear is 4)": round(median(seen[4, 16]) / median(seen[4, 4]), 2),
    }
    record("scaling", {"bpm": 120, "meter": "4/4", "rate": 48_000, "runs": _RUNS}, {**figures, "growth": growth})
