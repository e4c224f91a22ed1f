"""What the benchmarks of a model of `plugin_host.training` share: the loops that were kept back, and clips by their words.

A loop that was kept back has a style, a part and a mood that were never heard together. Its caption asks for a clip with
its tempo, its meter and its bars; its own sound, rendered and never heard in training, is what may be compared with.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plugin_host import measures
from plugin_host.audio import Audio
from plugin_host.engine import Plan
from plugin_host.engines.musicldm import MusicLdmEngine
from plugin_host.engines.musicldm.checkpoint import check
from plugin_host.engines.musicldm.device import choose
from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.musictime import Grid
from plugin_host.rankers.clap import Ear
from plugin_host.training.corpus import Corpus, Loop, Unwatched
from plugin_host.training.describe import Description

Heard = NDArray[np.float32]
"""Directions of an ear, one a row: shape ``(clips, dimensions)``."""


@dataclass(frozen=True, slots=True)
class Question:
    """A loop that was kept back: number and words."""

    number: int
    asked: Description
    text: str

    def plan(self, rate: int, takes: int = 1, **wishes: Any) -> Plan:
        """Return what asks an engine of this rate for such a clip; `wishes` are fields of `Plan`."""
        grid = self.asked.plan(rate).grid
        return Plan(self.text, Grid(grid.tempo, grid.meter, grid.bars, rate), self.number, takes, **wishes)


def questions(loops: Corpus, count: int | None = None) -> list[Question]:
    """Return captions that were kept back, with their tempo told: so many, or all."""
    found = []
    for number in range(loops.count, len(loops.loops)):
        texts = [loops.caption(number, which) for which in range(8)]
        told = [text for text in texts if "BPM" in text]
        found += [Question(number, loops.described[number], told[0])] if told else []
    return found[:count]


def even(asked: Sequence[Question], count: int) -> list[Question]:
    """Return so many of the questions, as many of each style and part that were never heard together as there are.

    What was kept back is mostly what has no mood, so that a third of it is leads and a third drums; taken evenly, chance
    is right about a part in one of five, and about a style in one of eight.
    """
    groups: dict[tuple[str, str], list[Question]] = {}
    for each in asked:
        groups.setdefault((each.asked.part, each.asked.style), []).append(each)
    rows = zip_longest(*(groups[key] for key in sorted(groups)))
    return [each for row in rows for each in row if each is not None][:count]


def sounding(loop: Loop, rate: int) -> Audio:
    """Return the sound that was kept of a loop."""
    assert loop.sound is not None
    samples: NDArray[np.float32] = loop.sound.astype(np.float32) / np.float32(32_767)
    return Audio(samples[:, np.newaxis], rate)


def renders(loops: Corpus, asked: Sequence[Question], rate: int) -> list[Audio]:
    """Return the sounds of the loops that were kept back."""
    return [sounding(loops.loops[each.number], rate) for each in asked]


def clips(engine: MusicLdmEngine, asked: Sequence[Question], rate: int, **wishes: Any) -> Iterator[Audio]:
    """Yield a clip for each question, its seed the number of the loop: the same noise whoever is asked."""
    for question in asked:
        (take,) = engine.takes(question.plan(rate, **wishes), Unwatched())
        yield take.audio


def directions(ear: Ear, sounds: Sequence[Audio]) -> Heard:
    """Return how sounds are heard."""
    return np.stack([ear.sound(each) for each in sounds])


def floor(ear: Ear, loops: Corpus, count: int, rate: int) -> float:
    """Return the Fréchet distance of two sets of so many renders: what clips that are as good as those would have.

    It is not 0, as no two sets of loops are the same; half of those that were kept back is the most for `count`.
    """
    asked = questions(loops)
    halves = asked[:count], asked[count : 2 * count]
    one, other = (directions(ear, renders(loops, each, rate)) for each in halves)
    return measures.frechet_distance(one, other)


def words(ear: Ear, asked: Sequence[Question]) -> Heard:
    """Return what was asked for."""
    return np.stack([ear.words(each.text) for each in asked])


def loaded(folder: Path) -> MusicLDM:
    """Return the model in a folder, on the processor."""
    return MusicLDM.of(check("mini", folder, None), choose("cpu"))
