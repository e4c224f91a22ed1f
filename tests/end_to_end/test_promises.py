"""A sample of the table of promises; ``python tests/bench promises`` tries all of it."""

import random

import pytest
from promises import broken, seams, table

from plugin_host.engine import Plan

SAMPLE = random.Random(20).sample([plan for plan in table() if plan.grid.seconds < 40], 40)


@pytest.mark.parametrize(
    "plan", SAMPLE, ids=lambda plan: f"{plan.grid.tempo} {plan.grid.meter} {plan.grid.rate} x{plan.grid.bars}"
)
def test_a_clip_keeps_its_promises(plan: Plan) -> None:
    """Exactly round(bars · 4n/d · 60/tempo · rate) frames, finite, at most full scale, not silent."""
    assert broken(plan) == []


def test_the_seam_is_a_bar_line_like_any_other() -> None:
    """Where bars are alike, the join steps no further than the clip does inside, and its flux is that of a bar line."""
    for jump, _, against_bars in seams(12):
        assert jump <= 95
        assert against_bars <= 1.05  # a bar line may lie half a frame beside its place
