"""The outbox: what was heard, on its way to the daemon."""

import threading
from collections import Counter, OrderedDict

from daw_bridge.midi.event import HALF, Event, Kind

_MOST = 4_096  # events that may wait for the daemon; what comes beyond is dropped and counted


class Outbox:
    """Events on their way to the daemon: bounded, and knobs that are turned fast are drawn together. Thread: any."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[object, Event] = OrderedDict()
        self._lost: Counter[str] = Counter()
        self._ready = threading.Condition()
        self._serial = 0

    def put(self, event: Event) -> None:
        """Take an event; one that finds the box full is counted.

        A controller's value that still waits is replaced by the newer one, unless a button would miss its edge.
        """
        with self._ready:
            self._serial += 1
            key: object = self._serial
            if event.kind in {Kind.CONTROL, Kind.BEND}:
                key = (event.port, event.kind, event.channel, event.number, event.value >= HALF)
                self._waiting.pop(key, None)
            if len(self._waiting) >= _MOST:
                self._lost["flood"] += 1
            else:
                self._waiting[key] = event
            self._ready.notify()

    def lose(self, reason: str) -> None:
        """Count something that came to nothing."""
        with self._ready:
            self._lost[reason] += 1
            self._ready.notify()

    def take(self) -> tuple[list[Event], Counter[str]]:
        """Wait for events or losses, and return all there are."""
        with self._ready:
            while not self._waiting and not self._lost:
                self._ready.wait()
            events, lost = list(self._waiting.values()), self._lost
            self._waiting, self._lost = OrderedDict(), Counter()
        return events, lost
