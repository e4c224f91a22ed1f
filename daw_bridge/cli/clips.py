"""Clips that were just delivered, as a table for people and as JSON for programs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column
from rich.text import Text

from daw_bridge.cli import screen
from daw_bridge.cli.clipfile import ClipFile, read
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.cli.jobs import Outcome
from daw_bridge.cli.words import music


def show(outcome: Outcome, console: Console) -> None:
    """Write what the clips of a job have in common, and each with its rank, score and name."""
    best = _look(outcome.files[0].path)
    if best is not None:
        facts = ", ".join((*music(best), f"{best.sound.seconds:.3f} s"))
        title = screen.plain(best.known.get("title", ""))
        console.print(Text.assemble((title, "bold"), "  ", facts), soft_wrap=True)
    ranking = screen.table(Column("rank", justify="right"), "score", Column("file", overflow="fold"))
    for file in outcome.files:
        ranking.add_row(str(file.rank), f"{file.score:.3f}", screen.plain(file.path.name))
    console.print(ranking)


def facts(outcome: Outcome) -> dict[str, Any]:
    """Return the same for JSON; tempo in BPM, seconds of a clip and of the job."""
    return {
        "job": outcome.id,
        "seconds": outcome.seconds,
        "files": [
            {"rank": each.rank, "score": each.score, "path": each.path, **_musical(_look(each.path))}
            for each in outcome.files
        ],
    }


def tell(outcome: Outcome, *, as_json: bool) -> None:
    """Write what came of one job: for a program, or as a table with the folder and the seconds below."""
    if as_json:
        screen.write_json(facts(outcome))
        return
    paper = screen.out()
    show(outcome, paper)
    for place in folders([outcome]):
        paper.print(f"in {screen.plain(place)}, after {outcome.seconds:.2f} s", soft_wrap=True)


def folders(outcomes: Sequence[Outcome]) -> list[Path]:
    """Return where the clips lie: one folder, as a rule."""
    return list(dict.fromkeys(each.path.parent for outcome in outcomes for each in outcome.files))


def _look(path: Path) -> ClipFile | None:
    """Read a clip; None where it cannot be: on another machine, or moved away by a DAW that was quicker."""
    try:
        return read(path)
    except CommandFailed:
        return None


def _musical(clip: ClipFile | None) -> dict[str, Any]:
    """Return what is musical about a clip, as JSON has it."""
    if clip is None:
        return {}
    known, sound = clip.known, clip.sound
    told = {key: known.get(key) for key in ("title", "meter", "key", "bars", "seed")}
    tempo = float(known["tempo"]) if "tempo" in known else None
    return {**told, "tempo": tempo, "frames": sound.frames, "rate": sound.rate, "length": sound.seconds}
