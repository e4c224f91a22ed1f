"""What the small model has learnt, told by a judge that never heard it: ``python tests/bench/minimodel.py FOLDER``.

FOLDER is that in which ``python -m plugin_host.training mini FOLDER`` has worked: its corpus teaches the judge, its kept
back loops ask the questions, and its folder ``model`` answers (or the one that ``--model`` names).

The judge is a small network that learns style and part from mels of rendered loops only. It hears stretches of six
beats, louder, quieter, equalised and blurred at will, half of them as the model's VAE and vocoder give them back, so that
it judges what is played and not how finely. How well it does on loops that were kept back, as they are and as VAE and
vocoder give them back, is told beside what it says of the model's clips: no clip can be expected to do better. Its verdicts
on clips of other loops' captions tell what chance would.

CLAP is asked as well: whether it finds a caption's own render among others, and what is won by keeping of four takes the
one that it likes best.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import kept_back
import numpy as np
import torch
from figures import record
from kept_back import Question, even, questions
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

from plugin_host.audio import Audio
from plugin_host.engine import Engine, Plan
from plugin_host.engines import SKETCH, create
from plugin_host.engines.musicldm import MusicLdmEngine, mel
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.engines.musicldm.quiet import quietly
from plugin_host.engines.musicldm.ring import Course
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.training import corpus
from plugin_host.training.batches import cut, some
from plugin_host.training.corpus import Corpus, Unwatched
from plugin_host.training.describe import PARTS
from plugin_host.training.recipe import MINI
from plugin_host.training.vocoder import heard_apart

STYLES = MINI.loops.styles
STRETCH = 384
LESSONS = 2_000
BATCH = 32
ECHOES = 1_000
"""Loops that the judge hears as VAE and vocoder give them back, too."""
LINEUP = 32
TAKES = 4
PROMISED = {"part": 0.85, "style": 0.60, "own_of_32": 0.50, "seconds": 2.0, "megabytes": 40.0}


Verdict = tuple[str, str]
"""A style and a part."""


class Judge(nn.Module):
    """Hears mels, shape ``(stretches, frames, bins)``, and says how likely each style and each part is."""

    def __init__(self) -> None:
        super().__init__()
        near = [_layer(a, b, (3, 3), (2, 2)) for a, b in pairwise((1, 24, 48, 64, 96))]
        far = [_layer(96, 96, (5, 3), (2, 1)) for _ in range(2)]  # hears four beats at once: that is what a rhythm is
        self.layers = nn.Sequential(*near, *far)
        self.styles = nn.Linear(2 * 96 * 4, len(STYLES))
        self.parts = nn.Linear(2 * 96 * 4, len(PARTS))

    def forward(self, mels: Tensor) -> tuple[Tensor, Tensor]:
        """Listen."""
        seen = self.layers((mels[:, None] + 6) / 3)
        folded = torch.cat((seen.mean(dim=2), seen.amax(dim=2)), dim=1).flatten(1)
        return self.styles(folded), self.parts(folded)

    @torch.inference_mode()
    def verdict(self, ring: Tensor) -> Verdict:
        """Say what a whole loop is: style and part, by all of its stretches."""
        at = range(0, max(1, len(ring)), STRETCH // 2)
        mels = torch.stack([ring[(start + torch.arange(STRETCH)) % len(ring)] for start in at]).float()
        styles, parts = self(mels)
        return STYLES[int(styles.log_softmax(1).sum(0).argmax())], tuple(PARTS)[
            int(parts.log_softmax(1).sum(0).argmax())
        ]


def _layer(entering: int, leaving: int, size: tuple[int, int], stride: tuple[int, int]) -> nn.Module:
    """Return one layer of the judge."""
    padding = (size[0] // 2, size[1] // 2)
    convolution = nn.Conv2d(entering, leaving, size, stride, padding)
    return nn.Sequential(convolution, nn.BatchNorm2d(leaving), nn.ReLU())


def taught(loops: Corpus, model: MusicLDM, lessons: int = LESSONS) -> Judge:
    """Return a judge that has learnt from the loops to learn from, and from what VAE and vocoder leave of the first."""
    torch.manual_seed(5)
    judge, mels = Judge(), loops.mels
    again = [there_and_back(loops, number, model) for number in range(ECHOES)]
    optimiser = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, lessons, cycle_momentum=False)
    for step in range(lessons):
        chance = torch.Generator().manual_seed(step)
        plain, echoed = (some(range(len(each)), BATCH // 2, chance) for each in (mels, again))
        rings = [mels[number] for number in plain] + [again[number] for number in echoed]
        heard = torch.stack([_disguised(cut(each.float(), STRETCH, chance), chance) for each in rings])
        styles, parts = judge(heard)
        asked = [loops.described[number] for number in plain + echoed]
        style = torch.tensor([STYLES.index(each.style) for each in asked])
        part = torch.tensor([tuple(PARTS).index(each.part) for each in asked])
        (cross_entropy(styles, style) + cross_entropy(parts, part)).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad()
        schedule.step()
    return judge.eval()


def _disguised(stretch: Tensor, chance: torch.Generator) -> Tensor:
    """Return a mel louder or quieter, its bands raised and lowered, its floor higher, blurred at times."""
    level = 2 * float(torch.rand((), generator=chance)) - 1.5
    tilt = interpolate(torch.randn((1, 1, 5), generator=chance) * 0.4, stretch.shape[1], mode="linear")[0, 0]
    floor = -11.5 + 5 * float(torch.rand((), generator=chance))
    made = torch.logaddexp(stretch + level + tilt, torch.full_like(stretch, floor))
    made = made + 0.3 * float(torch.rand((), generator=chance)) * torch.randn(made.shape, generator=chance)
    if float(torch.rand((), generator=chance)) < 0.5:
        made = nn.functional.avg_pool1d(made.T[None], 3, 1, 1)[0].T
    return made


def there_and_back(loops: Corpus, number: int, model: MusicLDM) -> Tensor:
    """Return the mel of what VAE and vocoder leave of a loop."""
    seen, plan = torch.from_numpy(loops.loops[number].mel).float(), loops.described[number].plan(model.rate)
    frames = round(plan.grid.seconds * model.rate / model.geometry.hop)
    exact = mel.stretched(model.decode(model.encode(seen), Course.RING), frames, Fraction(1))
    return corpus.ringed(model.vocode(exact, Course.RING).numpy(), plan, model.geometry)


def renders(judge: Judge, loops: Corpus, asked: Sequence[Question], model: MusicLDM) -> Mapping[str, object]:
    """Return how often the judge is right about the renders themselves, and about what VAE and vocoder leave of them."""
    plain = [judge.verdict(torch.from_numpy(loops.loops[each.number].mel)) for each in asked]
    left = [judge.verdict(there_and_back(loops, each.number, model)) for each in asked]
    return {"plain": _right(asked, plain), "there_and_back": _right(asked, left)}


def clips(
    judge: Judge, asked: Sequence[Question], engine: MusicLdmEngine, measures: Geometry, **wishes: Any
) -> Mapping[str, object]:
    """Return how often the judge hears in a clip what was asked for, and how often what somebody else asked for."""
    made = kept_back.clips(engine, asked, measures.rate, **wishes)
    found = [judge.verdict(_ringed(clip, each, measures)) for each, clip in zip(asked, made, strict=True)]
    return {**_right(asked, found), "shuffled": _shuffled(asked, found), "confused": _confused(asked, found)}


def _ringed(audio: Audio, question: Question, measures: Geometry) -> Tensor:
    """Return the mel of a clip that is a ring, as the corpus keeps that of a render."""
    return corpus.ringed(np.ascontiguousarray(audio.mono()), question.plan(measures.rate), measures)


def _right(asked: Sequence[Question], found: Sequence[Verdict]) -> Mapping[str, object]:
    """Return the shares in which style and part are right, and style among each of the parts."""
    styles = [each.asked.style == style for each, (style, _) in zip(asked, found, strict=True)]
    parts = [each.asked.part == part for each, (_, part) in zip(asked, found, strict=True)]
    each_part = {
        name: [right for each, right in zip(asked, styles, strict=True) if each.asked.part == name] for name in PARTS
    }
    return {
        "part": round(float(np.mean(parts)), 3),
        "style": round(float(np.mean(styles)), 3),
        "of": len(found),
        "style of each part": {name: f"{sum(rights)}/{len(rights)}" for name, rights in each_part.items()},
    }


def _shuffled(asked: Sequence[Question], found: Sequence[Verdict]) -> Mapping[str, float]:
    """Return the shares in which what was heard is what somebody else had asked for: of all pairs, so nothing is drawn."""
    pairs = [(one.asked, verdict) for one in asked for other, verdict in zip(asked, found, strict=True) if one != other]
    return {
        "part": round(float(np.mean([each.part == part for each, (_, part) in pairs])), 3),
        "style": round(float(np.mean([each.style == style for each, (style, _) in pairs])), 3),
    }


def _confused(asked: Sequence[Question], found: Sequence[Verdict]) -> Mapping[str, str]:
    """Return for each part what was heard instead."""
    rows = {}
    for name in PARTS:
        heard = [part for each, (_, part) in zip(asked, found, strict=True) if each.asked.part == name]
        rows[name] = ", ".join(f"{each} {heard.count(each)}" for each in PARTS if each in heard)
    return rows


def lineup(loops: Corpus, asked: Sequence[Question], model: MusicLDM) -> Mapping[str, object]:
    """Return how often CLAP finds a caption's own render among 32."""
    text = model.clap.text([each.text for each in asked]).float()
    heard = torch.from_numpy(kept_back.directions(model.clap, kept_back.renders(loops, asked, model.rate)))
    cosines = text @ heard.T
    own = []
    for first in range(0, len(asked) - LINEUP + 1, LINEUP):
        row = slice(first, first + LINEUP)
        own += (cosines[row, row].argmax(dim=1) == torch.arange(LINEUP)).tolist()
    return {
        "own_of_32": round(float(np.mean(own)), 3),
        "of": len(own),
        "own_of_all": round(float((cosines.argmax(1) == torch.arange(len(asked))).float().mean()), 3),
    }


