"""What was made: the journal as a person, or a program, wants to read it. No daemon is needed; one may be running."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from daw_bridge.deliveries import trash
from daw_bridge.deliveries.parcels import Parcel
from daw_bridge.errors import JournalUnusable, UnknownJob, Unreadable
from daw_bridge.jobs import Job
from daw_bridge.ledger import FILE, VERSION
from daw_bridge.records import job_of
from daw_bridge.values import shown

_PATIENCE = 5.0  # seconds that a daemon may be writing
_LONGEST_NAME = 255  # characters of a file's name
_DELIVERED, _TRASHED = "delivered", "trashed"


@dataclass(frozen=True, slots=True)
class PastClip:
    """A clip that was delivered. `place` is where its WAV was put last; somebody may have moved it since."""

    number: int
    parcel: Parcel
    place: Path
    starred: bool
    trashed: bool

    @property
    def is_ours(self) -> bool:
        """Whether the file that is there now is the one that was written: as it was left, to its time stamp."""
        try:
            return self.place.stat().st_mtime_ns == self.parcel.made
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class PastJob:
    """A job, whatever became of it; moments are Unix seconds. `outcome` is its last report, None until it has ended."""

    number: int
    job: Job
    state: str
    accepted: float
    ended: float | None
    outcome: dict[str, Any] | None
    starred: bool
    clips: tuple[PastClip, ...]

    @property
    def message(self) -> str:
        """Why it failed, where it did."""
        return str((self.outcome or {}).get("message", ""))


class History:
    """The journal in a state folder. Thread: any; it keeps nothing open between calls. Raises `JournalUnusable`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def jobs(self, words: str = "", most: int | None = None) -> list[PastJob]:
        """Return the last jobs, the last one first: those in whose id, title or prompt all of `words` stand."""
        wanted = words.casefold().split()
        found: list[PastJob] = []
        with self._base() as base:
            for row in base.execute(f"{_SELECT} ORDER BY number DESC"):
                past = _past(base, row)
                if past is not None and all(word in _text(past.job) for word in wanted):
                    found.append(past)
                if len(found) == most:
                    break
        return found

    def job(self, name: str | None) -> PastJob:
        """Return the last job of that id; None is the last one of all. Raises `UnknownJob`."""
        for past in self.jobs(most=1) if name is None else self._called(name):
            return past
        if name is None:
            raise UnknownJob("there was no job yet; start one with daw-bridge generate")
        raise UnknownJob(f"there is no job {shown(name)} in the history; daw-bridge jobs lists them")

    def clips(self, what: str) -> list[PastClip]:
        """Return the clips that `what` names: all of a job by its id, or one by its file. Raises `UnknownJob`."""
        name = Path(what).name
        stem = name.removesuffix(".wav").removesuffix(".json")
        if stem != name:
            found = [each for each in self._all(stem) if stem in {each.place.stem, each.parcel.stem}][-1:]
            trouble = f"no clip {_named(name)} is in the history"
        else:
            jobs = self._called(what)
            found = list(jobs[0].clips) if jobs else []
            trouble = f"job {_named(what)} has no clips" if jobs else f"there is no job or clip {_named(name)}"
            trouble += " in the history"
        if not found:
            raise UnknownJob(f"{trouble}; name a job's id, or a file that was delivered: daw-bridge jobs lists them")
        return found

    def delivered(self) -> list[PastClip]:
        """Return all clips that are not in the trash, the oldest first."""
        return [each for each in self._all() if not each.trashed]

    def awaited(self) -> set[Path]:
        """Return the files that jobs which have not ended yet are to be made of: the parents of mixes, and guides.

        All links are followed: a guide's path has been, and that of a clip in a folder behind a link has not.
        """
        with self._base() as base:
            rows = base.execute(f"{_SELECT} WHERE ended IS NULL ORDER BY number")
            plans = [past.job.plan for row in rows if (past := _past(base, row)) is not None]
        return {
            Path(name).resolve()
            for plan in plans
            for name in (*(plan.mix or ()), *([plan.guide] if plan.guide else ()))
        }

    def put_away(self, clip: PastClip) -> PastClip:
        """Move a clip into the trash, or do nothing if it is there. Raises `ClipGone`, `FolderUnusable` or `DiskFull`."""
        if clip.trashed:
            trash.look(clip.place)
            return clip
        moved = replace(clip, place=trash.put_away(clip.place), trashed=True)
        self._note(moved)
        return moved

    def take_out(self, clip: PastClip) -> PastClip:
        """Move a clip out of the trash, or do nothing if it is in its folder. Raises as `put_away` does."""
        if not clip.trashed:
            trash.look(clip.place)
            return clip
        moved = replace(clip, place=trash.take_out(clip.place, clip.parcel.stem), trashed=False)
        self._note(moved)
        return moved

    def star(self, clips: Sequence[PastClip], mark: int) -> None:
        """Give `clips` a star (1), so that no limit takes them, or take it (0)."""
        with self._base() as base:
            rows = [(mark, each.number, each.parcel.rank) for each in clips]
            base.executemany("UPDATE clips SET starred = ? WHERE job = ? AND rank = ?", rows)

    def _called(self, name: str) -> list[PastJob]:
        """Return the jobs of that id, the last one first."""
        with self._base() as base:
            rows = base.execute(f"{_SELECT} WHERE id = ? ORDER BY number DESC", (name,))
            return [past for row in rows if (past := _past(base, row)) is not None]

    def _all(self, stem: str = "") -> list[PastClip]:
        """Return all clips, those of the oldest job first; of most whose names have no `stem` in them, none is read."""
        part = json.dumps(stem)[1:-1]
        with self._base() as base:
            which = "AND (instr(parcel, ?) OR instr(place, ?)) ORDER BY job, rank DESC"
            return list(_clips(base, which, (part, part)))

    def _note(self, clip: PastClip) -> None:
        """Write down where a clip is now."""
        with self._base() as base:
            state = _TRASHED if clip.trashed else _DELIVERED
            row = (state, json.dumps(str(clip.place)), clip.number, clip.parcel.rank)
            base.execute("UPDATE clips SET state = ?, place = ? WHERE job = ? AND rank = ?", row)

    @contextmanager
    def _base(self) -> Iterator[sqlite3.Connection]:
        """Lend the journal for a short while; an empty one where there is none yet."""
        try:
            if not self._path.exists():
                with closing(sqlite3.connect(":memory:", isolation_level=None)) as base:
                    base.executescript(VERSION.schema)
                    yield base
                return
            name = f"{self._path.absolute().as_uri()}?mode=rw"
            with closing(sqlite3.connect(name, uri=True, timeout=_PATIENCE, isolation_level=None)) as base:
                self._check(base)
                yield base
        except sqlite3.Error as error:
            raise JournalUnusable(f"the journal {self._path} cannot be read ({error}); start the daemon once") from None

    def _check(self, base: sqlite3.Connection) -> None:
        """Raise `JournalUnusable` for a journal of another version."""
        ((version,),) = base.execute("PRAGMA user_version")
        if version != VERSION.number:
            raise JournalUnusable(
                f"the journal {self._path} has schema {version}, and this version {VERSION.number}; "
                "start the daemon of this version once, or use the version that made it"
            )


