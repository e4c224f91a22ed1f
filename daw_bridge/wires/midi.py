"""The MIDI wire: pads start jobs, knobs set their keys, a clock leads the session, and lights follow the jobs."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, cast

from daw_bridge import reports
from daw_bridge.bridge import Bridge
from daw_bridge.clocks.midi_clock import MidiClock
from daw_bridge.errors import BridgeError, UnknownJob
from daw_bridge.midi.binding import Range, Verb, way
from daw_bridge.midi.desk import Desk, Touch
from daw_bridge.midi.event import TRANSPORT, Event, Kind
from daw_bridge.midi.lights import Lights, Pad
from daw_bridge.midi.ports import MidiPorts
from daw_bridge.midi.words import Opened, Wanted
from daw_bridge.requests import JOB_KEYS, Asker, Request, Said
from daw_bridge.values import Whole

_log = logging.getLogger(__name__)

_AT_ONCE = 32  # events that are worked off before others have their turn
_MOST_WAITING = 8_192
_REMEMBERED = 256  # jobs whose pads are known
_STATES: Mapping[type[reports.Told], str] = {
    reports.Queued: "queued",
    reports.Started: "running",
    reports.Progress: "running",
    reports.Done: "done",
    reports.Cancelled: "armed",
    reports.Failed: "failed",
}


class MidiWire:
    """Works off what controllers send. Constructing it opens nothing. Thread: the event loop's."""

    def __init__(self, bridge: Bridge, wanted: Wanted, desk: Desk, clock: MidiClock) -> None:
        self._bridge = bridge
        self._desk = desk
        self._clock = clock
        self._ports = MidiPorts(wanted, self._hear, self._changed)
        self._lights = Lights(self._ports.light, desk.is_up)
        self._open = Opened(())
        self._waiting: deque[Event] = deque()
        self._knobs: Said = Said()
        self._jobs: dict[str, Pad] = {}
        self._asked: dict[str, Pad] = {}  # the pads that asked for a job, by how they are called as askers
        self._deeds: Mapping[Verb, Callable[[Touch], None]] = {
            Verb.PRESET: self._preset,
            Verb.AGAIN: self._again,
            Verb.CANCEL: self._cancel,
            Verb.PLAY: self._play,
            Verb.STOP: self._stop,
            Verb.NEXT: self._next,
            Verb.PREV: self._prev,
            Verb.GAIN: self._gain,
            Verb.SET: self._set,
            Verb.BANK: self._bank,
            Verb.SHIFT: self._shift,
        }
        self._counts: Counter[str] = Counter({"midi_received": 0, "midi_unmapped": 0, "midi_refused": 0})

    def start(self) -> None:
        """Open the ports, without waiting for them."""
        self._bridge.announcer.listen(self._report)
        self._bridge.counters.append(self.counts)
        self._bridge.lessons.heard = True
        self._ports.start()

    async def stop(self) -> None:
        """Close the ports."""
        self._lights.stop()
        await self._ports.stop()

    def counts(self) -> Mapping[str, str | int]:
        """Return what came, what of it came to nothing and why, and which ports are open."""
        lost = {f"midi_lost_{reason.replace(' ', '_')}": count for reason, count in self._ports.lost.items()}
        ports = ", ".join(self._ports.opened.names) or self._ports.opened.trouble or "none"
        return {**self._counts, **lost, **self._clock.counts(), "midi_ports": ports}

    def _hear(self, events: list[Event]) -> None:
        """Take events from the ports."""
        self._counts["midi_received"] += len(events)
        idle = not self._waiting
        room = _MOST_WAITING - len(self._waiting)
        self._ports.lost["flood"] += max(0, len(events) - room)
        self._waiting.extend(events[:room])
        if idle:
            self._work()

    def _work(self) -> None:
        """Work off some of what waits; the rest comes when others have had their turn."""
        for _ in range(min(_AT_ONCE, len(self._waiting))):
            event = self._waiting.popleft()
            try:
                self._take(event)
            except Exception:  # noqa: BLE001 - a bug of ours costs one event and is logged
                self._counts["midi_refused"] += 1
                _log.exception("%s broke", event)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._work)

    def _take(self, event: Event) -> None:
        """Take one event: a clock's, a lesson's, or a bound control's."""
        if event.kind in TRANSPORT:
            self._clock.hear(event.kind.value, event.value, event.time, event.port)
            if event.kind in {Kind.CLOCK, Kind.POSITION}:
                return
        if self._bridge.lessons.is_on and event.kind not in TRANSPORT and event.value > 0:
            self._bridge.lessons.touched(event, self._desk.bound(event))
            self._show(event.port)
            return
        touch = self._desk.touch(event)
        if touch is not None:
            self._do(touch)
        elif event.kind not in TRANSPORT:
            self._counts["midi_unmapped"] += 1

    def _do(self, touch: Touch) -> None:
        """Do what a touched binding says; what cannot be done is counted, logged, and shown on the pad."""
        deed = touch.pad.binding.deed
        if not (touch.pressed or deed.is_valued):
            return
        try:
            self._deeds[deed.verb](touch)
        except BridgeError as error:
            self._counts["midi_refused"] += 1
            _log.warning("%s of %s: %s", touch.pad.binding.control, touch.pad.port, error)
            self._lights.show(touch.pad, "failed")

    def _preset(self, touch: Touch) -> None:
        """Start a job."""
        self._started(touch, self._bridge.submit(self._request(touch, Said(preset=touch.pad.binding.deed.object))))

    def _again(self, touch: Touch) -> None:
        """Start the last job's recipe anew."""
        self._started(touch, self._bridge.again(None, self._request(touch, Said())))

    def _started(self, touch: Touch, job: str) -> None:
        """Remember whose pad shows the job."""
        self._jobs[job] = touch.pad
        self._lights.show(touch.pad, "queued")
        while len(self._jobs) > _REMEMBERED:
            del self._jobs[next(iter(self._jobs))]

    def _request(self, touch: Touch, said: Said) -> Request:
        """Return the request of a pad: what it says, over what the knobs say, and how hard it was hit."""
        all_said: dict[str, Any] = {**self._knobs, **said}
        if touch.pad.binding.velocity is not None and touch.event.kind is Kind.NOTE:
            key, limits = touch.pad.binding.velocity
            all_said[key] = _value(key, limits, way(touch.event))
        asker = Asker(f"midi {touch.event.port} {touch.pad.binding.control}", of=f"midi {touch.event.port}")
        self._asked[asker.name] = touch.pad
        return Request(cast("Said", all_said), asker, f"midi {touch.pad.binding.control}", touch.event.time)

    def _cancel(self, touch: Touch) -> None:
        """Cancel all jobs, or the one that was started last and is not over."""
        if touch.pad.binding.deed.object == "all":
            self._bridge.cancel_all()
            return
        for job in reversed(self._jobs):
            with suppress(UnknownJob):  # that one is over
                self._bridge.cancel(job)
                return
        raise UnknownJob("no job of a pad waits or runs; there is nothing to cancel")

    def _set(self, touch: Touch) -> None:
        """Set a key for the jobs to come."""
        binding = touch.pad.binding
        let_go = touch.event.kind is Kind.NOTE and not touch.event.value
        if binding.range is not None and not let_go:
            said: dict[str, Any] = {**self._knobs}
            said[binding.deed.object] = _value(binding.deed.object, binding.range, way(touch.event))
            self._knobs = cast("Said", said)

    def _bank(self, touch: Touch) -> None:
        """Put a bank up: the one that the binding names, or the one of the program's number."""
        named = touch.pad.binding.deed.object
        self._desk.turn_to(touch.event.port, int(named) if named else touch.event.number + 1)
        self._show(touch.event.port)

    def _play(self, touch: Touch) -> None:
        """Play the best of the last job."""
        self._bridge.deck.play(None, 1, self._request(touch, Said()))

    def _stop(self, _touch: Touch) -> None:
        """Stop what plays."""
        self._bridge.deck.stop_playing()

    def _next(self, touch: Touch) -> None:
        """Play the next take in rank order."""
        self._bridge.deck.step(1, self._request(touch, Said()))

    def _prev(self, touch: Touch) -> None:
        """Play the previous take in rank order."""
        self._bridge.deck.step(-1, self._request(touch, Said()))

    def _gain(self, touch: Touch) -> None:
        """Level what plays: the knob's range is in dB."""
        limits = touch.pad.binding.range
        if limits is not None:
            self._bridge.deck.level(round(limits.at(way(touch.event)), 2))

    def _shift(self, _touch: Touch) -> None:
        """Do nothing: the desk has taken note that it is held."""

    def _changed(self, opened: Opened) -> None:
        """Take note of which ports are open; light up those that are new, and all when there is a new way to them."""
        for name in set(self._open.names) - set(opened.names):
            self._desk.let_go(name)
        known = () if opened.fresh or set(opened.sinks) - set(self._open.sinks) else self._open.names
        self._open = opened
        for name in opened.names:
            if name not in known:
                self._lights.forget(name)
                self._show(name)
        _log.info("MIDI ports: %s", ", ".join(opened.names) or opened.trouble or "none")

    def _show(self, port: str) -> None:
        """Show on the pads of a controller, in the bank that is up, how their jobs are."""
        self._lights.show_again(self._desk.pads(port))

    def _report(self, report: reports.Told, request: Request) -> None:
        """Show on a pad what happens to its job."""
        if isinstance(report, reports.Refused) and request.asker.name in self._asked:
            self._counts["midi_refused"] += 1
            self._lights.show(self._asked[request.asker.name], "failed")
        if isinstance(report, (reports.Learnt, reports.Refused, reports.Playing, reports.Stopped)):
            return
        if type(report) not in _STATES or report.id not in self._jobs:
            return
        state = _STATES[type(report)]
        fraction = report.fraction if isinstance(report, reports.Progress) else 0.0
        self._lights.show(self._jobs[report.id], state, fraction)


def _value(key: str, limits: Range, at: float) -> Any:
    """Return the value of a job's key where a knob stands; whole numbers are rounded."""
    value = limits.at(at)
    read = JOB_KEYS[key].read
    return read(round(value) if isinstance(read, Whole) else round(value, 3))
