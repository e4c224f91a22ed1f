"""Two loops become one that is both, to be learnt from: beat-synchronous mixup (Chen et al. 2023), as a `batches.Mix`.

Latents (BLM) are mixed as they are drawn: each ring with another one of its step, in a proportion of its own. Sounds
(BAM) are not, for the VAE would have to hear every mixture anew, and that takes longer than the step. So a table of them
is made once, as latents are, each from two sounds of one group; and a step shows mixtures of the table instead of loops.

Only loops of one `batches.kind` on rings of one length are mixed: they count the same beats at about the same tempo, and
every beat of one falls on a beat of the other.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from plugin_host.audio import Audio
from plugin_host.engines.musicldm import decode
from plugin_host.errors import BadValue
from plugin_host.loops import Beat
from plugin_host.mixup import joined, mixed, on_grid, pairs, share
from plugin_host.musictime import Frames, Grid
from plugin_host.training import latents
from plugin_host.training import vae as vaes
from plugin_host.training.batches import Mix, some
from plugin_host.training.corpus import Corpus, geometry, ringed, sounding
from plugin_host.training.describe import Description, wording
from plugin_host.training.files import written
from plugin_host.training.fit import Desk, chance
from plugin_host.training.recipe import Recipe

MIXED = 0.5
"""The share of steps that show mixtures; the others show loops as they are, which is what will be asked for."""

NEAR = 0.2
"""Tempi of loops whose sounds are mixed differ by this part at most: `mixup.on_grid` can bring one to the other."""

_NAME = "mixtures.npz"
_TOLD = 100
_SEEDS = 2**62
_WORDINGS = 2**20


@dataclass(frozen=True, slots=True)
class Pair:
    """Loop `first` and loop `other` by number, and how much of the first there is in their mixture, 0–1."""

    first: int
    other: int
    part: float


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Mixtures of sounds, as scaled latents, each of shape ``(channels, time, frequency)``.

    `caption` returns the caption of a mixture by its number, worded by a second number in one of many ways.
    """

    rings: Sequence[Tensor]
    caption: Callable[[int, int], str]

    def mix(self, steps: float = MIXED) -> Mix:
        """Return what shows mixtures of this table at so great a share of `steps`, rings for rings of one length (BAM)."""
        lengths: Mapping[int, list[int]] = defaultdict(list)
        for number, ring in enumerate(self.rings):
            lengths[ring.shape[1]].append(number)

        def mix(rings: Tensor, captions: Sequence[str], source: torch.Generator) -> tuple[Tensor, Sequence[str]]:
            """Take as many of the table; loops of a length of which there is no mixture stay."""
            numbers = lengths.get(rings.shape[2], [])
            if not _at_this_step(steps, source) or not numbers:
                return rings, captions
            taken = some(numbers, len(rings), source)
            which = int(torch.randint(_WORDINGS, (), generator=source))
            found = torch.stack([self.rings[number] for number in taken]).to(rings)
            return found, [self.caption(number, which) for number in taken]

        return mix


def of_latents(steps: float = MIXED) -> Mix:
    """Return what mixes each ring with another one, at so great a share of `steps` (BLM). A ring alone stays itself."""

    def mix(rings: Tensor, captions: Sequence[str], source: torch.Generator) -> tuple[Tensor, Sequence[str]]:
        """Mix those of one step, all of which are of one group."""
        if not _at_this_step(steps, source):
            return rings, captions
        draw = np.random.default_rng(int(torch.randint(_SEEDS, (), generator=source)))
        partners = pairs([None] * len(rings), draw)
        couples = [(one, one if other is None else other) for one, other in enumerate(partners)]
        made = [mixed(rings[one], rings[other], share(draw)) for one, other in couples]
        return torch.stack(made), [joined(captions[one], captions[other]) for one, other in couples]

    return mix


def drawn(groups: Sequence[Hashable], count: int, draw: np.random.Generator) -> list[Pair]:
    """Return so many pairs of loops of one group each, every loop about as often the first as any other.

    Raises `BadValue` where no two loops are of one group.
    """
    found: list[Pair] = []
    while len(found) < count:
        partners = pairs(groups, draw)
        turn = [(int(one), other) for one in draw.permutation(len(groups)) if (other := partners[int(one)]) is not None]
        if not turn:
            raise BadValue("no two of these loops count the same beats at about one tempo; give more loops to mix")
        found += [Pair(one, other, share(draw)) for one, other in turn]
    return found[:count]


