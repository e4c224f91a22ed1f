"""20 clients and 10 000 triggers. Promised: every one is answered, p99 of the answer is at most 20 ms, memory is bounded.

Twice: each client sends its next trigger when the last is answered, so that 20 are always on their way, which is what
the 20 ms are promised for; and all send everything at once without listening first, where the last answer cannot come
before all others are worked off: what counts there is that none is missing. The engine works all the while.
"""

import selectors
import socket
import tempfile
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import psutil
from daemons import PATIENCE, Running, daemon, until
from figures import record, spread

from daw_bridge.client import Client
from daw_bridge.wires.osc_packet import decode, encode

CLIENTS = 20
TRIGGERS = 10_000
_BUDGET_MS = 20.0
_ANSWERS = frozenset({"/bridge/queued", "/bridge/error"})
_TRIGGER = encode("/bridge/preset/four-on-the-floor", [1.0])
_LARGEST = 65_536


@dataclass(slots=True, eq=False)
class Peer:
    """One client: its socket, when what is on its way was sent, and what came back."""

    socket: socket.socket
    left: int
    sent: deque[float] = field(default_factory=deque)
    seconds: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    def send(self) -> None:
        """Send one trigger."""
        self.left -= 1
        self.sent.append(perf_counter())
        self.socket.send(_TRIGGER)

    def hear(self) -> int:
        """Take in all that has come; return how many answers were among it. They come in the order of the triggers."""
        count = 0
        while True:
            try:
                packet = self.socket.recv(_LARGEST)
            except BlockingIOError:
                return count
            (message,) = decode(packet)
            if message.address in _ANSWERS:
                self.seconds.append(perf_counter() - self.sent.popleft())
                self.answers["queued" if message.address == "/bridge/queued" else str(message.arguments()[1])] += 1
                count += 1


def peers(running: Running, clients: int, triggers: int) -> list[Peer]:
    """Open so many clients with room for all their answers."""
    made = []
    for _ in range(clients):
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**22)
        opened.connect((running.host, running.port))
        opened.setblocking(False)
        made.append(Peer(opened, triggers // clients))
    return made


def one_after_another(clients: Sequence[Peer]) -> None:
    """Have each client send when its last trigger is answered, until all is sent or nothing comes any more."""
    for peer in clients:
        peer.send()
    _listen(clients)


def all_at_once(clients: Sequence[Peer]) -> None:
    """Have all clients send everything, in turn, and listen then."""
    while clients[0].left:
        for peer in clients:
            peer.send()
    _listen(clients)


def _listen(clients: Sequence[Peer]) -> None:
    """Hear answers, and send what is left, until everything is answered or nothing comes any more."""
    with selectors.DefaultSelector() as selector:
        for peer in clients:
            selector.register(peer.socket, selectors.EVENT_READ, peer)
        while any(peer.sent for peer in clients) and (ready := selector.select(PATIENCE)):
            for key, _ in ready:
                peer = key.data
                for _ in range(min(peer.hear(), peer.left)):
                    peer.send()


def status(client: Client) -> dict[str, object]:
    """Ask for the status."""
    heard = client.ask("/bridge/status", "/bridge/status.reply", PATIENCE)
    return dict(zip(map(str, heard.arguments[::2]), heard.arguments[1::2], strict=True)) if heard else {}


def run(triggers: int = TRIGGERS) -> None:
    """Measure both ways, each with a daemon of its own."""
    for name, way in (("one after another", one_after_another), ("all at once", all_at_once)):
        with tempfile.TemporaryDirectory() as base, daemon(Path(base)) as running, running.client() as client:
            client.send("/bridge/generate", "everything", "bars", 64, "takes", 16, "id", "busy")
            until(client, "/bridge/started")
            before = psutil.Process(running.process.pid).memory_info().rss
            clients = peers(running, CLIENTS, triggers)
            begun = perf_counter()
            way(clients)
            took = perf_counter() - begun
            told = status(client)
            after = psutil.Process(running.process.pid).memory_info().rss
            seconds = [each for peer in clients for each in peer.seconds]
            answers = sum((peer.answers for peer in clients), Counter[str]())
            for peer in clients:
                peer.socket.close()
        delay = spread(seconds)
        record(
            f"load, {name}",
            {"clients": CLIENTS, "triggers": triggers, "load": "64 bars x 16 takes"},
            {
                "answered": len(seconds),
                "answers": dict(answers),
                "lost by the system": told.get("lost"),
                "flooded": told.get("flooded"),
                "answer_ms": delay,
                "seconds": round(took, 2),
                **({"within 20 ms": delay["p99"] <= _BUDGET_MS} if way is one_after_another else {}),
                "daemon_mb": [round(before / 1e6, 1), round(after / 1e6, 1)],
            },
        )
