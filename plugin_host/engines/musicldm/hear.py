"""What CLAP's audio half takes in: log-mel spectrograms, as its feature extractor makes them, by torch and so faster."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

QUIETEST = 1e-10
"""The power under which the extractor hears nothing."""


def features(wave: NDArray[np.float32], extractor: Any) -> torch.Tensor:
    """Return the spectrogram of each window of `wave`, shape ``(windows, channels, frames, bins)``, in dB.

    `wave` has shape ``(frames,)`` at the extractor's rate. One that is shorter than a window is repeated as often as
    it fits, as the extractor's `repeatpad` does, and silence fills the rest: a loop is heard as a loop.
    """
    windows = torch.from_numpy(np.stack(_windows(wave, int(extractor.nb_max_samples))))
    size, step = int(extractor.fft_window_size), int(extractor.hop_length)
    fused = extractor.truncation == "fusion"
    bank = extractor.mel_filters if fused else extractor.mel_filters_slaney
    spectrum = torch.stft(
        windows, size, step, window=torch.hann_window(size), center=True, pad_mode="reflect", return_complex=True
    )
    power = torch.view_as_real(spectrum).square().sum(-1)
    mel = torch.einsum("wft,fm->wtm", power, torch.from_numpy(np.asarray(bank, dtype=np.float32)))
    decibels = 10 * torch.log10(mel.clamp(min=QUIETEST))
    return decibels[:, None].expand(-1, 4 if fused else 1, -1, -1)


def _windows(wave: NDArray[np.float32], length: int) -> list[NDArray[np.float32]]:
    """Return stretches of exactly `length` frames that cover `wave` evenly."""
    if len(wave) > length:
        count = -(-len(wave) // length)
        starts = np.linspace(0, len(wave) - length, count).round().astype(int)
        return [wave[start : start + length] for start in starts]
    repeated = np.tile(wave, length // max(1, len(wave)))
    return [np.pad(repeated, (0, length - len(repeated))).astype(np.float32)]
