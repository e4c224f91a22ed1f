"""The corpus: loops, rendered by the sketch engine and kept as the models see them, shard by shard, in a folder.

What is kept of a loop is its mel on a ring that the UNet can make, as the engine lays a plan out (its frames are longer
or shorter than published, so that as many of them lie in every beat of every loop); what CLAP's audio half takes in; and
of the first ones the sound, for the vocoder. The words are not kept: `describe` knows them.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray

from plugin_host.engine import Plan
from plugin_host.engines import SKETCH, create
from plugin_host.engines.musicldm import hear, mel
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.errors import BadValue
from plugin_host.musictime import Meter
from plugin_host.training.batches import kind
from plugin_host.training.describe import Description, drawn, wording
from plugin_host.training.files import written
from plugin_host.training.recipe import Recipe

Tell = Callable[[str], None]
"""What a line for people is handed to."""

_LAID_ON = frozenset({"rate", "hop", "scale", "bins", "stride", "beat"})
"""The measures that decide how a loop lies on frames."""

_MADE_OF = "made-of.json"


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """One loop: its mel, ``(frames, bins)``, what CLAP hears of it, ``(frames, bins)``, and its sound or None.

    The mel is a ring whose first frame is the first downbeat. The sound, int16 of shape ``(frames,)``, is one, too.
    """

    mel: NDArray[np.float16]
    heard: NDArray[np.float16]
    sound: NDArray[np.int16] | None


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """All loops of a recipe, each beside its description; those from `count` on are kept back."""

    loops: Sequence[Loop]
    described: Sequence[Description]
    count: int
    seed: int

    def caption(self, number: int, which: int) -> str:
        """Return wording `which` of loop `number`, always the same."""
        return wording(self.described[number], number, which, self.seed)

    @property
    def bars(self) -> list[int]:
        """How many bars each of the loops to learn from has."""
        return [each.bars for each in self.described[: self.count]]

    @property
    def kinds(self) -> list[tuple[float, int, str]]:
        """The `kind` of each of them: bars of three beats and of four do not lie over each other, nor do far tempi."""
        alike = self.described[: self.count]
        return [kind(float(each.bars * Meter.parse(each.meter).bar), each.tempo, each.meter) for each in alike]

    @property
    def mels(self) -> list[torch.Tensor]:
        """The mels to learn from, as tensors of halves."""
        return [torch.from_numpy(loop.mel) for loop in self.loops[: self.count]]

    @property
    def sounds(self) -> list[NDArray[np.int16]]:
        """The sounds to learn from."""
        return [loop.sound for loop in self.loops[: self.count] if loop.sound is not None]


class Unwatched:
    """A watch that lets everything pass: a sketch takes milliseconds."""

    def step(self, stage: str, fraction: float) -> None:
        """Let it pass."""


def geometry(recipe: Recipe) -> Geometry:
    """Return the measures of the models of a recipe."""
    unet = {"in_channels": recipe.vae["latent_channels"], **recipe.unet}
    return Geometry.read(unet, recipe.vae, recipe.vocoder, recipe.beat)


def extractor(recipe: Recipe) -> Any:
    """Return what makes CLAP's spectrograms."""
    return transformers.ClapFeatureExtractor(**recipe.extractor)


def render(recipe: Recipe, folder: Path, tell: Tell) -> None:
    """Render what is not there yet. Raises `BadValue` for a folder with the corpus of another recipe."""
    folder.mkdir(parents=True, exist_ok=True)
    _check(recipe, folder)
    (folder / _MADE_OF).write_text(_made_of(recipe))
    loops = recipe.loops
    total = loops.count + loops.kept_back
    ear = extractor(recipe)
    for first in range(0, total, loops.shard):
        path = _shard(folder, first)
        if not path.exists():
            _keep(path, [played(recipe, number, ear) for number in range(first, min(first + loops.shard, total))])
            tell(f"corpus {min(first + loops.shard, total)}/{total}")


