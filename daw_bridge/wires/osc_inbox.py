"""The inbox of the OSC wire: packets that came and are not yet worked off, one pile for each sender.

The system keeps one queue for a port, in which one sender's ten thousand packets lie before another's one. They are
therefore taken from it at once, and worked off a packet of each sender in turn.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass

Peer = tuple[str, int] | str
"""Whom to send to: a host and port, or the name of a client who asks by files."""

_OVERHEAD = 200  # bytes that a packet costs beside its own
_PILE = 8 * 2**20  # bytes that one sender's packets may take …
_ALL = 64 * 2**20  # … and those of all


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet as it came: from whom, and when, in seconds of `time.monotonic`."""

    data: bytes
    peer: Peer
    received: float

    @property
    def size(self) -> int:
        """What it takes of the inbox, in bytes."""
        return len(self.data) + _OVERHEAD


class Inbox:
    """Piles of packets by sender. Thread: the event loop's."""

    def __init__(self) -> None:
        self._piles: OrderedDict[Peer, deque[Packet]] = OrderedDict()  # whose turn it is comes first
        self._sizes: dict[Peer, int] = {}
        self._size = 0

    def put(self, packet: Packet) -> bool:
        """Lay a packet on its sender's pile; return whether there was room."""
        own = self._sizes.get(packet.peer, 0) + packet.size
        if own > _PILE or self._size + packet.size > _ALL:
            return False
        self._piles.setdefault(packet.peer, deque()).append(packet)
        self._sizes[packet.peer] = own
        self._size += packet.size
        return True

    def take(self) -> Packet:
        """Return the next packet of the sender whose turn it is. Raises `KeyError` if there is none."""
        peer, pile = self._piles.popitem(last=False)
        packet = pile.popleft()
        self._size -= packet.size
        if pile:
            self._piles[peer] = pile
            self._sizes[peer] -= packet.size
        else:
            del self._sizes[peer]
        return packet

    def __bool__(self) -> bool:
        return bool(self._piles)
