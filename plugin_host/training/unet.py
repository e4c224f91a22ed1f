"""The UNet: noise becomes latents, as the words say.

It learns on rings, as it is used: time is closed, and a ring is a loop of whole bars. One step in `STRIPS` shows it cuts
between two ends, as one-shots are made.

What steers it is CLAP's direction of a caption, worded anew at every turn; of some loops the direction of their sound
instead, as in the paper, so that it follows a sound as well; and of some the empty text's, which is what guidance leads
away from. Steps are spread evenly over the levels of noise, and each counts as much as it can be learnt from (min-SNR:
Hang et al. 2023).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import diffusers
import torch
from torch import Tensor
from torch.nn.functional import normalize

from plugin_host.engines.musicldm.ring import closed
from plugin_host.errors import BadValue
from plugin_host.training import clap, latents
from plugin_host.training.batches import Mix, Rings, cut
from plugin_host.training.corpus import Corpus
from plugin_host.training.fit import Desk, LossAt, begun, fit
from plugin_host.training.recipe import Recipe
from plugin_host.training.words import tokenizer

SOUNDS = 0.1
"""The share of loops that are shown with the direction of their sound; a mixture has none that is known."""

EMPTY = 0.1
"""The share that is shown with that of the empty text."""

STRIPS = 8
"""One step in so many shows cuts between two ends."""

STRIP = 64
"""Latent frames of a cut."""

MOST = 5.0
"""The signal-to-noise ratio above which a level of noise counts no more for being easier."""

NOISE, VELOCITY = "epsilon", "v_prediction"
"""What a UNet may tell, in the words of a scheduler's settings."""

_AT_ONCE = 256


@dataclass(frozen=True, slots=True, eq=False)
class Steering:
    """What steers: `read` returns CLAP's directions of captions; `sounds` are the directions of all loops' sound."""

    read: Callable[[list[str]], Tensor]
    sounds: Tensor

    @torch.no_grad()
    def drawn(self, captions: Sequence[str], sounds: Tensor | None, chance: torch.Generator) -> Tensor:
        """Return a direction for each of some loops: its caption's, its sound's where there are any, or none's."""
        turn = torch.rand((len(captions), 1), generator=chance)
        texts = [text if float(each) <= 1 - EMPTY else "" for text, each in zip(captions, turn, strict=True)]
        found = self.read(texts)
        return found if sounds is None else torch.where(turn < SOUNDS, sounds, found)


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """What there is to learn from: the latents of loops, in groups that can be laid over each other, and their words.

    `caption` returns the caption of a loop by its number, worded by a second number in one of many ways.
    """

    rings: Sequence[Tensor]
    groups: Rings
    caption: Callable[[int, int], str]
    steering: Steering

    def drawn(self, frames: int, chance: torch.Generator, mix: Mix | None) -> tuple[Tensor, Tensor]:
        """Return rings, about so many latent frames of them in all, and what steers each."""
        numbers = self.groups.drawn(frames, chance)
        rings = torch.stack([self.rings[number] for number in numbers]).float()
        which = int(torch.randint(2**20, (), generator=chance))
        captions: Sequence[str] = [self.caption(number, which) for number in numbers]
        if mix is None:
            return rings, self.steering.drawn(captions, self.steering.sounds[torch.tensor(numbers)], chance)
        mixed, captions = mix(rings, captions, chance)
        known = self.steering.sounds[torch.tensor(numbers)] if mixed is rings else None
        return mixed, self.steering.drawn(captions, known, chance)


def train(
    recipe: Recipe, corpus: Corpus, folder: Path, desk: Desk, mix: Mix | None = None
) -> Mapping[str, list[float]]:
    """Train the UNet, save it and its scheduler in `folder`, and return its curves. A `mix` blends aligned loops."""
    rings = latents.read(folder)
    groups = Rings.of([ring.shape[1] for ring in rings], corpus.bars if mix is None else corpus.kinds)
    lessons = Lessons(rings, groups, corpus.caption, steering(recipe, corpus, folder, desk))
    begun(desk.seed, "unet")
    unet = built(recipe).to(desk.device, memory_format=torch.channels_last)
    scheduler = diffusers.DDIMScheduler(**recipe.scheduler)
    course = recipe.courses["unet"]
    curves = fit("unet", unet, course, told_by(unet, scheduler, lessons, course.batch, mix), desk)
    unet.save_pretrained(folder / "unet")
    scheduler.save_pretrained(folder / "scheduler")
    return curves


