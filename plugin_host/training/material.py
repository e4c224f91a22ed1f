"""All that is learnt from a folder of loops, as the models see it, made once: latents, directions, captions.

It is kept in one file. Whoever goes on with a training goes on with what was read when it began, whatever has become of
the folder in the meantime.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from plugin_host.audio import Audio
from plugin_host.engines.musicldm import decode, load
from plugin_host.engines.musicldm.checkpoint import Checkpoint
from plugin_host.engines.musicldm.clap import Clap
from plugin_host.engines.musicldm.device import Placement
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.engines.musicldm.quiet import quietly
from plugin_host.errors import BadValue, HostError
from plugin_host.loops import Folder, Refused, read_folder
from plugin_host.mixup import joined
from plugin_host.training import mixtures
from plugin_host.training.batches import kind
from plugin_host.training.corpus import laid
from plugin_host.training.files import written
from plugin_host.training.pieces import Piece, pieces

MIXTURES, MOST_MIXTURES = 4, 1_000
"""So many mixtures are made for each piece, and so many in all at most."""

Told = Callable[[str, float], None]
"""Hears what is going on, and which part of it is done (0–1)."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is known of a piece beside its sound: `asked` is its caption as the checkpoint likes to be asked."""

    caption: str
    asked: str
    tempo: str
    meter: str
    bars: int
    beats: float

    @property
    def kind(self) -> tuple[float, int, str]:
        """What it shares with those that it may be mixed with."""
        return kind(self.beats, float(Fraction(self.tempo)), self.meter)


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Pieces of loops. Latents are scaled, each of shape ``(channels, time, frequency)``, halves.

    `sounds` are the directions of their sound, shape ``(pieces, dimensions)``. `loops` is how many files they are of,
    and `refused` tells which others there were, and why they are left out. `mixed` are latents of two pieces each, mixed
    as sounds, and `mixed_words` how those are asked for.
    """

    latents: Sequence[Tensor]
    words: Sequence[Words]
    sounds: Tensor
    loops: int
    refused: tuple[Refused, ...]
    mixed: Sequence[Tensor] = ()
    mixed_words: Sequence[str] = ()

    @property
    def bars(self) -> int:
        """How many bars there are, in all pieces."""
        return sum(each.bars for each in self.words)

    @property
    def captions(self) -> list[str]:
        """The different captions, in order of their files."""
        return list(dict.fromkeys(each.caption for each in self.words))


def gathered(folder: Path, found: Checkpoint, placement: Placement, told: Told) -> Material:
    """Read all loops in `folder`, and let VAE and CLAP of a checkpoint see them.

    Raises `BadValue` where the folder holds nothing to learn from, with the first reason why.
    """
    read = read_folder(folder, lambda done, count: told(f"reading {done}/{count}", done / count))
    measures = Geometry.of(found)
    refused = list(read.refused)
    latents: list[Tensor] = []
    words: list[Words] = []
    sounds: list[Tensor] = []
    loops = 0
    with quietly(), torch.inference_mode():
        vae, clap = load.plain_vae(found, placement), load.clap(found, placement)
        for done, loop in enumerate(read.loops, 1):
            try:
                cut = list(pieces(loop, measures))
            except HostError as error:
                refused.append(Refused(loop.path, str(error)))
                cut = []
            latents += [_encoded(piece.sound, piece, vae, measures) for piece in cut]
            sounds += [_direction(piece, clap, measures) for piece in cut]
            words += [_words(piece, found) for piece in cut]
            loops += bool(cut)
            told(f"encoding {done}/{len(read.loops)}", done / len(read.loops))
    if not latents:
        raise BadValue(_nothing(read, refused))
    return Material(latents, words, torch.stack(sounds), loops, tuple(refused))


def with_mixtures(seen: Material, folder: Path, found: Checkpoint, placement: Placement, seed: int) -> Material:
    """Return the same with `MIXTURES` pairs of pieces for each piece, or fewer, mixed as sounds (see `mixtures`).

    Raises `BadValue` where no two pieces can be laid over each other. All of the folder's sound is in memory meanwhile.
    """
    measures = Geometry.of(found)
    left_out = {each.path for each in seen.refused}
    loops = [loop for loop in read_folder(folder).loops if loop.path not in left_out]
    held = [piece for loop in loops for piece in pieces(loop, measures)]
    if [each.caption for each in held] != [each.caption for each in seen.words]:
        raise BadValue(f"{folder} has changed while it was read; leave it as it is until the training has begun")
    groups = [(ring.shape[1], words.kind) for ring, words in zip(seen.latents, seen.words, strict=True)]
    draw = np.random.default_rng(seed)
    couples = mixtures.drawn(groups, min(MOST_MIXTURES, MIXTURES * len(groups)), draw)
    rings, words = [], []
    with quietly(), torch.inference_mode():
        vae = load.plain_vae(found, placement)
        for pair in couples:
            one, other = held[pair.first], held[pair.other]
            sounds = [(Audio(each.sound[:, np.newaxis], measures.rate), each.beat) for each in (one, other)]
            made = mixtures.laid_over(sounds[0], sounds[1], pair.part)
            rings.append(_encoded(made, one, vae, measures))
            words.append(found.asked(joined(one.caption, other.caption), one.tempo))
    return replace(seen, mixed=rings, mixed_words=words)


def keep(material: Material, path: Path) -> None:
    """Write it down: whole, or not at all."""
    card = {
        "words": [asdict(each) for each in material.words],
        "loops": material.loops,
        "refused": [[str(each.path), each.reason] for each in material.refused],
        "mixed": list(material.mixed_words),
    }
    rings = [*material.latents, *material.mixed]
    with written(path) as file:
        np.savez(
            file,
            latents=torch.cat(rings, dim=1).numpy(),
            frames=np.array([each.shape[1] for each in rings]),
            sounds=material.sounds.numpy(),
            card=np.array(json.dumps(card)),
        )


def kept(path: Path) -> Material:
    """Read what `keep` wrote."""
    with np.load(path) as file:
        card = json.loads(str(file["card"]))
        parts = np.split(file["latents"], np.cumsum(file["frames"])[:-1], axis=1)
        latents = [torch.from_numpy(each) for each in parts]
        words = [Words(**each) for each in card["words"]]
        return Material(
            latents[: len(words)],
            words,
            torch.from_numpy(file["sounds"]),
            int(card["loops"]),
            tuple(Refused(Path(where), reason) for where, reason in card["refused"]),
            latents[len(words) :],
            card["mixed"],
        )


def _encoded(sound: NDArray[np.float32], like: Piece, vae: Any, measures: Geometry) -> Tensor:
    """Return the latents of a ring that is as long as a piece."""
    spectrum = laid(sound, like.seconds, like.beat.beats, measures).to(next(vae.parameters()).device)
    return decode.latents(vae, spectrum, measures).half().cpu()


def _direction(piece: Piece, clap: Clap, measures: Geometry) -> Tensor:
    """Return the direction of a piece's sound."""
    return torch.from_numpy(clap.sound(Audio(piece.sound[:, np.newaxis], measures.rate)))


def _words(piece: Piece, found: Checkpoint) -> Words:
    """Return a piece in words."""
    asked = found.asked(piece.caption, piece.tempo)
    return Words(piece.caption, asked, str(piece.tempo), str(piece.meter), piece.bars, piece.beats)


def _nothing(read: Folder, refused: Sequence[Refused]) -> str:
    """Say that there is nothing to learn from, and why."""
    why = (
        f": {refused[0].reason}" if refused else "; put loops of whole bars into it, with names that say how they sound"
    )
    return f"{read.path} holds no loop that can be learnt from{why}"
