"""The laws of `plugin_host.stretch`: exact lengths, true pitches, no seam, and the same bytes every time."""

import numpy as np
import pytest
import sounds
from hypothesis import given, settings
from hypothesis import strategies as st
from measures import onset_errors, seam
from numpy.typing import NDArray

from plugin_host.audio import Audio
from plugin_host.engine import Form
from plugin_host.fit import CEILING
from plugin_host.stretch import TIMBRE, stretched, transposed

GRID = sounds.grid(120, bars=2)


def loudest(wave: NDArray[np.float32], rate: int) -> float:
    """Return the frequency of the loudest partial, in Hz, read between the lines."""
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    at = int(np.argmax(spectrum))
    left, middle, right = np.log(spectrum[at - 1 : at + 2])
    return float((at + 0.5 * (left - right) / (left - 2 * middle + right)) * rate / len(wave))


@settings(max_examples=30, deadline=None)
@given(
    frames=st.integers(60, 40_000),
    part=st.floats(0.8, 1.25),
    rate=st.sampled_from([8_000, 16_000, 48_000]),
    channels=st.integers(1, 3),
)
def test_any_length_becomes_any_other_exactly(frames: int, part: float, rate: int, channels: int) -> None:
    """However short, to the frame, finite, with as many channels."""
    dice = np.random.default_rng(frames)
    noise = dice.normal(scale=0.1, size=(frames, channels)).astype(np.float32)
    made = stretched(noise, rate, round(frames * part))
    assert made.shape == (round(frames * part), channels)
    assert made.dtype == np.float32
    assert np.isfinite(made).all()


@pytest.mark.parametrize("part", [0.8, 0.95, 1.1, 1.25])
def test_a_stretched_tone_keeps_its_pitch(part: float) -> None:
    """To a cent."""
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(96_000) / 48_000)
    made = stretched(tone.astype(np.float32)[:, np.newaxis], 48_000, round(96_000 * part))
    assert 1200 * abs(np.log2(loudest(made[4_800:-4_800, 0], 48_000) / 440)) < 1


@settings(max_examples=20, deadline=None)
@given(semitones=st.floats(-3, 3), frames=st.integers(60, 30_000), form=st.sampled_from(Form))
def test_a_shift_loses_no_frame(semitones: float, frames: int, form: Form) -> None:
    """However short the clip; it is finite, no louder than the ceiling, and the facts say by how much it went."""
    noise = np.random.default_rng(frames).normal(size=(frames, 2)).astype(np.float32)
    made, facts = transposed(Audio(noise, 16_000), semitones, form)
    assert made.frames == frames
    assert np.isfinite(made.samples).all()
    assert made.peak <= CEILING + 1e-6
    assert facts["shift_semitones"] == semitones


@pytest.mark.parametrize("semitones", [-3, -1, 0.5, 2, 3])
@pytest.mark.parametrize("hertz", [50.0, 110.0, 440.0])
def test_a_shifted_tone_is_where_it_was_asked(hertz: float, semitones: float) -> None:
    """To a cent, up and down, whole and fractional, from the bass up."""
    pad = sounds.pad(GRID, (hertz,))
    made, _ = transposed(pad, semitones, Form.LOOP)
    moved = loudest(made.samples[:, 0], 48_000) / loudest(pad.samples[:, 0], 48_000)
    assert 100 * abs(12 * np.log2(moved) - semitones) < 1


@pytest.mark.parametrize("semitones", [-3, -1, 2])
@pytest.mark.parametrize("sound", [sounds.pad, sounds.drums])
def test_a_shifted_ring_has_no_seam(sound: sounds.Maker, semitones: float) -> None:
    """The join is like any moment inside for what is held, and like any bar line for what is hit."""
    made, facts = transposed(sound(GRID), semitones, Form.LOOP)
    join = seam(made.samples.astype(np.float64), GRID.bars)
    assert join.jump_percentile <= 99
    assert join.flux_percentile <= 95 or join.flux_against_bars <= 1.25
    assert str(facts["shift_seam"]).endswith("crossfade")


@pytest.mark.parametrize("semitones", [-3, -1, 2])
def test_a_shift_leaves_every_hit_in_its_place(semitones: float) -> None:
    """Within five milliseconds, for 95 of 100."""
    made, _ = transposed(sounds.drums(GRID), semitones, Form.LOOP)
    was, now = (each.mono().astype(np.float64) for each in (sounds.drums(GRID), made))
    assert np.percentile(np.abs(onset_errors(now, was, GRID.rate, int(GRID.beats))), 95) <= 0.005


def test_what_has_no_pitch_is_left_where_it_was() -> None:
    """A tone above the limit of melodies stays, where one below would go up by three."""
    high = sounds.pad(GRID, (TIMBRE * 1.5,))
    made, _ = transposed(high, 3, Form.LOOP)
    np.testing.assert_allclose(made.samples, high.samples, atol=1e-3)


def test_the_same_shift_gives_the_same_bytes() -> None:
    """Equal channels stay equal, and what was given is left as it was."""
    given = sounds.drums(GRID)
    before = given.samples.copy()
    one, other = (transposed(given, 1.5, Form.LOOP)[0].samples for _ in range(2))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(one[:, 0], one[:, 1])
    np.testing.assert_array_equal(given.samples, before)


def test_a_shifted_one_shot_ends() -> None:
    """Nothing of its end is heard at its start, and it fades out."""
    late = sounds.drums(GRID).samples.copy()
    late[: GRID.frames // 2] = 0
    made, _ = transposed(Audio(late, GRID.rate), 2, Form.ONE_SHOT)
    assert np.abs(made.samples[: GRID.frames // 4]).max() < 1e-3
    assert np.abs(made.samples[-1]).max() < 1e-3
