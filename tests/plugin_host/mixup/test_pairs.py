"""Laws of pairs: within a tempo group, never with oneself, in the proportion that the paper draws."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from plugin_host.mixup import joined, pairs, share, tempo_group
from plugin_host.mixup.pairs import GROUP_WIDTH

tempi = st.floats(20, 999)


@given(tempi, tempi)
def test_tempi_of_one_group_are_near_each_other(one: float, other: float) -> None:
    """Within the width of a group; and what is more than that apart is of two."""
    low, high = sorted((one, other))
    if tempo_group(one) == tempo_group(other):
        assert high / low <= 1 + GROUP_WIDTH + 1e-9
    if high / low > 1 + GROUP_WIDTH + 1e-9:
        assert tempo_group(one) != tempo_group(other)


@given(st.lists(st.integers(0, 4), max_size=30), st.integers(0, 2**32))
def test_a_partner_is_another_one_of_the_same_group(groups: list[int], seed: int) -> None:
    """Where there is one; where there is none, there is no partner. The same seed pairs the same."""
    found = pairs(groups, np.random.default_rng(seed))
    for index, partner in enumerate(found):
        assert (partner is None) == (groups.count(groups[index]) == 1)
        assert partner is None or (partner != index and groups[partner] == groups[index])
    assert found == pairs(groups, np.random.default_rng(seed))


def test_the_share_is_of_beta_5_5() -> None:
    """Its mean is a half and its variance 1/44, and it is the same for the same seed."""
    chance = np.random.default_rng(1)
    drawn = np.array([share(chance) for _ in range(20_000)])
    assert abs(drawn.mean() - 0.5) < 0.005
    assert abs(drawn.var() - 1 / 44) < 0.001
    assert ((drawn > 0) & (drawn < 1)).all()
    assert share(np.random.default_rng(7)) == share(np.random.default_rng(7))


def test_captions_are_joined() -> None:
    """Both stand in it, one that is the same only once, and none is no word."""
    assert joined("dusty drums", "warm pad") == "dusty drums and warm pad"
    assert joined("Warm pad", " warm pad ") == "Warm pad"
    assert (joined("", "pad"), joined("pad", " ")) == ("pad", "pad")
