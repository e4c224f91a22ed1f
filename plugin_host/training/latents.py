"""All loops as latents, computed once: what the UNet learns is drawn from them hundreds of times.

A loop is encoded as the ring that it is, its first downbeat where its first latent frame begins. Turned by less than a
latent frame it would be other latents, and more for the UNet to learn; nothing is won by that, as whatever comes out
may be turned by the engine.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from plugin_host.engines.musicldm import decode
from plugin_host.training import vae as vaes
from plugin_host.training.corpus import Corpus, geometry
from plugin_host.training.files import written
from plugin_host.training.fit import Desk
from plugin_host.training.recipe import Recipe

_NAME = "latents.npz"
_TOLD = 500


def compute(recipe: Recipe, corpus: Corpus, folder: Path, desk: Desk) -> None:
    """Encode all loops to learn from, and keep them in `folder`, unless they are there, from the same VAE."""
    path, source = folder / _NAME, made_by(folder)
    if path.exists() and _kept_from(path) == source:
        return
    measures, vae = geometry(recipe), vaes.load(folder).to(desk.device)
    made: list[NDArray[np.float16]] = []
    for number, loop in enumerate(corpus.mels):
        latent = decode.latents(vae, loop.to(desk.device).float(), measures)
        made.append(latent.cpu().numpy().astype(np.float16))
        if number % _TOLD == 0:
            desk.tell(f"latents {number}/{corpus.count}")
    with written(path) as file:
        frames = np.array([latent.shape[1] for latent in made])
        np.savez(file, latents=np.concatenate(made, axis=1), frames=frames, source=np.array(source))


def read(folder: Path) -> Sequence[Tensor]:
    """Return the latents of all loops to learn from, scaled, each of shape ``(channels, time, frequency)``."""
    with np.load(folder / _NAME) as kept:
        return [torch.from_numpy(each) for each in np.split(kept["latents"], np.cumsum(kept["frames"])[:-1], axis=1)]


def made_by(folder: Path) -> str:
    """Return what tells the VAE in `folder` from every other."""
    return hashlib.sha256((folder / "vae" / "diffusion_pytorch_model.safetensors").read_bytes()).hexdigest()


def _kept_from(path: Path) -> str:
    """Return the print of the VAE that latents were made by."""
    with np.load(path) as kept:
        return str(kept["source"])
