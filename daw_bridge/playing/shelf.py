"""What can be played: the files of each job, as they are delivered."""

from dataclasses import dataclass
from pathlib import Path

from daw_bridge import reports
from daw_bridge.deliveries import atomic
from daw_bridge.errors import UnknownJob
from daw_bridge.jobs import REMEMBERED, Jobs
from daw_bridge.requests import Request
from daw_bridge.values import shown
from plugin_host.engine import Form
from plugin_host.musictime import Grid

KEPT = 32
"""How many clips stay in our own folder, where those lie that are for the device alone."""


@dataclass(frozen=True, slots=True)
class Take:
    """A clip of a job, `rank` 1 being the best, in the file `path`."""

    job: str
    rank: int
    path: Path
    grid: Grid
    form: Form


class Shelf:
    """Knows the files of the jobs. Thread: the event loop's."""

    def __init__(self, jobs: Jobs, own: Path) -> None:
        """`own` is the folder of clips for the device alone; only the last `KEPT` stay in it."""
        self._jobs = jobs
        self._own = own
        self._takes: dict[str, list[Take]] = {}
        self._last = ""

    def hear(self, report: reports.Told, _request: Request) -> None:
        """Take note of what is delivered: a listener of the announcer's."""
        if not isinstance(report, reports.Delivered):
            return
        plan = self._jobs.get(report.id).plan
        self._takes.setdefault(report.id, []).append(Take(report.id, report.rank, report.path, plan.grid, plan.form))
        self._last = report.id
        while len(self._takes) > REMEMBERED:
            del self._takes[next(iter(self._takes))]

    def take(self, name: str | None, rank: int = 1) -> Take:
        """Return a clip of job `name`, or of the last one that has any. Raises `UnknownJob`, with what to do."""
        job = self._last if name is None else name
        if not job:
            raise UnknownJob("there is no clip yet; start a job with /bridge/generate or /bridge/preset/<name>")
        takes = self._takes.get(job)
        if takes is None:
            self._jobs.get(job)  # raises where there is no such job at all
            raise UnknownJob(f"job {shown(job)} has no clips (yet); wait for its /bridge/done, or give deliver both")
        for take in takes:
            if take.rank == rank:
                return take
        raise UnknownJob(f"job {shown(job)} has {len(takes)} clips; give a rank from 1 to {len(takes)}")

    def beside(self, take: Take, by: int) -> Take:
        """Return the clip of the same job that is `by` ranks further on; after the last comes the first."""
        takes = sorted(self._takes.get(take.job, [take]), key=lambda each: each.rank)
        place = next((place for place, each in enumerate(takes) if each.rank == take.rank), 0)
        return takes[(place + by) % len(takes)]

    def prune(self, wanted: frozenset[Path]) -> None:
        """Remove the oldest files of our own folder, but those that are `wanted`: a loop is fitted anew from its file.

        Thread: any but the event loop's.
        """
        found = sorted(self._own.glob("*.wav"), key=lambda path: path.stat().st_mtime)
        for path in found[: max(0, len(found) - KEPT)]:
            if path not in wanted:
                atomic.discard(path)
                atomic.discard(path.with_name(f"{path.name.removesuffix('.wav')}.json"))
