"""The OSC wire: a UDP port that hears requests, and answers whoever asked.

A packet that is no OSC is counted and dropped. What becomes of the others, bundles included, stands in `front`.
"""

import asyncio
import logging
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from itertools import pairwise
from typing import Any, cast

from daw_bridge import reports
from daw_bridge.bridge import Bridge
from daw_bridge.errors import BridgeError, CannotListen
from daw_bridge.requests import JOB_KEYS, Asker, Request
from daw_bridge.sections import OscConfig
from daw_bridge.wires.front import Front
from daw_bridge.wires.osc_addresses import REPORTS
from daw_bridge.wires.osc_inbox import Packet, Peer
from daw_bridge.wires.osc_packet import Argument, Message, decode, encode

_log = logging.getLogger(__name__)

_BUFFER = 4 * 2**20  # bytes; a burst of ten thousand triggers waits in it rather than being lost
_LARGEST = 65_536  # bytes of a packet, and more than any can have
_AT_ONCE = 1_024  # packets that are taken from the system's queue before others of the daemon's parts have a turn
_REFUSED = REPORTS[reports.Refused]
_MEMINFO, _DROPS = 55, 8  # Linux: SO_MEMINFO, and where in it the count of lost packets stands


class OscWire(asyncio.DatagramProtocol):
    """Hears and answers OSC on one UDP port. Constructing it opens nothing. Thread: the event loop's."""

    def __init__(self, bridge: Bridge, config: OscConfig) -> None:
        self._bridge = bridge
        self._config = config
        self._transport: asyncio.DatagramTransport | None = None
        self._socket: socket.socket | None = None
        self._front = Front(bridge, self)
        self._counts: Counter[str] = Counter({"packets": 0, "strangers": 0})

    async def start(self) -> None:
        """Open the port and listen to the bridge. Raises `CannotListen`."""
        where = (self._config.host, self._config.port)
        opened = socket.socket(socket.AF_INET6 if ":" in where[0] else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            opened.setblocking(False)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            opened.bind(where)
            await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=opened)
        except OSError as error:
            opened.close()
            raise CannotListen(
                f"UDP {where[0]}:{where[1]} cannot be opened ({error.strerror or error}); "
                "is another daemon running? choose another with --osc HOST:PORT, port 0 for any that is free",
            ) from None
        self._socket = opened
        self._bridge.announcer.listen(self._front.report)
        self._bridge.counters.append(self.counts)

    async def stop(self) -> None:
        """Close the port, after all that was said is on its way."""
        self._front.close()
        if self._transport is not None:
            self._transport.close()
            await asyncio.sleep(0)  # the transport closes its socket in the loop's next turn

    @property
    def address(self) -> tuple[str, int]:
        """The host and port that are open."""
        if self._transport is None:
            return self._config.host, self._config.port
        host, port, *_ = self._transport.get_extra_info("sockname")
        return host, port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport that asyncio made."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def error_received(self, exc: Exception) -> None:
        """Take note that a packet could not be sent: its receiver is gone, which is no trouble of ours."""
        _log.debug("not received: %s", exc)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Take in one packet, and all others that lie in the system's queue."""
        self._take_in(data, addr)
        if isinstance(asyncio.get_running_loop(), asyncio.SelectorEventLoop):  # others read ahead themselves
            self._take_in_rest()

    def _take_in_rest(self) -> None:
        """Take in what lies in the system's queue: asyncio would take one packet in each of the loop's turns."""
        if self._socket is None:
            return
        for _ in range(_AT_ONCE):
            try:
                self._take_in(*self._socket.recvfrom(_LARGEST))
            except BlockingIOError:
                return
            except OSError as error:
                self.error_received(error)
                return

    def _take_in(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Take in one packet, if its sender may ask."""
        self._counts["packets"] += 1
        if not may_ask(addr[0], self._config.allow):
            self._counts["strangers"] += 1
        else:
            self._front.put(Packet(data, (addr[0], addr[1]), time.monotonic()))

    def counts(self) -> Mapping[str, int]:
        """Return how many packets came, and what became of those that were no requests (see `Front.counts`).

        `strangers` are packets of those who may not ask, and `lost` those that the system itself had no room for, where
        it says so.
        """
        return {**self._counts, **self._front.counts(), "lost": self._lost()}

    def _lost(self) -> int:
        """Return how many packets the system has lost before they came to us; 0 where it does not say."""
        if self._socket is None or sys.platform != "linux":
            return 0
        try:
            info = self._socket.getsockopt(socket.SOL_SOCKET, _MEMINFO, 4 * (_DROPS + 1))
        except OSError:
            return 0
        drops: int = struct.unpack_from("=I", info, 4 * _DROPS)[0]
        return drops

    def messages(self, packet: Packet) -> Iterator[Message]:
        """Take a packet apart. Raises `NotOsc`."""
        return decode(packet.data)

    def asker(self, peer: Peer) -> Asker:
        """Return who it is that sends from `peer`."""
        return Asker(f"osc {peer[0]}:{peer[1]}", peer)

    def hearers(self, request: Request) -> Iterator[Peer]:
        """Yield where the reports of a request go: its sender, if it came by OSC, and the port that it names.

        Who asked by a file is on this machine, and so is the port.
        """
        peer = request.asker.address
        if isinstance(peer, tuple):
            yield cast("Peer", peer)
        if peer is not None and "reply_port" in request.said:
            here = "::1" if ":" in self._config.host else "127.0.0.1"
            yield (peer[0] if isinstance(peer, tuple) else here), request.said["reply_port"]

    def hear_refusal(self, peer: Peer, arguments: Sequence[Argument]) -> Iterator[Peer]:
        """Yield where the refusal of a request goes: its sender, and the port that it names, if that can be read."""
        yield peer
        for name, value in pairwise(arguments):
            if isinstance(name, str) and name.strip().lower() == "reply_port":
                try:
                    yield peer[0], JOB_KEYS["reply_port"].read(value)
                except BridgeError:
                    break

    def send(self, address: str, arguments: Sequence[Argument], peers: Iterable[Peer]) -> None:
        """Send one message to each of `peers`."""
        _log.debug("%s %s to %s", address, arguments, peers)
        packet = _refusal(*arguments) if address == _REFUSED else encode(address, arguments)
        if self._transport is not None:
            for peer in peers:
                self._transport.sendto(packet, peer)


@lru_cache(maxsize=256)
def _refusal(*arguments: Argument) -> bytes:
    """Return the packet of a refusal. In a flood the same is said thousands of times, and encoding is half the work."""
    return encode(_REFUSED, arguments)


def may_ask(host: str, allowed: Container[str]) -> bool:
    """Whether `host` is this machine, or one that the configuration lists, however the system writes its address."""
    address = ip_address(host.split("%", maxsplit=1)[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback or str(address) in allowed
