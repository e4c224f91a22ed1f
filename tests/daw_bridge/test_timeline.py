"""The timeline maps beats to moments and back."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daw_bridge.timeline import Timeline
from plugin_host.musictime import Beats, Meter, Tempo

TEMPI = st.integers(20_000, 999_000).map(lambda thousandths: Tempo(Fraction(thousandths, 1_000)))
MOMENTS = st.floats(0, 1e6)
BEATS = st.floats(-1e4, 1e6)
TIMELINES = st.builds(Timeline, TEMPI, BEATS, MOMENTS)
QUANTA = st.builds(Meter, st.integers(1, 32), st.sampled_from([1, 2, 4, 8, 16, 32])).map(lambda meter: meter.bar)


@given(TIMELINES, BEATS)
def test_a_beat_is_found_again_at_its_moment(timeline: Timeline, beat: float) -> None:
    """Beats and moments are a bijection."""
    assert timeline.beat_at(timeline.time_at(beat)) == pytest.approx(beat, abs=1e-4)


def test_a_minute_has_as_many_beats_as_the_tempo() -> None:
    """Tempo is beats a minute."""
    timeline = Timeline(Tempo.parse(92.5), 3.0, 1_000.0)
    assert timeline.beat_at(1_060.0) == pytest.approx(95.5)


@given(TIMELINES, TEMPI, MOMENTS)
def test_a_new_tempo_makes_no_jump(timeline: Timeline, tempo: Tempo, moment: float) -> None:
    """At the moment of the change both timelines play the same beat, and from there on the new tempo counts."""
    after = timeline.at_tempo(tempo, moment)
    assert after.beat_at(moment) == timeline.beat_at(moment)
    assert after.beat_at(moment + 60) - after.beat_at(moment) == pytest.approx(float(tempo), abs=1e-4)


@given(TIMELINES, MOMENTS, QUANTA)
def test_the_next_line_is_a_multiple_of_the_quantum_and_not_behind(
    timeline: Timeline, moment: float, quantum: Beats
) -> None:
    """It is less than one quantum ahead."""
    line = timeline.line_after(moment, quantum)
    assert line / float(quantum) == pytest.approx(round(line / float(quantum)), abs=1e-9)
    assert -1e-5 <= line - timeline.beat_at(moment) < float(quantum) + 1e-5


@given(TIMELINES, MOMENTS, QUANTA)
def test_the_phase_stays_below_the_quantum(timeline: Timeline, moment: float, quantum: Beats) -> None:
    """Also before beat 0: the phase of negative beats is not mirrored."""
    phase = timeline.phase_at(moment, quantum)
    assert 0 <= phase <= float(quantum)
    assert timeline.at_beat(phase, moment).beat_at(moment) == phase


def test_a_moment_on_a_line_is_on_that_line() -> None:
    """Who asks exactly on the bar gets this bar, also where the last bit of the time is against it."""
    timeline = Timeline(Tempo.parse(87.25), 0.0, 12_345.678)
    for bar in range(1, 2_000):
        assert timeline.line_after(timeline.time_at(4.0 * bar), Meter(4, 4).bar) == 4.0 * bar