def ranked(
    judge: Judge, loops: Corpus, asked: Sequence[Question], engine: MusicLdmEngine, measures: Geometry, **wishes: Any
) -> Mapping[str, object]:
    """Return what is won by asking for four takes and keeping the one whose cosine to the caption is the highest.

    Told are the shares in which the judge hears part and style in it, and its cosine to the render of the very loop that
    the caption was drawn for. Beside it stand the mean of all four, which is what picking at random gives in the long run,
    and the best of the four in each row by itself, which is all that any order could win.
    """
    rows = []
    for question, render in zip(asked, kept_back.renders(loops, asked, measures.rate), strict=True):
        takes = list(engine.takes(question.plan(measures.rate, takes=TAKES, **wishes), Unwatched()))
        heard = kept_back.directions(engine, [take.audio for take in takes])
        verdicts = [judge.verdict(_ringed(take.audio, question, measures)) for take in takes]
        part = [each[1] == question.asked.part for each in verdicts]
        style = [each[0] == question.asked.style for each in verdicts]
        rows.append([heard @ engine.words(question.text), part, style, heard @ engine.sound(render)])
    table = np.array(rows, np.float64)  # (questions, measures, takes)
    best = np.take_along_axis(table, table[:, :1].argmax(axis=2, keepdims=True), axis=2)[..., 0]
    names = ("cosine_to_caption", "part", "style", "cosine_to_render")
    picks = {"ranked": best, "at_random": table.mean(axis=2), "best_of_each": table.max(axis=2)}
    told = {
        pick: dict(zip(names, np.round(each.mean(axis=0), 3).tolist(), strict=True)) for pick, each in picks.items()
    }
    return {**told, "takes": TAKES, "of": len(asked)}


