"""The measuring loop against truth, in small: ``python tests/bench truth`` prints the whole table."""

from statistics import mean

import pytest
from planted import Answer, answer, cases

from plugin_host.rankers.beat import HALF


@pytest.fixture(scope="module")
def answers() -> list[Answer]:
    """Return what the ranker says of four rounds of every defect."""
    return [answer(case) for case in cases(4, seed=7)]


def test_the_grid_error_is_the_planted_one_within_3_ms(answers: list[Answer]) -> None:
    """Late by 0 to 80 ms, too fast or too slow by up to 3 per cent: the error is told in 95 of 100."""
    misses = [each.miss_ms for each in answers if each.miss_ms is not None]
    assert mean(miss <= 3 for miss in misses) >= 0.95


def test_half_and_double_tempo_are_named(answers: list[Answer]) -> None:
    """As such, though every hit lies on the grid, and the beat falls below a half with them."""
    octaves = [each for each in answers if each.defect in {f"{HALF} tempo", "double tempo"}]
    assert len(octaves) == 8
    assert mean(each.named for each in octaves) >= 0.85
    assert all(each.beat < 0.5 for each in octaves if each.named)


def test_the_tempo_that_was_asked_for_is_named_so(answers: list[Answer]) -> None:
    """A loop that is late is not called slow, and one that drifts is not called steady."""
    others = [each for each in answers if each.defect.startswith(("late", "drifts"))]
    assert mean(each.named for each in others) >= 0.95


def test_nothing_beatless_is_called_off_the_grid(answers: list[Answer]) -> None:
    """Chords and hiss have the full beat."""
    assert all(each.named for each in answers if each.defect == "no beat")
