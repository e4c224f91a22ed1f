"""The desk: every request comes here, whichever wire it came by, and becomes a job, a change or an answer."""

import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import cast

from daw_bridge import __version__, reports
from daw_bridge.announce import Announcer
from daw_bridge.certificate import session_card
from daw_bridge.clocks.daw import DawFeedback
from daw_bridge.config import Config
from daw_bridge.errors import BridgeError
from daw_bridge.jobs import Job, Jobs, State
from daw_bridge.midi.lessons import Lessons
from daw_bridge.pace import Pace
from daw_bridge.plan import decide
from daw_bridge.playing.deck import Deck
from daw_bridge.pool import Pool, Stock
from daw_bridge.presets import PresetShelf
from daw_bridge.requests import Request, Said
from daw_bridge.runner import Runner
from daw_bridge.session import Session, Source
from plugin_host.engine import SEEDS

_ALPHABET = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class Bridge:
    """What the daemon can be asked. Methods raise `BridgeError` for what cannot be; the wire says so to the asker.

    Thread: the event loop's.
    """

    config: Config
    session: Session
    daw: DawFeedback
    presets: PresetShelf
    jobs: Jobs
    runner: Runner
    announcer: Announcer
    pace: Pace
    lessons: Lessons
    deck: Deck
    pool: Pool
    started: float
    counters: list[Callable[[], Mapping[str, str | int | float]]] = field(default_factory=list)
    """What other parts add to the status."""

    def submit(self, request: Request) -> str:
        """Accept a job, report it as queued, and return its id. Raises `BridgeError` and leaves nothing otherwise."""
        self.runner.check_open()
        name = request.said.get("id") or self._fresh_id()
        self.jobs.check_free(name)
        preset = self.presets.get(request.said["preset"]) if "preset" in request.said else None
        state = self.session.state
        decision = decide(request.said, preset, state, self.config)
        if decision.deliver != "folder":
            self.deck.check()
        said = {**(preset.said if preset else {}), **request.said}
        stock = self.pool.take(decision, cast("Said", said)) if preset is not None else None
        decision = stock.decision_for(decision) if stock is not None else decision
        job = Job(name, request, decision.plan, decision.engine, decision.title, session_card(state), decision.deliver)
        running = self.jobs.running
        ahead = [each.plan for each in (*((running,) if running else ()), *self.jobs.waiting)]
        position = self._accept(job, stock)
        seconds = self.pace.estimate(job.engine, [*ahead, job.plan]) if stock is None else 0.0
        self.announcer.tell(reports.Queued(name, position, seconds), request)
        if stock is not None:
            self.runner.answer(job, stock)
        return name

    def _accept(self, job: Job, stock: Stock | None) -> int:
        """Put a job into the queue, and take it out again if it can be answered from `stock`; return how many wait."""
        try:
            position = self.jobs.accept(job)
        except BridgeError:
            if stock is not None:
                stock.discard()
            raise
        if stock is not None:
            self.jobs.answer(job)
            return 0
        return position

    def again(self, name: str | None, request: Request) -> str:
        """Accept what job `name` (None: the last one) said, with the next seed and `request` laid over it.

        What that job left to the session comes from the session as it is now. Raises `BridgeError`.
        """
        before = self.jobs.get(name)
        recipe = Said(**before.request.said)
        recipe.pop("id", None)  # these two belong to one request
        recipe.pop("reply_port", None)
        said: Said = {**recipe, "seed": (before.plan.seed + 1) % SEEDS.stop, **request.said}
        return self.submit(replace(request, said=said))

    def cancel(self, name: str) -> None:
        """Cancel a job that waits or runs. Raises `UnknownJob`."""
        job = self.jobs.withdraw(name)
        running = self.jobs.running
        if job is None:
            if running is not None and running.id == name:  # else it is being answered from the pool, in no time
                self.runner.cancel()
        else:
            self.runner.withdraw(job)

    def cancel_all(self) -> None:
        """Cancel every job that waits or runs; none is no mistake."""
        running = self.jobs.running
        for job in (*self.jobs.waiting, *((running,) if running else ())):
            self.cancel(job.id)

    def status(self) -> Mapping[str, str | int | float]:
        """Return what goes on, as names and values."""
        state = self.session.state
        running = self.jobs.running
        ended = self.runner.ended
        return {
            **{name: value for counts in self.counters for name, value in counts().items()},
            **self.deck.status(),
            **self.pool.counts(),
            "version": __version__,
            "engine": self.config.jobs.engine,
            "folder": str(self.config.folder.path),
            "tempo": float(state.tempo),
            "meter": str(state.meter),
            "key": str(state.key or "none"),
            "samplerate": state.rate,
            "playing": {None: "unknown", True: "yes", False: "no"}[state.playing],
            "beat": self.session.timeline.beat_at(monotonic()),
            "tempo_from": _name(self.session.leader("tempo")),
            "beat_from": _name(self.session.leader("timeline")),
            "running": running.id if running else "none",
            "waiting": len(self.jobs.waiting),
            "done": ended[State.DONE],
            "failed": ended[State.FAILED],
            "cancelled": ended[State.CANCELLED],
            "uptime": monotonic() - self.started,
        }

    def _fresh_id(self) -> str:
        """Return an id that no job of ours has, nor likely one of yesterday's: eight letters and digits."""
        while True:
            name = secrets.choice(string.ascii_lowercase) + "".join(secrets.choice(_ALPHABET) for _ in range(7))
            if not self.jobs.knows(name):
                return name


def _name(source: Source | None) -> str:
    """Return the word for who leads; where nobody does, it is the configuration."""
    return source.value if source else "configuration"
