"""Telling: whoever runs jobs says what happens once, and every wire that listens passes it on as it sees fit.

What is said must be so: a job is told as queued when it is on the disk. Nothing waits for that but the words: those that
come after are held back with it, answers included, and go out in the order in which they were said.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from functools import partial

from daw_bridge.reports import Told
from daw_bridge.requests import Request

_log = logging.getLogger(__name__)

Listener = Callable[[Told, Request], None]
"""Hears each report, with the request that it answers. It must not wait."""


class Announcer:
    """Hands reports to all listeners, in order. Thread: the event loop's."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._held: deque[Callable[[], None] | asyncio.Future[None]] = deque()

    def listen(self, listener: Listener) -> None:
        """Let `listener` hear all reports from now on."""
        self._listeners.append(listener)

    def hold(self, until: "asyncio.Future[None]") -> None:
        """Hold back what is said from now on until `until` is done, one way or the other."""
        if not until.done():
            self._held.append(until)
            until.add_done_callback(self._go_on)

    def tell(self, report: Told, request: Request) -> None:
        """Tell all listeners, in turn. One that breaks keeps neither the others from hearing nor the job from going on."""
        self.in_turn(partial(self.say, report, request))

    def in_turn(self, say: Callable[[], None]) -> None:
        """Call `say` now, or after all that is held back."""
        if self._held:
            self._held.append(say)
        else:
            say()

    def say(self, report: Told, request: Request) -> None:
        """Tell all listeners now: for those whose turn it is."""
        for listener in self._listeners:
            try:
                listener(report, request)
            except Exception:  # noqa: BLE001 - whatever a listener does wrong is its own trouble
                _log.exception("a listener broke at %s", report)

    def _go_on(self, _through: "asyncio.Future[None]") -> None:
        """Say what is held back by nothing any more."""
        while self._held:
            first = self._held[0]
            if isinstance(first, asyncio.Future):
                if not first.done():
                    return
            else:
                try:
                    first()
                except Exception:  # noqa: BLE001 - a word that cannot be said is a bug of ours; the others go out
                    _log.exception("a word broke")
            self._held.popleft()  # only now: what it says itself comes behind what waits
