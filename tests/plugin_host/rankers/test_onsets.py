"""The laws of `plugin_host.rankers.onsets`: it hears what was played, when it was played, and nothing else."""

from fractions import Fraction

import numpy as np
import pytest
import sounds
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from plugin_host.audio import Audio
from plugin_host.engine import Form
from plugin_host.rankers import onsets, spectrum


def heard(clip: Audio, form: Form = Form.LOOP) -> onsets.Onsets:
    """Find the onsets of a clip."""
    sound, rate = spectrum.coarse(clip)
    return onsets.find(sound, rate, spectrum.loudness(sound, rate, form), form)


def misses(found: onsets.Onsets, seconds: NDArray[np.float64], length: float) -> NDArray[np.float64]:
    """Return how far each of `seconds` is from the nearest onset on a ring of `length` seconds."""
    apart = np.abs(found.seconds[np.newaxis, :] - seconds[:, np.newaxis]) % length
    nearest: NDArray[np.float64] = np.minimum(apart, length - apart).min(axis=1)
    return nearest


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_each_kick_and_snare_is_heard_within_a_millisecond(rate: int) -> None:
    """At any rate, all beats of a drum loop are found, the one on frame 0 included, to 1 ms."""
    on = sounds.grid(120, bars=2, rate=rate)
    found = heard(sounds.drums(on))
    assert misses(found, np.arange(8) / 2, 4.0).max() < 0.001


@settings(max_examples=40)
@given(at=st.lists(st.integers(0, 38), min_size=1, max_size=12, unique=True), late=st.floats(0, 0.05))
def test_as_many_onsets_are_heard_as_hits_were_played(at: list[int], late: float) -> None:
    """Snares at any distance from 100 ms on are all found, within 1.5 ms, and nothing besides."""
    on = sounds.grid(120, bars=2, rate=24_000)
    played = np.sort(np.array(at)) * 0.1 + late
    clip = sounds.ring(on, ((Fraction(second) * 2, sounds.snare(on.rate, k)) for k, second in enumerate(played)))
    found = heard(clip)
    assert len(found.seconds) == len(played)
    assert misses(found, played, 4.0).max() < 0.0015


@pytest.mark.parametrize("sound", [sounds.pad, sounds.noise])
@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_steady_sounds_have_no_onsets(sound: sounds.Maker, rate: int) -> None:
    """Neither a chord whose tones beat nor the flutter of noise is taken for music that begins."""
    assert len(heard(sound(sounds.grid(rate=rate))).seconds) == 0


def test_a_hit_on_frame_0_of_a_one_shot_is_heard() -> None:
    """What a one-shot begins with is found: silence comes before it."""
    on = sounds.grid(bars=1)
    clip = sounds.ring(on, [(Fraction(0), sounds.kick(on.rate))])
    found = heard(clip, Form.ONE_SHOT)
    assert len(found.seconds) == 1
    assert abs(found.seconds[0]) < 0.001


@settings(max_examples=20)
@given(roll=st.integers(0, 95_999))
def test_rolling_a_ring_rolls_its_onsets(roll: int) -> None:
    """Where the file begins makes no difference to what is heard, nor when."""
    on = sounds.grid(bars=1)
    clip = sounds.drums(on)
    straight = heard(clip)
    rolled = heard(sounds.shifted(clip, 1000 * roll / on.rate))
    assert misses(rolled, (straight.seconds + roll / on.rate) % 2.0, 2.0).max() < 0.0015


@settings(max_examples=20)
@given(gain=st.floats(0.001, 1))
def test_loudness_changes_nothing(gain: float) -> None:
    """A quiet loop has the same onsets at the same strengths as a loud one."""
    on = sounds.grid(bars=1)
    clip = sounds.drums(on)
    loud, quiet = heard(clip), heard(Audio(clip.samples * np.float32(gain), clip.rate))
    np.testing.assert_allclose(quiet.seconds, loud.seconds, atol=1e-4)
    np.testing.assert_allclose(quiet.strengths, loud.strengths, rtol=1e-2)


@settings(max_examples=30)
@given(frames=st.integers(1, 3_000), form=st.sampled_from(Form))
def test_the_shortest_clips_are_heard_without_error(frames: int, form: Form) -> None:
    """A few frames hold no onset that could be told from a beginning, and do no harm."""
    clip = Audio(np.full((frames, 2), 0.5, np.float32), 8_000)
    assert len(heard(clip, form).seconds) <= 1


@pytest.mark.parametrize("form", Form)
def test_silence_has_no_onsets(form: Form) -> None:
    """Nothing begins in silence."""
    assert len(heard(Audio(np.zeros((48_000, 2), np.float32), 48_000), form).seconds) == 0
