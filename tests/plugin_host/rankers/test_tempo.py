"""The laws of `plugin_host.rankers.tempo`: it finds the tempo that was played, whatever was asked for."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
import sounds
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin_host.audio import Audio
from plugin_host.engine import Form
from plugin_host.rankers import onsets, spectrum
from plugin_host.rankers.tempo import Pulse, track

STRAIGHT, LIGHT, HARD = Fraction(1, 2), Fraction(56, 100), Fraction(62, 100)
BACKBEATS = sorted(sounds.GROOVES.keys() - {"techno", "tresillo"})
"""Grooves in which a snare tells where the beat is."""


def heard(clip: Audio) -> onsets.Onsets:
    """Find the onsets of a loop."""
    sound, rate = spectrum.coarse(clip)
    return onsets.find(sound, rate, spectrum.loudness(sound, rate, Form.LOOP), Form.LOOP)


def tracked(clip: Audio, near: float) -> Pulse | None:
    """Track the beat of a clip in a session at `near` BPM."""
    return track(heard(clip), clip.frames / clip.rate, near=near)


def beside(pulse: Pulse, late: float) -> float:
    """Return how far the beat of `pulse` is from one that is `late` seconds after the start, in seconds."""
    beat = 60 / pulse.bpm
    return abs((pulse.phase - late + beat / 2) % beat - beat / 2)


@settings(max_examples=60, deadline=None)
@given(
    groove=st.sampled_from(BACKBEATS),
    swing=st.sampled_from([STRAIGHT, LIGHT, HARD]),
    ratio=st.integers(850, 1150),
    near=st.sampled_from([84, 120, 168]),
    late=st.floats(0, 0.9),
)
def test_a_planted_tempo_and_phase_are_found(groove: str, swing: Fraction, ratio: int, near: int, late: float) -> None:
    """Four bars played 15 per cent slower to faster, begun anywhere: the tempo to 0.1 per cent, the beat to 5 ms."""
    on = sounds.grid(near * ratio / 1000, bars=4, rate=24_000)
    pulse = tracked(sounds.shifted(sounds.groove(on, groove, swing), 1000 * late), near)
    assert pulse is not None
    assert pulse.bpm == pytest.approx(float(on.tempo), rel=0.001)
    assert beside(pulse, late) < 0.005


def test_half_and_double_tempo_are_told() -> None:
    """A drummer at half or twice the session's tempo is heard as such in 95 of 100, and nobody else more often."""
    right = []
    for near, octave, groove in itertools.product((84, 105, 140), (-1, 0, 1), sounds.GROOVES):
        on = sounds.grid(near * 2.0**octave, bars=4, rate=24_000)
        pulse = tracked(sounds.groove(on, groove), near)
        right.append(pulse is not None and pulse.bpm == pytest.approx(float(on.tempo), rel=0.001))
    assert np.mean(right) >= 0.95


@pytest.mark.parametrize("octave", [-1, 0, 1])
@pytest.mark.parametrize("near", [84, 120, 140])
def test_a_metronome_is_taken_at_its_word(octave: int, near: int) -> None:
    """Each of its clicks is a beat, be they twice as far apart as the session's or half as far."""
    on = sounds.grid(near * 2.0**octave, bars=4)
    pulse = tracked(sounds.clicks(on), near)
    assert pulse is not None
    assert pulse.bpm == pytest.approx(float(on.tempo), rel=0.001)
    assert beside(pulse, 0) < 0.005


def test_the_length_of_the_clip_has_no_say() -> None:
    """A loop that was cut to the bars of another tempo is still heard at its own."""
    on = sounds.grid(120, bars=4)
    pulse = tracked(sounds.off_tempo(on, Fraction(109, 100)), 120)
    assert pulse is not None
    assert pulse.bpm == pytest.approx(130.8, rel=0.001)


@pytest.mark.parametrize("sound", [sounds.pad, sounds.noise])
def test_what_has_no_onsets_has_no_beat(sound: sounds.Maker) -> None:
    """A pad and a hiss have no tempo."""
    assert tracked(sound(sounds.grid()), 120) is None


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), count=st.integers(0, 40))
def test_hits_that_fall_anywhere_crowd_nowhere(seed: int, count: int) -> None:
    """Random onsets have no beat, or at best a weak one."""
    seconds = np.sort(np.random.default_rng(seed).uniform(0, 8, count))
    pulse = track(onsets.Onsets(seconds, np.ones(count)), 8.0, near=120)
    assert pulse is None or pulse.strength < 0.95


@settings(max_examples=40)
@given(seconds=st.lists(st.floats(0, 0.05), min_size=0, max_size=30, unique=True), near=st.floats(20, 999))
def test_any_onsets_are_tracked_without_error(seconds: list[float], near: float) -> None:
    """Clips of a few milliseconds, at any tempo of a session, give a pulse in range or none."""
    pulse = track(onsets.Onsets(np.array(sorted(seconds)), np.ones(len(seconds))), 0.05, near=near)
    assert pulse is None or (pulse.bpm > 0 and 0 <= pulse.phase < 60 / pulse.bpm and 0 <= pulse.strength <= 1)
