"""MIDI over TCP on this machine, as mido's socket ports speak it: plain bytes, with no driver in between."""

import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

_MOST_PEERS = 16
_CHUNK = 4_096  # bytes

Feed = Callable[[str, bytes], None]
"""Is given the name of a peer and bytes as they come, in that peer's thread; none when it has left."""


class NetworkPorts:
    """Listens on a TCP port, for as long as the process lives. Raises `OSError` when it cannot be opened."""

    def __init__(self, port: int, feed: Feed) -> None:
        self._server = socket.create_server(("127.0.0.1", port))
        self._feed = feed
        self._peers: dict[str, socket.socket] = {}
        threading.Thread(target=self._accept, name="midi network", daemon=True).start()

    @property
    def names(self) -> tuple[str, ...]:
        """The peers that are here: "network 1" …, each keeps the lowest number that was free."""
        return tuple(sorted(self._peers))

    def send(self, port: str, message: bytes) -> bool:
        """Send a message to the peer that is called `port`; return whether there is one.

        One that does not read what it is sent, loses it: nobody is kept waiting for that.
        """
        peer = self._peers.get(port)
        if peer is None:
            return False
        with suppress(OSError, ValueError):  # it has left
            if select.select([], [peer], [], 0)[1]:
                peer.sendall(message)
        return True

    def _accept(self) -> None:
        """Take in whoever comes, up to a number."""
        while True:
            peer, _ = self._server.accept()
            free = (f"network {number}" for number in range(1, _MOST_PEERS + 1))
            name = next((each for each in free if each not in self._peers), None)
            if name is None:
                peer.close()
                continue
            self._peers[name] = peer
            threading.Thread(target=self._listen, args=(name, peer), name=name, daemon=True).start()

    def _listen(self, name: str, peer: socket.socket) -> None:
        """Hand on what one peer sends, until it leaves."""
        with suppress(OSError), peer:  # a connection that breaks ends like one that is closed
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _acknowledge_at_once(peer)
            while chunk := peer.recv(_CHUNK):
                self._feed(name, chunk)
                _acknowledge_at_once(peer)  # the system forgets it from time to time
        self._feed(name, b"")
        del self._peers[name]


def _acknowledge_at_once(peer: socket.socket) -> None:
    """Have the system acknowledge each packet: a sender that gathers small ones waits for that, and so 40 ms a note."""
    if hasattr(socket, "TCP_QUICKACK"):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
