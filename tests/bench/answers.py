"""How soon `/bridge/queued` is heard while generations run without pause. Promised: p99 at most 5 ms over 2 000 requests."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from daemons import Running, daemon, until
from figures import record, spread

REQUESTS = 2_000
LOAD = ("everything", "bars", 64, "takes", 16)


def run() -> None:
    """Measure with the embedded engine at work."""
    with tempfile.TemporaryDirectory() as base, daemon(Path(base), DAW_BRIDGE_JOBS_PER_MINUTE="0") as running:
        seconds = delays(running, LOAD, REQUESTS)
    record(
        "answers", {"requests": REQUESTS, "load": "64 bars x 16 takes, over and over"}, {"queued_ms": spread(seconds)}
    )


def delays(running: Running, load: Sequence[str | int], requests: int) -> list[float]:
    """Keep the worker busy with the jobs of `load`; ask for one more, hear that it is queued, cancel it, and so on."""
    seconds = []
    with running.client() as client, running.client() as asker:
        busy = 0
        client.send("/bridge/generate", *load, "id", "busy0")
        until(client, "/bridge/started")
        for number in range(requests):
            if number % 250 == 249:  # no job is so long that it would last for all of them
                busy += 1
                client.send("/bridge/generate", *load, "id", f"busy{busy}")
                client.send("/bridge/cancel", f"busy{busy - 1}")
            name = f"n{number}"
            begun = perf_counter()
            asker.send("/bridge/generate", "pad", "id", name)
            until(asker, "/bridge/queued")
            seconds.append(perf_counter() - begun)
            asker.send("/bridge/cancel", name)
            until(asker, "/bridge/cancelled")
    return seconds