_SELECT = "SELECT number, state, accepted, ended, record, outcome, starred FROM jobs"


def _past(base: sqlite3.Connection, row: Sequence[Any]) -> PastJob | None:
    """Read one job with its clips; None if this version cannot."""
    number, state, accepted, ended, record, outcome, starred = row
    try:
        job = job_of(record, 0.0)
    except Unreadable:
        return None
    clips = tuple(_clips(base, "AND job = ? ORDER BY rank", (number,)))
    told = json.loads(outcome) if outcome else None
    return PastJob(number, job, state, accepted, ended, told, bool(starred), clips)


def _clips(base: sqlite3.Connection, which: str, values: Sequence[Any]) -> Iterator[PastClip]:
    """Yield clips that were delivered."""
    columns = "SELECT job, parcel, place, starred, state FROM clips"
    sql = f"{columns} WHERE state IN ('delivered', 'trashed') {which}"
    for number, text, place, starred, state in base.execute(sql, values).fetchall():
        parcel = Parcel.of(json.loads(text))
        where = Path(json.loads(place)) if place else parcel.wav
        yield PastClip(number, parcel, where, bool(starred), state == _TRASHED)


def _named(name: str) -> str:
    """Show the name of a file whole, as far as any file can have it: its end is what tells clips apart."""
    return repr(name) if len(name) <= _LONGEST_NAME else shown(name)


def _text(job: Job) -> str:
    """Return all that is searched of a job."""
    return f"{job.id} {job.title} {job.plan.prompt}".casefold()
