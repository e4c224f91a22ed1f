"""The mel of the model: the one it was trained on, and stretched without a loss on its ring."""

from fractions import Fraction

import librosa
import numpy as np
import pytest
import torch
from checkpoints import PUBLISHED
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin_host.engines.musicldm import mel

MOMENTS = np.arange(0, 201 * 160, 160, dtype=np.float64)


def sound(seconds: float = 2.0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return a ring of noise that swells twice."""
    frames = int(seconds * 16_000)
    swell = 0.1 + np.sin(2 * np.pi * np.arange(frames) / frames) ** 2
    ring: np.ndarray[tuple[int], np.dtype[np.float32]] = (
        np.random.default_rng(1).standard_normal(frames) * 0.2 * swell
    ).astype(np.float32)
    return ring


def test_it_is_the_mel_of_librosa_with_the_training_s_settings() -> None:
    """64 Slaney bands from 0 to 8 kHz, a Hann window of 1024 every 160, magnitudes, natural logarithm above 1e-5."""
    ring = sound()
    ours = mel.heard(ring, MOMENTS[:200], PUBLISHED).numpy()
    spectrum = np.abs(librosa.stft(np.tile(ring, 3), n_fft=1024, hop_length=160))
    bank = librosa.filters.mel(  # type: ignore[attr-defined]  # it loads lazily
        sr=16_000, n_fft=1024, n_mels=64, fmin=0, fmax=8_000
    )
    theirs = np.log(np.maximum(bank @ spectrum, 1e-5)).T[200:400]
    assert np.abs(ours - theirs).max() < 1e-4


def test_a_round_trip_through_sound_gives_the_mel_back() -> None:
    """Made to sound by Griffin and Lim's method in librosa, and heard again, it is the same but for phases."""
    heard = mel.heard(sound(), MOMENTS, PUBLISHED)
    magnitudes = librosa.feature.inverse.mel_to_stft(
        np.exp(heard.numpy().T), sr=16_000, n_fft=1024, power=1.0, fmin=0, fmax=8_000
    )
    again = librosa.griffinlim(magnitudes, n_iter=60, hop_length=160, n_fft=1024, random_state=0)
    found = mel.heard(again.astype(np.float32), MOMENTS, PUBLISHED)
    inside = slice(5, -5)  # Griffin and Lim know of no ring
    assert float((found - heard)[inside].abs().mean()) < 0.2
    assert float((found.roll(7, dims=0) - heard)[inside].abs().mean()) > 0.4


def test_silence_is_the_quietest_mel() -> None:
    """Nothing is minus infinite."""
    heard = mel.heard(np.zeros(1600, np.float32), MOMENTS[:10], PUBLISHED)
    assert torch.allclose(heard, torch.tensor(1e-5).log())


@settings(deadline=None)
@given(frames=st.integers(8, 60), shift=st.integers(0, 60))
def test_a_ring_read_at_its_own_frames_is_itself(frames: int, shift: int) -> None:
    """And rolling changes places with stretching to twice the length."""
    ring = torch.randn(frames, 3, generator=torch.Generator().manual_seed(frames))
    assert torch.equal(mel.stretched(ring, frames, Fraction(1)), ring)
    twice = mel.stretched(ring, 2 * frames, Fraction(1))
    assert torch.allclose(twice[::2], ring, atol=1e-5)
    assert torch.allclose(mel.stretched(ring.roll(shift, 0), 2 * frames, Fraction(1)), twice.roll(2 * shift, 0))


@pytest.mark.parametrize("ratio", [0.92, 0.97, 1.03, 1.08])
def test_what_is_slow_is_stretched_exactly(ratio: float) -> None:
    """A wave of four cycles on the ring stays one of four cycles, to a thousandth."""
    cycles = torch.linspace(0, 8 * torch.pi, 201)[:-1, None].sin()
    frames = round(200 * ratio)
    wanted = torch.linspace(0, 8 * torch.pi, frames + 1)[:-1, None].sin()
    assert float((mel.stretched(cycles, frames, Fraction(1)) - wanted).abs().max()) < 1e-3


def test_several_turns_are_read_one_after_the_other() -> None:
    """Three turns of 10 frames in 30 are three times the ring; one and a half are one and a half."""
    ring = torch.randn(10, 2, generator=torch.Generator().manual_seed(9))
    assert torch.allclose(mel.stretched(ring, 30, Fraction(3)), ring.repeat(3, 1))
    assert torch.allclose(mel.stretched(ring, 15, Fraction(3, 2)), ring.repeat(2, 1)[:15])
