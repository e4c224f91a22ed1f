"""What a folder of loops teaches: ``python tests/bench/finetune.py WORK --model MODEL --minutes 10``.

Thirty loops of a style that the model never heard are written as a musician would have them, and learnt as
``daw-bridge train`` does it, for so many minutes on two threads. Before and after, the model makes clips of captions of
other loops of that style, and of the styles that it knows, from the same noise. Told are, for both kinds: the mean cosine
of each clip to the render of the very loop that its caption is of; the mean of each clip to all those renders; the Fréchet
distance to them; and how near the nearest of the thirty is, so that copies would be seen. Beside it stands what the thirty
themselves have in common with the renders of their style, which is about what could be reached.

Whoever hears is the CLAP of the model, which never heard the style either: these figures are comparable with one another,
and with no others. WORK keeps loops, training and clips; what is there is gone on with.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from figures import record
from numpy.typing import NDArray

from daw_bridge.deliveries import wav
from daw_bridge.deliveries.chunks import Tags
from plugin_host import measures
from plugin_host.audio import Audio
from plugin_host.engine import Plan
from plugin_host.engines.musicldm import MusicLdmEngine
from plugin_host.engines.musicldm.checkpoint import Checkpoint, locate
from plugin_host.engines.musicldm.device import choose
from plugin_host.training import finetune
from plugin_host.training.corpus import Unwatched, sounding
from plugin_host.training.describe import Description, drawn
from plugin_host.training.fit import Desk
from plugin_host.training.recipe import MINI
from plugin_host.training.wish import RANK, Length, Wish

LESSONS = 30
SEED = 11
THREADS = 2
_OTHERS = 1_000  # the number from which on loops are not learnt from
_MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class Question:
    """A loop that is not learnt from: what is asked for, and what it sounds like."""

    asked: Description
    text: str
    render: Audio

    def plan(self, rate: int, adapter: str) -> Plan:
        """Return the caption as a plan, with an adapter or with none."""
        return replace(self.asked.plan(rate), prompt=self.text, hints={}, takes=1, adapter=adapter)


def loop(styles: Sequence[str], number: int) -> Description:
    """Return a loop of one of these styles, always the same."""
    return drawn(replace(MINI.loops, styles=tuple(styles), count=_MANY), number, SEED)


def caption(asked: Description, number: int) -> str:
    """Return what a person would call it; the tempo is for the checkpoint to add."""
    words = asked.words(np.random.default_rng((SEED, number))).split(", ")
    return ", ".join(word for word in words if "BPM" not in word) or f"{asked.style} {asked.part}"


def folder(work: Path, style: str) -> Path:
    """Write the loops to learn from, with tempo and meter in their chunks and their captions beside them."""
    target = work / "loops"
    target.mkdir(parents=True, exist_ok=True)
    rows = ["file,caption"]
    for number in range(LESSONS):
        asked = loop([style], number)
        plan, text = asked.plan(32_000), caption(asked, number)
        audio = Audio(sounding(plan)[:, np.newaxis], plan.grid.rate)
        with (target / f"{number:02d}.wav").open("wb") as file:
            wav.write(file, audio, Tags(plan.grid, plan.form, plan.key, text, "", "bench"), wav.Depth.PCM_24, number)
        rows.append(f'{number:02d}.wav,"{text}"')
    (target / "captions.csv").write_text("\n".join(rows) + "\n")
    return target


def questions(styles: Sequence[str], count: int, rate: int) -> list[Question]:
    """Return so many loops of these styles that are not learnt from."""
    found = []
    for number in range(_OTHERS, _OTHERS + count):
        asked = loop(styles, number)
        render = Audio(sounding(asked.plan(rate))[:, np.newaxis], rate)
        found.append(Question(asked, caption(asked, number), render))
    return found


def learnt(work: Path, found: Checkpoint, loops: Path, wish: Wish, minutes: float) -> Mapping[str, object]:
    """Let the model learn, as the command does; return how long it took and how the loss fell."""
    wish = replace(wish, folder=str(loops))
    begun = perf_counter()
    training = finetune.begun(wish, found, choose("cpu"), work / "adapters", lambda *_: None)
    pace = training.measured(lambda *_: None)
    if training.length is None:
        training.settle(Length(pace.fitting(60 * minutes, 0), 0))
    ready, length = perf_counter(), training.length
    desk = Desk(training.work, torch.device("cpu"), wish.seed, lambda line: print(line, flush=True))
    training.learn(desk, lambda *_: None, lambda _: False)
    told = {"reading_s": round(ready - begun, 1), "learning_s": round(perf_counter() - ready, 1)}
    return {**told, "step_s": round(pace.step, 3), "steps": length.steps if length else 0}


def heard(engine: MusicLdmEngine, sounds: Sequence[Audio]) -> NDArray[np.float32]:
    """Return the direction of each sound."""
    return np.stack([engine.sound(each) for each in sounds])


def compared(made: NDArray[np.float32], own: NDArray[np.float32], few: NDArray[np.float32]) -> Mapping[str, float]:
    """Return how like their own renders clips are, and all of these, and the few that were learnt from."""
    told = {
        "own_render": float((made * own).sum(axis=1).mean()),
        "all_renders": float((made @ own.T).mean()),
        "frechet": measures.frechet_distance(made, own),
        "nearest_learnt": float(measures.nearest(made, few).mean()),
        "diversity": measures.diversity(made),
    }
    return {name: round(value, 3) for name, value in told.items()}


def run(work: Path, model: Path, wish: Wish, *, style: str, minutes: float, count: int) -> None:
    """Measure, teach, measure again, and record."""
    torch.set_num_threads(THREADS)
    if style in MINI.loops.styles:
        sys.exit(f"the model knows {style}; choose a style that it does not")
    found = locate(str(model))
    loops = folder(work, style)
    asked = {"new": questions([style], count, found.rate), "known": questions(MINI.loops.styles, count, found.rate)}
    told: dict[str, object] = {}
    if not (work / "adapters" / wish.name).exists():
        told["learning"] = learnt(work, found, loops, wish, minutes)
    engine = MusicLdmEngine({"checkpoint": str(model), "device": "cpu", "adapters": str(work / "adapters")})
    few = heard(
        engine,
        [Audio(sounding(loop([style], each).plan(found.rate))[:, np.newaxis], found.rate) for each in range(LESSONS)],
    )
    for kind, listed in asked.items():
        own = heard(engine, [each.render for each in listed])
        if kind == "new":
            told["the_few_and_the_renders"] = {
                "all_renders": round(float((few @ own.T).mean()), 3),
                "frechet": round(measures.frechet_distance(few, own), 3),
            }
        for when, adapter in (("before", "none"), ("after", wish.name)):
            takes = [next(iter(engine.takes(each.plan(found.rate, adapter), Unwatched()))) for each in listed]
            told[f"{kind}_{when}"] = compared(heard(engine, [each.audio for each in takes]), own, few)
            print(kind, when, told[f"{kind}_{when}"], flush=True)
    engine.close()
    settings = {"style": style, "minutes": minutes, "loops": LESSONS, "clips": count, "threads": THREADS}
    record("finetune", {**settings, "rank": wish.rank, "rate": wish.highest, "mixup": wish.mixup}, told)


if __name__ == "__main__":
    sys.path.insert(1, str(Path(__file__).parents[1]))
    parser = ArgumentParser()
    parser.add_argument("work", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--style", default="reggaeton", help="one that the model never heard")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clips", type=int, default=32, help="of each kind, before and after")
    parser.add_argument("--rank", type=int, default=RANK)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--mixup", default="none")
    parser.add_argument("--name", default="taught", help="of the adapter, to compare several in one folder")
    said = parser.parse_args()
    wished = Wish(said.name, "", said.rank, said.rate, said.mixup, SEED)
    run(said.work, said.model, wished, style=said.style, minutes=said.minutes, count=said.clips)
