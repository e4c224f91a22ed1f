"""Laws of the chunks that DAWs and samplers read, as their bytes have it."""

import struct
from fractions import Fraction

import pytest
from clips import ONE_BAR
from hypothesis import given
from hypothesis import strategies as st
from riff import inner_chunks

from daw_bridge.deliveries.chunks import Tags, trailer
from plugin_host.engine import Form
from plugin_host.key import Key
from plugin_host.musictime import Grid, Meter, Tempo


def tags(grid: Grid = ONE_BAR, form: Form = Form.LOOP, key: str = "none", prompt: str = "prompt") -> Tags:
    """Return tags of a clip called "title"."""
    return Tags(grid, form, Key.parse(key), "title", prompt, "software 1")


def acid_of(some: Tags) -> tuple[float, ...]:
    """Return the fields of the acid chunk."""
    return struct.unpack("<IHHfIHHf", inner_chunks(trailer(some, 100, 8_000))[b"acid"])


@given(
    tempo=st.decimals(20, 999, places=3).map(Tempo.parse),
    numerator=st.integers(1, 32),
    denominator=st.sampled_from([1, 2, 4, 8, 16, 32]),
    bars=st.integers(1, 64),
)
def test_acid_tells_beats_meter_and_tempo(tempo: Tempo, numerator: int, denominator: int, bars: int) -> None:
    """For every grid: the nearest whole number of quarters, denominator before numerator, tempo to a float."""
    grid = Grid(tempo, Meter(numerator, denominator), bars, 48_000)
    *_, beats, lower, upper, told = acid_of(tags(grid))
    assert abs(beats - grid.beats) <= max(Fraction(1, 2), 1 - grid.beats)
    assert beats >= 1
    assert (upper, lower) == (numerator, denominator)
    assert told == struct.unpack("<f", struct.pack("<f", float(tempo)))[0]


@pytest.mark.parametrize(
    ("form", "key", "flags", "root"),
    [
        (Form.LOOP, "none", 0b100, 60),
        (Form.LOOP, "C", 0b110, 60),
        (Form.LOOP, "Bbm", 0b110, 70),
        (Form.ONE_SHOT, "none", 0b001, 60),
        (Form.ONE_SHOT, "F#", 0b011, 66),
    ],
)
def test_acid_tells_form_and_key(form: Form, key: str, flags: int, root: int) -> None:
    """A loop may be stretched and a one-shot not; the root note counts where a key is known."""
    told_flags, told_root, constant, zero, *_ = acid_of(tags(form=form, key=key))
    assert (told_flags, told_root, constant, zero) == (flags, root, 0x8000, 0.0)


@given(frames=st.integers(1, 2**31), rate=st.integers(8_000, 192_000))
def test_a_loop_runs_from_its_first_frame_to_its_last(frames: int, rate: int) -> None:
    """One endless forward loop over the whole file, its end being the last frame that sounds."""
    fields = struct.unpack("<9I6I", inner_chunks(trailer(tags(), frames, rate))[b"smpl"])
    assert abs(fields[2] - 1e9 / rate) <= 0.5
    assert fields[7] == 1
    assert fields[9:] == (0, 0, 0, frames - 1, 0, 0)


def test_a_one_shot_has_no_loop() -> None:
    """A sampler that played a one-shot round and round would be wrong."""
    assert b"smpl" not in inner_chunks(trailer(tags(form=Form.ONE_SHOT), 100, 8_000))


@given(prompt=st.text(st.characters(codec=None), max_size=3_000))
def test_any_text_is_told_in_utf_8(prompt: str) -> None:
    """Whatever the prompt, INFO holds it in UTF-8 with one NUL at its end, cut between characters if very long."""
    info = inner_chunks(trailer(tags(prompt=prompt), 100, 8_000))[b"LIST"]
    assert info.startswith(b"INFO")
    told = inner_chunks(info[4:]).get(b"ICMT", b"\0")
    assert told.endswith(b"\0")
    assert len(told) <= 2_001
    sayable = prompt.replace("\0", "").encode("utf-8", "replace").decode()
    text = told[:-1].decode()
    assert "\0" not in text
    assert sayable.startswith(text)
    assert text == sayable or len(told) > 1_997


def test_empty_texts_are_left_out() -> None:
    """A clip without a prompt has no empty comment."""
    info = inner_chunks(trailer(tags(prompt=""), 100, 8_000))[b"LIST"]
    assert inner_chunks(info[4:]) == {b"ISFT": b"software 1\0", b"INAM": b"title\0"}
