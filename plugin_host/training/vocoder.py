"""The vocoder: mels become sound.

It learns by what is heard of its sound: magnitudes of Fourier transforms of several sizes (Yamamoto et al. 2020,
"Parallel WaveGAN"), and mels of several (Kumar et al. 2023, "High-Fidelity Audio Compression with Improved RVQGAN").
Phases are its own affair.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from torch import Tensor, nn

from plugin_host.engines.musicldm import mel
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.training.batches import some
from plugin_host.training.corpus import Corpus, geometry
from plugin_host.training.fit import Desk, begun, fit
from plugin_host.training.recipe import Recipe

SIZES = ((1024, 160), (512, 80), (256, 40), (2048, 320))
"""Window and step of each transform."""

BANDS = ((4096, 128), (1024, 64), (256, 20))
"""Window of a transform, and how many bands it is heard in: lines are even in Hz, so that the bass is few of them."""

CUT = 64
"""Mel frames of an example."""

_FLOOR = 1e-4  # of a magnitude, so that silence does not outweigh all else
_SAMPLED = 400
_SCALE = 32_767


def train(recipe: Recipe, corpus: Corpus, folder: Path, desk: Desk) -> Mapping[str, list[float]]:
    """Train the vocoder, save it in `folder`, and return its curves."""
    begun(desk.seed, "vocoder")
    measures, course, sounds = geometry(recipe), recipe.courses["vocoder"], corpus.sounds
    vocoder = built(recipe, torch.cat(corpus.mels[:_SAMPLED]).float()).to(desk.device)
    banks = {size: bank.to(desk.device) for size, bank in bands(measures).items()}

    def loss_at(step: int, chance: torch.Generator) -> Mapping[str, Tensor]:
        """Return how different what it makes is heard from what it should."""
        del step
        pairs = [_example(sound, measures, chance) for sound in some(sounds, course.batch, chance)]
        spectrum, wanted = (torch.stack(each).to(desk.device) for each in zip(*pairs, strict=True))
        margin = measures.context * measures.hop
        made = vocoder(spectrum)[:, margin : margin + CUT * measures.hop]
        told = {"spectra": heard_apart(made, wanted), "mel": bands_apart(made, wanted, banks)}
        return {"loss": told["spectra"] + told["mel"], **told}

    curves = fit("vocoder", vocoder, course, loss_at, desk)
    vocoder.save_pretrained(folder / "vocoder")
    return curves


def built(recipe: Recipe, mels: Tensor) -> Any:
    """Return a vocoder with random weights, loud enough to learn from, that brings `mels` to mean 0 and variance 1."""
    vocoder = transformers.SpeechT5HifiGan(transformers.SpeechT5HifiGanConfig(**recipe.vocoder))
    with torch.no_grad():
        vocoder.mean.copy_(mels.mean(dim=0))
        vocoder.scale.copy_(mels.std(dim=0))
        for module in vocoder.modules():
            if isinstance(module, nn.Conv1d):
                module.weight.normal_(std=module.weight[0].numel() ** -0.5)
            elif isinstance(module, nn.ConvTranspose1d):
                module.weight.normal_(std=(module.in_channels * module.kernel_size[0] / module.stride[0]) ** -0.5)
        vocoder.conv_post.weight.mul_(0.1)
    return vocoder


def load(folder: Path) -> Any:
    """Return the vocoder that was trained."""
    return transformers.SpeechT5HifiGan.from_pretrained(folder / "vocoder", local_files_only=True).eval()


def heard_apart(one: Tensor, other: Tensor, sizes: Sequence[tuple[int, int]] = SIZES) -> Tensor:
    """Return how far sounds, shape ``(sounds, frames)``, are apart: the multi-resolution STFT distance.

    It is the mean over sizes of the difference of magnitudes as a part of them, and of their logarithms.
    """
    apart = []
    for size, step in sizes:
        found, wanted = _magnitudes(one, size, step), _magnitudes(other, size, step)
        part = torch.linalg.norm(wanted - found) / torch.linalg.norm(wanted).clamp(min=_FLOOR)
        logs = ((found + _FLOOR).log() - (wanted + _FLOOR).log()).abs().mean()
        apart.append(part + logs)
    return torch.stack(apart).mean()


def bands(measures: Geometry) -> Mapping[int, Tensor]:
    """Return the banks of filters of `BANDS` by their windows."""
    return {size: torch.from_numpy(mel.bank(replace(measures, bins=bins), size)) for size, bins in BANDS}


def bands_apart(one: Tensor, other: Tensor, banks: Mapping[int, Tensor]) -> Tensor:
    """Return the mean difference of logarithms of bands, by windows of each of the sizes that there is a bank for."""
    apart = []
    for size, bank in banks.items():
        found, wanted = (_magnitudes(each, size, size // 4).transpose(1, 2) @ bank for each in (one, other))
        apart.append(((found + mel.QUIETEST).log() - (wanted + mel.QUIETEST).log()).abs().mean())
    return torch.stack(apart).mean()


def _magnitudes(sound: Tensor, size: int, step: int) -> Tensor:
    """Return the magnitudes of a transform."""
    window = torch.hann_window(size, device=sound.device)
    power = torch.stft(sound, size, step, window=window, return_complex=True).abs().square()
    return power.clamp(min=_FLOOR**2).sqrt()


def _example(sound: NDArray[np.int16], measures: Geometry, chance: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return the mel of a stretch of a ring, with all that the vocoder hears around it, and the sound of the stretch."""
    ring: NDArray[np.float32] = sound.astype(np.float32) / np.float32(_SCALE)
    start = int(torch.randint(len(ring), (), generator=chance))
    frames = np.arange(-measures.context, CUT + measures.context)
    spectrum = mel.heard(ring, (start + frames * measures.hop).astype(np.float64), measures)
    stretch = (start + np.arange(CUT * measures.hop)) % len(ring)
    return spectrum, torch.from_numpy(ring[stretch])
