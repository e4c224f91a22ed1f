"""The laws of `plugin_host.fit`: exact length, a closed seam, and no failure that looks like success."""

import numpy as np
import pytest
import sounds
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from plugin_host.audio import Audio
from plugin_host.engine import Form, Plan, Shape, Take
from plugin_host.errors import EngineFailed
from plugin_host.fit import ATTACK_SECONDS, CEILING, SWIFT_SECONDS, Fitted, fit
from plugin_host.musictime import Grid

RATE = 16_000


def fitted(samples: NDArray[np.float32], shape: Shape, plan: Plan, rate: int = RATE) -> Fitted:
    """Fit a take that holds these samples."""
    return fit(Take(index=2, seed=1, audio=Audio(samples, rate), shape=shape), plan)


def tone(frames: int, hertz: float = 201.7, rate: int = RATE, level: float = 0.4) -> NDArray[np.float32]:
    """Return a steady stereo tone that fits no length in particular."""
    wave = level * np.sin(2 * np.pi * hertz * np.arange(frames) / rate)
    return np.repeat(wave.astype(np.float32)[:, np.newaxis], 2, axis=1)


def largest_step(wave: NDArray[np.float32]) -> float:
    """Return the largest step from frame to frame."""
    return float(np.abs(np.diff(wave, axis=0)).max())


def step_at_join(audio: Audio) -> float:
    """Return the step from the last frame to the first."""
    return float(np.abs(audio.samples[0] - audio.samples[-1]).max())


grids = st.builds(
    sounds.grid,
    bpm=st.sampled_from([20, 59.94, 92.5, 120, 133.7, 174, 300, 999]),
    meter=st.sampled_from(["4/4", "3/4", "7/8", "5/4", "12/8", "1/32"]),
    bars=st.integers(1, 2),
    rate=st.sampled_from([8_000, 16_000, 44_100]),
)


@settings(max_examples=60)
@given(
    on=grids,
    engine_rate=st.sampled_from([8_000, 11_025, 16_000]),
    tail=st.integers(0, 3_000),
    form=st.sampled_from(Form),
)
def test_a_strip_becomes_exactly_the_bars_of_the_plan(on: Grid, engine_rate: int, tail: int, form: Form) -> None:
    """Whatever the plan's rate, the result has the frames of its bars at the take's own rate, and is in range."""
    wanted = on.at_rate(engine_rate).frames
    done = fitted(tone(wanted + tail, rate=engine_rate), Shape.STRIP, sounds.plan(on, form), engine_rate)
    assert done.audio.frames == wanted
    assert done.audio.rate == engine_rate
    assert np.isfinite(done.audio.samples).all()
    assert done.audio.peak <= CEILING + 1e-6
    assert done.faults == ()


