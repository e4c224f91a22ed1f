"""Lessons: name a deed, touch a control, and the control does it from now on."""

from dataclasses import dataclass

from daw_bridge import reports
from daw_bridge.announce import Announcer
from daw_bridge.errors import BadMap, BadRequest, BridgeError
from daw_bridge.midi.binding import Binding, Control, Deed, Range, Verb, control_of, natural_range
from daw_bridge.midi.event import Event
from daw_bridge.midi.learned import Learned, on_port
from daw_bridge.presets import PresetShelf
from daw_bridge.requests import Request

_GAIN = Range(-60.0, 6.0)


@dataclass(frozen=True, slots=True)
class _Lesson:
    """A deed that waits for its control, and who wants to hear of it."""

    deed: Deed
    range: Range | None
    request: Request


@dataclass(frozen=True, slots=True)
class _Taken:
    """A control that has a deed already, and the binding that would take its place."""

    binding: Binding
    request: Request


class Lessons:
    """Gives one lesson at a time. Thread: the event loop's.

    A control that does something else already keeps it until `replace` is called: that is reported as "taken".
    """

    def __init__(self, learned: Learned, presets: PresetShelf, announcer: Announcer) -> None:
        self._learned = learned
        self._presets = presets
        self._announcer = announcer
        self._lesson: _Lesson | None = None
        self._taken: _Taken | None = None
        self.heard = False
        """Whether anyone listens to controllers at all."""

    @property
    def is_on(self) -> bool:
        """Whether a deed waits for its control."""
        return self._lesson is not None

    def begin(self, deed: Deed, request: Request) -> None:
        """Have `deed` wait for the control that is touched next. Raises `BridgeError` for what no control can do here."""
        if not self.heard:
            raise BadRequest("no controller is listened to; set midi.ports, midi.virtual or midi.network")
        limits = _GAIN if deed.verb is Verb.GAIN else natural_range(deed.object) if deed.verb is Verb.SET else None
        if deed.verb is Verb.SET and limits is None:
            raise BadMap(f"set {deed.object} has no natural range; write it into a map, with range = [low, high]")
        if deed.verb is Verb.PRESET:
            self._presets.get(deed.object)
        self._lesson, self._taken = _Lesson(deed, limits, request), None
        self._tell("waiting", "", str(deed), request)

    def end(self) -> None:
        """Wait for no control any more."""
        self._lesson = self._taken = None

    def touched(self, event: Event, bound: Binding | None) -> None:
        """Give the deed that waits to the control of `event`, which does `bound` now."""
        if self._lesson is None:
            return
        lesson, self._lesson = self._lesson, None
        control = control_of(event)
        binding = on_port(Binding(control, lesson.deed, range=lesson.range), event.port)
        if bound is not None and bound.deed != lesson.deed:
            self._taken = _Taken(binding, lesson.request)
            self._tell("taken", str(control), str(bound.deed), lesson.request)
        else:
            self._bind(binding, lesson.request)

    def replace(self) -> None:
        """Let the control that was found taken do the new deed. Raises `BadRequest` where there is none."""
        if self._taken is None:
            raise BadRequest("no control is in question; begin with /bridge/learn")
        taken, self._taken = self._taken, None
        self._bind(taken.binding, taken.request)

    def undo(self, request: Request) -> None:
        """Forget what was learnt last. Raises `BridgeError` where there is nothing, or where it cannot be written."""
        self._learned.undo()
        self._tell("undone", "", "", request)

    def _bind(self, binding: Binding, request: Request) -> None:
        """Bind a control, and report it."""
        try:
            self._learned.learn(binding)
        except BridgeError as error:
            self._tell("failed", str(binding.control), str(error), request)
        else:
            self._tell("learnt", _shown(binding.control), str(binding.deed), request)

    def _tell(self, state: str, control: str, deed: str, request: Request) -> None:
        """Report how the lesson goes."""
        self._announcer.tell(reports.Learnt(state, control, deed), request)


def _shown(control: Control) -> str:
    """Return a control for people, with its channel."""
    return f"{control} on channel {control.channel}" if control.channel else str(control)
