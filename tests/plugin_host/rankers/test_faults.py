"""The laws of `plugin_host.rankers.faults`: planted faults are found at any level, good takes have none."""

import numpy as np
import pytest
import sounds
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin_host.audio import Audio
from plugin_host.musictime import Grid
from plugin_host.rankers import faults


@pytest.mark.parametrize("sound", [sounds.drums, sounds.clicks, sounds.pad, sounds.noise])
@pytest.mark.parametrize("on", [sounds.grid(), sounds.grid(20, bars=1), sounds.grid(300, "7/8", 4, 8_000)])
def test_good_takes_have_no_faults(sound: sounds.Maker, on: Grid) -> None:
    """Drums, clicks, pads and noise are sound, at slow tempi and fast."""
    assert faults.find(sound(on), on) == ()


@pytest.mark.parametrize("sound", [sounds.pad, sounds.noise])
def test_the_shortest_clip_has_no_faults(sound: sounds.Maker) -> None:
    """In sixty frames a wave has no room to swing around 0, and that is no offset."""
    on = sounds.grid(999, "1/32", 1, 8_000)
    assert faults.find(sound(on), on) == ()


@pytest.mark.parametrize("level", [0.0, 1e-9, 0.0009])
def test_silence_is_a_fault(level: float) -> None:
    """Nothing, and next to nothing, is silent."""
    on = sounds.grid()
    (fault,) = faults.find(Audio(sounds.noise(on).samples * np.float32(level), on.rate), on)
    assert fault.startswith("it is silent")


def test_a_take_that_stops_on_the_way_is_a_fault() -> None:
    """Music in the first bar and silence in the other three is told with its length."""
    on = sounds.grid(120, bars=4)
    samples = sounds.drums(on).samples.copy()
    samples[on.frames // 4 :] = 0
    (fault,) = faults.find(Audio(samples, on.rate), on)
    assert fault == "it is empty for 6.0 of its 8.0 seconds without a break"


@settings(max_examples=20)
@given(gain=st.floats(0.02, 1))
def test_clipping_is_found_at_any_level(gain: float) -> None:
    """A clipped take that was turned down afterwards is still clipped."""
    on = sounds.grid()
    clip = sounds.clipped(sounds.drums(on))
    (fault,) = faults.find(Audio(clip.samples * np.float32(gain), on.rate), on)
    assert fault.startswith("it is clipped: ")


def test_clipping_of_one_channel_is_found() -> None:
    """A fault on one side is a fault."""
    on = sounds.grid()
    samples = sounds.drums(on).samples.copy()
    samples[:, 1] = sounds.clipped(sounds.drums(on)).samples[:, 1]
    assert len(faults.find(Audio(samples, on.rate), on)) == 1


@settings(max_examples=20)
@given(amount=st.floats(0.03, 0.5), sign=st.sampled_from([-1, 1]), gain=st.floats(0.02, 1))
def test_an_offset_is_found_at_any_level(amount: float, sign: int, gain: float) -> None:
    """A wave that does not swing around 0 is told with how far off it is."""
    on = sounds.grid()
    clip = sounds.offset(sounds.drums(on), sign * amount)
    (fault,) = faults.find(Audio(clip.samples * np.float32(gain), on.rate), on)
    assert fault.startswith(f"it has an offset: its wave swings around {'+' if sign > 0 else '-'}")


def test_offsets_that_cancel_between_the_channels_are_found() -> None:
    """Left up and right down is no less a fault for having a clean sum."""
    on = sounds.grid()
    samples = sounds.drums(on).samples + np.array([[0.1, -0.1]], np.float32)
    assert len(faults.find(Audio(samples, on.rate), on)) == 1


@given(amplitude=st.floats(1e-9, 10))
def test_decibels_and_back(amplitude: float) -> None:
    """Decibels are twenty times the decimal logarithm, and bounded for what is nothing."""
    assert 10 ** (faults.decibels(amplitude) / 20) == pytest.approx(amplitude)
    assert faults.decibels(0.0) == -200.0
