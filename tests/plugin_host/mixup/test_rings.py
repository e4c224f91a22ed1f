"""Laws of mixing: exact bars, downbeats on downbeats, no seam, and the sum that the paper says."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measures import seam
from sounds import clicks, drums, grid, groove, noise, pad

from plugin_host.audio import Audio
from plugin_host.engine import Form
from plugin_host.errors import BadValue, OutOfRange
from plugin_host.fit import CEILING
from plugin_host.loops import Beat
from plugin_host.mixup import blended, check_tempi, counted, from_downbeat, mixed, on_grid, whole
from plugin_host.musictime import Frames, Grid, Meter, Tempo
from plugin_host.rankers import onsets, spectrum
from plugin_host.road import LIMITS


def beat_of(on: Grid, downbeat: int = 0) -> Beat:
    """Return the beat of a ring on this grid."""
    return Beat(on.tempo, on.meter, on.beats, on.bars, Frames(downbeat))


def when(sound: Audio) -> list[float]:
    """Return when things begin in a ring, in seconds; what begins a hair before its end begins at its start."""
    coarse, rate = spectrum.coarse(sound)
    found = onsets.find(coarse, rate, spectrum.loudness(coarse, rate, Form.LOOP), Form.LOOP)
    length = sound.frames / sound.rate
    return sorted(0.0 if each > length - 0.01 else float(each) for each in found.seconds)


@pytest.mark.parametrize("bpm", [96, 99.5, 100, 101.7, 119])
@pytest.mark.parametrize(("bars", "wanted"), [(2, 2), (1, 3), (4, 2), (2, 3)])
def test_a_loop_comes_to_exactly_the_frames_of_a_grid(bpm: float, bars: int, wanted: int) -> None:
    """At another tempo and rate, going round, or left off in its middle; its clicks lie on the beats of the grid."""
    own = grid(100, bars=bars, rate=16_000)
    target = grid(bpm, bars=wanted, rate=22_050)
    laid, facts = on_grid(clicks(own), beat_of(own), target)
    assert (laid.frames, laid.rate) == (target.frames, 22_050)
    found = when(laid)
    lines = [float(target.position(Fraction(beat))) / target.rate for beat in range(int(target.beats))]
    assert len(found) == len(lines)
    assert np.abs(np.array(found) - lines).max() < 0.004
    assert facts["means"] == ("stretched" if abs(bpm / 100 - 1) > 0.01 else "resampled")


@settings(max_examples=30)
@given(st.integers(1, 5), st.integers(1, 7), st.decimals(150, 190, places=2), st.sampled_from([8_000, 8_001, 11_025]))
def test_however_often_it_goes_round_it_is_rounded_once(bars: int, wanted: int, bpm: object, rate: int) -> None:
    """A bar that is no whole number of frames does not add up to a clip that is a frame too long."""
    own = grid(float(str(bpm)), bars=bars, rate=8_000)
    target = Grid(own.tempo, own.meter, wanted, rate)
    laid, _ = on_grid(Audio(np.full((own.frames, 1), 0.1, np.float32), 8_000), beat_of(own), target)
    assert laid.frames == target.frames


def test_a_loop_of_this_very_grid_is_left_alone() -> None:
    """Not a sample is touched."""
    on = grid(97, bars=2, rate=8_000)
    assert np.array_equal(on_grid(drums(on), beat_of(on), on)[0].samples, drums(on).samples)


def test_a_ring_is_rolled_to_its_downbeat_and_loses_nothing() -> None:
    """Rolled back, it is what it was."""
    on = grid(97, bars=2, rate=8_000)
    turned = Audio(np.roll(drums(on).samples, 1234, axis=0), 8_000)
    assert np.array_equal(whole(turned, beat_of(on, 1234)).samples, drums(on).samples)


def test_what_is_no_ring_is_cut_from_its_downbeat_and_closed() -> None:
    """A lead before the first bar and a rest after the last are not in it, and its seam is like its inside."""
    on = grid(120, bars=2, rate=44_100)
    lead, around = 5_000, pad(on).samples
    long = Audio(np.concatenate((around[-lead:], around, around[:9_000])), on.rate)
    beat = Beat(on.tempo, on.meter, Fraction(long.frames, on.rate) * 2, 2, Frames(lead))
    assert not beat.wraps
    ring = whole(long, beat)
    assert ring.frames == on.frames
    assert seam(ring.samples.astype(np.float64), 2).jump_percentile < 100
    assert np.abs(ring.samples - around).max() < 0.02


def test_a_stretched_mix_has_no_seam() -> None:
    """The step from its last frame to its first is one of many like it."""
    own, target = grid(100, bars=1, rate=44_100), grid(110, bars=3, rate=44_100)
    laid, _ = on_grid(pad(own), beat_of(own), target)
    found = seam(laid.samples.astype(np.float64), 3)
    assert found.jump_percentile < 99.9
    assert found.flux_percentile <= 100
    assert found.flux_against_bars < 2


@given(st.decimals(20, 999, places=1), st.decimals(20, 999, places=1), st.integers(1, 8))
def test_a_tempo_is_counted_within_the_limits_or_refused_with_the_range(own: object, wanted: object, bars: int) -> None:
    """At once, twice or half its tempo, whichever is nearest and leaves whole bars."""
    beat = beat_of(grid(float(str(own)), bars=bars))
    on = grid(float(str(wanted)), bars=2)
    times = counted(beat, on.tempo)
    low, high = LIMITS
    if times is None:
        with pytest.raises(OutOfRange, match=r"without harm it can be brought to .* BPM: choose another tempo"):
            check_tempi({"a clip": beat}, on)
    else:
        check_tempi({"a clip": beat}, on)
        assert low <= times * beat.tempo.quarters_per_minute / on.tempo.quarters_per_minute <= high
        assert (bars * times).denominator == 1


def test_another_meter_and_less_than_a_bar_are_refused() -> None:
    """Downbeats of other meters cannot be laid on each other."""
    with pytest.raises(BadValue, match="a clip is in 3/4 and the mix in 4/4"):
        check_tempi({"a clip": beat_of(grid(100, "3/4"))}, grid(100))
    with pytest.raises(BadValue, match="holds less than a bar of 4/4"):
        check_tempi({"a clip": Beat(Tempo.parse(100), Meter(4, 4), Fraction(3), 0, Frames(0))}, grid(100))


@given(st.integers(0, 2**32), st.floats(0, 1))
def test_a_mix_is_the_sum_that_the_paper_says(seed: int, part: float) -> None:
    """λ of one and 1 − λ of the other: all of one at 1, all of the other at 0, and the same the other way round."""
    dice = np.random.default_rng(seed)
    one, other = dice.normal(size=(2, 50, 3))
    assert np.allclose(mixed(one, other, part), part * one + (1 - part) * other)
    assert np.array_equal(mixed(one, other, 1.0), one)
    assert np.array_equal(mixed(one, other, 0.0), other)
    assert np.allclose(mixed(one, other, part), mixed(other, one, 1 - part))


def test_what_does_not_fit_is_not_mixed() -> None:
    """Neither is broadcast nor cut in silence, and a share beyond 0 to 1 is none."""
    with pytest.raises(BadValue, match="cannot be mixed"):
        mixed(np.zeros((4, 2)), np.zeros((4, 1)), 0.5)
    with pytest.raises(BadValue, match="goes from 0 to 1"):
        mixed(np.zeros(4), np.zeros(4), 1.5)


@pytest.mark.parametrize("quieter", [1.0, 0.05])
@pytest.mark.parametrize("part", [0.0, 0.3, 0.5, 1.0])
def test_a_blend_is_as_loud_as_its_parents_whatever_their_levels(quieter: float, part: float) -> None:
    """A half of each is a half to the ear, and nothing is louder than the ceiling."""
    on = grid(100, bars=2, rate=16_000)
    one, other = groove(on, "rock"), Audio(noise(on).samples * np.float32(quieter), 16_000)
    made, facts = blended(one, other, part)
    rms = [float(np.sqrt(np.mean(np.square(each.samples)))) for each in (one, made)]
    assert made.peak <= CEILING + 1e-6
    assert rms[1] * 10 ** (-float(str(facts["mix_gain_db"])) / 20) == pytest.approx(rms[0], rel=0.01)


@pytest.mark.parametrize("resting", ["first", "second"])
def test_what_rests_is_not_made_as_loud_as_what_plays(resting: str) -> None:
    """The dither of a loop whose first bars are silent stays below all hearing, and the other sounds."""
    on = grid(100, bars=2, rate=16_000)
    plays, rests = groove(on, "rock"), Audio(noise(on).samples / np.float32(32_768), 16_000)
    made, facts = blended(rests, plays, 0.5) if resting == "first" else blended(plays, rests, 0.5)
    assert facts["match_db"] == 0
    loudest = float(np.abs(plays.samples).max())
    assert made.peak > 0.4 * loudest
    ratio = made.peak / loudest
    assert np.allclose(made.samples, ratio * plays.samples, atol=1e-3)


@given(st.integers(0, 3), st.integers(1, 9_000))
def test_for_training_a_crop_begins_on_a_downbeat(bar: int, frames: int) -> None:
    """Of a ring it goes on from its start; of anything else it ends in silence."""
    on = grid(120, bars=2, rate=1_000 * 8)
    samples = np.arange(on.frames, dtype=np.float32)[:, np.newaxis]
    start = 100 + bar * 16_000
    ring = from_downbeat(samples, beat_of(on, 100), on.rate, bar, frames)
    assert np.array_equal(ring[:, 0], (start + np.arange(frames)) % on.frames)
    strip = from_downbeat(samples, Beat(on.tempo, on.meter, on.beats + 1, 2, Frames(100)), on.rate, bar, frames)
    kept = max(0, min(frames, on.frames - start))
    assert len(strip) == frames
    assert np.array_equal(strip[:kept, 0], start + np.arange(kept))
    assert not strip[kept:].any()