def laid_over(one: tuple[Audio, Beat], other: tuple[Audio, Beat], part: float) -> NDArray[np.float32]:
    """Return `part` of one loop and the rest of the other, in mono, shape ``(frames,)``: the first's bars at its tempo.

    The other is brought onto its grid, downbeat on downbeat (see `mixup.on_grid`, and what that raises).
    """
    sound, beat = one
    grid = Grid(beat.tempo, beat.meter, beat.bars, sound.rate)
    first, second = (on_grid(*each, grid)[0].mono() for each in (one, other))
    found: NDArray[np.float32] = mixed(first, second, part).astype(np.float32)
    return found


def compute(recipe: Recipe, corpus: Corpus, folder: Path, desk: Desk, count: int) -> None:
    """Mix so many pairs of the loops to learn from, encode them by the VAE, and keep them in `folder`, unless they are there."""
    path, source = folder / _NAME, f"{latents.made_by(folder)} {corpus.seed} {corpus.count} {desk.seed} {count}"
    if path.exists() and _source(path) == source:
        return
    vae = vaes.load(folder).to(desk.device)
    lengths = [len(loop.mel) for loop in corpus.loops[: corpus.count]]
    draw = np.random.default_rng(chance(desk.seed, "mixtures", -1).initial_seed())
    couples = drawn(list(zip(lengths, corpus.kinds, strict=True)), count, draw)
    made = []
    for number, pair in enumerate(couples):
        made.append(encoded(recipe, corpus, pair, vae).numpy().astype(np.float16))
        if number % _TOLD == 0:
            desk.tell(f"mixtures {number}/{count}")
    with written(path) as file:
        np.savez(
            file,
            latents=np.concatenate(made, axis=1),
            frames=np.array([each.shape[1] for each in made]),
            pairs=np.array([(pair.first, pair.other) for pair in couples]),
            source=np.array(source),
        )


def read(corpus: Corpus, folder: Path) -> Table:
    """Return the mixtures that were kept in `folder`, with the words of both loops of each."""
    with np.load(folder / _NAME) as kept:
        couples = [(int(one), int(other)) for one, other in kept["pairs"]]
        parts = np.split(kept["latents"], np.cumsum(kept["frames"])[:-1], axis=1)
    return Table(
        [torch.from_numpy(each) for each in parts], lambda number, which: _said(corpus, *couples[number], which)
    )


def encoded(recipe: Recipe, corpus: Corpus, pair: Pair, vae: Any) -> Tensor:
    """Return the latents of a mixture of two loops of a corpus, rendered anew, shape ``(channels, time, frequency)``."""
    measures, first = geometry(recipe), corpus.described[pair.first]
    rendered = [_rendered(corpus.described[number], measures.rate) for number in (pair.first, pair.other)]
    sound = laid_over(rendered[0], rendered[1], pair.part)
    spectrum = ringed(sound, first.plan(measures.rate), measures).half()  # as a corpus keeps it
    return decode.latents(vae, spectrum.to(next(vae.parameters()).device).float(), measures).cpu()


def _rendered(described: Description, rate: int) -> tuple[Audio, Beat]:
    """Return a loop as it sounds, and its beat."""
    plan = described.plan(rate)
    beat = Beat(plan.grid.tempo, plan.grid.meter, plan.grid.beats, plan.grid.bars, Frames(0))
    return Audio(sounding(plan)[:, np.newaxis], rate), beat


def _said(corpus: Corpus, one: int, other: int, which: int) -> str:
    """Return the captions of two loops, joined; the second is said to be at the tempo of the first, as it is by now."""
    brought = replace(corpus.described[other], tempo=corpus.described[one].tempo)
    return joined(corpus.caption(one, which), wording(brought, other, which, corpus.seed))


def _at_this_step(steps: float, source: torch.Generator) -> bool:
    """Whether a step is one of those that mix."""
    return float(torch.rand((), generator=source)) < steps


def _source(path: Path) -> str:
    """Return what mixtures were made of."""
    with np.load(path) as kept:
        return str(kept["source"])
