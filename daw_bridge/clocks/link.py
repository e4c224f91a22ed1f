"""Ableton Link: tempo, phase and start/stop of the peers in this network. We follow, and change nobody's tempo.

Of two Link sessions that meet, the one that has run longer wins, and the other's tempo is changed. A daemon that had been
waiting since the morning would so set the tempo of whoever opens a DAW at noon. Therefore Link stays off until somebody
else is heard on its multicast group (224.76.78.75:20808, where each peer says several times a second that it is there);
only then do we join, as the youngest: a moment later, for sessions whose ages differ by less than half a second are
told apart by chance. When the last peer has left, it is off again.

aalink is optional (``pip install 'daw-bridge[link]'``; it is under the GPL).
"""

import asyncio
import logging
import socket
import struct
from contextlib import suppress
from importlib.util import find_spec
from time import monotonic
from typing import Any

from daw_bridge.session import Session, Source, Word
from daw_bridge.timeline import Timeline
from plugin_host.errors import OutOfRange
from plugin_host.musictime import Tempo

_log = logging.getLogger(__name__)

_GROUP, _PORT = "224.76.78.75", 20_808
_GREETING = b"_asdp_v"
_EVERY = 0.05  # seconds from one look to the next
_HOLDS = 1.0  # seconds
_YOUNGER = 0.75  # seconds from the first word of a peer to our joining
_PATIENCE = 3.0  # seconds in which a peer that was heard must be met, or Link is off again
_READING = 0.0005  # seconds: a look that took longer was interrupted, and says nothing
_SAME = 0.0005  # seconds by which a timeline may be off before it is told anew
_FINEST = 6  # decimals of a tempo; Link keeps whole microseconds a beat


def installed() -> bool:
    """Whether aalink is there."""
    return find_spec("aalink") is not None


class LinkClock(asyncio.DatagramProtocol):
    """Follows a Link session and tells ours. Constructing it joins nothing. Thread: the event loop's."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._link: Any = None
        self._told: Timeline | None = None
        self._heard: float | None = None  # when the first word of a peer came, in seconds
        self._started = False
        self._ear: asyncio.DatagramTransport | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def peers(self) -> int:
        """How many others are in the Link session."""
        return int(self._link.num_peers) if self._link is not None else 0

    def counts(self) -> dict[str, str | int | float]:
        """Return what the status shows: how many others are in the Link session."""
        return {"link_peers": self.peers}

    async def start(self) -> None:
        """Begin to listen for peers. Raises `ImportError` without aalink, and `OSError` without multicast."""
        import aalink  # noqa: F401, PLC0415 - optional, and better missed now than when a peer is heard

        loop = asyncio.get_running_loop()
        self._ear, _ = await loop.create_datagram_endpoint(lambda: self, sock=_listening())
        self._task = asyncio.create_task(self._follow(), name="link")

    async def stop(self) -> None:
        """Leave the Link session."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._ear is not None:
            self._ear.close()
        self._leave()

    def lead(self, tempo: Tempo) -> None:
        """Set the tempo of everyone in the Link session: only where the musician has asked for that (`clock.lead`)."""
        if self._link is not None:
            self._link.tempo = float(tempo)

    def datagram_received(self, data: bytes, _addr: tuple[str | Any, int]) -> None:
        """Take note that somebody else is there."""
        if data.startswith(_GREETING) and self._heard is None:
            self._heard = monotonic()

    async def _follow(self) -> None:
        """Join when somebody is there, look at the Link session again and again, and leave after the last."""
        while True:
            await asyncio.sleep(_EVERY)
            alone = None if self._heard is None else monotonic() - self._heard
            if self.peers:
                self._look()
            elif self._link is None and alone is not None and alone > _YOUNGER:
                self._join()
            elif self._link is not None and alone is not None and alone > _YOUNGER + _PATIENCE:
                self._leave()

    def _join(self) -> None:
        """Switch Link on, in a session that is as new as can be."""
        import aalink  # noqa: PLC0415 - optional

        self._link = aalink.Link(float(self._session.state.tempo), asyncio.get_running_loop())
        self._link.start_stop_sync_enabled = True
        self._link.enabled = True

    def _leave(self) -> None:
        """Switch Link off, and listen for the next who comes."""
        if self._link is not None:
            self._link.enabled = False
        self._link, self._heard, self._told, self._started = None, None, None, False
        self._session.hush(Source.LINK)

    def _look(self) -> None:
        """Tell our session what the Link session is at."""
        self._link.quantum = float(self._session.state.meter.bar)
        before, beat, tempo, after = monotonic(), self._link.beat, self._link.tempo, monotonic()
        if after - before > _READING:
            return
        try:
            timeline = Timeline(Tempo.parse(round(tempo, _FINEST)), beat, (before + after) / 2)
        except OutOfRange as error:
            _log.warning("Link: %s; the last good tempo stays", error)
            return
        if self._told is None or not _same(self._told, timeline):
            self._told = timeline
        word = Word(tempo=Tempo.parse(round(tempo, 2)), timeline=self._told)
        self._started = self._started or self._link.playing
        if self._started:  # before anyone has, it cannot be known whether they tell
            word["playing"] = bool(self._link.playing)
        self._session.hear(Source.LINK, word, holds=_HOLDS)


def _same(told: Timeline, seen: Timeline) -> bool:
    """Whether the timeline that was told still holds."""
    return told.tempo == seen.tempo and abs(told.time_at(seen.beat) - seen.time) < _SAME


def _listening() -> socket.socket:
    """Return a socket that hears Link's multicast group, from this machine and from the network that leads outside."""
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        ear.bind(("", _PORT))
        for interface in ("127.0.0.1", "0.0.0.0"):  # noqa: S104 - a multicast group on the default network
            with suppress(OSError):  # there may be no network but this machine
                member = struct.pack("4s4s", socket.inet_aton(_GROUP), socket.inet_aton(interface))
                ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        ear.setblocking(False)
    except BaseException:
        ear.close()
        raise
    return ear
