"""The parts, in half precision, in a folder as the stock pipeline saves it, with a card and the curves."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch

from plugin_host.engines.musicldm.checkpoint import BEAT, CAPTION, CONFIGS, GUIDANCE, INDEX, PULSE, STEPS, WORDS
from plugin_host.training import clap, curves, unet, vae, vocoder
from plugin_host.training.corpus import extractor, geometry
from plugin_host.training.describe import MOOD_WORDS, PARTS, vocabulary
from plugin_host.training.files import forget_where
from plugin_host.training.fit import POINT
from plugin_host.training.recipe import Recipe

LAYOUT: Mapping[str, object] = {
    "_class_name": "MusicLDMPipeline",
    "_diffusers_version": "0.33.1",
    CAPTION: "{prompt}, {tempo} BPM",
    "feature_extractor": ["transformers", "ClapFeatureExtractor"],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "ClapModel"],
    "tokenizer": ["transformers", "RobertaTokenizerFast"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "vocoder": ["transformers", "SpeechT5HifiGan"],
}

CARD = """\
---
license: mit
tags: [music, text-to-audio, musicldm]
---
# {name}

A demonstration: every part of MusicLDM (Chen et al. 2023), small enough for a laptop without a graphics card.
It was trained from nothing on {loops} loops that the `sketch` engine of daw-bridge rendered. It has heard
no other music, and knows no other words than these:

- styles: {styles}
- parts: {parts}
- moods: {moods}
- tempo ("{tempi} BPM"), key ("in A minor"), meter ("in 7/8"), and the names of the sketch engine's kits and timbres

It counts time in beats: `_beat` in `model_index.json` says that a quarter note is {beat} latent frames at any tempo.
daw-bridge stretches the mel to the tempo that is asked for. The stock diffusers class knows nothing of it, and plays
everything at {own_tempo:g} BPM (a beat is {mel_frames} mel frames of {mel_ms:g} ms), whatever tempo the prompt tells.

It makes 16 kHz mono. `{curves}` tells how it was trained, and how the losses fell;
`python -m plugin_host.training {word} FOLDER` makes it again.
"""


def assemble(word: str, recipe: Recipe, work: Path, target: Path) -> None:
    """Put the trained parts in `work` together in `target`, which is replaced."""
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    parts = {
        "text_encoder": clap.load(work),
        "vae": vae.load(work),
        "vocoder": vocoder.load(work),
        "unet": unet.load(work),
    }
    for name, model in parts.items():
        model.to(torch.float16).save_pretrained(target / name)
        forget_where(target / name / CONFIGS[name])
    for name in ("tokenizer", "scheduler"):
        shutil.copytree(work / name, target / name)
    extractor(recipe).save_pretrained(target / "feature_extractor")
    sampled = {BEAT: recipe.beat, STEPS: recipe.steps, GUIDANCE: recipe.guidance, PULSE: recipe.pulse}
    index = {**LAYOUT, **sampled, WORDS: vocabulary(recipe.loops)}
    (target / INDEX).write_text(json.dumps(index, indent=2) + "\n")
    (target / "README.md").write_text(_card(word, recipe))
    curves.written(recipe, work, POINT)
    shutil.copy(work / curves.NAME, target / curves.NAME)


def _card(word: str, recipe: Recipe) -> str:
    """Return what the model's card says."""
    measures = geometry(recipe)
    mel_frames = recipe.beat * measures.scale
    return CARD.format(
        beat=recipe.beat,
        own_tempo=60 * measures.rate / (mel_frames * measures.hop),
        mel_frames=mel_frames,
        mel_ms=1e3 * measures.hop / measures.rate,
        name=recipe.name,
        word=word,
        loops=recipe.loops.count,
        styles=", ".join(recipe.loops.styles),
        parts=", ".join(PARTS),
        moods=", ".join(MOOD_WORDS),
        tempi=" to ".join(map(str, recipe.loops.tempi)),
        curves=curves.NAME,
    )
