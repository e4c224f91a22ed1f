"""The desk: every request comes here, whichever wire it came by, and becomes a job, a change or an answer."""

import asyncio
import os
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from time import monotonic

from daw_bridge import __version__, reports
from daw_bridge.announce import Announcer
from daw_bridge.certificate import session_card
from daw_bridge.clocks.daw import DawFeedback
from daw_bridge.config import Config
from daw_bridge.errors import BridgeError, TooFast, code_of
from daw_bridge.history import History
from daw_bridge.jobs import Job, Jobs, State
from daw_bridge.journal import Journal
from daw_bridge.midi.lessons import Lessons
from daw_bridge.pace import Pace
from daw_bridge.parents import find
from daw_bridge.plan import decide
from daw_bridge.playing.deck import Deck
from daw_bridge.pool import Pool, Stock
from daw_bridge.presets import PresetShelf
from daw_bridge.rates import Rates
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
    journal: Journal
    rates: Rates
    deck: Deck
    pool: Pool
    history: History
    started: float = field(default_factory=monotonic)
    counters: list[Callable[[], Mapping[str, str | int | float]]] = field(default_factory=list)
    """What other parts add to the status."""

    def submit(self, request: Request) -> str:
        """Accept a job, report it as queued, and return its id. Raises `BridgeError` and leaves nothing otherwise."""
        self.runner.check_open()
        self._check_pace(request)
        older = self.jobs.latest(request.asker.sender, request.said.get("preset") or request.said.get("prompt", ""))
        if older is None or not request.said.get("replace", older.replaces):
            self.jobs.check_room(request.asker.sender)  # a flood is refused before a preset is read
        name = request.said.get("id") or self._fresh_id()
        self.jobs.check_free(name)
        preset = self.presets.get(request.said["preset"]) if "preset" in request.said else None
        state = self.session.state
        said: Said = {**(preset.said if preset else Said()), **request.said}
        parents = find(said["mix"], self.history) if "mix" in said else None
        decision = decide(request.said, preset, state, self.config, parents)
        older = self.jobs.latest(request.asker.sender, decision.title)  # a mix may be called by its parents' prompts
        if decision.deliver != "folder":
            self.deck.check()
        stock = self.pool.take(decision, said) if preset is not None else None
        plan = stock.decision.plan if stock is not None else decision.plan
        card, deliver = session_card(state), decision.deliver
        job = Job(name, request, plan, decision.engine, decision.title, card, deliver, decision.replaces)
        self._write_down(job, self._reserved(job, stock, older if decision.replaces else None), stock)
        return name

    def _reserved(self, job: Job, stock: Stock | None, older: Job | None) -> reports.Queued:
        """Reserve a place for a job, be it that of an `older` one, and return what is to be said of it.

        Raises `BridgeError`: `stock` is gone then, and the older one waits on.
        """
        try:
            self.jobs.reserve(job, older)
        except BridgeError:
            if stock is not None:
                stock.discard()
            raise
        if older is not None:
            self.cancel(older.id)
        if stock is not None:
            return reports.Queued(job.id, 0, 0.0)
        running, position = self.jobs.running, self.jobs.position(job)
        ahead = [each.plan for each in (*((running,) if running else ()), *self.jobs.waiting[: position + 1])]
        return reports.Queued(job.id, position, self.pace.estimate(job.engine, ahead))

    def _check_pace(self, request: Request) -> None:
        """Raise `TooFast` when the sender asks for more jobs than anybody can want."""
        if self.config.jobs.per_minute and (seconds := self.rates.take(request.asker.sender)):
            raise TooFast(
                f"more than {self.config.jobs.per_minute} jobs a minute; come again in {seconds:.2f} s, "
                "or raise jobs.per_minute in the configuration"
            )

    def _write_down(self, job: Job, queued: reports.Queued, stock: Stock | None) -> None:
        """Let `job` run, and tell that it is queued, once it is on the disk; if it never comes there, refuse it.

        Where there is `stock`, it does not run, but is answered with that.
        """
        try:
            written = self.journal.accepted(job)
        except BaseException:
            self._never_was(job, stock)
            raise

        def answer() -> None:
            """Tell the asker, when it is his turn."""
            error = written.exception()
            if error is None:
                self.announcer.say(queued, job.request)
            elif self.jobs.waits(job.id):  # else it was cancelled meanwhile, and that is its one end
                self.announcer.say(reports.Refused(job.request.address, code_of(error), str(error)), job.request)

        def settle(_written: "asyncio.Future[None]") -> None:
            """Let it run, or forget it."""
            if written.exception() is not None:
                self._never_was(job, stock)
            elif stock is None:
                self.jobs.confirm(job.id)
            elif self.jobs.waits(job.id):
                self.jobs.answer(job)
                self.runner.answer(job, stock)
            else:
                stock.discard()

        self.announcer.hold(written)
        self.announcer.in_turn(answer)
        written.add_done_callback(settle)

    def _never_was(self, job: Job, stock: Stock | None) -> None:
        """Forget a job that could not be written down, unless it has ended meanwhile."""
        if self.jobs.waits(job.id):
            self.jobs.forget(job.id)
        if stock is not None:
            stock.discard()

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
        if job is None:
            self.runner.cancel(name)
        else:
            self.runner.withdraw(job)

    def cancel_all(self) -> None:
        """Cancel every job that waits or runs; none is no mistake."""
        for job in (*self.jobs.waiting, *self.jobs.at_work):
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
            "process": os.getpid(),
            "engine": self.config.jobs.engine,
            "folder": str(self.config.folder.path),
            "state": str(self.config.paths.state),
            "tempo": float(state.tempo),
            "meter": str(state.meter),
            "key": str(state.key or "none"),
            "samplerate": state.rate,
            "playing": {None: "unknown", True: "yes", False: "no"}[state.playing],
            "beat": self.session.timeline.beat_at(monotonic()),
            "tempo_from": _name(self.session.leader("tempo")),
            "beat_from": _name(self.session.leader("timeline")),
            "session_unheard": self.session.unheard,
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
