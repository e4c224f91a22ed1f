"""Laws of the drawing in a terminal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daw_bridge.cli.sound import Outline
from daw_bridge.cli.waveform import DOTS_WIDE, draw, lines, ruler, thinned, width_for
from plugin_host.musictime import Grid, Meter, Tempo

meters = st.builds(Meter, st.integers(1, 32), st.sampled_from([1, 2, 4, 8, 16, 32]))
tempi = st.integers(20, 999).map(Tempo.parse)
grids = st.builds(Grid, tempi, meters, st.integers(1, 64), st.just(48_000))


def flat(low: float, high: float, signs: int) -> Outline:
    """Return the outline of a sound that goes from `low` to `high` all the time."""
    shape = (DOTS_WIDE * signs, 1)
    lows, highs = np.full(shape, low, np.float32), np.full(shape, high, np.float32)
    return Outline(lows, highs, max(abs(low), abs(high)), 0.0, finite=True)


@given(grid=grids)
def test_a_clip_of_whole_bars_has_a_line_for_each_unit_of_its_meter(grid: Grid) -> None:
    """There are bars times the upper number of them, the first on frame 0, none at the end."""
    found = lines(grid.tempo, grid.meter, float(grid.seconds))
    assert len(found) == grid.bars * grid.meter.numerator
    assert [line.bar for line in found if line.bar is not None] == list(range(1, grid.bars + 1))
    assert found[0].at == 0
    assert all(0 <= line.at < 1 for line in found)
    bars = [line.at * grid.frames for line in found if line.bar is not None]
    assert bars == pytest.approx(grid.lines(grid.meter.bar), abs=1.0)


@given(grid=grids, room=st.integers(20, 119))
def test_the_drawing_fits_its_room(grid: Grid, room: int) -> None:
    """It is no wider than there is room, and uses at least three quarters of it."""
    found = lines(grid.tempo, grid.meter, float(grid.seconds))
    width = width_for(found, room)
    assert 0.75 * room <= width <= room
    marks, numbers = ruler(thinned(found, width), width)
    assert len(marks) <= width
    assert len(numbers) <= width + 3  # the number of a bar may stand out beyond its line


@given(grid=grids, width=st.integers(20, 119))
def test_numbers_stand_under_their_bar_lines(grid: Grid, width: int) -> None:
    """The first is 1, they rise, and each begins in the column of a bar line."""
    found = thinned(lines(grid.tempo, grid.meter, float(grid.seconds)), width)
    marks, numbers = ruler(found, width)
    told = [int(word) for word in numbers.split()]
    assert told[0] == 1
    assert told == sorted(set(told))
    for number in told:
        assert marks[f" {numbers} ".index(f" {number} ")] == "│"


@given(grid=grids, width=st.integers(20, 119))
def test_lines_never_make_a_fence(grid: Grid, width: int) -> None:
    """However many bars there are, the lines that stay are apart, and the first bar's is among them."""
    kept = thinned(lines(grid.tempo, grid.meter, float(grid.seconds)), width)
    assert 1 <= len(kept) <= max(1, width / 2.5)
    assert kept[0].bar == 1


@given(height=st.integers(1, 12), width=st.integers(1, 60))
def test_a_full_sound_fills_the_drawing(height: int, width: int) -> None:
    """From the lowest to the highest sample, every dot is set."""
    assert draw(flat(-0.5, 0.5, width), height, []) == ["⣿" * width] * height


@given(height=st.integers(1, 12), width=st.integers(1, 60))
def test_silence_is_a_line_in_the_middle(height: int, width: int) -> None:
    """Digital silence is one row of dots, and the rest is empty."""
    rows = draw(flat(0.0, 0.0, width), height, [])
    dots = sum((ord(sign) - 0x2800).bit_count() for sign in "".join(rows).replace(" ", ""))
    assert dots == DOTS_WIDE * width


def test_bar_lines_show_where_the_wave_leaves_room() -> None:
    """Two bars of silence, drawn eight signs wide: the second begins in column four."""
    grid = lines(Tempo.parse(120), Meter(4, 4), 4.0)
    assert draw(flat(0.0, 0.0, 8), 3, grid)[0] == "┊   ┊   "
    assert ruler(grid, 8) == ("│╵╵╵│╵╵╵", "1   2")


def test_of_more_bars_than_columns_every_fourth_is_numbered() -> None:
    """64 bars in 64 columns keep bars 1, 5, 9 and so on."""
    kept = thinned(lines(Tempo.parse(174), Meter(4, 4), 64 * 4 * 60 / 174), 64)
    assert [line.bar for line in kept] == list(range(1, 65, 4))
