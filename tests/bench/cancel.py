"""How soon a job is cancelled, at every stage of a short and of a long one. Promised: within 200 ms, and no file left."""

import tempfile
from pathlib import Path
from time import perf_counter

from daemons import ENDINGS, Running, daemon
from figures import record

from daw_bridge.client import Client

_MOMENTS = ("/bridge/queued", "/bridge/started", "arrange", "drums", "bass", "chords", "mix", "rank", "write")
_SIZES = {"4 bars x 4 takes": (4, 4), "64 bars x 4 takes": (64, 4), "128 s x 1 take, 96 kHz": (64, 1)}
_RUNS = 5


def run() -> None:
    """Cancel on hearing of each moment, and time until `cancelled` is heard."""
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as base, daemon(Path(base)) as running, running.client() as client:
        for name, (bars, takes) in _SIZES.items():
            rate = 96_000 if "96" in name else 48_000
            slowest = {}
            for moment in _MOMENTS:
                arguments = ("full house", "bars", bars, "takes", takes, "rate", rate, "seed", 3)
                seen = [_cancel(running, client, moment, arguments) for _ in range(_RUNS)]
                cancelled = [each for each in seen if each is not None]
                slowest[moment] = round(1_000 * max(cancelled), 1) if cancelled else "done before it was heard"
            figures[f"{name}, slowest of {_RUNS}, ms"] = slowest
    record("cancel", {"promised_ms": 200}, figures)


def _cancel(running: Running, client: Client, moment: str, arguments: tuple[str | int, ...]) -> float | None:
    """Return the seconds from sending the cancel to hearing of it; None if the job was done by then."""
    begun = 0.0
    client.send("/bridge/generate", *arguments)
    for heard in client.hear(60):
        if not begun and moment in (heard.address, *heard.arguments[2:3]):
            begun = perf_counter()
            client.send("/bridge/cancel", "all")
        if heard.address in ENDINGS:
            taken = perf_counter() - begun
            left = list(running.folder.iterdir())
            for path in left:
                path.unlink()
            if heard.address != "/bridge/cancelled":
                return None
            assert not left, left
            return taken
    raise AssertionError("nothing more was heard")
