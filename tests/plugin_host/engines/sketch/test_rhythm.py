"""How bars are felt, and what swing does."""

from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_host.engines.sketch.rhythm import Bar, Swing, feel, roles
from plugin_host.musictime import Beats, Grid, Meter, Tempo

GridOf = Callable[..., Grid]

ratios = st.fractions(Fraction(1, 2), Fraction(3, 4), max_denominator=100)


@pytest.mark.parametrize(
    ("meter", "pulses"),
    [
        ("4/4", (4, 4, 4, 4)),
        ("3/4", (4, 4, 4)),
        ("7/8", (4, 4, 6)),
        ("5/4", (4, 4, 4, 4, 4)),
        ("12/8", (6, 6, 6, 6)),
        ("5/8", (4, 6)),
        ("6/8", (6, 6)),
    ],
)
def test_meters_are_grouped_as_musicians_count_them(grid: GridOf, meter: str, pulses: tuple[int, ...]) -> None:
    """Quarters count; eighths come in twos and threes, with the long one last."""
    assert feel(grid(120, meter), Swing()).pulses == pulses


@given(
    meter=st.builds(Meter, st.integers(1, 32), st.sampled_from((1, 2, 4, 8, 16, 32))),
    tempo=st.decimals(20, 999, places=2).map(Tempo.parse),
)
def test_a_felt_bar_is_exactly_as_long_as_a_written_one(meter: Meter, tempo: Tempo) -> None:
    """Whatever the feel, the steps of a bar add up to its meter, exactly."""
    assert feel(Grid(tempo, meter, 1, 48_000), Swing()).length == meter.bar


@given(tempo=st.decimals(20, 999, places=2).map(Tempo.parse))
def test_a_pulse_can_be_tapped_at_any_tempo(tempo: Tempo) -> None:
    """In 4/4 a pulse lasts between 0.29 and 1.25 seconds: slow bars are felt in double time, fast ones in half."""
    bar = feel(Grid(tempo, Meter(4, 4), 1, 48_000), Swing())
    seconds = bar.length / len(bar.pulses) * 60 / tempo.quarters_per_minute
    assert Fraction(29, 100) <= seconds <= Fraction(5, 4) or len(bar.pulses) == 1


@given(pulses=st.integers(1, 512))
def test_every_bar_starts_on_the_one(pulses: int) -> None:
    """A bar of any number of pulses has a role for each, and the first is the downbeat."""
    assert len(roles(pulses)) == pulses
    assert roles(pulses)[0] == 0


def test_a_backbeat_stays_a_backbeat(grid: GridOf) -> None:
    """A snare on two and four falls on the last of three, and on the light pulses of 3+2."""
    snare = "....x.......x..."
    for meter, heard in (("4/4", snare), ("3/4", "........x..."), ("5/4", "........x.......x...")):
        assert "".join(snare[step] for step in feel(grid(120, meter), Swing()).written) == heard


@given(ratio=ratios, pair=st.sampled_from((2, 4)), pulse=st.integers(0, 3))
def test_swing_moves_what_is_between_and_nothing_else(ratio: Fraction, pair: int, pulse: int) -> None:
    """The first of each pair of steps stays on its line; the one half way lies where the ratio says."""
    bar = Bar(Beats(Fraction(1, 4)), (4, 4, 4, 4), Swing(ratio, pair))
    for start in range(4 * pulse, 4 * pulse + 4, pair):
        assert bar.place(start) == start * bar.step
        assert bar.place(start + pair // 2) == (start + pair * ratio) * bar.step


@given(ratio=ratios, pair=st.sampled_from((2, 4)))
def test_swing_keeps_steps_in_order(ratio: Fraction, pair: int) -> None:
    """However hard it swings, no step overtakes another, thirty-seconds included."""
    bar = Bar(Beats(Fraction(1, 4)), (4, 4, 6), Swing(ratio, pair))
    places = [bar.place(Fraction(step, 2)) for step in range(2 * bar.steps)]
    assert places == sorted(places)
    assert len(set(places)) == len(places)
