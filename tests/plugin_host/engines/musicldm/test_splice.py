"""One clip out of several nearly equal ones: cut where they are most alike, and frame 0 stays frame 0."""

import numpy as np
import pytest
from numpy.typing import NDArray

from plugin_host.engines.musicldm import splice

RATE = 16_000


def turns(count: int, frames: int, quiet: int) -> NDArray[np.float32]:
    """Return a ring of so many noisy turns, alike but for a tenth, and quiet for 1 000 frames from `quiet` on."""
    chance = np.random.default_rng(1)
    turn = chance.standard_normal(frames)
    ring = np.tile(turn, count) + 0.1 * chance.standard_normal(count * frames)
    places = (np.arange(count * frames) - quiet) % frames
    return (0.2 * ring * np.where(places < 1_000, 0.001, 1)).astype(np.float32)


@pytest.mark.parametrize("quiet", [0, 2_500, 7_600])
def test_the_cut_is_where_nothing_sounds(quiet: int) -> None:
    """All the rest is, frame by frame, what it was in the ring."""
    ring = turns(3, 8_000, quiet)
    clip = splice.clip(ring, 3, RATE)
    assert len(clip) == 8_000
    loud = (np.arange(8_000) - quiet) % 8_000 >= 1_000
    whole = ring.reshape(3, 8_000)
    assert (np.abs(whole - clip).min(axis=0)[loud] == 0).all()


def test_equal_turns_are_cut_without_a_trace() -> None:
    """Where each turn is the same, so is the clip."""
    turn = turns(1, 4_000, 0)
    assert np.allclose(splice.clip(np.tile(turn, 5), 5, RATE), turn, atol=1e-6)


def test_a_length_that_is_not_whole_is_the_nearest() -> None:
    """Three turns of 1 000⅓ frames make a clip of 1 000."""
    assert len(splice.clip(turns(1, 3_001, 0), 3, RATE)) == 1_000
