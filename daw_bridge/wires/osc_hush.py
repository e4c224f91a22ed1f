"""Who was told already that an address is unknown: a DAW that sends all of its feedback here is told once of each.

REAPER's default pattern sends some hundred addresses, many times a second, and none of them is a mistake that anybody
could mend. A person who tries an address again after a minute is told again.
"""

from collections.abc import Callable
from time import monotonic

from daw_bridge.rates import Rates

_SILENCE = 60.0  # seconds without that address after which it is said again
_MOST = 4_096  # pairs of sender and address that are remembered
_BURST, _RATE = 256.0, 16.0  # unknown addresses that one sender is told of: at once, and a second


class Hush:
    """Remembers what was said to whom. Thread: the event loop's."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._said: dict[tuple[str, str], float] = {}
        self._rates = Rates(_RATE, _BURST, clock)

    def is_news(self, sender: str, address: str) -> bool:
        """Whether `sender` should be told that `address` is unknown; asked, it counts as told."""
        now = self._clock()
        before = self._said.pop((sender, address), float("-inf"))
        self._said[sender, address] = now
        if len(self._said) > _MOST:
            del self._said[next(iter(self._said))]
        return now - before > _SILENCE and not self._rates.take(sender)
