"""What the log says of refusals: whoever sends without listening, such as `oscsend`, finds there why nothing came of it.

Of each host, and of all who ask by files, so many lines are written in a span of time; of the rest, how many there were.
So a script in a circle fills neither the log nor the screen.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from functools import partial

from daw_bridge.errors import BridgeError, code_of
from daw_bridge.requests import Asker

_log = logging.getLogger(__name__)

LINES = 8
"""Lines about one host in a span."""

_SPAN = 10.0  # seconds


class Refusals:
    """Writes lines about refusals, of a few in each `span` of seconds what and why. Thread: the event loop's."""

    def __init__(self, span: float = _SPAN) -> None:
        self._span = span
        self._counts: Counter[str] = Counter()
        self._ends: dict[str, asyncio.TimerHandle] = {}

    def say(self, host: str, asker: Callable[[], Asker], address: str, error: BridgeError) -> None:
        """Take note that a request to `address`, sent from `host`, was refused; `asker` is asked only for a line."""
        if host not in self._ends:
            later = asyncio.get_running_loop().call_later
            self._ends[host] = later(self._span, partial(self._sum_up, host))
        self._counts[host] += 1
        if self._counts[host] > LINES:
            return
        name, where, why = asker().name, _plain(address), _plain(str(error))
        facts = {"sender": name, "address": where, "code": code_of(error), "why": why}
        _log.warning("from %s: %s: %s", name, where, why, extra={"facts": facts})

    def close(self) -> None:
        """Say how many were left out, as nothing comes any more."""
        for host, end in tuple(self._ends.items()):
            end.cancel()
            self._sum_up(host)

    def _sum_up(self, host: str) -> None:
        """End the span of `host`."""
        del self._ends[host]
        left_out = self._counts.pop(host) - LINES
        if left_out > 0:
            _log.warning("from %s: %d more were refused", host, left_out)


def _plain(text: str) -> str:
    """Return `text` with nothing in it that could steer a terminal."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