def round_trips(loops: Corpus, model: MusicLDM, count: int = 32) -> Mapping[str, object]:
    """Return the errors of VAE and vocoder on loops that were kept back."""
    rows: dict[str, list[float]] = {"mel": [], "vocoder_mel": [], "vocoder_stft": [], "both_stft": []}
    deviation = float(torch.cat(loops.mels[:200]).float().std())
    for loop in loops.loops[loops.count : loops.count + count]:
        seen = torch.from_numpy(loop.mel).float()
        again = model.decode(model.encode(seen), Course.RING)
        rows["mel"].append(float((again - seen).abs().mean()) / deviation)
        audio = kept_back.sounding(loop, model.rate)
        frames = len(audio.samples) // model.geometry.hop
        moments = np.arange(frames, dtype=np.float64) * model.geometry.hop
        exact = mel.heard(np.ascontiguousarray(audio.mono()), moments, model.geometry)
        sound = model.vocode(exact, Course.RING)
        wanted = torch.from_numpy(np.array(audio.mono()[: len(sound)]))
        made = mel.heard(sound.numpy(), moments, model.geometry)
        rows["vocoder_mel"].append(float((made - exact).abs().mean()) / deviation)
        rows["vocoder_stft"].append(float(heard_apart(sound[None], wanted[None])))
        there = model.vocode(mel.stretched(again, frames, Fraction(1)), Course.RING)
        rows["both_stft"].append(float(heard_apart(there[None], wanted[None])))
    return {name: round(float(np.mean(each)), 4) for name, each in rows.items()}


