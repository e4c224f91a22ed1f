"""How the losses fell, in one small JSON beside the model, so that nobody has to believe a card."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plugin_host.training.recipe import Recipe

NAME = "training.json"

_POINTS = 100


def written(recipe: Recipe, folder: Path, every: int) -> None:
    """Gather the curves in `folder`, one file a stage, into one that is fit to be read."""
    found = {stage: _read(folder, stage)["curves"] for stage in recipe.courses if _path(folder, stage).exists()}
    told = {
        "recipe": recipe.name,
        "seed": recipe.seed,
        "loops": recipe.loops.count,
        "stages": {stage: {**_course(recipe, stage), **thinned(curves, every)} for stage, curves in found.items()},
    }
    (folder / NAME).write_text(json.dumps(told, indent=1))


def kept(stage: str, steps: int, curves: Mapping[str, list[float]], folder: Path) -> None:
    """Write down the curves of a stage that is done, all its `steps`."""
    folder.mkdir(parents=True, exist_ok=True)
    _path(folder, stage).write_text(json.dumps({"steps": steps, "curves": curves}))


def done(stage: str, folder: Path) -> int:
    """Return how many steps a stage had when it was done, 0 where it never was."""
    return int(_read(folder, stage)["steps"]) if _path(folder, stage).exists() else 0


def forget(stage: str, folder: Path) -> None:
    """Forget that a stage was ever done."""
    _path(folder, stage).unlink(missing_ok=True)


def _course(recipe: Recipe, stage: str) -> Mapping[str, object]:
    """Return how a stage was run."""
    course = recipe.courses[stage]
    return {"steps": course.steps, "batch": course.batch, "rate": course.rate}


def thinned(curves: Mapping[str, list[float]], every: int) -> Mapping[str, object]:
    """Return curves of at most a hundred points, each a mean of several, and how many steps lie between two."""
    longest = max(map(len, curves.values()), default=1)
    size = -(-longest // _POINTS)
    means = {
        name: [round(sum(part) / len(part), 4) for at in range(0, len(curve), size) if (part := curve[at : at + size])]
        for name, curve in curves.items()
    }
    return {"steps_a_point": every * size, "curves": means}


def _read(folder: Path, stage: str) -> Mapping[str, Any]:
    """Return what was written down of a stage that is done."""
    told: Mapping[str, Any] = json.loads(_path(folder, stage).read_text())
    return told


def _path(folder: Path, stage: str) -> Path:
    """Return the file of the curves of a stage."""
    return folder / f"{stage}.curves.json"
