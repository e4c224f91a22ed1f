"""Telling: whoever runs jobs says what happens once, and every wire that listens passes it on as it sees fit."""

import logging
from collections.abc import Callable

from daw_bridge.reports import Told
from daw_bridge.requests import Request

_log = logging.getLogger(__name__)

Listener = Callable[[Told, Request], None]
"""Hears each report, with the request that it answers. It must not wait."""


class Announcer:
    """Hands reports to all listeners, in order. Thread: the event loop's."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Let `listener` hear all reports from now on."""
        self._listeners.append(listener)

    def tell(self, report: Told, request: Request) -> None:
        """Tell all listeners. One that breaks keeps neither the others from hearing nor the job from going on."""
        for listener in self._listeners:
            try:
                listener(report, request)
            except Exception:  # noqa: BLE001 - whatever a listener does wrong is its own trouble
                _log.exception("a listener broke at %s", report)
