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


class _RunningStatus:
    """Puts the status bytes back that a sender left out (MIDI 1.0: one holds until the next). mido's parser needs them.

    A real-time byte may come anywhere and ends nothing; a system message ends what holds.
    """

    def __init__(self) -> None:
        self._status = 0
        self._left = 0  # data bytes that the message at hand still lacks

    def __call__(self, chunk: bytes) -> bytes:
        """Return `chunk` with all its status bytes."""
        whole = bytearray()
        for byte in chunk:
            if byte < 0x80:
                if self._left == 0 and self._status:
                    whole.append(self._status)
                    self._left = _data_bytes(self._status)
                self._left = max(0, self._left - 1)
            elif byte < 0xF8:
                self._status = byte if byte < 0xF0 else 0
                self._left = _data_bytes(byte)
            whole.append(byte)
        return bytes(whole)


def _data_bytes(status: int) -> int:
    """Return how many bytes a channel message has behind its status: one for program and channel pressure, else two."""
    return 1 if 0xC0 <= status < 0xE0 else 2


class Ear:
    """Turns bytes into events and puts them into its outbox. Thread: any; the bytes of one peer come in one."""

    def __init__(self) -> None:
        self.outbox = Outbox()
        self._parsers: dict[str, tuple[_RunningStatus, Any]] = {}

    def message(self, port: str, message: list[int]) -> None:
        """Take one whole message; what is none is counted."""
        import mido

        try:
            self._put(port, mido.Message.from_bytes(message))
        except (ValueError, IndexError):
            self.outbox.lose("no MIDI")

    def feed(self, peer: str, chunk: bytes) -> None:
        """Take bytes as they come; what is broken off is mido's parser's to sort out."""
        import mido

        if not chunk:
            self._parsers.pop(peer, None)
            return
        status, parser = self._parsers.setdefault(peer, (_RunningStatus(), mido.Parser()))
        parser.feed(status(chunk))
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
