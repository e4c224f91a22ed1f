"""``daw-bridge evaluate``: how good a folder of clips is by the measures of the MusicLDM paper, as CLAP hears it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daw_bridge.cli import screen
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.cli.settings import read
from plugin_host import measures
from plugin_host.engines import MUSICLDM, check_ear, create
from plugin_host.errors import BadValue
from plugin_host.loops import Folder, read_folder
from plugin_host.loops.sounds import read_sound
from plugin_host.rankers.clap import Ear


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """A folder as CLAP hears it: a direction for each of its loops, shape ``(clips, dimensions)``."""

    folder: Folder
    sounds: NDArray[np.float32]


def run(config_file: Path | None, folder: Path, against: Path | None, *, as_json: bool) -> None:
    """Measure the clips in `folder`, on their own and `against` those of another. Raises `HostError`, `CommandFailed`."""
    settings = asdict(read(config_file).musicldm)
    check_ear(settings)
    ear: object = create(MUSICLDM, settings)
    if not isinstance(ear, Ear):
        raise CommandFailed("the engine musicldm hears nothing here; reinstall daw-bridge")
    with screen.progress("listening") as show:
        one = _heard(folder, ear, show)
        other = None if against is None else _heard(against, ear, show)
        words = {text: ear.words(text) for text in measures.distinct([each.caption for each in one.folder.loops])}
    card = _card(one, other, words, str(settings["checkpoint"]))
    if as_json:
        screen.write_json(card)
    else:
        _show(card)


def _heard(folder: Path, ear: Ear, show: screen.Show) -> Heard:
    """Read and listen to a folder. Raises `CommandFailed` where nothing in it can be heard."""
    found = read_folder(folder, lambda done, count: show(0.2 * done / count, f"reading {done}/{count}"))
    if not found.loops:
        why = f": {found.refused[0].reason}" if found.refused else ""
        raise CommandFailed(f"{folder} holds no clip that can be heard{why}")
    directions = []
    for done, loop in enumerate(found.loops, 1):
        directions.append(ear.sound(read_sound(loop.path)))
        show(0.2 + 0.8 * done / len(found.loops), f"hearing {done}/{len(found.loops)}")
    return Heard(found, np.stack(directions))


def _card(one: Heard, other: Heard | None, words: Mapping[str, NDArray[np.float32]], weights: str) -> dict[str, Any]:
    """Return all measures as JSON has them; what makes no sense here is None, and `notes` say why."""
    captions = [each.caption for each in one.folder.loops]
    notes: list[str] = []
    try:
        inception = measures.inception_score(one.sounds, np.stack(list(words.values())))
    except BadValue as error:
        inception = None
        notes.append(f"no inception score: {error}")
    return {
        "folder": one.folder.path,
        "clips": len(one.sounds),
        "dimensions": one.sounds.shape[1],
        "weights": weights,
        "captions_from": dict(Counter(each.sources["caption"] for each in one.folder.loops)),
        "text_similarity": measures.text_similarity(one.sounds, np.stack([words[each] for each in captions])),
        "diversity": measures.diversity(one.sounds),
        "inception_score": inception,
        **_neighbours(one, other, notes),
        **_distance(one, other, notes),
        "refused": [{"path": each.path, "reason": each.reason} for each in _refused(one, other)],
        "notes": notes,
    }


def _neighbours(one: Heard, other: Heard | None, notes: list[str]) -> dict[str, Any]:
    """Return how near each clip is to its nearest neighbour: in the other folder, or else among its own."""
    try:
        likeness = measures.nearest_other(one.sounds) if other is None else measures.nearest(one.sounds, other.sounds)
    except BadValue as error:
        notes.append(f"no neighbours: {error}")
        return {"nearest_mean": None, "nearest_most": None, **{_at(above): None for above in measures.COPY_LIKENESS}}
    ratios = {_at(above): measures.copies(likeness, above) for above in measures.COPY_LIKENESS}
    return {"nearest_mean": float(likeness.mean()), "nearest_most": float(likeness.max()), **ratios}


def _at(above: float) -> str:
    """Return what the part of clips is called whose nearest neighbour is at least so much alike."""
    return f"nearest_at_{100 * above:.0f}"


def _distance(one: Heard, other: Heard | None, notes: list[str]) -> dict[str, Any]:
    """Return the Fréchet distance to the other folder, if there is one."""
    if other is None:
        return {}
    fewest, dimensions = min(len(one.sounds), len(other.sounds)), one.sounds.shape[1]
    told = {"against": other.folder.path, "against_clips": len(other.sounds)}
    try:
        distance = measures.frechet_distance(one.sounds, other.sounds)
    except BadValue as error:
        notes.append(f"no Fréchet distance: {error}")
        return {**told, "frechet_distance": None}
    if fewest <= dimensions:
        notes.append(
            f"the Fréchet distance is too high with {fewest} clips in {dimensions} dimensions; "
            "compare it only with that of sets as large"
        )
    return {**told, "frechet_distance": distance}


def _refused(one: Heard, other: Heard | None) -> list[Any]:
    """Return all files that could not be read."""
    return [*one.folder.refused, *(other.folder.refused if other else ())]


def _show(card: Mapping[str, Any]) -> None:
    """Write the measures for a person, and below them what could not be read, and why."""
    compared = "its own" if "against" not in card else "those of the other folder"
    rows = [
        (
            "clips",
            f"{card['clips']}, captions from {', '.join(f'{k} ({v})' for k, v in card['captions_from'].items())}",
        ),
        ("text similarity", f"{card['text_similarity']:.3f}   cosine of clip and caption; higher is nearer"),
        ("diversity", f"{card['diversity']:.2f}   different clips, in effect"),
        ("inception score", _number(card["inception_score"], "sure of one caption, and of many; higher is better")),
        ("nearest", _number(card["nearest_mean"], f"mean cosine to the nearest of {compared}")),
        *((f"nearest ≥ {above:.2f}", _part(card[_at(above)])) for above in measures.COPY_LIKENESS),
        ("Fréchet distance", _number(card.get("frechet_distance"), "to the other folder; lower is nearer")),
    ]
    paper = screen.out()
    paper.print(screen.plain(card["folder"]), style="bold", soft_wrap=True)
    paper.print(screen.rows(rows))
    for note in card["notes"]:
        paper.print(screen.plain(note), soft_wrap=True)
    for each in card["refused"]:
        paper.print(f"left out: {screen.plain(each['reason'])}", soft_wrap=True)


def _number(value: float | None, means: str) -> str:
    """Write a measure and what it means; nothing where there is none."""
    return "" if value is None else f"{value:.3f}   {means}"


def _part(value: float | None) -> str:
    """Write a part of the clips; nothing where there is none."""
    return "" if value is None else f"{100 * value:.1f} %   come near a copy; lower is newer"
