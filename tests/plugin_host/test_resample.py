"""The laws of `plugin_host.resample`: exact frames, a ring stays a ring, nothing over full scale."""

from fractions import Fraction

import numpy as np
import pytest
import sounds
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from plugin_host.audio import Audio
from plugin_host.engine import Form
from plugin_host.errors import EngineFailed
from plugin_host.fit import CEILING
from plugin_host.musictime import Grid
from plugin_host.resample import _margin, resample

RATES = [8_000, 16_000, 22_050, 44_100, 48_000, 88_200, 96_000, 192_000]
PARTIALS = (3, 40, 211, 502)


def tones(frames: int, turned: float = 0.0, partials: tuple[int, ...] = PARTIALS) -> NDArray[np.float32]:
    """Return a ring of whole cycles, turned by a part of itself, shape ``(frames, 1)``: its truth at any length."""
    position = np.arange(frames) / frames - turned
    wave = sum((np.sin(2 * np.pi * (k * position + 0.1 * k)) for k in partials), np.zeros(frames))
    return (0.9 / len(partials) * wave).astype(np.float32)[:, np.newaxis]


@settings(max_examples=60)
@given(
    bpm=st.sampled_from([20, 59.94, 92.5, 120, 133.7, 174, 300, 999]),
    meter=st.sampled_from(["4/4", "7/8", "12/8", "1/32"]),
    start=st.sampled_from(RATES),
    end=st.sampled_from(RATES),
    form=st.sampled_from(Form),
)
def test_the_result_has_exactly_the_frames_of_its_grid(
    bpm: float, meter: str, start: int, end: int, form: Form
) -> None:
    """Any tempo and meter, from any rate to any rate: the promised frames, finite, in range, at the promised rate."""
    on = sounds.grid(bpm, meter, 1, end)
    noise = np.random.default_rng(1).uniform(-0.9, 0.9, size=(on.at_rate(start).frames, 2)).astype(np.float32)
    done = resample(Audio(noise, start), on, form)
    assert done.samples.shape == (on.frames, 2)
    assert done.rate == end
    assert np.isfinite(done.samples).all()
    assert done.peak <= CEILING + 1e-6


@pytest.mark.parametrize("form", Form)
def test_what_fits_already_is_returned_as_it_is(form: Form) -> None:
    """The same rate and the same frames: the same object."""
    on = sounds.grid()
    clip = sounds.drums(on)
    assert resample(clip, on, form) is clip


@settings(max_examples=40)
@given(start=st.sampled_from(RATES), end=st.sampled_from(RATES), off=st.integers(-3, 3), turned=st.floats(0, 1))
def test_a_ring_stays_the_same_ring(start: int, end: int, off: int, turned: float) -> None:
    """Whole cycles come out as the very same cycles, first frame to last, even from a ring that is a little off.

    That is the seam law and the law that conversion and rolling change places in one: the truth is known at
    every frame, however the ring was turned. (A ring that is off may be shifted by a twentieth of a frame, too.)
    """
    on = sounds.grid(120, "4/4", 1, end)
    frames = on.at_rate(start).frames + off
    done = resample(Audio(tones(frames, turned), start), on, Form.LOOP)
    np.testing.assert_allclose(done.samples, tones(on.frames, turned), atol=1e-4 if off == 0 else 3e-3)


@settings(max_examples=20)
@given(roll=st.integers(0, 31_999), end=st.sampled_from([44_100, 48_000, 11_025]))
def test_conversion_and_rolling_change_places(roll: int, end: int) -> None:
    """A ring of noise, rolled by frames that exist at both rates, converts to the rolled conversion, bit for near bit."""
    on = sounds.grid(120, "4/4", 1, end)
    step = Fraction(on.frames, 32_000)
    roll -= roll % step.denominator
    noise = np.random.default_rng(2).uniform(-0.3, 0.3, size=(32_000, 1)).astype(np.float32)
    straight = resample(Audio(noise, 16_000), on, Form.LOOP)
    rolled = resample(Audio(np.roll(noise, roll, axis=0), 16_000), on, Form.LOOP)
    np.testing.assert_allclose(rolled.samples, np.roll(straight.samples, int(roll * step), axis=0), atol=1e-5)


def test_a_one_shot_does_not_wrap() -> None:
    """What rings at the end of a one-shot is not heard at its start."""
    on = sounds.grid(120, "4/4", 1, 44_100)
    wave = np.zeros((on.at_rate(48_000).frames, 1), np.float32)
    wave[-1] = 0.9
    assert np.abs(resample(Audio(wave, 48_000), on, Form.ONE_SHOT).samples[:1_000]).max() < 1e-6
    assert np.abs(resample(Audio(wave, 48_000), on, Form.LOOP).samples[:1_000]).max() > 1e-2


@pytest.mark.parametrize("part", [Fraction(998, 1000), Fraction(1002, 1000), Fraction(1, 2), Fraction(2)])
def test_a_larger_stretch_is_refused(part: Fraction) -> None:
    """More than one part in a thousand would be heard as another pitch: an error that names both lengths."""
    on = sounds.grid(120, "4/4", 1, 48_000)
    frames = int(on.at_rate(16_000).frames * part)
    with pytest.raises(EngineFailed, match=rf"{frames} frames at 16000 Hz .* {on.frames} frames at 48000 Hz"):
        resample(Audio(tones(frames), 16_000), on, Form.LOOP)


def test_overshoot_is_scaled_back_as_a_whole() -> None:
    """A square wave, whose edges ring over full scale once filtered, comes out at the ceiling and not cut off."""
    on = sounds.grid(120, "4/4", 1, 44_100)
    square = np.sign(tones(on.at_rate(48_000).frames, partials=(441,))) * np.float32(0.96)
    done = resample(Audio(square, 48_000), on, Form.LOOP)
    assert done.peak == pytest.approx(CEILING, rel=1e-5)
    assert np.count_nonzero(np.abs(done.samples) >= 0.9999 * CEILING) < 0.01 * on.frames


@pytest.mark.parametrize(("start", "end"), [(a, b) for a in RATES for b in RATES if a != b])
def test_common_rates_do_not_shift_the_clip(start: int, end: int) -> None:
    """Where bars are whole frames at both rates, the margin that is cut off is too: frame 0 stays where it was."""
    on = sounds.grid(120, "4/4", 1, start)
    margin, skipped = _margin(on.frames, on.at_rate(end).frames)
    assert Fraction(margin * on.at_rate(end).frames, on.frames) == skipped


@given(
    length=st.integers(60, 3_000_000),
    start=st.sampled_from(RATES),
    end=st.sampled_from(RATES),
    off=st.fractions(Fraction(-1, 1000), Fraction(1, 1000)),
)
def test_the_shift_is_never_more_than_a_twentieth_of_a_frame(length: int, start: int, end: int, off: Fraction) -> None:
    """Even between lengths that have nothing in common, frame 0 stays where it was to within 6 microseconds."""
    frames = max(1, round(length * Fraction(end, start) * (1 + off)))
    margin, skipped = _margin(length, frames)
    assert abs(Fraction(margin * frames, length) - skipped) <= Fraction(1, 20)


def test_long_clips_convert_in_blocks() -> None:
    """A minute converts like the same minute heard as one block: no border between blocks is to be found."""
    on: Grid = sounds.grid(128, "4/4", 32, 11_025)
    frames = on.at_rate(16_000).frames
    done = resample(Audio(tones(frames, partials=(5_000, 60_001)), 16_000), on, Form.LOOP)
    np.testing.assert_allclose(done.samples, tones(on.frames, partials=(5_000, 60_001)), atol=2e-4)
