"""A ring has no edge: laying down, ducking, echo and room all go around it."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from plugin_host.engines.sketch.chance import Dice
from plugin_host.engines.sketch.ring import Ring, Strip
from plugin_host.engines.sketch.space import Room, echo, reverberate

RATE = 8_000


def run(passes: Iterator[None]) -> None:
    """Let an effect make all its passes."""
    for _ in passes:
        pass


def noise(frames: int, seed: int = 1) -> NDArray[np.float32]:
    """Return mono noise, shape ``(1, frames)``."""
    return np.random.default_rng(seed).standard_normal((1, frames)).astype(np.float32)


@given(frames=st.integers(1, 50), length=st.integers(0, 200), at=st.integers(0, 500))
def test_a_sound_goes_around_as_often_as_it_is_long(frames: int, length: int, at: int) -> None:
    """Every frame of a sound lands at its place modulo the length of the ring, and nothing is lost."""
    ring, sound = Ring(2, frames), noise(length)
    ring.add(sound, at)
    expected = np.zeros(frames)
    np.add.at(expected, (at + np.arange(length)) % frames, sound[0])
    np.testing.assert_allclose(ring.samples, np.stack([expected, expected]), atol=1e-4)


@given(frames=st.integers(1, 50), length=st.integers(0, 200), at=st.integers(0, 100))
def test_a_strip_lets_go_of_what_reaches_past_its_end(frames: int, length: int, at: int) -> None:
    """Nothing of a one-shot comes back at its start."""
    strip, sound = Strip(1, frames), noise(length)
    strip.add(sound, at)
    whole = np.zeros(at + length + frames, np.float32)
    whole[at : at + length] = sound[0]
    np.testing.assert_array_equal(strip.samples[0], whole[:frames])


def test_a_mono_sound_lies_on_both_sides() -> None:
    """A sound with one side is as loud on each side of a stereo ring as it was."""
    ring = Ring(2, 2)
    ring.add(np.array([[1, 2]], np.float32), 0, 0.5)
    np.testing.assert_array_equal(ring.samples, [[0.5, 1], [0.5, 1]])


@given(turn=st.integers(0, 3999))
def test_space_does_not_know_where_the_ring_starts(turn: int) -> None:
    """Echo and room commute with turning the ring, which is what it means to have no seam."""
    here, there = np.zeros((2, 4000), np.float32), np.zeros((2, 4000), np.float32)
    for sides, rolled in ((here, 0), (there, turn)):
        for effect in ("echo", "room"):
            send = Ring(1, 4000)
            send.samples[:] = np.roll(noise(4000), rolled, axis=1)
            if effect == "echo":
                run(echo(send, sides, 700, 0.6, RATE))
            else:
                run(reverberate(send, sides, Room(1.5, 0.0), RATE, Dice(1, "room")))
    np.testing.assert_allclose(np.roll(here, turn, axis=1), there, atol=2e-4)


def test_an_echo_is_where_it_should_be() -> None:
    """A click comes back after one delay on the left and after two on the right, quieter each time."""
    send, sides = Ring(1, 8000), np.zeros((2, 8000), np.float32)
    send.samples[0, 0] = 1.0
    run(echo(send, sides, 1000, 0.5, RATE))
    assert sides[0, 1000] == pytest.approx(0.5)
    assert sides[1, 2000] == pytest.approx(0.25)
    assert sides[0, 3000] == pytest.approx(0.125)
    assert np.count_nonzero(sides) == 8


def test_a_room_falls_as_fast_as_it_is_asked_to() -> None:
    """The sound of a click in a room is 60 dB down after its time, within a quarter, and both sides differ."""
    send, sides = Strip(1, 16_000), np.zeros((2, 16_000), np.float32)
    send.samples[0, 0] = 1.0
    run(reverberate(send, sides, Room(1.0, 0.0), RATE, Dice(1, "room")))
    left = np.cumsum(np.square(sides[0])[::-1])[::-1]
    early, late = int(np.argmax(left < left[0] * 10**-0.5)), int(np.argmax(left < left[0] * 10**-3.5))
    assert 2 * (late - early) / RATE == pytest.approx(1.0, rel=0.25)
    assert abs(float(np.vdot(sides[0], sides[1]))) / float(np.linalg.norm(sides[0]) * np.linalg.norm(sides[1])) < 0.5
