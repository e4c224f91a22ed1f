"""Laws of fitting: a clip that is as it should be is not touched; all others have exactly the frames that are asked for."""

from pathlib import Path

import numpy as np
import pytest

from daw_bridge.playing.fitter import Fit, Means, fitted
from plugin_host.audio import Audio
from plugin_host.engine import Form

RATE = 48_000


def an_order(frames: int, *, turns: int = 1, channels: int = 2, means: Means = Means.RATE, natural: int = RATE) -> Fit:
    """Return an order for a loop."""
    return Fit(1, Path("a.wav"), Path("b.npy"), frames, turns, natural, natural, channels, Form.LOOP, means)


def a_tone(channels: int = 1) -> Audio:
    """Return a second of a tone that is a ring, at half scale."""
    wave = 0.5 * np.sin(2 * np.pi * 441 * np.arange(RATE) / RATE)
    return Audio(np.repeat(wave[:, np.newaxis], channels, axis=1).astype(np.float32), RATE)


@pytest.mark.parametrize("turns", [1, 4])
def test_a_clip_that_is_right_is_not_touched(turns: int) -> None:
    """One turn after the other, to the bit."""
    clip = a_tone(2)
    assert np.array_equal(fitted(clip, an_order(turns * RATE, turns=turns)), np.tile(clip.samples, (turns, 1)))


@pytest.mark.parametrize(
    ("frames", "turns", "means"),
    [
        (44_100, 1, Means.RATE),
        (4 * RATE + 77, 4, Means.RATE),
        (45_000, 1, Means.STRETCH),
        (3 * 50_000 + 1, 3, Means.STRETCH),
    ],
)
def test_a_loop_has_exactly_its_frames_and_no_seam(frames: int, turns: int, means: Means) -> None:
    """Whatever is done to it: where it wraps, it goes no faster than elsewhere."""
    made = fitted(a_tone(), an_order(frames, turns=turns, means=means))
    assert made.shape == (frames, 2)
    steps = np.abs(np.diff(np.vstack([made, made[:1]]), axis=0))
    assert steps[-1].max() <= 1.05 * steps[:-1].max()


def test_a_loop_that_is_stretched_keeps_its_pitch_at_another_rate() -> None:
    """A tone of 441 Hz is one of 441 Hz on a device of 44 100 Hz, at another tempo."""
    made = fitted(a_tone(), an_order(46_000, means=Means.STRETCH, natural=44_100))[:, 0]
    spectrum = np.abs(np.fft.rfft(made[:44_100] * np.hanning(44_100)))
    assert int(np.argmax(spectrum)) == pytest.approx(441, abs=1)


@pytest.mark.parametrize(("has", "wants"), [(1, 2), (2, 1), (1, 4), (2, 4), (1, 1)])
def test_a_clip_goes_to_all_channels_that_play(has: int, wants: int) -> None:
    """One channel to all of them; two to one as their mean, to four in turn."""
    made = fitted(a_tone(has), an_order(RATE, channels=wants))
    assert made.shape == (RATE, wants)
    assert np.allclose(made, a_tone(wants).samples)
