"""A model learns the loops of a folder, beyond what its checkpoint knows: begun, measured, gone on with, finished.

Until it is finished it lies in a hidden folder of the shelf: what was asked for, what was read, the state of the last
minute, the samples so far. At the end the result takes its name in one step. It is an adapter, or, where all weights
learn, a whole checkpoint.

A step shows a few rings of each of `DRAWS` groups that are alike in length: in a small folder, a group may be one loop.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from torch import Tensor

from plugin_host import __version__
from plugin_host.audio import Audio
from plugin_host.engine import Plan
from plugin_host.engines.musicldm import adapters, load, schedulers
from plugin_host.engines.musicldm.checkpoint import Checkpoint
from plugin_host.engines.musicldm.clap import Clap
from plugin_host.engines.musicldm.device import Placement
from plugin_host.errors import BadValue, EngineFailed
from plugin_host.training import curves, material, mixtures, pupil
from plugin_host.training.batches import Mix, Rings
from plugin_host.training.files import written
from plugin_host.training.fit import POINT, Desk, LossAt, chance, fit
from plugin_host.training.material import Material, Told
from plugin_host.training.recipe import Course
from plugin_host.training.rehearsal import Rehearsal
from plugin_host.training.unet import Lessons, Steering, told_by
from plugin_host.training.wish import Length, Pace, Wish

DRAWS, FRAMES = 3, 192
"""Groups that a step shows rings of, and about how many latent frames of each."""

AVERAGE, FALL = 0.98, 0.5
"""The weights that are kept are an average over about fifty steps; the rate falls over the second half."""

NAME = "training"
UNFINISHED = ".unfinished"
_WISH, _READ, _SAMPLES = "wish.json", "material.npz", "samples"
_MEASURED = 3

Played = Callable[[int, Audio, Plan, Path], None]
"""What a sample is handed to: after how many steps it was played, its plan, and the folder that it belongs into."""


class Training:
    """One training, which has read its loops and has its UNet. Thread: one."""

    def __init__(self, wish: Wish, found: Checkpoint, placement: Placement, shelf: Path, seen: Material) -> None:
        self.wish, self.seen = wish, seen
        self._found, self._placement, self._shelf = found, placement, shelf
        self._scheduler = schedulers.create("ddim", found.config("scheduler"))
        rank = wish.rank
        self._unet = (
            pupil.plain(found, placement) if rank is None else pupil.with_adapter(found, placement, rank, wish.seed)
        )

    @property
    def work(self) -> Path:
        """The folder in which it lies until it is finished."""
        return work_of(self.wish.name, self._shelf)

    @property
    def length(self) -> Length | None:
        """How long it is, once that is settled."""
        told = _read(self.work).get("length")
        return Length(**told) if told else None

    @property
    def done(self) -> int:
        """How many steps were made before this life of it."""
        state = Desk(self.work, self._placement.device, self.wish.seed, _hush).state(NAME)
        return int(torch.load(state, weights_only=True, mmap=True)["step"]) if state.exists() else 0

    @property
    def licence(self) -> str:
        """What the weights that it begins with allow."""
        return self._found.licence

    def settle(self, length: Length) -> None:
        """Settle how long it is: the rate falls towards the end, so that the end cannot be moved any more."""
        _write(self.work / _WISH, {**_read(self.work), "length": asdict(length)})

    @cached_property
    def _clap(self) -> Clap:
        return load.clap(self._found, self._placement)

    @cached_property
    def _rehearsal(self) -> Rehearsal:
        """What the caption of most bars sounds like: always the same, so that one hears what becomes of it."""
        longest = max(self.seen.words, key=lambda each: each.bars)
        return Rehearsal.of(self._found, self._unet, self._clap, longest, self.wish.seed)

    def measured(self, play: Played | None) -> Pace:
        """Make a few real steps and forget them; play what the model makes before it has learnt anything, if wanted."""
        told = self._told
        optimiser = torch.optim.AdamW([each for each in self._unet.parameters() if each.requires_grad], lr=0.0)
        began = monotonic()
        for number in range(-1, _MEASURED):
            if number == 0:
                began = monotonic()  # the first one warms up
            told(0, chance(self.wish.seed, "measured", number))["loss"].backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            optimiser.zero_grad()
        step, began = (monotonic() - began) / _MEASURED, monotonic()
        if play is None:
            return Pace(step, 0.0)
        self._play(0, play)
        return Pace(step, monotonic() - began)

    def learn(self, desk: Desk, play: Played, after: Callable[[int], bool]) -> Path:
        """Learn all that is left, and return the folder of the result. `after` is as a desk's.

        Raises `OutOfTime` when the desk's time is over or `after` says so; the state is kept then. Raises `EngineFailed`
        where the weights run away, and `OSError` where there is no room.
        """
        length = self.length
        if length is None:
            raise BadValue("how long the training is was not settled; settle it first")

        def each(done: int) -> bool:
            """Play a sample where one is due."""
            if length.samples and done % length.samples == 0:
                self._play(done, play)
            return after(done)

        began = monotonic()
        course = Course(length.steps, DRAWS * FRAMES, self.wish.highest, AVERAGE, FALL)
        here = Desk(self.work, self._placement.device, self.wish.seed, desk.tell, desk.ends, each)
        found = fit(NAME, self._unet, course, self._told, here)
        return self._finished(length, found, monotonic() - began)

    @cached_property
    def _told(self) -> LossAt:
        """What the UNet is told at a step."""
        words = self.seen.words
        alone = self.wish.mixup == "none"
        marks = [each.beats if alone else each.kind for each in words]
        rings = Rings.of([each.shape[1] for each in self.seen.latents], marks)
        steering = Steering(self._directions, self.seen.sounds)
        lessons = Lessons(self.seen.latents, rings, lambda number, _: words[number].asked, steering)
        told = told_by(self._unet, self._scheduler, lessons, FRAMES, self._mix())

        def several(step: int, source: torch.Generator) -> Mapping[str, Tensor]:
            """Return the mean of what several groups tell."""
            every = [told(step, source) for _ in range(DRAWS)]
            found = {key: torch.stack([each[key] for each in every]).mean() for key in every[0]}
            _check_finite(found["loss"], step, self.work)
            return found

        return several

    def _mix(self) -> Mix | None:
        """Return how loops are mixed at a step, if they are."""
        if self.wish.mixup == "latents":
            return mixtures.of_latents()
        if self.wish.mixup == "audio":
            return mixtures.Table(self.seen.mixed, lambda number, _: self.seen.mixed_words[number]).mix()
        return None

    def _directions(self, texts: list[str]) -> Tensor:
        """Return the directions of texts, each read by itself: together, they would be others in their last bit."""
        return torch.cat([self._clap.text([text]) for text in texts]).float().cpu()

    def _play(self, done: int, play: Played) -> None:
        """Hand a sample over."""
        folder = self.work / _SAMPLES
        folder.mkdir(exist_ok=True)
        play(done, self._rehearsal.played(), self._rehearsal.plan, folder)

    def _finished(self, length: Length, found: Mapping[str, list[float]], seconds: float) -> Path:
        """Write the result: whole, or not at all."""
        wish, seen = self.wish, self.seen
        target, beside = self._shelf / wish.name, self._shelf / f".{wish.name}.new"
        if beside.exists():
            shutil.rmtree(beside)
        beside.mkdir()
        card = {
            "name": wish.name,
            "version": __version__,
            "base": _base(self._found),
            "rank": wish.rank,
            "scale": pupil.SCALE,
            "loops": seen.loops,
            "bars": seen.bars,
            "captions": seen.captions,
            "seed": wish.seed,
            "steps": length.steps,
            "rate": wish.highest,
            "mixup": wish.mixup,
        }
        if wish.rank is None:
            pupil.save_checkpoint(self._unet, self._found, beside, wish.name, seen.loops)
        else:
            pupil.save_adapter(self._unet, beside)
            _write(beside / adapters.CARD, card)
        _write(beside / curves.NAME, {**card, "seconds": round(seconds, 1), **curves.thinned(found, POINT)})
        if (self.work / _SAMPLES).is_dir():
            shutil.copytree(self.work / _SAMPLES, beside / _SAMPLES)
        beside.rename(target)
        shutil.rmtree(self.work)
        return target


def begun(wish: Wish, found: Checkpoint, placement: Placement, shelf: Path, told: Told) -> Training:
    """Begin a training whose result will lie in the folder `shelf`, or take it up where it was interrupted.

    Raises `BadValue` for a name that is taken, by something finished or by another training, and for a folder with
    nothing to learn from.
    """
    if (shelf / wish.name).exists():
        raise BadValue(f"there is a '{wish.name}' in {shelf} already; give another name, or remove {shelf / wish.name}")
    work = work_of(wish.name, shelf)
    asked = {"wish": asdict(wish), "base": _base(found)}
    if (work / _READ).exists():
        _check_same(asked, _read(work), work)
    else:
        seen = material.gathered(Path(wish.folder), found, placement, told)
        if wish.mixup == "audio":
            seen = material.with_mixtures(seen, Path(wish.folder), found, placement, wish.seed)
        work.mkdir(parents=True, exist_ok=True)
        _write(work / _WISH, asked)
        material.keep(seen, work / _READ)
    return Training(wish, found, placement, shelf, material.kept(work / _READ))


def work_of(name: str, shelf: Path) -> Path:
    """Return where a training called `name` lies until it is finished."""
    return shelf / UNFINISHED / name


def _hush(line: str) -> None:
    """Tell nobody."""
    del line


def _check_same(asked: Mapping[str, Any], before: Mapping[str, Any], work: Path) -> None:
    """Raise `BadValue` unless what is asked for is the training that was begun."""
    pairs = [("the weights", asked["base"]["unet"], before["base"]["unet"])]
    pairs += [(key, value, before["wish"].get(key)) for key, value in asked["wish"].items()]
    for what, now, then in pairs:
        if now != then:
            raise BadValue(
                f"a training of this name was begun with other settings ({what}: {then}, now {now}); say the same to go "
                f"on, give another name, or remove {work}"
            )


def _check_finite(loss: Tensor, step: int, work: Path) -> None:
    """Raise `EngineFailed` for a loss that is no number: neither are the weights then, and no further step mends that."""
    if not bool(torch.isfinite(loss)):
        raise EngineFailed(
            f"after {step} steps the loss is {float(loss.detach())}: the weights have run away; remove {work}, and begin "
            "anew with a smaller --rate"
        )


def _base(found: Checkpoint) -> Mapping[str, str | None]:
    """Return which weights a training begins with."""
    by_path = found.folder == Path(found.source).expanduser()
    return {
        "source": str(found.folder.resolve()) if by_path else found.source,
        "revision": found.revision,
        "unet": adapters.print_of(found.weights("unet")),
        "licence": found.licence,
    }


def _read(work: Path) -> Mapping[str, Any]:
    """Return what was written down of a training."""
    told: Mapping[str, Any] = json.loads((work / _WISH).read_text())
    return told


def _write(path: Path, card: Mapping[str, Any]) -> None:
    """Write JSON: whole, or not at all."""
    with written(path) as file:
        file.write((json.dumps(card, indent=2) + "\n").encode())