@settings(max_examples=30)
@given(hertz=st.floats(40, 900), tail=st.integers(RATE // 50, RATE))
def test_the_tail_closes_the_seam_of_a_strip(hertz: float, tail: int) -> None:
    """A steady tone, cut anywhere in its cycle, steps across the join no further than it does inside."""
    on = sounds.grid(127.3, bars=1)
    strip = tone(on.at_rate(RATE).frames + tail, hertz)
    done = fitted(strip, Shape.STRIP, sounds.plan(on))
    assert done.facts["seam"] == "crossfade"
    assert step_at_join(done.audio) <= 1.01 * largest_step(strip) + 1e-6


def test_a_crossfade_of_equals_keeps_their_level() -> None:
    """Where tail and head are the same sound, the crossfade neither swells nor sinks: it changes nothing."""
    on = sounds.grid(120, bars=1, rate=RATE)
    once = sounds.pad(on).samples
    strip = np.concatenate((once, once))
    done = fitted(strip, Shape.STRIP, sounds.plan(on))
    assert done.facts["likeness"] == pytest.approx(1.0, abs=1e-3)
    np.testing.assert_allclose(done.audio.samples, once, atol=2e-3)


def test_a_crossfade_of_strangers_keeps_their_power() -> None:
    """Where tail and head are unlike noises, the power in the crossfade is that of the noise."""
    on = sounds.grid(120, bars=1, rate=RATE)
    rng = np.random.default_rng(4)
    powers = []
    for _ in range(40):
        noise = (0.1 * rng.normal(size=(on.frames + RATE, 2))).astype(np.float32)
        done = fitted(noise, Shape.STRIP, sounds.plan(on))
        powers.append(np.mean(done.audio.samples[: RATE // 50] ** 2))
    assert np.mean(powers) == pytest.approx(0.01, rel=0.05)


def test_an_attack_at_the_start_is_kept_and_the_tail_rings_under_it() -> None:
    """A kick on frame 0 is untouched after half a millisecond but for the old sound that dies away under it."""
    on = sounds.grid(120, bars=1, rate=RATE)
    strip = 0.02 * tone(on.frames + RATE)
    kick = sounds.kick(RATE).astype(np.float32)[:, np.newaxis]
    strip[: len(kick)] += kick
    done = fitted(strip, Shape.STRIP, sounds.plan(on))
    assert done.facts["seam"] == "tail under attack"
    swift = int(ATTACK_SECONDS * RATE)
    np.testing.assert_allclose(done.audio.samples[swift : len(kick)], strip[swift : len(kick)], atol=0.01)
    assert step_at_join(done.audio) <= largest_step(strip[-RATE:]) + 1e-6


def test_an_attack_on_both_sides_of_the_join_is_kept() -> None:
    """Where head and tail begin with the same kick upside down, neither wipes the other out, and there is no click."""
    on = sounds.grid(120, bars=1, rate=RATE)
    kick = sounds.kick(RATE).astype(np.float32)[:, np.newaxis]
    strip = 0.02 * tone(on.frames + RATE)
    strip[: len(kick)] += kick
    strip[on.frames : on.frames + len(kick)] -= kick
    done = fitted(strip, Shape.STRIP, sounds.plan(on))
    assert done.facts["seam"] == "swift crossfade"
    swift = int(SWIFT_SECONDS * RATE)
    np.testing.assert_array_equal(done.audio.samples[swift:], strip[swift : on.frames])
    assert step_at_join(done.audio) <= 2 * largest_step(strip[-RATE:])


@settings(max_examples=30)
@given(hertz=st.floats(40, 900), tail=st.integers(0, 4))
def test_without_a_tail_the_end_bends_to_the_start(hertz: float, tail: int) -> None:
    """A strip with nothing to crossfade keeps its length, all of it but the last 5 ms, and has no step at the join."""
    on = sounds.grid(127.3, bars=1)
    wanted = on.at_rate(RATE).frames
    strip = tone(wanted + tail, hertz)
    strip = np.roll(strip, 17, axis=0)
    done = fitted(strip, Shape.STRIP, sounds.plan(on))
    assert done.facts["seam"] == "bent end"
    bent = int(0.005 * RATE)
    np.testing.assert_array_equal(done.audio.samples[: wanted - bent], strip[: wanted - bent])
    assert step_at_join(done.audio) <= 0.01


def test_a_ring_passes_untouched() -> None:
    """An exact ring within the ceiling is handed on as the very same object."""
    on = sounds.grid()
    take = Take(index=0, seed=1, audio=sounds.drums(on), shape=Shape.RING)
    done = fit(take, sounds.plan(on))
    assert done.audio is take.audio
    assert done.facts["stretch"] == 1.0
    assert done.facts["gain_db"] == 0.0


@pytest.mark.parametrize("off", [-32, -1, 1, 32])
def test_a_ring_off_by_a_thousandth_is_left_for_the_converter(off: int) -> None:
    """Its frames are left alone, and the facts say by how much the converter must stretch it."""
    on = sounds.grid(120, bars=1, rate=RATE)
    ring = tone(on.frames + off)
    done = fitted(ring, Shape.RING, sounds.plan(on))
    np.testing.assert_array_equal(done.audio.samples, ring)
    assert done.facts["stretch"] == pytest.approx(on.frames / (on.frames + off))


@pytest.mark.parametrize("off", [-33, 33, 20_000, -20_000])
def test_a_ring_further_off_is_an_error_that_names_both_lengths(off: int) -> None:
    """Beyond one part in a thousand nothing is stretched or cut in silence."""
    on = sounds.grid(120, bars=1, rate=RATE)
    with pytest.raises(EngineFailed, match=rf"take 2 has {on.frames + off} frames .* need {on.frames};"):
        fitted(tone(on.frames + off), Shape.RING, sounds.plan(on))


def test_a_ring_of_a_few_frames_may_be_off_by_one() -> None:
    """Sixty frames cannot be exact to a thousandth: the nearest frame is exact."""
    on = sounds.grid(999, "1/32", 1, 8_000)
    done = fitted(tone(on.frames + 1, rate=8_000), Shape.RING, sounds.plan(on), 8_000)
    assert done.audio.frames == on.frames + 1


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("missing", [1, 5_000, 32_000])
def test_a_short_strip_is_never_padded(form: Form, missing: int) -> None:
    """One frame too few is an error that names both lengths: silence is no music."""
    on = sounds.grid(120, bars=1, rate=RATE)
    with pytest.raises(EngineFailed, match=rf"has {on.frames - missing} frames .* need {on.frames};"):
        fitted(tone(on.frames - missing), Shape.STRIP, sounds.plan(on, form))


@pytest.mark.parametrize("shape", Shape)
def test_a_one_shot_fades_out(shape: Shape) -> None:
    """The last frames of a one-shot fall to nothing, and what comes before the fade is untouched."""
    on = sounds.grid(120, bars=1, rate=RATE)
    samples = tone(on.frames)
    done = fitted(samples, shape, sounds.plan(on, Form.ONE_SHOT))
    assert np.abs(done.audio.samples[-1]).max() < 1e-3
    faded = int(0.010 * RATE)
    np.testing.assert_array_equal(done.audio.samples[:-faded], samples[:-faded])


@settings(max_examples=30)
@given(peak=st.floats(0.01, 100))
def test_a_peak_is_brought_down_to_the_ceiling_and_never_up(peak: float) -> None:
    """What is louder than −0.3 dBFS is scaled to it as a whole; what is quieter keeps its level."""
    on = sounds.grid(120, bars=1, rate=RATE)
    wave = tone(on.frames)
    wave *= np.float32(peak) / np.abs(wave).max()
    done = fitted(wave, Shape.RING, sounds.plan(on))
    assert done.audio.peak == pytest.approx(min(peak, CEILING), rel=1e-5)
    assert done.facts["gain_db"] == pytest.approx(min(0.0, 20 * np.log10(CEILING / peak)), abs=1e-3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize("shape", Shape)
def test_samples_that_are_no_numbers_are_silenced_counted_and_a_fault(bad: float, shape: Shape) -> None:
    """Nothing that is not finite leaves `fit`, and the take cannot win any more."""
    on = sounds.grid(120, bars=1, rate=RATE)
    samples = tone(on.frames)
    samples[100:103, 1] = bad
    done = fitted(samples, shape, sounds.plan(on))
    assert done.facts["not_finite"] == 3
    assert np.isfinite(done.audio.samples).all()
    (fault,) = done.faults
    assert fault.startswith(f"3 of its {2 * on.frames} samples are no numbers")


def test_fit_leaves_the_take_as_it_was() -> None:
    """The engine's own samples are the same after as before, whatever is done to the result."""
    on = sounds.grid(120, bars=1, rate=RATE)
    samples = 3 * tone(on.frames + RATE)
    before = samples.copy()
    fitted(samples, Shape.STRIP, sounds.plan(on))
    np.testing.assert_array_equal(samples, before)
