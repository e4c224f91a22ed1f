"""Loops become pieces: whole bars from the downbeat on, all of them, none twice."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from checkpoints import PUBLISHED
from hypothesis import given
from hypothesis import strategies as st
from sounds import clicks, grid

from plugin_host.errors import BadValue
from plugin_host.loops import Beat, Loop, read_loop
from plugin_host.musictime import Frames, Meter, Tempo
from plugin_host.training.pieces import LONGEST_BAR, MOST_BARS, pieces, shared_out


@given(bars=st.integers(1, 200), most=st.integers(1, 8))
def test_bars_are_shared_out_evenly(bars: int, most: int) -> None:
    """Every bar is in one piece, in order; none has more than it may, and none two more than another."""
    shares = shared_out(bars, most)
    assert [first for first, _ in shares] == [sum(count for _, count in shares[:each]) for each in range(len(shares))]
    assert sum(count for _, count in shares) == bars
    assert max(count for _, count in shares) <= most
    assert max(count for _, count in shares) - min(count for _, count in shares) <= 1


def written(path: Path, bars: int, lead: float = 0.0, bpm: float = 120) -> Loop:
    """Write a click on every beat, after so many seconds of silence; read it as a loop."""
    on = grid(bpm, bars=bars, rate=32_000)
    sound = np.concatenate((np.zeros((round(lead * on.rate), 2), np.float32), clicks(on).samples))
    soundfile.write(path, sound, on.rate)
    return read_loop(path, "clicks")


def test_a_piece_is_its_bars_at_the_rate_of_the_model(tmp_path: Path) -> None:
    """Six bars are two pieces of three, each from a downbeat on, and as long as they are to the frame."""
    found = list(pieces(written(tmp_path / "clicks_120bpm.wav", bars=6), PUBLISHED))
    assert [(each.bars, each.seconds, each.beats, len(each.sound)) for each in found] == [
        (3, Fraction(6), 12.0, 96_000)
    ] * 2
    for each in found:
        loudest = np.abs(each.sound).reshape(12, 8_000).max(axis=1)
        assert np.abs(each.sound[:800]).max() > 0.9 * loudest.max()
        assert loudest.min() > 0


def test_what_comes_before_the_downbeat_is_left_out(tmp_path: Path) -> None:
    """A piece begins with the bar, not with the file."""
    loop = written(tmp_path / "clicks_120bpm.wav", bars=2, lead=0.7)
    assert loop.beat is not None
    told = replace(loop, beat=replace(loop.beat, downbeat=Frames(22_400), bars=2))
    (piece,) = pieces(told, PUBLISHED)
    assert (piece.bars, len(piece.sound)) == (2, 64_000)
    assert np.abs(piece.sound[:800]).max() > 0.9 * np.abs(piece.sound).max()


def test_slow_bars_are_fewer(tmp_path: Path) -> None:
    """No piece is longer than what the model has heard at once, but for a bar that is."""
    (four,) = pieces(written(tmp_path / "a_120bpm.wav", bars=4), PUBLISHED)
    halves = list(pieces(written(tmp_path / "b_60bpm.wav", bars=4, bpm=60), PUBLISHED))
    (bar,) = pieces(written(tmp_path / "c_20bpm.wav", bars=1, bpm=20), PUBLISHED)
    assert (four.bars, [each.bars for each in halves], bar.bars) == (MOST_BARS, [2, 2], 1)
    assert max(each.seconds for each in halves) <= Fraction(1024, 100) < bar.seconds <= LONGEST_BAR


def test_what_has_no_whole_bar_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """With the name, and what to do."""
    loop = written(tmp_path / "clicks_120bpm.wav", bars=1)
    beat = Beat(Tempo.parse(20), Meter(32, 1), Fraction(2), 0, Frames(0))
    for changed, told in (
        (replace(loop, beat=None), "clicks_120bpm.wav has no beat .*write its tempo into its name"),
        (replace(loop, beat=beat), "less than a bar of 32/1 at 20 BPM; give loops of whole bars"),
        (replace(loop, path=tmp_path / "gone.wav"), "is not there"),
    ):
        with pytest.raises(BadValue, match=told):
            list(pieces(changed, PUBLISHED))
    endless = tmp_path / "clicks.wav"
    soundfile.write(endless, np.tile(clicks(grid(rate=8_000)).samples, (6, 1)), 8_000)
    with pytest.raises(BadValue, match="has bars of 24 s; one has at most 20 s"):
        list(pieces(replace(loop, path=endless, beat=replace(beat, beats=Fraction(128), bars=1)), PUBLISHED))
