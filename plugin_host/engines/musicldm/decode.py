"""From latents to a mel spectrogram (by the VAE), and from that to a waveform (by the vocoder).

Takes are decoded one at a time: their results do not depend on each other, the memory is that of one take, each can be
delivered while the next is decoded, and on a processor one take fits the caches better than four.
"""

from math import prod
from typing import Any

import torch


def hop(vocoder: Any) -> int:
    """Return how many samples of sound one mel frame becomes."""
    return prod(vocoder.config.upsample_rates)


def time_scale(vae: Any) -> int:
    """Return how many mel frames one latent frame becomes; in frequency it is the same number."""
    return int(2 ** (len(vae.config.block_out_channels) - 1))


@torch.inference_mode()
def mel(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """Decode the latents of one take, shape ``(channels, time, frequency)``, to a mel, ``(frames, bins)``."""
    scaled = (latents[None] / vae.config.scaling_factor).contiguous(memory_format=torch.channels_last)
    decoded: torch.Tensor = vae.decode(scaled, return_dict=False)[0]
    return decoded[0, 0]


@torch.inference_mode()
def wave(vocoder: Any, spectrum: torch.Tensor) -> torch.Tensor:
    """Make the sound of one take's mel, shape ``(frames, bins)``: float32, shape ``(frames · hop,)``, on the processor.

    The vocoder's transposed convolutions leave a few samples over (32 with the published kernels); they are cut off.
    """
    sound: torch.Tensor = vocoder(spectrum[None])[0]
    return sound[: len(spectrum) * hop(vocoder)].float().cpu()
