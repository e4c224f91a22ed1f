"""The laws of `plugin_host.rank`: a score is a product that a person can read, and the order is its order."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_host.clip import Score
from plugin_host.errors import EngineFailed
from plugin_host.rank import Verdict, best_first, score

PARTS = st.dictionaries(st.sampled_from(["beat", "seam", "text"]), st.floats(0, 1), max_size=3)


@given(parts=PARTS, weights=st.dictionaries(st.sampled_from(["beat", "seam", "text", "other"]), st.floats(0, 4)))
def test_a_score_is_the_product_of_its_parts_to_their_weights(
    parts: dict[str, float], weights: dict[str, float]
) -> None:
    """It can be worked out again from the parts and weights that stand beside it, and lies in 0–1."""
    made = score([Verdict(parts)], weights)
    assert made.value == pytest.approx(math.prod(part ** weights.get(name, 1.0) for name, part in parts.items()))
    assert 0 <= made.value <= 1
    assert made.parts == parts
    assert made.weights == {name: weights.get(name, 1.0) for name in parts}


@given(parts=PARTS)
def test_a_weight_of_0_ignores_its_part(parts: dict[str, float]) -> None:
    """Even a part of 0 costs nothing then."""
    assert score([Verdict(parts)], dict.fromkeys(parts, 0.0)).value == 1.0


@given(parts=PARTS, faults=st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_a_fault_cannot_be_bought_back(parts: dict[str, float], faults: list[str]) -> None:
    """Any fault of any ranker makes the score 0, and is told."""
    made = score([Verdict(parts), Verdict(faults=tuple(faults))], {})
    assert made.value == 0.0
    assert made.faults == tuple(faults)


def test_the_words_of_all_rankers_stand_side_by_side() -> None:
    """Parts and evidence of several verdicts are joined."""
    made = score([Verdict({"beat": 0.5}, (), {"onsets": 3}), Verdict({"text": 0.4}, (), {"cosine": 0.4})], {})
    assert made.parts == {"beat": 0.5, "text": 0.4}
    assert made.evidence == {"onsets": 3, "cosine": 0.4}
    assert made.value == pytest.approx(0.2)


@given(values=st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), max_size=8))
def test_the_order_is_best_first_and_equals_keep_theirs(values: list[float]) -> None:
    """Each index once, scores falling, and the earlier take first among equals."""
    ranked = best_first([Score(value) for value in values])
    assert sorted(ranked) == list(range(len(values)))
    assert [(-values[index], index) for index in ranked] == sorted(
        (-value, index) for index, value in enumerate(values)
    )


def test_nothing_but_faulty_takes_is_a_failure() -> None:
    """The error says what is wrong with them; among good ones, more faults rank behind fewer."""
    faulty = [Score(0.0, faults=("a", "b")), Score(0.0, faults=("a",))]
    with pytest.raises(EngineFailed, match="no take can be used: a; b; try another seed"):
        best_first(faulty)
    assert best_first([*faulty, Score(0.5)]) == [2, 1, 0]
