"""The way to the daemon: one UDP socket that never waits.

Live's main thread draws its screen, so nothing here may hold it up: the socket does not block, no name is looked up (the
address is a number), and no thread is started, which Live's Python would run only while a script has its turn anyway.
"""

from __future__ import annotations

import socket
from contextlib import suppress

from .osc import decode, encode

_AT_ONCE = 32  # packets that are read in one turn; the others wait in the system's buffer for the next
_LARGEST = 65536  # bytes


class Wire:
    """Sends to the daemon and hears what it answers. Thread: Live's."""

    def __init__(self, host: str, port: int) -> None:
        """Open a socket at a port of its own. Only the daemon's answers are let through."""
        self.where = f"{host}:{port}"
        self._socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.connect((host, port))

    def send(self, address: str, *arguments: object) -> None:
        """Send one message. That nobody is there is noticed by the missing answer, not here."""
        with suppress(OSError):  # nobody listens at the port, or the system's buffer is full
            self._socket.send(encode(address, arguments))

    def hear(self) -> list[tuple[str, list]]:
        """Return the messages that have come, oldest first, at most 32 of them."""
        heard = []
        for _ in range(_AT_ONCE):
            try:
                packet = self._socket.recv(_LARGEST)
            except BlockingIOError:
                break
            except OSError:  # an earlier packet of ours found nobody at the port; what came is still there
                continue
            message = decode(packet)
            if message is not None:
                heard.append(message)
        return heard

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
