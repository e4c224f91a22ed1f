"""Mixup against none: ``python tests/bench/mixups.py FOLDER``, as the table of the MusicLDM paper (Chen et al. 2023).

FOLDER is that in which ``python -m plugin_host.training mini FOLDER`` has worked. The UNet of its model (or of the one
that ``--model`` names) goes on learning from a few loops only, three times from the same weights, for as many steps of as
many frames, drawn from the same seed: as they are, with their latents mixed (BLM), and with mixtures of their sounds
(BAM). Then each makes clips of captions that were kept back, from the same noise.

Told are the likeness to the words; how near the nearest of the few loops is (the mean, and the shares that are as near as
0.90 and 0.95: the lower, the newer); the Fréchet distance to the renders of the loops that the captions were drawn for; and
how many different clips there are in effect (Vendi score). Beside the three stand the model before, which never learnt
from these loops alone, and the renders themselves. Whoever hears is the CLAP of the model: these figures are comparable
with one another, and with no others. All UNets have heard the few loops before, among thousands.
"""

import shutil
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import diffusers
import kept_back
import torch
from figures import record
from kept_back import Heard, Question

from plugin_host import measures
from plugin_host.engines.musicldm import MusicLdmEngine
from plugin_host.engines.musicldm.quiet import quietly
from plugin_host.training import corpus, latents, mixtures, unet
from plugin_host.training.batches import Mix, Rings
from plugin_host.training.corpus import Corpus
from plugin_host.training.fit import Desk, fit
from plugin_host.training.recipe import MINI, Course


@dataclass(frozen=True, slots=True, eq=False)
class School:
    """Where the three learn: what there is to learn from, the `model` they all begin as, and the `desk`."""

    lessons: unet.Lessons
    model: Path
    desk: Desk

    def learnt(self, kind: str, mix: Mix | None, course: Course) -> Path:
        """Let a copy of the model's UNet learn; return the folder of a model with it."""
        begun = perf_counter()
        scheduler = diffusers.DDIMScheduler(**MINI.scheduler)
        copy = unet.load(self.model).float().to(memory_format=torch.channels_last)
        told = unet.told_by(copy, scheduler, self.lessons, course.batch, mix)
        fit("unet", copy, course, told, replace(self.desk, folder=self.desk.folder / kind))
        target = self.desk.folder / kind / "model"
        shutil.copytree(self.model, target)
        shutil.rmtree(target / "unet")
        copy.half().save_pretrained(target / "unet")
        print(f"{kind}: {perf_counter() - begun:.0f} s", flush=True)
        return target


def school(work: Path, model: Path, few: Corpus, desk: Desk) -> School:
    """Return where to learn from a few loops, in groups that can be mixed, whether they are or not."""
    rings = latents.read(work)[: few.count]
    groups = Rings.of([ring.shape[1] for ring in rings], few.kinds)
    lessons = unet.Lessons(rings, groups, few.caption, unet.steering(MINI, few, work, desk))
    return School(lessons, model, desk)


def mixed_sounds(work: Path, few: Corpus, desk: Desk) -> mixtures.Table:
    """Return as many mixtures of sounds as there are loops; they are kept with the copies, not in `work`."""
    shutil.copytree(work / "vae", desk.folder / "vae")
    mixtures.compute(MINI, few, desk.folder, desk, few.count)
    return mixtures.read(few, desk.folder)


@dataclass(frozen=True, slots=True, eq=False)
class Yardstick:
    """What clips are held against: the directions of the captions, of their renders, and of the few loops learnt from."""

    captions: Heard
    renders: Heard
    learnt: Heard

    def row(self, sounds: Heard) -> Mapping[str, float]:
        """Return the measures of some clips."""
        near = measures.nearest(sounds, self.learnt)
        found = {
            "text similarity": measures.text_similarity(sounds, self.captions),
            "nearest": float(near.mean()),
            **{f"nearest above {bound}": measures.copies(near, bound) for bound in measures.COPY_LIKENESS},
            "Fréchet distance": measures.frechet_distance(sounds, self.renders),
            "diversity": measures.diversity(sounds),
        }
        return {name: round(value, 4) for name, value in found.items()}


def heard(model: Path, asked: Sequence[Question], rate: int, **wishes: float) -> Heard:
    """Return how the clips of a model are heard."""
    engine = MusicLdmEngine({"checkpoint": str(model), "device": "cpu"})
    found = kept_back.directions(engine, list(kept_back.clips(engine, asked, rate, **wishes)))
    engine.close()
    return found


def run(work: Path, model: Path, few: int, count: int, course: Course, **wishes: float) -> None:
    """Let three copies learn, ask all, and record the table."""
    torch.set_num_threads(1)
    loops = corpus.read(MINI, work / "corpus")
    some = replace(loops, loops=loops.loops[:few], described=loops.described[:few], count=few)
    asked = kept_back.questions(loops, count)
    with tempfile.TemporaryDirectory() as folder, quietly():
        desk, ear = Desk(Path(folder), torch.device("cpu"), MINI.seed, print), kept_back.loaded(model)
        learnt = [kept_back.sounding(loop, ear.rate) for loop in some.loops]
        renders = kept_back.directions(ear.clap, kept_back.renders(loops, asked, ear.rate))
        stick = Yardstick(kept_back.words(ear.clap, asked), renders, kept_back.directions(ear.clap, learnt))
        floor = round(kept_back.floor(ear.clap, loops, count, ear.rate), 4)
        table = {
            "renders": {**stick.row(renders), "Fréchet distance": floor},
            "before": stick.row(heard(model, asked, ear.rate, **wishes)),
        }
        mixes = {"none": None, "BLM": mixtures.of_latents(), "BAM": mixed_sounds(work, some, desk).mix()}
        here = school(work, model, some, desk)
        for kind, mix in mixes.items():
            table[kind] = stick.row(heard(here.learnt(kind, mix, course), asked, ear.rate, **wishes))
            print(kind, table[kind], flush=True)
    settings = {"loops": few, "mixtures": few, "clips": len(asked), "steps that mix": mixtures.MIXED}
    record("mixups", {**settings, "course": [course.steps, course.batch, course.rate], **wishes}, table)


if __name__ == "__main__":
    sys.path.insert(1, str(Path(__file__).parents[1]))
    parser = ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--loops", type=int, default=400, help="to learn from; at most those whose sound was kept")
    parser.add_argument("--steps", type=int, default=500, help="that each of the three learns")
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--batch", type=int, default=MINI.courses["unet"].batch, help="latent frames at a step")
    parser.add_argument("--clips", type=int, default=128)
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--variation", type=float, default=1.0)
    said = parser.parse_args()
    if said.loops > MINI.loops.sounding:
        parser.error(f"--loops {said.loops}: only {MINI.loops.sounding} loops keep their sound; ask for fewer")
    going = replace(MINI.courses["unet"], steps=said.steps, rate=said.rate, batch=said.batch, average=0.99)
    wished = {"guidance": said.guidance, "variation": said.variation}
    run(said.folder, said.model or said.folder / "model", said.loops, said.clips, going, **wished)
