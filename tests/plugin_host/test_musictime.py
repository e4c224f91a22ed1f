"""Laws of musical time: exact inside, rounded once, from the origin."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_host.errors import BadValue, OutOfRange
from plugin_host.musictime import METER_DENOMINATORS, Grid, Meter, Tempo, decimal_text, exact

tempi = st.decimals("20", "999", places=3, allow_nan=False, allow_infinity=False).map(Tempo.parse)
meters = st.builds(Meter, st.integers(1, 32), st.sampled_from(METER_DENOMINATORS))
grids = st.builds(Grid, tempi, meters, st.integers(1, 64), st.integers(8_000, 192_000))


@given(grids)
def test_a_clip_is_as_long_as_promised(grid: Grid) -> None:
    """Frames are round(bars · 4n/d · 60/tempo · rate), from the total."""
    beats = Fraction(grid.bars * 4 * grid.meter.numerator, grid.meter.denominator)
    assert grid.frames == round(beats * 60 / grid.tempo.quarters_per_minute * grid.rate)


@given(grids)
def test_beats_are_counted_from_the_origin(grid: Grid) -> None:
    """Line k lies at round(k · step), within half a frame of its exact place, however long the clip."""
    lines = grid.lines(Fraction(1))
    assert lines[0] == 0
    for k, line in enumerate(lines):
        assert abs(line - Fraction(k * 60 * grid.rate) / grid.tempo.quarters_per_minute) <= Fraction(1, 2)
    assert lines[-1] < grid.frames or len(lines) == 1


@given(grids)
def test_lines_fill_the_clip_and_no_more(grid: Grid) -> None:
    """There is a line for every whole step that begins before the end."""
    assert len(grid.lines(Fraction(1, 4))) == -(-grid.beats * 4 // 1)


@given(grids, st.integers(8_000, 192_000))
def test_another_rate_changes_nothing_but_the_rate(grid: Grid, rate: int) -> None:
    """The same bars last as long at any rate."""
    assert grid.at_rate(rate).seconds == grid.seconds
    assert grid.at_rate(grid.rate) == grid


@pytest.mark.parametrize(
    ("bars", "meter", "tempo", "rate", "frames"),
    [
        (4, "4/4", "120", 48_000, 384_000),
        (1, "7/8", "92.5", 44_100, 100_119),
        (8, "4/4", "59.94", 48_000, 1_537_538),
        (32, "4/4", "97", 44_100, 3_491_629),
    ],
)
def test_known_lengths(bars: int, meter: str, tempo: str, rate: int, frames: int) -> None:
    """Lengths worked out by hand, one of them where rounding each bar would be 13 frames off."""
    assert Grid(Tempo.parse(tempo), Meter.parse(meter), bars, rate).frames == frames


@given(st.decimals("20", "999", places=4, allow_nan=False, allow_infinity=False))
def test_a_tempo_is_kept_as_written(written: Decimal) -> None:
    """Text, decimal and float of one number are one tempo, and it is written back as it was."""
    tempo = Tempo.parse(str(written))
    assert tempo.quarters_per_minute == Fraction(written)
    assert tempo == Tempo.parse(float(written))
    assert Fraction(str(tempo)) == Fraction(written)


@pytest.mark.parametrize(
    "value", ["19.99", "999.01", "0", "-120", "3159345", "nan", "inf", "-Infinity", "1e400", "1e-400"]
)
def test_nonsense_tempi_are_named(value: str) -> None:
    """What no DAW can be set to is refused, and the range is told."""
    with pytest.raises(OutOfRange, match=r"20 to 999|120 or 92\.5"):
        Tempo.parse(value)


@pytest.mark.parametrize("value", ["fast", "", "12O", "1/2", "0x80"])
def test_words_are_no_tempo(value: str) -> None:
    """What is no number is said to be none."""
    with pytest.raises(BadValue, match="is not a number"):
        Tempo.parse(value)


def test_an_endless_number_is_refused_before_it_is_read() -> None:
    """A number of a million digits costs nothing."""
    with pytest.raises(OutOfRange, match="too many digits"):
        exact("1" * 1_000_000)


@given(meters)
def test_a_meter_is_read_as_it_is_written(meter: Meter) -> None:
    """Text and meter go into each other, with and without blanks."""
    assert Meter.parse(str(meter)) == meter
    assert Meter.parse(f" {meter.numerator} / {meter.denominator} ") == meter


@pytest.mark.parametrize("text", ["4", "4/", "/4", "a/b", "4/4/4", "-4/4", "4.5/4", "٤/٤", "99999/4"])
def test_text_that_is_no_meter(text: str) -> None:
    """What is not n/d is refused with an example."""
    with pytest.raises(BadValue, match="7/8"):
        Meter.parse(text)


@pytest.mark.parametrize("text", ["0/4", "33/4", "4/3", "4/64", "4/0"])
def test_meters_that_are_not_promised(text: str) -> None:
    """A meter beyond the table is refused with the table."""
    with pytest.raises(OutOfRange, match="1 to 32"):
        Meter.parse(text)


@pytest.mark.parametrize(("bars", "rate"), [(0, 48_000), (65, 48_000), (4, 7_999), (4, 192_001)])
def test_grids_that_are_not_promised(bars: int, rate: int) -> None:
    """Bars and rates beyond the promise are refused."""
    with pytest.raises(OutOfRange, match=str(bars if bars != 4 else rate)):
        Grid(Tempo.parse(120), Meter(4, 4), bars, rate)


@pytest.mark.parametrize(
    ("value", "text"), [(Fraction(124), "124"), (Fraction(185, 2), "92.5"), (Fraction(400, 3), "133.333333")]
)
def test_numbers_are_written_as_a_person_would(value: Fraction, text: str) -> None:
    """No trailing zeros, no more digits than help."""
    assert decimal_text(value) == text
