"""The laws of `plugin_host.rankers.gridfit`, on onsets that are known exactly."""

from fractions import Fraction

import numpy as np
import pytest
import sounds
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from plugin_host.musictime import Grid
from plugin_host.rankers.gridfit import GridFit, measure, weighted_quantile
from plugin_host.rankers.onsets import Onsets

TEMPI = st.sampled_from([60, 70, 92.5, 120, 140, 174, 180])
METERS = st.sampled_from(["4/4", "3/4", "7/8", "5/4", "12/8", "5/16"])


def fit(on: Grid, beats: list[Fraction], late: float = 0.0) -> GridFit:
    """Measure onsets of equal strength at these beats, all of them late by so many seconds."""
    length = float(on.seconds)
    seconds = (np.array([float(beat) * 60 / float(on.tempo) for beat in beats]) + late) % length
    return measure(Onsets(seconds, np.ones(len(seconds))), on, length)


def steps(on: Grid, step: Fraction = Fraction(1, 4)) -> list[Fraction]:
    """Return all multiples of a step inside the grid, counted anew in each bar."""
    bars = [bar * on.meter.bar for bar in range(on.bars)]
    return [bar + k * step for bar in bars for k in range(-(-on.meter.bar // step))]


@given(bpm=TEMPI, meter=METERS, late=st.floats(-0.018, 0.018))
def test_a_planted_lateness_is_told_exactly(bpm: float, meter: str, late: float) -> None:
    """Sixteenths that all come late by up to 18 ms: the offset and the error are that lateness."""
    on = sounds.grid(bpm, meter)
    found = fit(on, steps(on), late)
    assert found.offset == pytest.approx(late, abs=1e-6)
    assert found.error == pytest.approx(abs(late), abs=1e-6)


@given(bpm=TEMPI, meter=METERS, step=st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(1, 4)]))
def test_what_lies_on_the_lines_holds_fully(bpm: float, meter: str, step: Fraction) -> None:
    """Quarters, eighths and sixteenths are straight, without error, at any tempo and meter."""
    on = sounds.grid(bpm, meter)
    found = fit(on, steps(on, step))
    assert found.error < 1e-6
    assert found.hold > 0.999
    assert found.division == "straight"
    assert found.swing == 0.5


@given(bpm=st.sampled_from([60, 92.5, 120, 140, 174]), swing=st.fractions(Fraction(56, 100), Fraction(7, 10)))
def test_swing_is_measured_and_no_fault(bpm: float, swing: Fraction) -> None:
    """Sixteenths that swing alike lie on the grid, and the swing is told to a hundredth."""
    on = sounds.grid(bpm)
    found = fit(on, [sounds.swung(beat, swing) for beat in steps(on)])
    assert found.error < 1e-6
    assert found.hold > 0.999
    assert found.division == "swung sixteenths"
    assert found.swing == pytest.approx(float(swing), abs=0.01)


@given(bpm=st.sampled_from([92.5, 120, 140, 174]), swing=st.fractions(Fraction(54, 100), Fraction(7, 10)))
def test_swung_eighths_are_no_fault(bpm: float, swing: Fraction) -> None:
    """A jazz drummer's eighths lie on the grid."""
    on = sounds.grid(bpm)
    found = fit(on, [Fraction(beat) + part for beat in range(int(on.beats)) for part in (Fraction(0), swing)])
    assert found.error < 0.006
    assert found.hold > 0.9


@pytest.mark.parametrize("bpm", [60, 92.5, 120, 140, 174])
def test_triplets_are_no_fault(bpm: float) -> None:
    """Eighth triplets lie on the grid."""
    on = sounds.grid(bpm)
    found = fit(on, steps(on, Fraction(1, 3)))
    assert found.error < 1e-6
    assert found.hold > 0.95


@given(bpm=TEMPI, step=st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(1, 4)]), late=st.floats(0.030, 0.060))
def test_a_take_that_is_late_as_a_whole_holds_badly(bpm: float, step: Fraction, late: float) -> None:
    """From 30 ms on, no division explains it away, unless it is late by nearly a whole step."""
    on = sounds.grid(bpm)
    sixteenth = 15 / bpm
    assume(abs(late - sixteenth) > 0.020)
    found = fit(on, steps(on, step), late)
    assert found.error > 0.019
    assert found.hold < 0.8


@given(
    bpm=TEMPI,
    step=st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(1, 4)]),
    ratio=st.sampled_from(
        [Fraction(90, 100), Fraction(95, 100), Fraction(103, 100), Fraction(105, 100), Fraction(11, 10)]
    ),
)
def test_a_wrong_tempo_does_not_hold(bpm: float, step: Fraction, ratio: Fraction) -> None:
    """Three to ten per cent off: onsets fall anywhere, however near the lines are."""
    on = sounds.grid(bpm, bars=4)
    beats = [beat / ratio for beat in range_of(step, on.beats * ratio)]
    assert fit(on, beats).hold < 0.3


def range_of(step: Fraction, end: Fraction) -> list[Fraction]:
    """Return the multiples of `step` below `end`."""
    return [k * step for k in range(int(end // step))]


def test_a_bar_line_is_always_a_line() -> None:
    """Lines are counted from each bar line, also where a bar is no whole number of beats."""
    on = sounds.grid(100, "7/8", bars=8)
    found = fit(on, [bar * on.meter.bar for bar in range(8)])
    assert found.error < 1e-6
    assert found.hold > 0.999


def test_an_onset_just_before_frame_0_is_early_and_not_late() -> None:
    """On a ring, what lies 5 ms before the end lies 5 ms before the start."""
    on = sounds.grid(120, bars=1)
    assert fit(on, [Fraction(k) for k in range(4)], -0.005).offset == pytest.approx(-0.005)


@settings(max_examples=50)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), part=st.floats(0, 1))
def test_a_quantile_of_equal_weights_splits_the_values(values: list[float], part: float) -> None:
    """At least that part of the values is no larger, and the quantile is one of them."""
    array: NDArray[np.float64] = np.array(values)
    found = weighted_quantile(array, np.ones(len(values)), part)
    assert found in values
    assert np.count_nonzero(array <= found) >= part * len(values) - 1e-6
