"""The chronicle: one line of the log for each job, when it has ended, with what became of it and how long each stage took."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from daw_bridge import reports
from daw_bridge.requests import Request

_log = logging.getLogger(__name__)

_MOST = 20_000  # jobs that may be on their way; more than can wait


@dataclass(slots=True)
class _Story:
    """What is known of a job that has not ended: when it was queued and begun, and the seconds of its stages."""

    queued: float
    begun: float | None = None
    engine: str = ""
    stage: str = ""
    since: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)
    files: int = 0

    def reach(self, stage: str, now: float) -> None:
        """Take note that a stage goes on, or another begins. What is said behind its first word is how far it is."""
        if self.stage:
            self.stages[self.stage] = self.stages.get(self.stage, 0.0) + now - self.since
        self.stage, self.since = next(iter(stage.split()), ""), now


class Chronicle:
    """Hears all reports and writes a line when a job ends. Thread: the event loop's."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._stories: dict[str, _Story] = {}

    def hear(self, report: reports.Report, request: Request) -> None:
        """Take note of a report."""
        if isinstance(report, (reports.Refused, reports.Learnt, reports.Playing, reports.Stopped)):
            return
        now = self._clock()
        if report.id not in self._stories and isinstance(report, reports.Warned):
            return  # it is over, and this is about how it plays
        story = self._stories.setdefault(report.id, _Story(now))
        if isinstance(report, reports.Started):
            story.begun, story.engine = now, report.engine
        elif isinstance(report, reports.Progress):
            story.reach(report.stage, now)
        elif isinstance(report, reports.Delivered):
            story.files += 1
        elif isinstance(report, (reports.Done, reports.Cancelled, reports.Failed)):
            del self._stories[report.id]
            story.reach("", now)
            _write(report, request, story, now)
        while len(self._stories) > _MOST:
            del self._stories[next(iter(self._stories))]


def _write(
    report: reports.Done | reports.Cancelled | reports.Failed, request: Request, story: _Story, now: float
) -> None:
    """Write the line of a job: a sentence for people, facts for programs."""
    state = type(report).__name__.lower()
    facts: dict[str, Any] = {
        "job": report.id,
        "state": state,
        "engine": story.engine,
        "sender": request.asker.name,
        **{key: str(request.said.get(key)) for key in ("preset", "prompt", "negative") if request.said.get(key)},
        "files": story.files,
        "waited": round((now if story.begun is None else story.begun) - story.queued, 3),
        "seconds": round(now - story.queued, 3),
        "stages": {name: round(seconds, 3) for name, seconds in story.stages.items()},
        **({"code": report.code, "why": report.message} if isinstance(report, reports.Failed) else {}),
    }
    told = f": {report.code}: {report.message}" if isinstance(report, reports.Failed) else ""
    _log.info(
        "job %s %s%s, %d files in %.2f s", report.id, state, told, story.files, facts["seconds"], extra=tagged(facts)
    )


def tagged(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `facts` as a record of the log carries them."""
    return {"facts": facts}
