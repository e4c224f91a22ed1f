"""The tokenizer: pieces of words, by how often they stand beside each other in the captions of the corpus."""

from pathlib import Path
from typing import Any

import tokenizers
import transformers

from plugin_host.training.describe import drawn, wording
from plugin_host.training.recipe import Recipe

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
"""In this order, as in every tokenizer of RoBERTa's."""

WORDINGS = 4
"""Captions of each loop that it learns from."""


def tokenizer(recipe: Recipe, folder: Path) -> Any:
    """Return the tokenizer of a recipe, from `folder` or learnt and saved there."""
    if not (folder / "tokenizer_config.json").exists():
        learnt = tokenizers.ByteLevelBPETokenizer()
        learnt.train_from_iterator(
            captions(recipe),
            vocab_size=recipe.tokens,
            min_frequency=2,
            special_tokens=list(SPECIAL),
            show_progress=False,
        )
        folder.mkdir(parents=True, exist_ok=True)
        learnt.save_model(str(folder))
        made = transformers.RobertaTokenizerFast.from_pretrained(str(folder), model_max_length=recipe.longest)
        made.save_pretrained(folder)
    return transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)


def captions(recipe: Recipe) -> list[str]:
    """Return captions of all loops to learn from."""
    described = [drawn(recipe.loops, number, recipe.seed) for number in range(recipe.loops.count)]
    return [
        wording(each, number, which, recipe.seed) for number, each in enumerate(described) for which in range(WORDINGS)
    ]
