"""All of it, in order. Each stage leaves its result in the folder, and needs that of some stages before.

::

    corpus ─┬─ clap ──────────────┐
            ├─ vae ──── latents ──┴─ unet ─┬─ model
            └─ vocoder ────────────────────┘

`clap`, `vae` and `vocoder` need only the corpus, and may run beside each other in processes of their own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plugin_host.engines.musicldm.quiet import quietly
from plugin_host.training import assemble, clap, corpus, curves, latents, unet, vae, vocoder
from plugin_host.training.corpus import Corpus
from plugin_host.training.fit import Desk
from plugin_host.training.recipe import STAGES, Recipe

Trainer = Callable[[Recipe, Corpus, Path, Desk], Mapping[str, list[float]]]
"""What lets one model learn."""

TRAINERS: Mapping[str, Trainer] = {"clap": clap.train, "vae": vae.train, "vocoder": vocoder.train, "unet": unet.train}

BUILT_ON: Mapping[str, Sequence[str]] = {"clap": ("unet",), "vae": ("unet",)}
"""What has to be learnt anew when a stage has learnt on: the UNet knows one CLAP's directions, and one VAE's latents."""

MODEL = "model"
"""The folder of the finished model, in the folder of the work."""


@dataclass(frozen=True, slots=True)
class Work:
    """A recipe called `word`, made in `folder`."""

    word: str
    recipe: Recipe
    folder: Path


def run(work: Work, stages: Sequence[str], desk: Desk) -> None:
    """Run `stages` in their order, each from where it was interrupted; one that is done is left as it is.

    Raises `OutOfTime` when the desk's time is over, and `BadValue` where a corpus is missing, or another recipe's.
    """
    for stage in (each for each in STAGES if each in stages):
        with quietly():
            _one(stage, work, desk)
        desk.tell(f"{stage}: done")


def _one(stage: str, work: Work, desk: Desk) -> None:
    """Run one stage."""
    loops = work.folder / "corpus"
    if stage == "corpus":
        corpus.render(work.recipe, loops, desk.tell)
    elif stage == MODEL:
        assemble.assemble(work.word, work.recipe, work.folder, work.folder / MODEL)
    elif stage == "latents":
        latents.compute(work.recipe, corpus.read(work.recipe, loops), work.folder, desk)
    elif curves.done(stage, work.folder) != (steps := work.recipe.courses[stage].steps):
        found = TRAINERS[stage](work.recipe, corpus.read(work.recipe, loops), work.folder, desk)
        curves.kept(stage, steps, found, work.folder)
        for later in BUILT_ON.get(stage, ()):
            curves.forget(later, work.folder)
            desk.state(later).unlink(missing_ok=True)
