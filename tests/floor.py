"""The processes in which the tests run, and who has the floor: a test that is marked `undisturbed` runs alone.

Most tests wait most of the time, so that several processes are through sooner than one, even on two cores. Whoever
holds real time to account would hold the neighbours to account with it. So each test runs under a lock of the system,
shared with the other processes, or for itself if it is marked. The system frees what a process holds that dies.
"""

import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

if sys.platform != "win32":
    import fcntl

_HUMBLEST = 19  # steps of niceness: more there are not

PROCESSES = 1 if sys.platform == "win32" else 4
"""How many there are, where several can take turns. More would only wait for the processor."""


def processes(named: list[str]) -> int:
    """Return how many processes run what was `named` on the command line; 0 for this one, where a debugger works."""
    files = all(Path(each.partition("::")[0]).is_file() for each in named)
    return 0 if files or PROCESSES == 1 else PROCESSES


def undisturbed(item: pytest.Item | None) -> bool:
    """Whether a test must have the machine to itself."""
    return item is not None and item.get_closest_marker("undisturbed") is not None


def takes_long(item: pytest.Item) -> bool:
    """Whether a test has asked for more than two minutes."""
    mark = item.get_closest_marker("timeout")
    return mark is not None and bool(mark.args[0] > 120)


def dealt(items: list[pytest.Item], hands: int) -> list[pytest.Item]:
    """Return the tests in the order in which so many processes, which each get an even part of them, are through soonest.

    The first begins with those that run undisturbed, in a row, since they keep all others waiting. What takes long is
    shared out among the others, early, but not at once: whoever was in the midst of it would keep the first waiting.
    All else stays in its order, and modules together.
    """
    alone = [item for item in items if undisturbed(item)]
    long = [item for item in items if takes_long(item) and not undisturbed(item)]
    rest = [item for item in items if not undisturbed(item) and not takes_long(item)]
    others = max(1, hands - 1)
    shares = [alone, *(long[each::others] for each in range(others))]
    order: list[pytest.Item] = []
    for hand, theirs in enumerate(shares):
        size = max(0, (len(items) - len(order)) // (len(shares) - hand) - len(theirs))
        early = size // 10 if hand else 0
        order += rest[:early] + theirs + rest[early:size]
        rest = rest[size:]
    return order


def think_alone() -> None:
    """Have the processes that are started from now on compute in one thread each: several would spin for each other."""
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def _give_way() -> None:
    """Be as humble as anybody can be, from now on.

    The workers of a daemon give way to whatever else there is: beside tests that compute they would hardly come to work,
    and the test that waits for them would give up. At the end of the scale all are equal.
    """
    os.nice(_HUMBLEST)


def sendable(data: Any) -> Any:
    """Return a report with signs that no encoding knows written out."""
    if isinstance(data, str):
        return data.encode(errors="backslashreplace").decode()
    if isinstance(data, dict):
        return {sendable(key): sendable(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(map(sendable, data))
    return data


class Floor:
    """One process's way to the floor, as a plugin of pytest. The two files that it locks are never written to."""

    def __init__(self, floor: Path, gate: Path, processes: int = PROCESSES) -> None:
        self._processes = processes
        self._floor = os.open(floor, os.O_RDONLY)
        self._gate = os.open(gate, os.O_RDONLY)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Order the tests; all processes order them alike."""
        items[:] = dealt(items, self._processes)

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # outermost: the wait for the floor is not within the test's timeout
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Run a test, and what is set up for it, when this process has the floor as the test needs it."""
        if undisturbed(item):
            self.claim()
        else:
            _give_way()
            self.share()
        try:
            return (yield)
        finally:
            if not (undisturbed(item) and undisturbed(nextitem)):
                self.leave()

    @pytest.hookimpl(wrapper=True)
    def pytest_report_to_serializable(self) -> Generator[None, object, object]:
        """Write what a test has printed so that it can be sent: it may be no text, and then it would end the run."""
        return sendable((yield))

    def share(self) -> None:
        """Wait until nobody has the floor alone, nor waits for it at the gate."""
        fcntl.flock(self._gate, fcntl.LOCK_SH)
        fcntl.flock(self._floor, fcntl.LOCK_SH)
        fcntl.flock(self._gate, fcntl.LOCK_UN)

    def claim(self) -> None:
        """Close the gate, and wait until all others have left the floor."""
        fcntl.flock(self._gate, fcntl.LOCK_EX)
        fcntl.flock(self._floor, fcntl.LOCK_EX)

    def leave(self) -> None:
        """Let the others in."""
        fcntl.flock(self._floor, fcntl.LOCK_UN)
        fcntl.flock(self._gate, fcntl.LOCK_UN)
