"""A model learns: step by step, its state written down every minute, so that whoever is interrupted goes on from there.

A step draws its chance from the seed, the name of what learns and its own number, and from nothing else. So the weights
at the end are those of a training that was never interrupted, on the same machine with as many threads.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import torch
from torch import Tensor, nn

from plugin_host.training.files import written
from plugin_host.training.recipe import Course

Tell = Callable[[str], None]
"""What a line for people is handed to."""

LossAt = Callable[[int, torch.Generator], Mapping[str, Tensor]]
"""What a model is told at a step: its loss under "loss", and whatever else is worth a curve. Chance is the step's own."""

KEPT_EVERY = 60.0
"""Seconds."""

POINT = 25
"""Steps of which a point of a curve is the mean."""

RISE = 0.02
"""The part of all steps over which the rate rises."""

STEEPEST = 1.0
"""What the norm of a gradient is cut down to."""


class OutOfTime(Exception):
    """No error: the time that training was given is over. What there is was kept; the same command goes on from there."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a model learns: on a `device`, its state in `folder`, until `ends` (of `monotonic`), or as long as it takes.

    `after` hears of each step, how many are done. Once it returns True, the model stops learning there, as if time
    were over.
    """

    folder: Path
    device: torch.device
    seed: int
    tell: Tell
    ends: float = float("inf")
    after: Callable[[int], bool] = lambda _: False

    def state(self, name: str) -> Path:
        """Return the file that the state of what is called `name` is kept in."""
        return self.folder / f"{name}.state.pt"


@dataclass(slots=True)
class _Progress:
    """What changes while a model learns, beside its weights."""

    average: dict[str, Tensor]
    step: int = 0
    curves: dict[str, list[float]] = field(default_factory=dict)
    recent: dict[str, list[float]] = field(default_factory=dict)
    kept_at: float = field(default_factory=monotonic)
    told_at: float = field(default_factory=monotonic)


def fit(name: str, model: nn.Module, course: Course, loss_at: LossAt, desk: Desk) -> Mapping[str, list[float]]:
    """Let `model` learn, leave it with the average of its weights, and return its curves, a point every `POINT` steps.

    Weights that want no gradient stay as they are, and are in no state. Raises `OutOfTime` when the desk's time is over; the state is kept then.
    """
    optimiser = torch.optim.AdamW(model.parameters(), lr=course.rate, betas=(0.9, 0.98), weight_decay=1e-3)
    progress = _Progress({key: value.float().clone() for key, value in _floats(model).items()})
    _take_up(desk.state(name), model, optimiser, progress)
    model.train()
    while progress.step < course.steps:
        for group in optimiser.param_groups:
            group["lr"] = course.rate * slope(course, progress.step)
        told = loss_at(progress.step, chance(desk.seed, name, progress.step))
        told["loss"].backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), STEEPEST)
        optimiser.step()
        optimiser.zero_grad()
        _follow(progress, model, course)
        _note(progress, told, f"{name} {progress.step}/{course.steps}", desk)
        over = desk.after(progress.step) or monotonic() > desk.ends
        if over or monotonic() - progress.kept_at > KEPT_EVERY or progress.step == course.steps:
            _keep(desk.state(name), model, optimiser, progress)
        if over and progress.step < course.steps:
            raise OutOfTime(f"{name} is at step {progress.step} of {course.steps}; the same command goes on from there")
    model.load_state_dict({**model.state_dict(), **progress.average})
    model.eval()
    return progress.curves


def slope(course: Course, step: int) -> float:
    """Return the part of its highest rate that a model learns at: up, along, and down to nothing at the end."""
    rising = (step + 1) / max(1.0, RISE * course.steps)
    falling = (course.steps - step) / max(1.0, course.fall * course.steps)
    return min(1.0, rising, falling)


def chance(seed: int, name: str, step: int) -> torch.Generator:
    """Return the source of chance of one step."""
    digest = hashlib.sha256(f"{seed} {name} {step}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") % 2**63)


def begun(seed: int, name: str) -> None:
    """Let what is built next begin with the same weights whenever it is built."""
    torch.manual_seed(chance(seed, name, -1).initial_seed() % 2**63)


def _learning(model: nn.Module) -> dict[str, Tensor]:
    """Return every weight of a model that learns, and what the model counts by itself."""
    fixed = {key for key, weight in model.named_parameters() if not weight.requires_grad}
    return {key: value for key, value in model.state_dict().items() if key not in fixed}


def _floats(model: nn.Module) -> dict[str, Tensor]:
    """Return those that have a fraction."""
    return {key: value for key, value in _learning(model).items() if value.is_floating_point()}


@torch.no_grad()
def _follow(progress: _Progress, model: nn.Module, course: Course) -> None:
    """Move the average towards the weights; the first steps count for less, as they are soon forgotten."""
    progress.step += 1
    share = 1 - min(course.average, (1 + progress.step) / (10 + progress.step))
    for key, value in _floats(model).items():
        progress.average[key].lerp_(value.float(), share)


def _note(progress: _Progress, told: Mapping[str, Tensor], where: str, desk: Desk) -> None:
    """Take note of the losses of a step; a point of the curves is told to people as well, with what a step takes."""
    for key, value in told.items():
        progress.recent.setdefault(key, []).append(float(value.detach()))
    if progress.step % POINT == 0:
        means = {key: sum(each) / len(each) for key, each in progress.recent.items()}
        for key, mean in means.items():
            progress.curves.setdefault(key, []).append(round(mean, 5))
        progress.recent.clear()
        seconds = (monotonic() - progress.told_at) / POINT
        progress.told_at = monotonic()
        said = ", ".join(f"{key} {mean:.4f}" for key, mean in means.items())
        desk.tell(f"{where}: {said}, {seconds:.2f} s a step")


def _keep(path: Path, model: nn.Module, optimiser: Any, progress: _Progress) -> None:
    """Write the state down: whole, or the one before stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {
        "model": _learning(model),
        "optimiser": optimiser.state_dict(),
        "average": progress.average,
        "step": progress.step,
        "curves": progress.curves,
        "recent": progress.recent,
    }
    with written(path) as file:  # a file of ours: torch's own says nothing of a full disk
        torch.save(state, file)
    progress.kept_at = monotonic()


def _take_up(path: Path, model: nn.Module, optimiser: Any, progress: _Progress) -> None:
    """Bring everything to where it was, if it was anywhere."""
    if not path.exists():
        return
    state = torch.load(path, weights_only=True, map_location=next(model.parameters()).device)
    model.load_state_dict({**model.state_dict(), **state["model"]})
    optimiser.load_state_dict(state["optimiser"])
    progress.average, progress.step = state["average"], state["step"]
    progress.curves, progress.recent = state["curves"], state["recent"]
