"""Laws of plans: every take of a job has a seed of its own, from which it can be made again alone."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from plugin_host.engine import SEEDS, Plan
from plugin_host.musictime import Grid, Meter, Tempo

GRID = Grid(Tempo.parse(120), Meter(4, 4), 4, 48_000)
seeds = st.integers(0, SEEDS.stop - 1)


@given(seeds, st.integers(0, 15))
def test_a_take_can_be_made_again_alone(seed: int, index: int) -> None:
    """The first take of a plan with the seed of any take is that take."""
    plan = Plan("x", GRID, seed)
    again = replace(plan, seed=plan.take_seed(index))
    assert again.take_seed(0) == plan.take_seed(index)
    assert plan.take_seed(index) in SEEDS


@given(seeds)
def test_neighbouring_jobs_share_no_take(seed: int) -> None:
    """Sixteen takes of a seed and of the next are 32 different ones."""
    here, there = Plan("x", GRID, seed), Plan("x", GRID, (seed + 1) % SEEDS.stop)
    assert len({plan.take_seed(index) for plan in (here, there) for index in range(16)}) == 32
