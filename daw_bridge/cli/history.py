"""``daw-bridge jobs``, ``star``, ``trash`` and ``keep``: what was made, and which of it stays. No daemon is needed."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Column

from daw_bridge.cli import screen
from daw_bridge.cli.settings import read
from daw_bridge.history import History, PastClip, PastJob
from daw_bridge.records import said_card

_STAR = "★"


def list_jobs(config_file: Path | None, state: Path | None, words: str, most: int, *, as_json: bool) -> None:
    """List the last `most` jobs in which `words` stand, the last one first. Raises `JournalUnusable`."""
    folder = read(config_file, state=state).paths.state
    found = History(folder).jobs(words, most)
    if as_json:
        screen.write_json({"jobs": [_card(each) for each in found]})
    elif found:
        _show(found)
    else:
        why = f"no job in {folder} has these words" if words else f"no job was asked for yet in {folder}"
        screen.out().print(screen.plain(why), soft_wrap=True)


def star(config_file: Path | None, state: Path | None, what: str, *, undo: bool) -> None:
    """Give the clips that `what` names a star, or take it. Raises `UnknownJob`."""
    history = History(read(config_file, state=state).paths.state)
    clips = history.clips(what)
    history.star(clips, 0 if undo else 1)
    _tell(clips, "has no star" if undo else "has a star")


def trash(config_file: Path | None, state: Path | None, what: str) -> None:
    """Move the clips that `what` names into the trash. Raises `UnknownJob`, `FolderUnusable` or `DiskFull`."""
    history = History(read(config_file, state=state).paths.state)
    _tell(_each(history.clips(what), history.put_away), "is in the trash")


def keep(config_file: Path | None, state: Path | None, what: str) -> None:
    """Take the clips that `what` names out of the trash. Raises `UnknownJob`, `FolderUnusable` or `DiskFull`."""
    history = History(read(config_file, state=state).paths.state)
    _tell(_each(history.clips(what), history.take_out), "is in its folder")


def _each(clips: list[PastClip], move: Callable[[PastClip], PastClip]) -> list[PastClip]:
    """Move each of `clips`."""
    return [move(each) for each in clips]


def _tell(clips: list[PastClip], what: str) -> None:
    """Say of each clip what it is now."""
    for each in clips:
        screen.out().print(screen.plain(f"{each.place.name} {what}"), soft_wrap=True)


def _show(found: list[PastJob]) -> None:
    """Write a table, the last job at the bottom of nothing but its own line."""
    columns = (Column("when", no_wrap=True), Column("job", no_wrap=True), Column("state", no_wrap=True))
    paper = screen.table(*columns, Column("bpm", justify="right"), "bars", "clips", "what")
    for each in found:
        plan = each.job.plan
        clips = "" if not each.clips else str(sum(not clip.trashed for clip in each.clips))
        stars = _STAR * sum(clip.starred for clip in each.clips)
        what = f"{stars} {each.job.title}".strip() + (f" ({each.message})" if each.message else "")
        when = datetime.fromtimestamp(each.accepted, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
        cells = (when, each.job.id, each.state, str(plan.grid.tempo), str(plan.grid.bars), clips, what)
        paper.add_row(*(screen.plain(cell) for cell in cells))
    screen.out().print(paper)


def _card(past: PastJob) -> dict[str, Any]:
    """Return a job as JSON has it."""
    job = past.job
    return {
        "job": job.id,
        "state": past.state,
        "accepted": _moment(past.accepted),
        "ended": None if past.ended is None else _moment(past.ended),
        "outcome": past.outcome,
        "title": job.title,
        "prompt": job.plan.prompt,
        "engine": job.engine,
        "bpm": str(job.plan.grid.tempo),
        "bars": job.plan.grid.bars,
        "seed": job.plan.seed,
        "said": said_card(job.request.said),
        "clips": [
            {
                "rank": each.parcel.rank,
                "score": each.parcel.score,
                "path": str(each.place),
                "starred": each.starred,
                "trashed": each.trashed,
            }
            for each in past.clips
        ],
    }


def _moment(seconds: float) -> str:
    """Write a moment as programs read it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
