"""The mel spectrogram between VAE and vocoder: stretched in time on its ring, and made from sound.

A mel says how loud each band is at each moment, and nothing of phases: those the vocoder makes anew. So a mel can be
stretched in time by reading it at other moments: pitch stays, and no transient is smeared as by a phase vocoder.

It is the mel that the VAE was trained on (as in AudioLDM: Liu et al. 2023): magnitudes of a Hann-windowed Fourier
transform of 1024 samples every 160, summed by Slaney's filters, unit area each, and their natural logarithm, with what
is below 1e-5 cut off.
"""

import math
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray

from plugin_host.engines.musicldm.geometry import Geometry

WINDOW = 1024
"""Samples of a Fourier transform."""

HIGHEST = 8_000.0
"""The upper edge of the highest band, in Hz; the lowest band begins at 0."""

QUIETEST = 1e-5
"""Magnitudes below this count as this."""

_BREAK, _SLOPE, _STEP = (
    1_000.0,
    3 / 200,
    math.log(6.4) / 27,
)  # Slaney's scale: linear up to 1 kHz, then 27 mels a 6.4-fold


def stretched(ring: torch.Tensor, frames: int, turns: Fraction) -> torch.Tensor:
    """Return `ring`, shape ``(frames, bins)``, read at `frames` even moments while it is passed `turns` times.

    Between its frames it is read along cubics (Catmull and Rom 1974), which pass through each of them and hardly
    overshoot. Read once around at its own frames, it is itself.
    """
    length = len(ring)
    if turns == 1 and frames == length:
        return ring
    step = turns * length / frames
    exact = [index * step for index in range(frames)]
    before = torch.tensor([int(each) for each in exact], device=ring.device)
    part = torch.tensor([float(each - int(each)) for each in exact], device=ring.device, dtype=torch.float32)[:, None]
    a, b, c, d = (ring[(before + shift) % length].float() for shift in (-1, 0, 1, 2))
    read = b + part / 2 * (c - a + part * (2 * a - 5 * b + 4 * c - d + part * (3 * (b - c) + d - a)))
    return read.to(ring.dtype)


def heard(ring: NDArray[np.float32], moments: NDArray[np.float64], geometry: Geometry) -> torch.Tensor:
    """Return the mel of a loop of sound, ``(frames,)`` at the model's rate, at `moments` in frames of it.

    Shape ``(moments, bins)``. The windows reach round at both ends, so that even moments all around make a ring.
    """
    centres = np.rint(moments).astype(np.int64)[:, np.newaxis]
    around = (centres + np.arange(-WINDOW // 2, WINDOW // 2)) % len(ring)
    windows = torch.from_numpy(ring[around]) * torch.hann_window(WINDOW)
    bands = torch.fft.rfft(windows).abs() @ torch.from_numpy(bank(geometry))
    found: torch.Tensor = bands.clamp(min=QUIETEST).log()
    return found


def bank(geometry: Geometry, window: int = WINDOW) -> NDArray[np.float32]:
    """Return the filters, shape ``(window / 2 + 1, bins)``: triangles of unit area, even on Slaney's mel scale."""
    lines = np.linspace(0, geometry.rate / 2, window // 2 + 1)[:, np.newaxis]
    edges = _hertz(np.linspace(0, _mels(min(HIGHEST, geometry.rate / 2)), geometry.bins + 2))
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.minimum((lines - low) / (middle - low), (high - lines) / (high - middle)).clip(min=0)
    filters: NDArray[np.float32] = (triangles * 2 / (high - low)).astype(np.float32)
    return filters


def _mels(hertz: float) -> float:
    """Return a frequency above the break on Slaney's scale."""
    return _BREAK * _SLOPE + math.log(hertz / _BREAK) / _STEP


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the frequencies of points on Slaney's scale."""
    linear = mels / _SLOPE
    return np.where(linear < _BREAK, linear, _BREAK * np.exp(_STEP * (mels - _BREAK * _SLOPE)))
