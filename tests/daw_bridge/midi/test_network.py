"""MIDI over TCP: peers come and go, and none of them holds the others up."""

import queue
import socket

import pytest
from ports import free_port

from daw_bridge.midi.network import NetworkPorts

LIGHT = bytes([0x90, 36, 127])


class Heard:
    """Ports that are open, and what they heard."""

    def __init__(self) -> None:
        self.port = free_port()
        self.chunks: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.ports = NetworkPorts(self.port, lambda peer, chunk: self.chunks.put((peer, chunk)))

    def peer(self) -> socket.socket:
        """Connect a peer that has said a byte, and is known therefore."""
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        made.connect(("127.0.0.1", self.port))
        made.sendall(b"\xfe")
        self.chunks.get(timeout=10)
        return made


@pytest.fixture
def heard() -> Heard:
    """Open a port; nothing closes it, for its thread would break at that."""
    return Heard()


def test_what_is_sent_to_a_peer_reaches_it(heard: Heard) -> None:
    """And nobody else; a name that nobody has is said to be none."""
    with heard.peer() as one, heard.peer() as two:
        assert heard.ports.send("network 2", LIGHT)
        assert two.recv(16) == LIGHT
        assert not heard.ports.send("network 3", LIGHT)
        one.setblocking(False)
        with pytest.raises(BlockingIOError):
            one.recv(16)


def test_a_peer_that_reads_nothing_keeps_nobody_waiting(heard: Heard) -> None:
    """What it has no room for is lost to it; the next peer is sent its light at once."""
    with heard.peer(), heard.peer() as other:
        heard.ports._peers["network 1"].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        for _ in range(100_000):
            heard.ports.send("network 1", LIGHT)
        heard.ports.send("network 2", LIGHT)
        assert other.recv(16) == LIGHT