def read(recipe: Recipe, folder: Path) -> Corpus:
    """Read a corpus that was rendered. Raises `BadValue` where it is not whole, or another recipe's."""
    _check(recipe, folder)
    total = recipe.loops.count + recipe.loops.kept_back
    loops: list[Loop] = []
    for first in range(0, total, recipe.loops.shard):
        path = _shard(folder, first)
        if not path.exists():
            raise BadValue(f"{folder} lacks {path.name}; let the stage corpus run first")
        loops += _kept(path)
    described = [drawn(recipe.loops, number, recipe.seed) for number in range(total)]
    return Corpus(loops, described, recipe.loops.count, recipe.seed)


def played(recipe: Recipe, number: int, ear: Any) -> Loop:
    """Return loop `number`, as the extractor `ear` hears it as well."""
    measures = geometry(recipe)
    plan = drawn(recipe.loops, number, recipe.seed).plan(measures.rate)
    sound = sounding(plan)
    kept = number < recipe.loops.sounding or number >= recipe.loops.count
    return Loop(
        mel=ringed(sound, plan, measures).numpy().astype(np.float16),
        heard=hear.features(sound, ear)[0, 0].numpy().astype(np.float16),
        sound=np.rint(sound * 32_767).astype(np.int16) if kept else None,
    )


def sounding(plan: Plan) -> NDArray[np.float32]:
    """Return what the sketch engine plays, in mono, shape ``(frames,)``."""
    (take,) = create(SKETCH, {}).takes(plan, Unwatched())
    return np.ascontiguousarray(take.audio.mono())


def ringed(sound: NDArray[np.float32], plan: Plan, measures: Geometry) -> torch.Tensor:
    """Return the mel of a loop on the ring nearest to it that the UNet can make, shape ``(frames, bins)``."""
    return laid(sound, plan.grid.seconds, plan.grid.beats, measures)


def laid(sound: NDArray[np.float32], seconds: Fraction, quarters: Fraction, measures: Geometry) -> torch.Tensor:
    """Return the same of a loop of so many quarter notes that lasts so many seconds, however many frames it has."""
    exact = measures.ring(seconds, quarters) / measures.stride
    frames = measures.stride * measures.scale * max(1, round(exact))
    return mel.heard(sound, np.arange(frames, dtype=np.float64) * (len(sound) / frames), measures)


def _check(recipe: Recipe, folder: Path) -> None:
    """See that a corpus that is there is of this recipe, as far as it decides what a corpus is."""
    path = folder / _MADE_OF
    if path.exists() and path.read_text() != _made_of(recipe):
        raise BadValue(f"{folder} holds loops of another recipe; give another folder, or remove it")


def _made_of(recipe: Recipe) -> str:
    """Return what decides a corpus, in a form that can be compared."""
    measures = {name: value for name, value in asdict(geometry(recipe)).items() if name in _LAID_ON}
    made_of = {"seed": recipe.seed, "loops": asdict(recipe.loops), "extractor": recipe.extractor, "measures": measures}
    return json.dumps(made_of, indent=2, sort_keys=True)


def _shard(folder: Path, first: int) -> Path:
    """Return the file that the loops from `first` on are kept in."""
    return folder / f"loops-{first:06d}.npz"


def _keep(path: Path, loops: Sequence[Loop]) -> None:
    """Write a shard: whole, or not at all."""
    sounds = [np.zeros(0, np.int16) if loop.sound is None else loop.sound for loop in loops]
    with written(path) as file:
        np.savez(
            file,
            mel=np.concatenate([loop.mel for loop in loops]),
            mel_frames=np.array([len(loop.mel) for loop in loops]),
            heard=np.stack([loop.heard for loop in loops]),
            sound=np.concatenate(sounds),
            sound_frames=np.array([len(sound) for sound in sounds]),
        )


def _kept(path: Path) -> list[Loop]:
    """Read a shard."""
    with np.load(path) as shard:
        mels = np.split(shard["mel"], np.cumsum(shard["mel_frames"])[:-1])
        sounds = np.split(shard["sound"], np.cumsum(shard["sound_frames"])[:-1])
        heard = shard["heard"]
    rows = zip(mels, heard, sounds, strict=True)
    return [Loop(spectrum, each, sound if len(sound) else None) for spectrum, each, sound in rows]