def speed(folder: Path) -> Mapping[str, object]:
    """Return the seconds of four bars at 120 BPM on two threads, loaded, beside those of `sketch`, and the size on disk."""
    torch.set_num_threads(2)
    engine = MusicLdmEngine({"checkpoint": str(folder), "device": "cpu"})
    (first, took), (_, sketched) = _took(engine), _took(create(SKETCH, {}))
    engine.close()
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {"seconds": took, "first": first, "sketch_seconds": sketched, "megabytes": round(size / 1e6, 1)}


def _took(engine: Engine, rounds: int = 5) -> tuple[float, float]:
    """Return the seconds of an engine's first clip, and the median of those after it."""
    plan = Plan("house drums, 120 BPM", Grid(Tempo.parse(120), Meter(4, 4), 4, 44_100), seed=1, takes=1)
    took = []
    for seed in range(rounds + 1):
        begun = perf_counter()
        list(engine.takes(replace(plan, seed=seed), Unwatched()))
        took.append(perf_counter() - begun)
    return round(took[0], 3), round(median(took[1:]), 3)


def run(folder: Path, model: Path, count: int, fours: int, lessons: int, **wishes: Any) -> None:
    """Ask everything and record the figures."""
    torch.set_num_threads(1)  # these models are small; only `speed` is promised anything
    loops = corpus.read(MINI, folder / "corpus")
    asked = questions(loops, 320)
    few = even(asked, count)
    with quietly():
        loaded = kept_back.loaded(model)
        figures: dict[str, object] = {"clap": lineup(loops, asked, loaded)}
        print(figures["clap"], flush=True)
        figures["round_trips"] = round_trips(loops, loaded)
        print(figures["round_trips"], flush=True)
        judge = taught(loops, loaded, lessons)
        figures["judge_on_renders"] = renders(judge, loops, few, loaded)
        print(figures["judge_on_renders"], flush=True)
        engine = MusicLdmEngine({"checkpoint": str(model), "device": "cpu"})
        figures["clips"] = clips(judge, few, engine, loaded.geometry, **wishes)
        print(figures["clips"], flush=True)
        if fours:
            figures["ranking"] = ranked(judge, loops, even(asked, fours), engine, loaded.geometry, **wishes)
        engine.close()
        figures["speed"] = speed(model)
    record("minimodel", {"clips": count, "ranked": fours, "lessons": lessons, **wishes, "promised": PROMISED}, figures)


if __name__ == "__main__":
    sys.path.insert(1, str(Path(__file__).parents[1]))
    parser = ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--ranked", type=int, default=50, help="captions of which four takes are ranked; 0: none")
    parser.add_argument("--guidance", type=float, default=3.0)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--variation", type=float, default=1.0)
    parser.add_argument("--lessons", type=int, default=LESSONS, help="steps that the judge learns")
    said = parser.parse_args()
    wished = {"guidance": said.guidance, "steps": said.steps, "variation": said.variation}
    run(said.folder, said.model or said.folder / "model", said.clips, said.ranked, said.lessons, **wished)
