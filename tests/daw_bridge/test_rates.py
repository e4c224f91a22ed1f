"""Laws of rates: a burst, then a pace, each sender its own, and a memory with bounds."""

import pytest

from daw_bridge.rates import Rates


class Hand:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_a_burst_is_let_through_and_then_the_pace() -> None:
    """What is said of when to come again is true: a moment before it is too early, then it is not."""
    clock = Hand()
    rates = Rates(10.0, 5.0, clock)
    assert [rates.take("a") for _ in range(5)] == [0.0] * 5
    wait = rates.take("a")
    assert wait == pytest.approx(0.1)
    assert rates.take("b") == 0.0
    clock.now += 0.09
    assert rates.take("a") == pytest.approx(0.01)
    clock.now += 0.011
    assert rates.take("a") == 0.0
    clock.now += 3_600
    assert [rates.take("a") > 0 for _ in range(6)] == [False] * 5 + [True]


def test_those_who_came_last_are_remembered() -> None:
    """Ten thousand names take no more room than a thousand; one who keeps coming is not forgotten."""
    rates = Rates(0.001, 1.0, Hand())
    assert rates.take("busy") == 0.0
    for number in range(10_000):
        rates.take(f"passing {number}")
        assert rates.take("busy") > 0
    assert len(rates._buckets) <= 1_024
