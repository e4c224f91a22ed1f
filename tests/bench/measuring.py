"""How long it takes to measure a take of 4 bars at 120 BPM, on one core, and what several cores are worth.

The time of the clock is what is promised, on an idle machine; the time of the processor is told beside it, and hardly
depends on what else the machine does.
"""

import multiprocessing
import os
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from statistics import median
from time import perf_counter, process_time

from figures import record, spread

from plugin_host.audio import Audio
from plugin_host.engine import Plan
from plugin_host.engines import create
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.rankers.signal import SignalRanker

_BUDGET_MS = 60.0
_PROMPTS = ("house, only drums", "jungle", "dub techno", "ambient, only pad", "funk", "trap")
_REPEATS = 12
_GRID = Grid(Tempo.parse(120), Meter(4, 4), 4, 48_000)


class Onlooker:
    """A watch that only looks on."""

    def step(self, stage: str, fraction: float) -> None:
        """Let the engine go on."""


def takes() -> list[tuple[Audio, Plan]]:
    """Return a take for each prompt."""
    engine = create("sketch", {})
    plans = [Plan(prompt, _GRID, seed=1, takes=1) for prompt in _PROMPTS]
    return [(next(iter(engine.takes(plan, Onlooker()))).audio, plan) for plan in plans]


Spent = list[tuple[float, float]]
"""Seconds of the clock and of the processor for each take."""


def judge(started: Barrier, spent: "SimpleQueue[Spent]") -> None:
    """Judge all takes again and again, beginning when all processes are ready, and report what each one took."""
    ranker, clips = SignalRanker(), takes()
    ranker.judge(*clips[0])
    started.wait()
    found = []
    for _ in range(_REPEATS):
        for audio, plan in clips:
            start, worked = perf_counter(), process_time()
            ranker.judge(audio, plan)
            found.append((perf_counter() - start, process_time() - worked))
    spent.put(found)


def beside(processes: int) -> tuple[Spent, float]:
    """Judge in so many processes at once; return what each take took, and the takes a second of all together."""
    context = multiprocessing.get_context("spawn")
    barrier, queue = context.Barrier(processes), context.SimpleQueue()
    crew = [context.Process(target=judge, args=(barrier, queue)) for _ in range(processes)]
    for each in crew:
        each.start()
    found = [queue.get() for _ in crew]
    for each in crew:
        each.join()
    rates = [len(each) / sum(clock for clock, _ in each) for each in found]
    return [take for each in found for take in each], sum(rates)


def run() -> None:
    """Measure alone, and then with a process for each core, as the workers of a daemon are."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as the foreman has it
    alone, one = beside(1)
    cores = os.cpu_count() or 1
    _, all_ = beside(cores)
    clock = [seconds for seconds, _ in alone]
    record(
        "measuring",
        {"bars": 4, "bpm": 120, "rate": 48_000, "channels": 2, "takes": list(_PROMPTS), "repeats": _REPEATS},
        {
            "ms a take on one core": spread(clock),
            "ms of the processor": spread([seconds for _, seconds in alone]),
            "budget, ms": _BUDGET_MS,
            "within budget": 1_000 * median(clock) <= _BUDGET_MS,
            "takes a second, one process": round(one, 1),
            f"takes a second, {cores} processes side by side": round(all_, 1),
        },
    )
