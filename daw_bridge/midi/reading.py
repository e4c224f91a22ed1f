"""Reading and writing messages: bytes become events, by mido, and lights become bytes."""

import time
from typing import Any

from daw_bridge.midi.event import Event, Kind, Light
from daw_bridge.midi.outbox import Outbox

_KINDS = {
    "note_on": Kind.NOTE,
    "note_off": Kind.NOTE,
    "control_change": Kind.CONTROL,
    "program_change": Kind.PROGRAM,
    "pitchwheel": Kind.BEND,
    "clock": Kind.CLOCK,
    "start": Kind.START,
    "stop": Kind.STOP,
    "continue": Kind.CONTINUE,
    "songpos": Kind.POSITION,
}


def read(port: str, message: Any, at: float) -> Event | None:
    """Return what a message of mido's means; None for what has no meaning here (aftertouch, other SysEx …)."""
    kind = _KINDS.get(message.type)
    if kind is None:
        return _machine_control(port, message, at)
    number, value = 0, 0
    match kind:
        case Kind.NOTE:
            number, value = message.note, message.velocity if message.type == "note_on" else 0
        case Kind.CONTROL:
            number, value = message.control, message.value
        case Kind.PROGRAM:
            number, value = message.program, 127
        case Kind.BEND:
            value = message.pitch
        case Kind.POSITION:
            value = message.pos
    return Event(port, kind, getattr(message, "channel", -1) + 1, number, value, at)


def _machine_control(port: str, message: Any, at: float) -> Event | None:
    """Return the command of a MIDI machine control message (F0 7F device 06 command F7)."""
    if message.type != "sysex" or len(message.data) != 4 or message.data[0] != 0x7F or message.data[2] != 0x06:
        return None
    return Event(port, Kind.MMC, 0, message.data[3], 127, at)


class Ear:
    """Turns bytes into events and puts them into its outbox. Thread: any; the bytes of one peer come in one."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self._parsers: dict[str, Any] = {}

    def message(self, port: str, message: list[int]) -> None:
        """Take one whole message; what is none is counted."""
        import mido

        try:
            self._put(port, mido.Message.from_bytes(message))
        except (ValueError, IndexError):
            self.outbox.lose("no MIDI")

    def feed(self, peer: str, chunk: bytes) -> None:
        """Take bytes as they come; running status and broken messages are mido's parser's to sort out."""
        import mido

        if not chunk:
            self._parsers.pop(peer, None)
            return
        parser = self._parsers.setdefault(peer, mido.Parser())
        parser.feed(chunk)
        for message in parser:
            self._put(peer, message)

    def _put(self, port: str, message: Any) -> None:
        """Put a message into the outbox, with its moment, if it means anything here."""
        event = read(port, message, time.monotonic())
        if event is not None:
            self.outbox.put(event)


def bytes_of(light: Light) -> list[int]:
    """Return the bytes of a light."""
    import mido

    channel = light.channel - 1
    if light.kind is Kind.NOTE:
        message = mido.Message("note_on", channel=channel, note=light.number, velocity=light.value)
    else:
        message = mido.Message("control_change", channel=channel, control=light.number, value=light.value)
    return list(message.bytes())
