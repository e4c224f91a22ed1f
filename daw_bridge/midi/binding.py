"""A binding: a control of a controller, and what it does.

As text, a control is what is on it: ``note 36``, ``cc 20``, ``program``, ``program 3`` (programs from 0, as sent),
``bend``, ``start``, ``stop``, ``continue``, ``mmc play``. What it does is a verb with its object: ``preset dusty-rhodes``,
``again``, ``cancel``, ``cancel all``, ``play``, ``stop``, ``next``, ``prev``, ``gain``, ``set takes``, ``bank 2``, ``bank``,
``shift``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from daw_bridge.errors import BadMap, BridgeError
from daw_bridge.midi.event import HALF, MMC_COMMANDS, Event, Kind
from daw_bridge.requests import JOB_KEYS
from daw_bridge.values import Number, Whole, Word, shown

_NUMBERED = {Kind.NOTE: 127, Kind.CONTROL: 127}
_BANKS = Whole(1, 128)
_NOT_BY_HAND = frozenset({"id", "preset", "reply_port", "guide"})
ANY_CHANNEL = 0
ANY_NUMBER = -1
_NUMBERS_OF_MMC = {word: number for number, word in MMC_COMMANDS.items()}


@dataclass(frozen=True, slots=True)
class Control:
    """A key, knob, button or message. `channel` 0 is any, `number` -1 is any."""

    kind: Kind
    number: int = ANY_NUMBER
    channel: int = ANY_CHANNEL

    @classmethod
    def parse(cls, text: str, channel: int = ANY_CHANNEL) -> "Control":
        """Read a control as text. Raises `BadMap`."""
        word, _, rest = text.strip().lower().partition(" ")
        try:
            kind = Kind(word)
        except ValueError:
            raise BadMap(
                f"{shown(text)} is no control; write note 36, cc 20, program, bend, start or mmc play"
            ) from None
        if kind is Kind.MMC:
            if rest not in _NUMBERS_OF_MMC:
                raise BadMap(f"{shown(text)} is no command; there is mmc {', mmc '.join(_NUMBERS_OF_MMC)}")
            return cls(kind, _NUMBERS_OF_MMC[rest])
        try:
            number = Whole(0, 127)(rest) if rest or kind in _NUMBERED else ANY_NUMBER
        except BridgeError as error:
            raise BadMap(f"{word}: {error}") from None
        return cls(kind, number, channel)

    def meant_by(self, event: Event) -> bool:
        """Whether `event` comes from this control."""
        return (
            event.kind is self.kind
            and self.number in {ANY_NUMBER, event.number}
            and self.channel in {ANY_CHANNEL, event.channel}
        )

    def __str__(self) -> str:
        if self.kind is Kind.MMC:
            return f"mmc {MMC_COMMANDS[self.number]}"
        return self.kind.value if self.number == ANY_NUMBER else f"{self.kind.value} {self.number}"


def control_of(event: Event) -> Control:
    """Return the control that sent `event`, on its channel."""
    number = event.number if event.kind in {Kind.NOTE, Kind.CONTROL, Kind.PROGRAM, Kind.MMC} else ANY_NUMBER
    return Control(event.kind, number, event.channel)


class Verb(Enum):
    """What a control can do; the value is the word for it."""

    PRESET = "preset"
    AGAIN = "again"
    CANCEL = "cancel"
    PLAY = "play"
    STOP = "stop"
    NEXT = "next"
    PREV = "prev"
    GAIN = "gain"
    SET = "set"
    BANK = "bank"
    SHIFT = "shift"


_VALUED = frozenset({Verb.GAIN, Verb.SET})
"""Verbs that follow a value rather than a press."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What a control does: a verb and its object ("" where there is none)."""

    verb: Verb
    object: str = ""

    @classmethod
    def parse(cls, text: str) -> "Deed":
        """Read a deed as text. Raises `BadMap`."""
        word, _, rest = text.strip().partition(" ")
        rest = rest.strip()
        try:
            verb = Verb(word.lower())
        except ValueError:
            raise BadMap(f"{shown(text)} is nothing to do; there is {', '.join(each.value for each in Verb)}") from None
        try:
            _OBJECTS[verb](rest)
        except BridgeError as error:
            raise BadMap(f"{word}: {error}") from None
        return cls(verb, rest)

    @property
    def is_valued(self) -> bool:
        """Whether it follows a value rather than a press."""
        return self.verb in _VALUED

    def __str__(self) -> str:
        return f"{self.verb.value} {self.object}".strip()


