"""From latents to a mel spectrogram (by the VAE), and from that to a waveform (by the vocoder), and the way back.

Takes are decoded one at a time: their results do not depend on each other, the memory is that of one take, each can be
delivered while the next is decoded, and on a processor one take fits the caches better than four.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import torch

from plugin_host.engines.musicldm import ring, windows
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.engines.musicldm.ring import Course

AT_ONCE = 1_024
"""Mel frames that are vocoded at a time (10 s): the memory of a longer clip is that of this."""


@torch.inference_mode()
def mel(vae: Any, latents: torch.Tensor, course: Course, geometry: Geometry) -> torch.Tensor:
    """Decode the latents of one take, shape ``(channels, time, frequency)``, to a mel, ``(frames, bins)``.

    A ring that is longer than what the model was trained on is decoded in windows.
    """
    scaled = (latents[None] / vae.config.scaling_factor).contiguous(memory_format=torch.channels_last)

    def work(seen: torch.Tensor) -> torch.Tensor:
        """Decode what is seen at a time."""
        decoded: torch.Tensor = vae.decode(seen, return_dict=False)[0]
        return decoded

    if course is Course.STRIP:
        return work(scaled)[0, 0]
    with ring.along(windows.course(scaled, geometry.trained), vae.decoder):
        return windows.around(work, scaled, geometry.trained, Fraction(geometry.scale))[0, 0]


@torch.inference_mode()
def latents(vae: Any, spectrum: torch.Tensor, geometry: Geometry) -> torch.Tensor:
    """Encode the mel of a ring, shape ``(frames, bins)``, to the likeliest latents, ``(channels, time, frequency)``.

    The frames must be a multiple of the VAE's scale.
    """
    picture = spectrum[None, None].contiguous(memory_format=torch.channels_last)
    longest = geometry.trained * geometry.scale

    def work(seen: torch.Tensor) -> torch.Tensor:
        """Encode what is seen at a time."""
        encoded: torch.Tensor = vae.encode(seen, return_dict=False)[0].mode()
        return encoded

    with ring.along(windows.course(picture, longest), vae.encoder):
        encoded = windows.around(work, picture, longest, Fraction(1, geometry.scale))[0]
    return encoded * float(vae.config.scaling_factor)


@torch.inference_mode()
def wave(vocoder: Any, spectrum: torch.Tensor, course: Course, geometry: Geometry) -> torch.Tensor:
    """Make the sound of one take's mel, shape ``(frames, bins)``: float32, shape ``(frames · hop,)``, on the processor.

    A ring is wrapped at both ends by all that the vocoder hears around a frame, and made piece by piece; the joins are
    those of one computation. The vocoder's transposed convolutions leave a few samples over (32 with the published
    kernels); they are cut off.
    """
    if course is Course.STRIP:
        return _sound(vocoder, spectrum)[: len(spectrum) * geometry.hop]
    return torch.cat(list(_pieces(vocoder, spectrum, geometry)))


def _pieces(vocoder: Any, spectrum: torch.Tensor, geometry: Geometry) -> Iterator[torch.Tensor]:
    """Yield the sound of a ring's mel, piece by piece, each made from a little more on both sides than it is."""
    before, hop = geometry.context, geometry.hop
    for start in range(0, len(spectrum), AT_ONCE):
        frames = min(AT_ONCE, len(spectrum) - start)
        seen = torch.arange(start - before, start + frames + before, device=spectrum.device) % len(spectrum)
        yield _sound(vocoder, spectrum[seen])[before * hop : (before + frames) * hop]


def _sound(vocoder: Any, spectrum: torch.Tensor) -> torch.Tensor:
    """Return what the vocoder makes of a mel."""
    sound: torch.Tensor = vocoder(spectrum[None])[0]
    return sound.float().cpu()
