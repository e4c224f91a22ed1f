"""CLAP: captions and loops become directions that agree.

Of a batch of loops and their captions, each is to find its own among all others (Radford et al. 2021; Elizalde et al.
2023). Beside that, small heads which are thrown away afterwards have to read style, part and tempo off each direction:
with a few thousand loops, that teaches both halves what matters long before the contrast does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from plugin_host.training.corpus import Corpus
from plugin_host.training.describe import PARTS, Description
from plugin_host.training.fit import Desk, begun, fit
from plugin_host.training.recipe import Recipe
from plugin_host.training.words import tokenizer

READING = 0.5
"""How much it counts what the heads read, against the contrast."""

SHARPEST = 100.0
"""What cosines are multiplied by at most."""


class Learner(nn.Module):
    """CLAP and the heads that it learns with."""

    def __init__(self, recipe: Recipe, words: Any) -> None:
        super().__init__()
        config = transformers.ClapConfig(
            text_config={**recipe.text, "vocab_size": len(words), "pad_token_id": words.pad_token_id},
            audio_config={**recipe.hearing, "enable_fusion": False},
            projection_dim=recipe.projection,
        )
        self.clap = transformers.ClapModel(config)
        self.styles = nn.Linear(recipe.projection, len(recipe.loops.styles))
        self.parts = nn.Linear(recipe.projection, len(PARTS))
        self.tempo = nn.Linear(recipe.projection, 1)

    def text(self, tokens: Mapping[str, Tensor]) -> Tensor:
        """Return the directions of captions."""
        read = self.clap.text_model(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"])
        return normalize(self.clap.text_projection(read.pooler_output), dim=-1)

    def sound(self, heard: Tensor) -> Tensor:
        """Return the directions of what is heard, shape ``(loops, frames, bins)``."""
        longer = torch.zeros((len(heard), 1), dtype=torch.bool, device=heard.device)
        read = self.clap.audio_model(input_features=heard[:, None], is_longer=longer)
        return normalize(self.clap.audio_projection(read.pooler_output), dim=-1)


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """What the heads have to read off: classes of style and part, and the tempo as its logarithm about 0."""

    style: Tensor
    part: Tensor
    tempo: Tensor

    @classmethod
    def of(cls, described: Sequence[Description], styles: Sequence[str], device: torch.device) -> "Labels":
        """Return the labels of loops."""
        parts = tuple(PARTS)
        tempi = np.log(np.array([each.tempo for each in described], np.float32) / 112) / 0.28
        return cls(
            torch.tensor([styles.index(each.style) for each in described], device=device),
            torch.tensor([parts.index(each.part) for each in described], device=device),
            torch.from_numpy(tempi).to(device),
        )


def train(recipe: Recipe, corpus: Corpus, folder: Path, desk: Desk) -> Mapping[str, list[float]]:
    """Train CLAP, save it and its tokenizer in `folder`, and return its curves."""
    words = tokenizer(recipe, folder / "tokenizer")
    begun(desk.seed, "clap")
    learner = Learner(recipe, words).to(desk.device)
    course = recipe.courses["clap"]

    def loss_at(step: int, chance: torch.Generator) -> Mapping[str, Tensor]:
        """Return the contrast, and what the heads got wrong."""
        del step
        numbers = torch.randperm(corpus.count, generator=chance)[: course.batch].tolist()
        which = int(torch.randint(2**20, (), generator=chance))
        said = [corpus.caption(number, which) for number in numbers]
        tokens = words(said, padding=True, max_length=recipe.longest, truncation=True, return_tensors="pt")
        text = learner.text(tokens.to(desk.device))
        heard = torch.stack([_rolled(corpus.loops[number].heard, chance) for number in numbers])
        sound = learner.sound(heard.to(desk.device))
        labels = Labels.of([corpus.described[number] for number in numbers], recipe.loops.styles, desk.device)
        scale = learner.clap.logit_scale_t.exp().clamp(max=SHARPEST)
        contrast, right = contrasted(scale * text @ sound.T)
        reading = _misread(learner, text, labels) + _misread(learner, sound, labels)
        return {"loss": contrast + READING * reading, "contrast": contrast, "reading": reading, "own": right}

    curves = fit("clap", learner, course, loss_at, desk)
    learner.clap.save_pretrained(folder / "text_encoder")
    return curves


def load(folder: Path) -> Any:
    """Return the CLAP that was trained, its tokenizer beside it as `tokenizer`."""
    model = transformers.ClapModel.from_pretrained(folder / "text_encoder", local_files_only=True)
    return model.eval()


def contrasted(cosines: Tensor) -> tuple[Tensor, Tensor]:
    """Return how wrong each row and column of scaled cosines is about its own, and the share of rows that are right."""
    own = torch.arange(len(cosines), device=cosines.device)
    wrong = (cross_entropy(cosines, own) + cross_entropy(cosines.T, own)) / 2
    return wrong, (cosines.argmax(dim=1) == own).float().mean()


def _misread(learner: Learner, directions: Tensor, labels: Labels) -> Tensor:
    """Return how wrong the heads are about some directions."""
    scaled = directions * directions.shape[1] ** 0.5
    tempo = (learner.tempo(scaled)[:, 0] - labels.tempo).square().mean()
    named = cross_entropy(learner.styles(scaled), labels.style) + cross_entropy(learner.parts(scaled), labels.part)
    wrong: Tensor = named + tempo
    return wrong


def _rolled(heard: Any, chance: torch.Generator) -> Tensor:
    """Return what is heard of a loop from a chance moment on, and a little louder or quieter."""
    start = int(torch.randint(len(heard), (), generator=chance))
    gain = 6 * float(torch.rand((), generator=chance)) - 3  # dB
    return torch.from_numpy(heard).roll(start, 0).float() + gain
