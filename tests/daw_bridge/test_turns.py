"""Laws of turns: each sender's own order, everyone's turn, and a place that is told as it is."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daw_bridge.turns import Turns

Job = tuple[str, int]


def queue() -> Turns[Job]:
    """Return an empty queue of jobs, which are named by their sender and number."""
    return Turns(lambda job: job[0])


def served(turns: Turns[Job]) -> list[Job]:
    """Serve all and return them in order."""
    order = []
    while len(turns):
        order.append(next(iter(turns)))
        turns.take(order[-1])
    return order


def test_fifty_jobs_of_one_delay_another_by_one() -> None:
    """Who comes later with a first job has it done next, and then turns alternate."""
    turns = queue()
    jobs = [("a", number) for number in range(50)]
    for job in jobs:
        turns.append(job)
    turns.take(jobs[0])
    late = [("b", 0), ("b", 1)]
    for job in late:
        turns.append(job)
    assert [turns.index(job) for job in late] == [0, 2]
    assert served(turns)[:5] == [late[0], jobs[1], late[1], jobs[2], jobs[3]]


@given(st.lists(st.sampled_from("aaabc") | st.just("-"), max_size=60))
def test_turns_are_fair_at_any_time(steps: list[str]) -> None:
    """Each sender's jobs stay in order, and among those who wait nobody has two turns before another has one."""
    turns, numbers = queue(), Counter[str]()
    for step in steps:
        if step == "-":
            if len(turns):
                turns.take(next(iter(turns)))
        else:
            job = (step, numbers[step])
            numbers[step] += 1
            turns.append(job)
            assert list(turns)[turns.index(job)] is job
    waiting, order = list(turns), served(turns)
    assert order == waiting
    for sender in "abc":
        own = [job for job in order if job[0] == sender]
        assert own == sorted(own)
        for one, next_one in pairwise(own):
            between = Counter(job[0] for job in order[order.index(one) + 1 : order.index(next_one)])
            assert all(count <= 2 for count in between.values())


def test_who_leaves_without_a_turn_gives_its_place_back() -> None:
    """A pad whose job is replaced again and again stands no further behind than before."""
    turns = queue()
    for number in range(3):
        turns.append(("a", number))
    for number in range(100):
        job = ("pad", number)
        turns.append(job)
        assert turns.index(job) == 1
        turns.remove(job)
    with pytest.raises(ValueError, match="pad"):
        turns.remove(("pad", 0))
