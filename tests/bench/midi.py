"""From a note at the port to the job that is accepted, while generations run on all cores; and a cable gone mad.

Promised: p99 at most 10 ms over 1 000 notes; after a million random bytes and a hundred thousand random messages the
daemon answers, and its memory is flat.
"""

import random
import socket
import tempfile
from pathlib import Path
from time import perf_counter

import mido
import psutil
from daemons import Running, daemon, synced, until
from figures import record, spread
from ports import free_port

_NOTES = 1_000
_BYTES = 1_000_000
_MESSAGES = 100_000
_LOAD = ("everything", "bars", 64, "takes", 16)


def run() -> None:
    """Measure both over a TCP connection, which needs no driver."""
    port = free_port()
    with tempfile.TemporaryDirectory() as base, daemon(Path(base), DAW_BRIDGE_MIDI_NETWORK=str(port)) as running:
        pads = _connected(running, port)
        record(
            "midi",
            {"notes": _NOTES, "load": "64 bars x 16 takes, over and over"},
            {"accepted_ms": _latency(running, pads)},
        )
        record("midi", {"random_bytes": _BYTES, "random_messages": _MESSAGES}, _fuzz(running, pads))
        pads.close()


def _connected(running: Running, port: int) -> socket.socket:
    """Connect as soon as the port is open."""
    with running.client() as client:
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port))
            except ConnectionRefusedError:
                synced(client)


def _latency(running: Running, pads: socket.socket) -> dict[str, float]:
    """Hit a pad, hear that its job is queued, cancel it, and so on."""
    note = bytes(mido.Message("note_on", note=36, velocity=100).bytes())
    seconds = []
    with running.client() as client, running.client() as hearer:
        hearer.send("/bridge/notify", 1)
        synced(hearer)
        for number in range(_NOTES):
            if number % 250 == 0:
                client.send("/bridge/cancel", "all")
                client.send("/bridge/generate", *_LOAD)
                until(hearer, "/bridge/started")
            begun = perf_counter()
            pads.sendall(note)
            queued = until(hearer, "/bridge/queued")[-1]
            seconds.append(perf_counter() - begun)
            client.send("/bridge/cancel", str(queued.arguments[0]))
            until(hearer, "/bridge/cancelled")
        client.send("/bridge/cancel", "all")
        until(hearer, "/bridge/cancelled")
    return spread(seconds)


def _fuzz(running: Running, pads: socket.socket) -> dict[str, object]:
    """Send rubbish; return what the daemon's memory and counts became of it."""
    dice = random.Random(1)
    with running.client() as client:
        process = psutil.Process(running.process.pid)
        pads.sendall(dice.randbytes(_BYTES // 10))
        _rest(running)
        before = process.memory_info().rss
        pads.sendall(dice.randbytes(_BYTES - _BYTES // 10))
        for _ in range(_MESSAGES // 1_000):
            pads.sendall(b"".join(_message(dice) for _ in range(1_000)))
        _rest(running)
        after = process.memory_info().rss
        status = client.ask("/bridge/status", "/bridge/status.reply", 10.0)
        told = dict(zip(status.arguments[::2], status.arguments[1::2], strict=True)) if status else {}
    counts = {str(name): value for name, value in told.items() if str(name).startswith(("midi_", "clock_"))}
    return {"answers": status is not None, "before_mb": before / 1e6, "after_mb": after / 1e6, **counts}


def _message(dice: random.Random) -> bytes:
    """Return a whole message of any kind."""
    status = dice.choice([*range(0x80, 0xF0), 0xF2, 0xF8, 0xFA, 0xFB, 0xFC])
    length = 1 if status >= 0xF8 else 2 if 0xC0 <= status < 0xE0 else 3
    return bytes([status, *(dice.randrange(128) for _ in range(length - 1))])


def _rest(running: Running) -> None:
    """Cancel what pads may have started, until nothing is left of it."""
    with running.client() as client:
        quiet = 0
        while quiet < 3:
            client.send("/bridge/cancel", "all")
            status = client.ask("/bridge/status", "/bridge/status.reply", 10.0)
            told = dict(zip(status.arguments[::2], status.arguments[1::2], strict=True)) if status else {}
            quiet = quiet + 1 if told.get("running") == "none" and not told.get("waiting") else 0
