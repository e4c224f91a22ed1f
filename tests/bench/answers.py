"""How soon `/bridge/queued` is heard while generations run without pause. Promised: p99 at most 5 ms over 2 000 requests."""

import tempfile
from pathlib import Path
from time import perf_counter

from daemons import daemon, until
from figures import record, spread

_REQUESTS = 2_000


def run() -> None:
    """Keep the worker busy with long jobs; ask for one more, hear that it is queued, cancel it, and so on."""
    seconds = []
    with tempfile.TemporaryDirectory() as base, daemon(Path(base)) as running, running.client() as client:
        busy = 0
        client.send("/bridge/generate", "everything", "id", "busy0", "bars", 64, "takes", 16)
        until(client, "/bridge/started")
        with running.client() as asker:
            for number in range(_REQUESTS):
                if number % 250 == 249:  # no job is so long that it would last for all of them
                    busy += 1
                    client.send("/bridge/generate", "everything", "id", f"busy{busy}", "bars", 64, "takes", 16)
                    client.send("/bridge/cancel", f"busy{busy - 1}")
                name = f"n{number}"
                begun = perf_counter()
                asker.send("/bridge/generate", "pad", "id", name)
                until(asker, "/bridge/queued")
                seconds.append(perf_counter() - begun)
                asker.send("/bridge/cancel", name)
                until(asker, "/bridge/cancelled")
    record(
        "answers", {"requests": _REQUESTS, "load": "64 bars x 16 takes, over and over"}, {"queued_ms": spread(seconds)}
    )
