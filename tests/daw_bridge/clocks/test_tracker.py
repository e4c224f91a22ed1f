"""The tracker reads tempo and phase off ticks, however they come."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ticks import START, changing, steady

from daw_bridge.clocks.tracker import Line, Tracker

MILLISECOND = 0.001


def heard(times: np.typing.ArrayLike) -> Tracker:
    """Return a tracker that has heard ticks at `times`."""
    tracker = Tracker()
    for time in np.asarray(times):
        tracker.tick(float(time))
    return tracker


def line_of(tracker: Tracker) -> Line:
    """Return the line that there must be."""
    assert tracker.line is not None
    return tracker.line


@pytest.mark.parametrize("tempo", [60, 87.25, 92.5, 120, 133.33, 174, 200])
def test_with_a_millisecond_of_jitter_four_bars_are_enough(tempo: float) -> None:
    """The tempo is within 0.05 BPM, and a bar line within 3 ms, whatever the dice."""
    for seed in range(20):
        stream = steady(tempo, 4, np.random.default_rng(seed), jitter=MILLISECOND)
        line = line_of(heard(stream.came))
        assert abs(line.tempo - tempo) < 0.05
        assert abs(line.time - stream.sent[line.number]) < 3 * MILLISECOND


@pytest.mark.parametrize("tempo", [60, 120, 200])
def test_two_bars_lock(tempo: float) -> None:
    """After two bars the tempo is within a tenth of a BPM."""
    for seed in range(20):
        line = line_of(heard(steady(tempo, 2, np.random.default_rng(seed), jitter=MILLISECOND).came))
        assert abs(line.tempo - tempo) < 0.1


def test_a_driver_that_hands_over_blocks_is_late_by_half_a_block_and_no_more() -> None:
    """Ticks that are stamped at the end of blocks of 256 frames tell the tempo as well."""
    for seed in range(10):
        stream = steady(120, 4, np.random.default_rng(seed), jitter=MILLISECOND, block=256 / 48_000)
        line = line_of(heard(stream.came))
        assert abs(line.tempo - 120) < 0.05
        assert 0 <= line.time - stream.sent[line.number] < 256 / 48_000


@given(st.floats(30, 300), st.integers(0, 2**32 - 1))
def test_a_perfect_clock_is_read_perfectly(tempo: float, seed: int) -> None:
    """Without jitter there is no error."""
    line = line_of(heard(steady(tempo, 2, np.random.default_rng(seed)).came))
    assert line.tempo == pytest.approx(tempo, rel=1e-6)


def test_ticks_that_are_lost_move_no_beat() -> None:
    """Four ticks that never came are counted, and the bar lines stay where they are."""
    stream = steady(120, 4, np.random.default_rng(1), jitter=MILLISECOND)
    tracker = heard(np.delete(stream.came, [150, 200, 201, 202]))
    line = line_of(tracker)
    assert tracker.mended == 4
    assert abs(line.time - stream.sent[line.number]) < 3 * MILLISECOND


def test_a_tick_that_came_twice_moves_no_beat() -> None:
    """A doubled tick is counted once."""
    stream = steady(120, 4, np.random.default_rng(2), jitter=MILLISECOND)
    tracker = heard(np.insert(stream.came, 200, stream.came[200]))
    line = line_of(tracker)
    assert tracker.mended == 1
    assert abs(line.time - stream.sent[line.number]) < 3 * MILLISECOND


@pytest.mark.parametrize("block", [1_024 / 48_000, 1_024 / 44_100, 2_048 / 48_000])
@pytest.mark.parametrize("beside", [-2.0, -0.5, 0.2, 1.0, 2.0])
def test_a_tempo_whose_tick_takes_about_a_block_is_no_other_and_loses_no_beat(block: float, beside: float) -> None:
    """Such ticks come as blocks do, and leap by a tick now and then: what leaps is the block, and no tick was lost."""
    tempo = 60 / 24 / block + beside
    for seed in range(3):
        stream = steady(tempo, 12, np.random.default_rng(seed), jitter=MILLISECOND / 2, block=block)
        line = line_of(heard(stream.came))
        assert abs(line.tempo - tempo) < 0.5
        assert -block < line.time - stream.sent[line.number] < 2 * block


def test_a_block_of_half_a_tick_keeps_no_line_short() -> None:
    """At 60 BPM ticks leap back by 1024 frames every twenty-first: the line through four bars knows it."""
    for seed in range(20):
        stream = steady(60, 4, np.random.default_rng(seed), jitter=MILLISECOND, block=1_024 / 48_000)
        assert abs(line_of(heard(stream.came)).tempo - 60) < 0.05


def test_a_jump_of_the_tempo_is_followed_within_a_bar() -> None:
    """From 120 to 128 in one tick: a bar later the tempo is read to half a BPM."""
    stream = changing([(0, 120), (8, 120), (8.001, 128), (10, 128)], np.random.default_rng(3), jitter=MILLISECOND)
    assert abs(line_of(heard(stream.came[stream.sent < START + 10])).tempo - 128) < 0.5


def test_a_ramp_is_followed() -> None:
    """One BPM a second: the tempo that is read is never further behind than the ramp is in two seconds."""
    stream = changing([(0, 120), (4, 120), (24, 140)], np.random.default_rng(4), jitter=MILLISECOND)
    tracker = Tracker()
    for sent, came in zip(stream.sent, stream.came, strict=True):
        tracker.tick(float(came))
        second = sent - START
        if second > 6:
            assert abs(line_of(tracker).tempo - (116 + second)) < 2


def test_a_clock_that_was_recorded_is_read_as_well() -> None:
    """A sender that is exact to the frame, 120 BPM, through JACK in blocks of 256 frames: intervals of 14 to 24 ms."""
    recorded = Path(__file__).with_name("recorded.txt").read_text()
    came = START + np.array([int(word) for word in recorded.split()]) / 1e6
    for bars in (2, 4, 5):
        assert abs(line_of(heard(came[: 96 * bars])).tempo - 120) < 0.1
    assert abs(line_of(heard(came[:384])).tempo - 120) < 0.05


def test_jitter_alone_never_shortens_the_window_to_nothing() -> None:
    """A steady clock with 3 ms of jitter is read over bars, not over the last beat."""
    lines = [line_of(heard(steady(120, 4, np.random.default_rng(seed), jitter=0.003).came)) for seed in range(20)]
    assert min(line.ticks for line in lines) > 192


@given(st.lists(st.floats(0, 10), min_size=1, max_size=200))
def test_any_gaps_leave_a_finite_line_or_none(gaps: list[float]) -> None:
    """Ticks at random, or all at once, break nothing."""
    tracker = heard(START + np.cumsum(gaps))
    assert tracker.line is None or np.isfinite(tracker.line.time)
