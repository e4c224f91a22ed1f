"""A million packets, random and damaged, against a daemon. Promised: no crash, no hang, no error of ours, flat memory."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import perf_counter

import psutil
from daemons import PATIENCE, Running, daemon
from figures import record
from packets import damaged

from daw_bridge.client import Client

PACKETS = 1_000_000
_AT_ONCE = 200
_EVERY = 100  # batches between two looks at memory
SETTINGS = {
    "DAW_BRIDGE_JOBS_PER_MINUTE": "0",
    "DAW_BRIDGE_JOBS_BARS": "1",
    "DAW_BRIDGE_JOBS_TAKES": "1",
    "DAW_BRIDGE_JOBS_LONGEST": "8",
}
"""No packet is refused for coming too soon, and jobs are small."""


@dataclass(slots=True)
class Found:
    """What became of the daemon: packets it took, how often it did not answer, its memory in MB, its log's errors.

    `unheard` is how often its answer did not come within a second, or was lost on the way.
    """

    packets: int = 0
    hangs: int = 0
    unheard: int = 0
    slowest: float = 0.0
    memory: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    alive: bool = False


def attack(running: Running, packets: Iterable[bytes]) -> Found:
    """Send packets, as many at a time as it can take, and see that it answers after each time."""
    found, left = Found(), iter(packets)
    process = psutil.Process(running.process.pid)
    number = 0
    with running.client() as client:
        while batch := list(islice(left, _AT_ONCE)):
            number += 1
            begun = perf_counter()
            for packet in batch:
                client.send_packet(packet)
            found.packets += len(batch)
            if not _answers(client, number, found):
                found.hangs += 1
                break
            found.slowest = max(found.slowest, perf_counter() - begun)
            if number % _EVERY == 1:
                found.memory.append(process.memory_info().rss / 1e6)
                for path in running.folder.iterdir():
                    path.unlink(missing_ok=True)
    found.memory.append(process.memory_info().rss / 1e6)
    found.alive = running.process.poll() is None
    log = (running.folder.parent / "log").read_text().splitlines()
    found.errors = [line for line in log if "Traceback" in line or " broke" in line or "ERROR" in line]
    return found


def _answers(client: Client, number: int, found: Found) -> bool:
    """Whether the daemon says that it has worked off all of it. That word may be lost among thousands of others."""
    until = perf_counter() + PATIENCE
    while perf_counter() < until:
        client.send("/bridge/sync", number)
        for each in client.hear(1.0):
            if each.address == "/bridge/synced" and each.arguments == (number,):
                return True
            if perf_counter() > until:
                break
        found.unheard += 1
    return False


def run(packets: int = PACKETS, seed: int = 7) -> None:
    """Attack a daemon of our own."""
    with tempfile.TemporaryDirectory() as base, daemon(Path(base), **SETTINGS) as running:
        found = attack(running, damaged(packets, seed))
    early = found.memory[len(found.memory) // 10]
    record(
        "fuzz",
        {"packets": packets, "seed": seed},
        {
            "packets": found.packets,
            "crashes": int(not found.alive),
            "hangs": found.hangs,
            "answers unheard": found.unheard,
            "errors of ours": len(found.errors),
            "slowest batch of 200, ms": round(1_000 * found.slowest, 1),
            "memory after a tenth, MB": round(early, 1),
            "memory at the end, MB": round(found.memory[-1], 1),
        },
    )
    for line in dict.fromkeys(found.errors):
        print(line)
