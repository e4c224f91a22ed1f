"""How soon a request in a file is told as queued, and what it costs to watch for one when nobody asks.

From the moment at which the file has its name to the one at which the reply has its own, as a client sees it that looks
every two milliseconds. Promised: p95 at most 50 ms. The cost is that of a daemon with an exchange less that of one without.
"""

import tempfile
from pathlib import Path
from time import perf_counter

import psutil
from daemons import Running, daemon
from exchanger import Exchanger
from figures import record, spread

REQUESTS = 300
IDLE = 20.0  # seconds
STARTS = 5


def run() -> None:
    """Measure while somebody asks, when nobody has yet, and at rest."""
    seconds: list[float] = []
    firsts: list[float] = []
    idle: dict[str, float] = {}
    for watches in ("0", "1"):
        with tempfile.TemporaryDirectory() as base, daemon(Path(base), DAW_BRIDGE_OSC_EXCHANGE=watches) as running:
            idle[watches] = at_rest(running)
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as base, daemon(Path(base)) as running:
            at_rest(running, 1.0)
            firsts.append(delay(Exchanger(running, "first")))
            client = Exchanger(running, "bench")
            seconds += [delay(client) for _ in range(REQUESTS // STARTS)]
    record(
        "exchange",
        {"requests": REQUESTS, "idle_seconds": IDLE},
        {
            "queued_ms": spread(seconds),
            "first_queued_ms": spread(firsts),
            "idle_core_percent": round(idle["1"] - idle["0"], 3),
            "idle_core_percent_without": round(idle["0"], 3),
        },
    )


def delay(client: Exchanger) -> float:
    """Ask for a job, hear that it is queued, cancel it, and return the seconds between the first two."""
    name = f"{client.name}{client.asked}"
    begun = perf_counter()
    client.send("/bridge/generate", "pad", "id", name, "bars", 1, "takes", 1)
    client.until("/bridge/queued")
    seconds = perf_counter() - begun
    client.send("/bridge/cancel", name)
    client.synced()
    return seconds


def at_rest(running: Running, seconds: float = IDLE) -> float:
    """Return how much of a core, in per cent, the daemon's own process takes while nobody asks."""
    process = psutil.Process(running.process.pid)
    process.cpu_percent(1.0)  # the worker has started by then, and has said so
    return float(process.cpu_percent(seconds))
