"""The VAE: mels become latents of an eighth of their size in time and frequency, and mels again.

What counts is the error of the way there and back, in standard deviations of all mels, and a little how unlike the
latents are Gaussian noise. The entry and the end of the network begin as if mels had mean 0 and variance 1: they have
not, and the checkpoint's format has no place to say so.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import diffusers
import torch
from torch import Tensor

from plugin_host.engines.musicldm import decode
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.training.batches import cut, some
from plugin_host.training.corpus import Corpus, geometry
from plugin_host.training.fit import Desk, begun, fit
from plugin_host.training.recipe import Recipe

CUT = 256
"""Mel frames of an example."""

DIVERGENCE = 0.003
"""How much it counts that latents are unlike Gaussian noise."""

_SAMPLED = 400  # loops that the spread of mels and latents is measured on


def train(recipe: Recipe, corpus: Corpus, folder: Path, desk: Desk) -> Mapping[str, list[float]]:
    """Train the VAE, save it in `folder`, and return its curves."""
    begun(desk.seed, "vae")
    mels = corpus.mels
    spread = torch.cat(mels[:_SAMPLED]).float()
    mean, deviation = float(spread.mean()), float(spread.std())
    vae = built(recipe, mean, deviation).to(desk.device, memory_format=torch.channels_last)
    course = recipe.courses["vae"]

    def loss_at(step: int, chance: torch.Generator) -> Mapping[str, Tensor]:
        """Return the error of the way there and back."""
        del step
        seen = torch.stack([cut(each, CUT, chance) for each in some(mels, course.batch, chance)])[:, None].float()
        seen = seen.to(desk.device, memory_format=torch.channels_last)
        posterior = vae.encode(seen).latent_dist
        noise = torch.randn(posterior.mean.shape, generator=chance).to(desk.device)
        error = (vae.decode(posterior.mean + posterior.std * noise).sample - seen).abs().mean() / deviation
        divergence = posterior.kl().sum() / noise.numel()
        return {"loss": error + DIVERGENCE * divergence, "error": error, "divergence": divergence}

    curves = fit("vae", vae, course, loss_at, desk)
    scale = spread_of(vae, mels[:: max(1, len(mels) // _SAMPLED)], geometry(recipe), desk.device)
    vae.register_to_config(scaling_factor=1 / scale)
    vae.save_pretrained(folder / "vae")
    return curves


def built(recipe: Recipe, mean: float, deviation: float) -> Any:
    """Return a VAE with random weights, for mels of that mean and standard deviation."""
    blocks = len(recipe.vae["block_out_channels"])
    vae = diffusers.AutoencoderKL(
        in_channels=1,
        out_channels=1,
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        **recipe.vae,
    )
    with torch.no_grad():
        entry, end = vae.encoder.conv_in, vae.decoder.conv_out
        entry.weight /= deviation
        entry.bias -= entry.weight.sum(dim=(1, 2, 3)) * mean
        end.weight *= deviation
        end.bias.mul_(deviation).add_(mean)
    return vae


def load(folder: Path) -> Any:
    """Return the VAE that was trained."""
    return diffusers.AutoencoderKL.from_pretrained(
        folder / "vae", local_files_only=True, low_cpu_mem_usage=False
    ).eval()


def spread_of(vae: Any, mels: Sequence[Tensor], measures: Geometry, device: torch.device) -> float:
    """Return the standard deviation of latents about 0, not scaled."""
    made = [decode.latents(vae, each.to(device).float(), measures).flatten() for each in mels]
    return float(torch.cat(made).square().mean().sqrt() / vae.config.scaling_factor)
