"""Laws of audio: frames by channels, float32, never changed in place."""

import numpy as np
import pytest
from numpy.typing import NDArray

from plugin_host.audio import Audio
from plugin_host.errors import EngineFailed


@pytest.mark.parametrize(
    "samples",
    [np.zeros(8, np.float32), np.zeros((8, 2)), np.zeros((8, 0), np.float32), np.zeros((2, 2, 2), np.float32)],
)
def test_other_shapes_and_types_are_refused(samples: NDArray[np.float32]) -> None:
    """An engine that hands over something else has failed, and is told what it must be."""
    with pytest.raises(EngineFailed, match=r"float32 of shape \(frames, channels\)"):
        Audio(samples, 48_000)


def test_samples_cannot_be_changed() -> None:
    """Whoever holds an `Audio` may rely on it."""
    audio = Audio(np.zeros((8, 2), np.float32), 48_000)
    with pytest.raises(ValueError, match="read-only"):
        audio.samples[0] = 1


def test_mono_is_the_mean_of_the_channels_and_peak_the_largest_of_either_sign() -> None:
    """Also for a single channel, and for no frames at all."""
    stereo = Audio(np.array([[0.5, -0.9], [0.25, 0.75]], np.float32), 48_000)
    assert stereo.mono() == pytest.approx([-0.2, 0.5])
    assert stereo.peak == pytest.approx(0.9)
    assert (stereo.frames, stereo.channels) == (2, 2)
    assert Audio(np.array([[0.5]], np.float32), 48_000).mono() == pytest.approx([0.5])
    assert Audio(np.zeros((0, 2), np.float32), 48_000).peak == 0
