"""How often somebody may do something: a bucket of tokens for each, which fills as time goes by.

What stands here bounds those who do no harm on purpose, such as a script in a circle. Buckets are kept for those who
came last; who has a new name each time is bounded by the queue.
"""

from collections.abc import Callable
from time import monotonic

_MOST = 1_024  # buckets


class Rates:
    """Buckets by name, each of `burst` tokens at most, filled by `rate` tokens a second. Thread: the event loop's."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> float:
        """Take a token from the bucket called `name` and return 0; from an empty one, the seconds until there is one."""
        now = self._clock()
        tokens, since = self._buckets.pop(name, (self._burst, now))
        tokens = min(tokens + (now - since) * self._rate, self._burst)
        short = 1 - tokens
        self._buckets[name] = (tokens if short > 0 else tokens - 1, now)  # the last in order is the last who came
        if len(self._buckets) > _MOST:
            del self._buckets[next(iter(self._buckets))]
        return short / self._rate if short > 0 else 0.0
