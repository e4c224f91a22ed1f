"""Who keeps the watched folder within its limits: the oldest clips without a star go into the trash.

Only what the journal knows as ours counts and goes, and only as long as it is what was written: a file that somebody has
changed since is theirs. The clips of the last job stay, however small the limit: they were asked for a moment ago; and so
do those that a job which has not ended is to be made of, until it has.
"""

import asyncio
import logging
import time
from contextlib import suppress
from pathlib import Path

from daw_bridge import reports
from daw_bridge.errors import BridgeError, ClipGone
from daw_bridge.history import History, PastClip
from daw_bridge.journal import Journal
from daw_bridge.requests import Request
from daw_bridge.sections import FolderConfig, JobsConfig

_log = logging.getLogger(__name__)

_DAY = 86_400.0  # seconds
_MB = 1e6


class Keeper:
    """Keeps folder and history within their limits, when it starts and after each job. Thread: the event loop's."""

    def __init__(self, state: Path, folder: FolderConfig, jobs: JobsConfig, journal: Journal) -> None:
        self._history = History(state)
        self._limits = folder
        self._jobs = jobs
        self._journal = journal
        self._wanted = False
        self._work: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, without waiting for anything."""
        self._journal.trim(self._jobs.history, self._jobs.history_days * _DAY)
        self._begin()

    async def stop(self) -> None:
        """Wait until no file is being moved."""
        if self._work is not None:
            await self._work

    def hear(self, report: reports.Told, _request: Request) -> None:
        """Look after the folder when something has landed in it."""
        if isinstance(report, reports.Done):
            self._journal.trim(self._jobs.history, self._jobs.history_days * _DAY)
            self._begin()

    def _begin(self) -> None:
        """Look after the folder, if that has a limit; where somebody is at it, once more when that is done."""
        if not (self._limits.limit_mb or self._limits.limit_days):
            return
        self._wanted = True
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._tidied(), name="keeper")

    async def _tidied(self) -> None:
        """Tidy for as long as something has landed since it was begun, and say in the log what kept us from it."""
        while self._wanted:
            self._wanted = False
            try:
                await asyncio.to_thread(tidy, self._history, self._limits)
            except (BridgeError, OSError) as error:
                _log.warning("the folder could not be kept within its limit: %s", error)


def tidy(history: History, limits: FolderConfig) -> list[PastClip]:
    """Move what is beyond `limits` into the trash, and return it. Thread: any but the event loop's."""
    clips = [each for each in history.delivered() if each.place.parent == limits.path and each.is_ours]
    last = max((each.number for each in clips), default=0)
    sizes = [_size(each.place) for each in clips]
    beyond = sum(sizes) - limits.limit_mb * _MB if limits.limit_mb else 0.0
    before = time.time() - limits.limit_days * _DAY if limits.limit_days else 0.0
    gone, awaited = [], history.awaited()
    for clip, size in zip(clips, sizes, strict=True):
        if clip.starred or clip.number == last or clip.place.resolve() in awaited:
            continue
        if beyond > 0 or clip.parcel.made / 1e9 < before:
            with suppress(ClipGone):  # somebody took it a moment ago, and it needs no room here either
                gone.append(history.put_away(clip))
            beyond -= size
    return gone


def _size(wav: Path) -> float:
    """Return the bytes of a WAV and the story beside it."""
    story = wav.parent / f"{wav.name.removesuffix('.wav')}.json"
    return float(sum(path.stat().st_size for path in (wav, story) if path.exists()))
