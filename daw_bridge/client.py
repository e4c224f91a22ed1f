"""A client of the daemon, over real OSC and UDP, as any DAW script would be: for the command line, and for tests."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Self

from daw_bridge.errors import BadRequest, CannotListen
from daw_bridge.wires.osc_packet import Argument, NotOsc, decode, encode

_BUFFER = 4 * 2**20  # bytes; a thousand answers wait in it while nobody listens
_LARGEST = 65_536  # bytes of a UDP packet, and one more than any can have


@dataclass(frozen=True, slots=True)
class Heard:
    """One message that came back: its address and arguments."""

    address: str
    arguments: tuple[Argument, ...]


class Client:
    """Sends requests from a port of its own, and hears what comes back to it. Close it, or use it in a ``with``."""

    def __init__(self, host: str, port: int) -> None:
        self._daemon = (host, port)
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self._daemon[0] else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._socket.connect(self._daemon)  # only the daemon is heard, and its absence is noticed at once
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
        self._socket = None

    @property
    def _open(self) -> socket.socket:
        """The socket; using a client outside its ``with`` is a mistake of the caller's."""
        if self._socket is None:
            raise CannotListen("this client is not open; use it in a with statement")
        return self._socket

    @property
    def port(self) -> int:
        """The port at which answers arrive, once something was sent."""
        number: int = self._open.getsockname()[1]
        return number

    def send(self, address: str, *arguments: Argument) -> None:
        """Send one message."""
        self.send_packet(encode(address, arguments))

    def send_packet(self, packet: bytes) -> None:
        """Send bytes as they are; that nobody listens is for whoever waits for an answer to find out."""
        with suppress(ConnectionError):
            self._open.send(packet)

    def hear(self, seconds: float) -> Iterator[Heard]:
        """Yield what comes back until nothing has come for `seconds`."""
        while (heard := self._next(seconds)) is not None:
            yield from heard

    def ask(self, address: str, answer: str, seconds: float, *arguments: Argument) -> Heard | None:
        """Send one message and return the first that comes back at `answer`; None if none does in `seconds`."""
        self.send(address, *arguments)
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            for heard in self._next(left) or ():
                if heard.address == answer:
                    return heard
        return None

    def _next(self, seconds: float) -> list[Heard] | None:
        """Wait for one packet that can be read; None when none came in `seconds`, or when nobody listens there."""
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            self._open.settimeout(left)
            try:
                packet = self._open.recv(_LARGEST)
            except (TimeoutError, ConnectionError):
                return None
            if heard := _read(packet):
                return heard
        return None


def _read(packet: bytes) -> list[Heard]:
    """Return the messages of a packet; none for what is no OSC: who knows what program has the port."""
    try:
        return [Heard(message.address, tuple(message.arguments())) for message in decode(packet)]
    except (NotOsc, BadRequest):
        return []