def _nothing(text: str) -> None:
    """Check that a verb stands alone."""
    if text:
        raise BadMap(f"{shown(text)} is too much; this word stands alone")


def _all_or_nothing(text: str) -> None:
    """Check the object of cancel."""
    if text not in {"", "all"}:
        raise BadMap(f"{shown(text)} cannot be cancelled by a control; write cancel, or cancel all")


def _key(text: str) -> None:
    """Check the key of a job."""
    if text not in JOB_KEYS or text in _NOT_BY_HAND:
        raise BadMap(
            f"{shown(text)} is no key that a control can set; there is {', '.join(JOB_KEYS.keys() - _NOT_BY_HAND)}"
        )


def _bank(text: str) -> None:
    """Check a bank: a number, or nothing for the program that was sent."""
    if text:
        _BANKS(text)


_OBJECTS: Mapping[Verb, Callable[[str], object]] = {
    Verb.PRESET: Word(),
    Verb.AGAIN: _nothing,
    Verb.CANCEL: _all_or_nothing,
    Verb.PLAY: _nothing,
    Verb.STOP: _nothing,
    Verb.NEXT: _nothing,
    Verb.PREV: _nothing,
    Verb.GAIN: _nothing,
    Verb.SET: _key,
    Verb.BANK: _bank,
    Verb.SHIFT: _nothing,
}


@dataclass(frozen=True, slots=True)
class Range:
    """What a knob's way means: from `low` to `high`, evenly, or with a `curve` other than 1 finer at one end.

    A curve of 2 is finer at the low end: it is the power of the way.
    """

    low: float
    high: float
    curve: float = 1.0

    def at(self, way: float) -> float:
        """Return the value at `way`, 0–1."""
        part: float = min(max(way, 0.0), 1.0) ** self.curve
        return self.low + (self.high - self.low) * part


def way(event: Event) -> float:
    """Return how far a control has gone, 0–1."""
    return (event.value + 8_192) / 16_383 if event.kind is Kind.BEND else event.value / 127


def is_press(event: Event, before: int) -> bool:
    """Whether `event` presses a button: a key that is struck, a controller that rises through the half, a program."""
    if event.kind is Kind.CONTROL:
        return before < HALF <= event.value
    return event.kind in {Kind.PROGRAM, Kind.MMC, Kind.START, Kind.STOP, Kind.CONTINUE} or (
        event.kind is Kind.NOTE and event.value > 0
    )


@dataclass(frozen=True, slots=True)
class Binding:
    """A control and its deed, on ports whose name fits `port`.

    It counts in `bank` (0: in all), and while `shift` is held (None: while no shift is). `velocity` is the key that the
    force of a stroke sets, and its range. `range` is what a knob's way means. `lights` overrides those of the map.
    """

    control: Control
    deed: Deed
    port: str = "*"
    bank: int = 0
    shift: Control | None = None
    range: Range | None = None
    velocity: tuple[str, Range] | None = None
    lights: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def place(self) -> tuple[str, Control, int, Control | None]:
        """What no two bindings of a map may share."""
        return self.port, self.control, self.bank, self.shift


def natural_range(key: str) -> Range | None:
    """Return the range of a job key's value, where it is a number; None where it is not."""
    read = JOB_KEYS[key].read
    return Range(read.low, read.high) if isinstance(read, (Number, Whole)) else None
