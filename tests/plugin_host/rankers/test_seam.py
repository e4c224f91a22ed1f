"""The laws of `plugin_host.rankers.seam`: a ring passes wherever it is opened, a cut does not."""

from fractions import Fraction

import numpy as np
import pytest
import sounds
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from plugin_host.audio import Audio
from plugin_host.musictime import Grid
from plugin_host.rankers.signal import SignalRanker


def seam_part(clip: Audio, on: Grid) -> float:
    """Return the part of the score that the join gets."""
    return SignalRanker().judge(clip, sounds.plan(on)).parts["seam"]


def bass(on: Grid) -> Audio:
    """Hold a low tone with an overtone, whole cycles of it."""
    cycles = round(51.3 * float(on.seconds))
    turn = 2 * np.pi * cycles * np.arange(on.frames) / on.frames
    return sounds.audio(0.4 * np.sin(turn) + 0.1 * np.sin(2 * turn), on.rate)


def saw(on: Grid) -> Audio:
    """Hold a sawtooth whose every cycle has an edge as hard as any cut."""
    cycles = round(55 * float(on.seconds))
    return sounds.audio(0.6 * (cycles * np.arange(on.frames) / on.frames % 1 - 0.5), on.rate)


def band(on: Grid) -> Audio:
    """Play drums, bass and chords together."""
    return sounds.mixed(sounds.drums(on), bass(on), sounds.pad(on))


def pluck(on: Grid) -> Audio:
    """Strike once, as hard as can be, over what still rings, 20 dB down, of the last time round."""
    t = np.arange(8 * on.rate) / on.rate
    wave: NDArray[np.float64] = 0.7 * np.cos(2 * np.pi * 220 * t) * np.exp(-t / 0.8)
    return sounds.ring(on, [(Fraction(0), wave)])


RINGS = [sounds.drums, sounds.clicks, sounds.pad, sounds.noise, bass, saw, band, pluck]


@pytest.mark.parametrize("sound", RINGS)
@pytest.mark.parametrize("rate", [16_000, 44_100, 192_000])
def test_a_ring_has_no_seam(sound: sounds.Maker, rate: int) -> None:
    """Whatever it holds, even a hard hit on frame 0, a true ring loses nothing."""
    on = sounds.grid(bars=1, rate=rate)
    assert seam_part(sound(on), on) == 1.0


@pytest.mark.parametrize("sound", [sounds.drums, sounds.pad, sounds.noise, bass, saw, band])
@settings(max_examples=12)
@given(part=st.fractions(0, 1))
def test_a_ring_may_be_opened_anywhere(sound: sounds.Maker, part: Fraction) -> None:
    """Rolled to any frame, a ring is as seamless as before."""
    on = sounds.grid(bars=1, rate=16_000)
    assert seam_part(sounds.shifted(sound(on), float(2000 * part)), on) >= 0.95


@pytest.mark.parametrize("rate", [16_000, 44_100, 192_000])
@pytest.mark.parametrize("sound", [sounds.pad, bass, band])
@pytest.mark.parametrize("bpm", [71, 83.7, 101.3])
def test_a_hard_cut_clearly_loses(sound: sounds.Maker, rate: int, bpm: float) -> None:
    """A pad, a bass or a whole band, cut where its ends are far apart, keeps a third of the part at most."""
    on = sounds.grid(117.3, bars=1, rate=rate)
    assert seam_part(sounds.cut(sound(sounds.grid(bpm, bars=2, rate=rate)), on), on) < 0.33


@settings(max_examples=20)
@given(start=st.integers(0, 60_000))
def test_the_larger_the_step_the_worse_the_seam(start: int) -> None:
    """A pad cut anywhere: what steps by a fifth of full scale loses, what meets by chance is no seam to be heard."""
    on = sounds.grid(117.3, bars=1)
    longer = sounds.pad(sounds.grid(71, bars=2)).samples[start : start + on.frames]
    step = abs(float(longer[0, 0] - longer[-1, 0]))
    part = seam_part(Audio(longer, on.rate), on)
    assert part <= 0.1 / max(step, 0.1)


def test_a_planted_step_is_told_in_the_evidence() -> None:
    """The join's break in dB over the usual, and its percentile among all steps, say why."""
    on = sounds.grid(bars=1)
    clip = sounds.pad(on)
    stepped = Audio(clip.samples * np.linspace(1, 0.2, on.frames, dtype=np.float32)[:, np.newaxis], on.rate)
    evidence = SignalRanker().judge(stepped, sounds.plan(on)).evidence
    assert isinstance(evidence["seam_break_db"], float)
    assert isinstance(evidence["seam_jump_percentile"], float)
    assert evidence["seam_break_db"] > 6
    assert evidence["seam_jump_percentile"] > 99


@settings(max_examples=10)
@given(gain=st.floats(0.01, 1))
def test_loudness_does_not_change_the_seam(gain: float) -> None:
    """A cut is as bad at any level."""
    on = sounds.grid(117.3, bars=1, rate=16_000)
    clip = sounds.cut(sounds.pad(sounds.grid(71, bars=2, rate=16_000)), on)
    quiet = Audio(clip.samples * np.float32(gain), clip.rate)
    assert seam_part(quiet, on) == pytest.approx(seam_part(clip, on), rel=1e-3)
