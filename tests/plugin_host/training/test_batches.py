"""Which loops a step is shown."""

import torch
from hypothesis import given
from hypothesis.strategies import floats, integers, lists, tuples

from plugin_host.road import LIMITS
from plugin_host.training.batches import Rings, cut, kind

shapes = lists(tuples(integers(1, 5).map(lambda each: 4 * each), integers(1, 4)), min_size=1, max_size=40)


@given(shapes, integers(0, 2**31))
def test_loops_of_a_batch_can_be_laid_over_each_other(loops: list[tuple[int, int]], seed: int) -> None:
    """All have one length and one number of bars, and there are about as many frames as were asked for."""
    rings = Rings.of([length for length, _ in loops], [bars for _, bars in loops])
    numbers = rings.drawn(100, torch.Generator().manual_seed(seed))
    assert len({loops[number] for number in numbers}) == 1
    length = loops[numbers[0]][0]
    assert abs(len(numbers) * length - 100) <= length / 2


def test_no_loop_is_drawn_more_often_than_another() -> None:
    """Long and short ones, from large and small groups, over many steps."""
    lengths = [40] * 6 + [20] * 3 + [80]
    rings = Rings.of(lengths, [2] * 10)
    drawn = torch.zeros(10)
    for seed in range(4_000):
        for number in rings.drawn(80, torch.Generator().manual_seed(seed)):
            drawn[number] += 1
    assert float(drawn.max() / drawn.min()) < 1.2


@given(integers(1, 20), integers(1, 60), integers(0, 2**31))
def test_a_cut_goes_on_around_the_ring(length: int, frames: int, seed: int) -> None:
    """From wherever it begins, every frame is the next one."""
    found = cut(torch.arange(length), frames, torch.Generator().manual_seed(seed))
    assert len(found) == frames
    assert torch.equal(found, (found[0] + torch.arange(frames)) % length)


@given(floats(20, 999), floats(0.5, 2.0))
def test_loops_of_one_kind_can_be_brought_to_one_tempo(bpm: float, times: float) -> None:
    """Within what a sound bears to be stretched by, whichever of two is brought to the other; and of as many beats."""
    assert kind(8, bpm, "4/4") != kind(6, bpm, "4/4")
    if kind(8, bpm, "4/4") == kind(8, times * bpm, "4/4"):
        assert LIMITS[0] <= times <= LIMITS[1]
