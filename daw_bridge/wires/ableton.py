"""Ableton Live by AbletonOSC, the remote script that many have: we ask, and listen, as its README says one does.

Requests go to its port 11000, and it answers to 11001 whoever asked. A property that is listened to is told whenever it
changes; ``beat`` is told on each beat while Live plays. Every second the tempo is asked for again: that shows whether
Live is still there, and finds one that was started later, which is then asked for everything.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any, cast

from daw_bridge.clocks.position import Position
from daw_bridge.errors import BridgeError
from daw_bridge.requests import JOB_KEYS
from daw_bridge.session import Session, Source, Word
from daw_bridge.values import Number, Switch, Whole
from daw_bridge.wires.osc_packet import Argument, Message, NotOsc, decode, encode
from plugin_host.key import Key, Mode

_log = logging.getLogger(__name__)

_HOST = "127.0.0.1"
_GET, _LISTEN, _UNLISTEN = "/live/song/get/", "/live/song/start_listen/", "/live/song/stop_listen/"
_ASKED = ("tempo", "signature_numerator", "signature_denominator", "root_note", "scale_name", "is_playing")
_PERIOD = 1.0  # seconds from one question to the next
_HOLDS = 2.5  # seconds that an answer holds
_NOTES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR = frozenset(
    {"minor", "dorian", "phrygian", "locrian", "harmonic minor", "melodic minor", "minor blues", "minor pentatonic"}
)
_MAJOR = frozenset({"major", "mixolydian", "lydian", "major pentatonic", "harmonic major"})


class AbletonWire(asyncio.DatagramProtocol):
    """Asks AbletonOSC and tells the session. Constructing it opens nothing. Thread: the event loop's."""

    def __init__(self, session: Session, ask: int, hear: int) -> None:
        """`ask` is the port at which AbletonOSC listens, `hear` the one to which it answers."""
        self._session = session
        self._to, self._port = (_HOST, ask), hear
        self._said: dict[str, Any] = {}
        self._position = Position()
        self._answered = -_HOLDS  # when Live was last heard, in seconds
        self._transport: asyncio.DatagramTransport | None = None
        self._task: asyncio.Task[None] | None = None
        self.mistaken = 0

    def counts(self) -> dict[str, str | int | float]:
        """Return what the status shows: whether Live answers, and what it said that could not be read."""
        answers = monotonic() - self._answered <= _HOLDS
        return {"live": "answers" if answers else "silent", "live_mistaken": self.mistaken}

    async def start(self) -> None:
        """Open the port and begin to ask. Raises `OSError` when the port is taken."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(_HOST, self._port))
        self._task = asyncio.create_task(self._ask_on(), name="ableton")

    async def stop(self) -> None:
        """Listen no more, and close the port."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._transport is not None:
            for name in (*_ASKED, "beat"):
                self._send(_UNLISTEN + name)
            self._transport.close()
            await asyncio.sleep(0)
        self._session.hush(Source.LIVE)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport that asyncio made."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def error_received(self, exc: Exception) -> None:
        """Take note that Live is not there: a question found nobody."""
        _log.debug("AbletonOSC is not there: %s", exc)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Take what Live tells; only this machine is listened to."""
        if addr[0] != _HOST:
            return
        try:
            messages = decode(data)
        except NotOsc:
            self.mistaken += 1
            return
        for message in messages:
            self._take(message)

    def _take(self, message: Message) -> None:
        """Take one answer."""
        name = message.address.removeprefix(_GET)
        if name == message.address or name not in _READERS:
            return  # AbletonOSC answers everyone at the same port: that was for someone else
        try:
            arguments = tuple(message.arguments())
            self._said[name] = _READERS[name](arguments[-1] if arguments else None)
            word = self._word(name)
        except BridgeError as error:
            self.mistaken += 1
            _log.warning("Live says %s %s; the last good one stays", name, error)
            return
        new, self._answered = monotonic() - self._answered > _HOLDS, monotonic()
        if new:
            self._ask_all()
        self._session.hear(Source.LIVE, word, holds=_HOLDS)

    def _word(self, name: str) -> Word:
        """Return what the session is to hear, now that `name` was told: all that is known, the position when new."""
        said = self._said
        word = Word()
        if "tempo" in said:
            word["tempo"] = said["tempo"]
        if {"signature_numerator", "signature_denominator"} <= said.keys():
            word["meter"] = JOB_KEYS["meter"].read(f"{said['signature_numerator']}/{said['signature_denominator']}")
        if {"root_note", "scale_name"} <= said.keys():
            word["key"] = key_of(said["root_note"], said["scale_name"])
        if "is_playing" in said:
            word["playing"] = said["is_playing"]
        if name == "is_playing" and not said["is_playing"]:
            self._position.forget()
        if name == "beat" and "tempo" in said:
            word["timeline"] = self._position.tell(said["beat"], monotonic(), said["tempo"])
        return word

    async def _ask_on(self) -> None:
        """Ask for the tempo again and again."""
        self._ask_all()
        while True:
            await asyncio.sleep(_PERIOD)
            self._send(_GET + "tempo")
            for name in self._said.keys() - {"beat", "tempo"}:
                self._send(_GET + name)

    def _ask_all(self) -> None:
        """Ask for everything, and to be told of changes."""
        for name in _ASKED:
            self._send(_GET + name)
            self._send(_LISTEN + name)
        self._send(_LISTEN + "beat")

    def _send(self, address: str) -> None:
        """Send one question."""
        if self._transport is not None:
            self._transport.sendto(encode(address, ()), self._to)


def key_of(root: int, scale: str) -> Key | None:
    """Return the key of a root note (0 is C) and a scale as Live names it; None where it is neither major nor minor."""
    name = scale.strip().lower()
    if name in _MINOR:
        mode = Mode.MINOR
    elif name in _MAJOR:
        mode = Mode.MAJOR
    else:
        return None
    note = _NOTES[root]
    return Key(note[0], note[1:], mode)


def _beat(value: Argument) -> float:
    """Read the count of a beat."""
    return Number(-1e6, 1e6)(value)


_READERS: Mapping[str, Callable[[Argument], Any]] = {
    "tempo": JOB_KEYS["bpm"].read,
    "signature_numerator": Whole(1, 32),
    "signature_denominator": Whole(1, 32),
    "root_note": Whole(0, 11),
    "scale_name": lambda value: str(value)[:64],
    "is_playing": Switch(),
    "beat": _beat,
}