def told_by(unet: Any, scheduler: Any, lessons: Lessons, frames: int, mix: Mix | None = None) -> LossAt:
    """Return what a UNet is told at a step: how wrong it is about some rings, each level of noise by its weight.

    The UNet may be a new one, or one that goes on learning; `frames` latent frames are shown at a step. Raises
    `BadValue` for a scheduler whose models tell neither noise nor velocity.
    """
    device = next(unet.parameters()).device
    _check(scheduler)

    def loss_at(step: int, chance: torch.Generator) -> Mapping[str, Tensor]:
        """Return the error of the noise, or velocity, that it tells."""
        clean, labels = lessons.drawn(frames, chance, mix)
        strip = step % STRIPS == STRIPS - 1
        if strip:
            clean = torch.stack([cut(ring.transpose(0, 1), STRIP, chance).transpose(0, 1) for ring in clean])
        clean = clean.to(device, memory_format=torch.channels_last)
        noise = torch.randn(clean.shape, generator=chance).to(device)
        times = spread(len(clean), scheduler.config.num_train_timesteps, chance).to(device)
        seen = scheduler.add_noise(clean, noise, times)
        with nullcontext() if strip else closed(unet):
            told = unet(seen, times, encoder_hidden_states=None, class_labels=labels.to(device)).sample
        wrong = (told - wanted(scheduler, clean, noise, times)).square().mean(dim=(1, 2, 3))
        return {"loss": (wrong * weights(scheduler, times)).mean(), "error": wrong.mean()}

    return loss_at


def built(recipe: Recipe) -> Any:
    """Return a UNet with random weights that listens to its words: the numbers of a direction are small."""
    channels = recipe.vae["latent_channels"]
    unet = diffusers.UNet2DConditionModel(
        in_channels=channels,
        out_channels=channels,
        class_embed_type="simple_projection",
        projection_class_embeddings_input_dim=recipe.projection,
        class_embeddings_concat=True,
        **recipe.unet,
    )
    with torch.no_grad():
        unet.class_embedding.weight.mul_(recipe.projection**0.5)
    return unet


def load(folder: Path) -> Any:
    """Return the UNet that was trained."""
    part = folder / "unet"
    return diffusers.UNet2DConditionModel.from_pretrained(part, local_files_only=True, low_cpu_mem_usage=False).eval()


@torch.no_grad()
def steering(recipe: Recipe, corpus: Corpus, folder: Path, desk: Desk) -> Steering:
    """Return what steers the loops to learn from."""
    model, words = clap.load(folder).to(desk.device), tokenizer(recipe, folder / "tokenizer")
    heard = [torch.from_numpy(loop.heard).float() for loop in corpus.loops[: corpus.count]]
    starts = range(0, len(heard), _AT_ONCE)
    sounds = [sounded(model, torch.stack(heard[at : at + _AT_ONCE]).to(desk.device)) for at in starts]
    return Steering(partial(said, model, words), torch.cat(sounds))


def said(model: Any, words: Any, texts: list[str]) -> Tensor:
    """Return the directions of texts, in ordinary memory."""
    device = next(model.parameters()).device
    limit = int(words.model_max_length)
    tokens = words(texts, padding="max_length", max_length=limit, truncation=True, return_tensors="pt").to(device)
    read = model.text_model(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"])
    found: Tensor = normalize(model.text_projection(read.pooler_output), dim=-1).cpu()
    return found


def sounded(model: Any, heard: Tensor) -> Tensor:
    """Return the directions of what is heard, in ordinary memory."""
    longer = torch.zeros((len(heard), 1), dtype=torch.bool, device=heard.device)
    read = model.audio_model(input_features=heard[:, None], is_longer=longer)
    found: Tensor = normalize(model.audio_projection(read.pooler_output), dim=-1).cpu()
    return found


def spread(count: int, levels: int, chance: torch.Generator) -> Tensor:
    """Return a level of noise for each example, evenly spread: there is less chance in the loss."""
    even = (torch.arange(count) + torch.rand(count, generator=chance)) / count
    return (even * levels).long().clamp(max=levels - 1)


def wanted(scheduler: Any, clean: Tensor, noise: Tensor, times: Tensor) -> Tensor:
    """Return what a UNet should tell of latents at some levels of noise: the noise, or the velocity."""
    if scheduler.config.prediction_type == NOISE:
        return noise
    velocity: Tensor = scheduler.get_velocity(clean, noise, times)
    return velocity


def weights(scheduler: Any, times: Tensor) -> Tensor:
    """Return how much each level of noise counts, by what is told at it."""
    kept = scheduler.alphas_cumprod.to(times.device)[times]
    ratio = kept / (1 - kept)
    counted: Tensor = ratio.clamp(max=MOST) / (ratio if scheduler.config.prediction_type == NOISE else ratio + 1)
    return counted


def _check(scheduler: Any) -> None:
    """Raise `BadValue` for a scheduler of models that tell what is not known here."""
    told = scheduler.config.prediction_type
    if told not in {NOISE, VELOCITY}:
        raise BadValue(f"the checkpoint's scheduler says prediction_type {told}; give one of {NOISE}, {VELOCITY}")
