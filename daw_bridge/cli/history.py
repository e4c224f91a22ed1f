"""``daw-bridge jobs``, ``star``, ``trash`` and ``keep``: what was made, and which of it stays. No daemon is needed."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from rich.table import Column

from daw_bridge.cli import screen
from daw_bridge.cli.settings import read
from daw_bridge.errors import ClipGone, DiskFull, FolderUnusable, UnknownJob
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


def star(config_file: Path | None, state: Path | None, names: Sequence[str], *, undo: bool) -> None:
    """Give the clips that `names` name a star, or take it. Raises `typer.Exit` where a name names none."""
    history = History(read(config_file, state=state).paths.state)

    def mark(clip: PastClip) -> PastClip:
        """Give one a star, or take it."""
        history.star([clip], 0 if undo else 1)
        return clip

    _each(history, names, mark, "has no star" if undo else "has a star")


def trash(config_file: Path | None, state: Path | None, names: Sequence[str]) -> None:
    """Move the clips that `names` name into the trash. Raises `typer.Exit` where that failed for one of them."""
    history = History(read(config_file, state=state).paths.state)
    _each(history, names, history.put_away, "is in the trash")


def keep(config_file: Path | None, state: Path | None, names: Sequence[str]) -> None:
    """Take the clips that `names` name out of the trash. Raises `typer.Exit` where that failed for one of them."""
    history = History(read(config_file, state=state).paths.state)
    _each(history, names, history.take_out, "is in its folder")


def _each(history: History, names: Sequence[str], deed: Callable[[PastClip], PastClip], become: str) -> None:
    """Do `deed` to all clips that `names` name, and say of each what it has `become`, or what is in the way.

    A clip that is gone is said to be so, and is a failure only where its name names no other. The rest goes on.
    """
    answered: set[tuple[int, int]] = set()  # a shell's glob names a clip by its sound and by its story
    failed = False
    for name in names:
        try:
            clips = history.clips(name)
        except UnknownJob as error:
            screen.note(str(error))
            failed = True
            continue
        fresh = [each for each in clips if (each.number, each.parcel.rank) not in answered]
        answered.update((each.number, each.parcel.rank) for each in fresh)
        failed |= bool(fresh) and not _done(fresh, deed, become)
    if failed:
        raise typer.Exit(1)


def _done(clips: list[PastClip], deed: Callable[[PastClip], PastClip], become: str) -> bool:
    """Do `deed` to each of `clips`; return whether nothing failed, and not all of them are gone."""
    gone = failed = 0
    for clip in clips:
        try:
            done = deed(clip)
        except (ClipGone, DiskFull, FolderUnusable) as error:
            screen.note(str(error))
            gone += isinstance(error, ClipGone)
            failed += not isinstance(error, ClipGone)
        else:
            screen.out().print(screen.plain(f"{done.place.name} {become}"), soft_wrap=True)
    return not failed and gone < len(clips)


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
