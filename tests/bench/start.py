"""How soon a daemon answers after it was started, and in how much memory. Promised: 1.0 s and 120 MB."""

import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import psutil
from figures import record, spread
from ports import free_port

from daw_bridge.client import Client

_RUNS = 10


def run() -> None:
    """Start ``daw-bridge serve`` afresh, ask for its version until it answers, and look at its memory."""
    seconds, megabytes = [], []
    for _ in range(_RUNS):
        taken, memory = _start()
        seconds.append(taken)
        megabytes.append(memory)
    figures = {"first_answer_s": spread(seconds, 1), "resident_mb": {"max": max(megabytes), "min": min(megabytes)}}
    record("start", {"runs": _RUNS}, {**figures, "promised": {"seconds": 1.0, "mb": 120}})


def _start() -> tuple[float, float]:
    """Return seconds until the first answer, and megabytes (10^6) of the daemon a moment later."""
    port = free_port()
    with tempfile.TemporaryDirectory() as base:
        folders = ["--folder", f"{base}/clips", "--state", f"{base}/state"]
        begun = perf_counter()
        process = subprocess.Popen(
            [Path(sys.executable).with_name("daw-bridge"), "serve", "--osc", f"127.0.0.1:{port}", *folders],
            stdout=subprocess.DEVNULL,
        )
        try:
            with Client("127.0.0.1", port) as client:
                while client.ask("/bridge/version", "/bridge/version.reply", 0.01) is None:
                    assert process.poll() is None
                taken = perf_counter() - begun
                assert client.ask("/bridge/status", "/bridge/status.reply", 5) is not None
                return taken, round(psutil.Process(process.pid).memory_info().rss / 1e6, 1)
        finally:
            process.terminate()
            process.wait()
