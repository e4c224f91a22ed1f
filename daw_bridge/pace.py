"""How long a job will take, learnt from how long jobs took."""

from collections.abc import Iterable

from plugin_host.engine import Plan

_FIRST_GUESS = 0.02  # seconds of work for a second of one take, before anything was measured
_MEMORY = 0.7  # how much of the old figure stays when a new one comes
_OVERHEAD = 0.02  # seconds that every job costs


class Pace:
    """Seconds of work for one second of one take, by engine: a moving average. Thread: the event loop's."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def learn(self, engine: str, plan: Plan, seconds: float) -> None:
        """Take note that `plan` took `seconds` from start to end."""
        measured = max(seconds - _OVERHEAD, 0.0) / _work(plan)
        before = self._seconds.get(engine, measured)
        self._seconds[engine] = _MEMORY * before + (1 - _MEMORY) * measured

    def estimate(self, engine: str, plans: Iterable[Plan]) -> float:
        """Return how many seconds `plans` will take one after the other."""
        each = self._seconds.get(engine, _FIRST_GUESS)
        return sum(_OVERHEAD + each * _work(plan) for plan in plans)


def _work(plan: Plan) -> float:
    """Return the size of a plan in seconds of takes."""
    return plan.takes * float(plan.grid.seconds)
