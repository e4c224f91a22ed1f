"""The OSC wire: a UDP port that hears requests, and answers whoever asked.

A packet that is no OSC is counted and dropped. Everything else is answered: with what was asked for, or with
`/bridge/error`, but for an unknown address that somebody sends over and over (see `osc_hush`). The requests of one sender
are worked off one after the other in the order in which they came, bundles included, and senders take turns (see
`osc_inbox`). None of them waits: a time tag in the future becomes the job's launch time.
"""

import asyncio
import logging
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache, partial
from ipaddress import IPv6Address, ip_address
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from daw_bridge import reports
from daw_bridge.bridge import Bridge
from daw_bridge.errors import BridgeError, CannotListen, UnknownAddress, code_of
from daw_bridge.requests import JOB_KEYS, Asker, Request
from daw_bridge.sections import OscConfig
from daw_bridge.values import shown
from daw_bridge.wires.osc_addresses import OURS, PRESET, REPLY, REPORTS, REQUESTS
from daw_bridge.wires.osc_calls import CALLS, Answer, Call, wants_notes
from daw_bridge.wires.osc_hush import Hush
from daw_bridge.wires.osc_inbox import Inbox, Packet, Peer
from daw_bridge.wires.osc_packet import Argument, Message, NotOsc, decode, encode
from daw_bridge.wires.osc_pattern import is_pattern, matches, parse

_log = logging.getLogger(__name__)
_in = logging.getLogger(f"{__name__}.in")
_out = logging.getLogger(f"{__name__}.out")

_BUFFER = 4 * 2**20  # bytes; a burst of ten thousand triggers waits in it rather than being lost
_LARGEST = 65_536  # bytes of a packet, and more than any can have
_AT_ONCE = 1_024  # packets that are taken from the system's queue before others of the daemon's parts have a turn
_SLICE = 0.002  # seconds for which packets are worked off before they have
_MEMINFO, _DROPS = 55, 8  # Linux: SO_MEMINFO, and where in it the count of lost packets stands
_MOST_SUBSCRIBERS = 64
_LONGEST_ADDRESS = 256  # characters; a preset's name has at most 64


class OscWire(asyncio.DatagramProtocol):
    """Hears and answers OSC on one UDP port. Constructing it opens nothing. Thread: the event loop's."""

    def __init__(self, bridge: Bridge, config: OscConfig) -> None:
        self._bridge = bridge
        self._config = config
        self._transport: asyncio.DatagramTransport | None = None
        self._socket: socket.socket | None = None
        self._inbox = Inbox()
        self._working = False
        self._hush = Hush()
        self._subscribers: dict[Peer, None] = {}  # a set that keeps its order
        names = ("packets", "not_osc", "strangers", "strays", "errors", "hushed", "flooded")
        self._counts: Counter[str] = Counter(dict.fromkeys(names, 0))

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
        self._bridge.announcer.listen(self.report)

    async def stop(self) -> None:
        """Close the port, after all that was said is on its way."""
        if self._transport is not None:
            self._transport.close()
            await asyncio.sleep(0)  # the transport closes its socket in the loop's next turn

    @property
    def address(self) -> Peer:
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
        _out.debug("not received: %s", exc)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Take in one packet, and all others that lie in the system's queue."""
        self._take_in(data, addr)
        loop = asyncio.get_running_loop()
        if isinstance(loop, asyncio.SelectorEventLoop):  # others read ahead themselves
            self._take_in_rest()
        if self._inbox and not self._working:
            self._working = True
            loop.call_soon(self._work)

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
        """Take in one packet, if its sender may ask and has not flooded us."""
        self._counts["packets"] += 1
        if not may_ask(addr[0], self._config.allow):
            self._counts["strangers"] += 1
        elif not self._inbox.put(Packet(data, (addr[0], addr[1]), time.monotonic())):
            self._counts["flooded"] += 1

    def _work(self) -> None:
        """Work off packets for a moment; if there are more, come back after everyone else had a turn."""
        until = time.monotonic() + _SLICE
        while self._inbox and time.monotonic() < until:
            try:
                self._work_off(self._inbox.take())
            except Exception:  # noqa: BLE001 - a bug of ours costs one packet, and never the wire
                _log.exception("a packet broke")
        self._working = bool(self._inbox)
        if self._working and self._transport is not None and not self._transport.is_closing():
            asyncio.get_running_loop().call_soon(self._work)

    def _work_off(self, packet: Packet) -> None:
        """Work off one packet."""
        try:
            messages = decode(packet.data)
        except NotOsc:
            self._counts["not_osc"] += 1
            return
        for message in messages:
            self._receive(message, packet.peer, packet.received)

    def report(self, report: reports.Told, request: Request) -> None:
        """Send a report to who asked, to the port that the request named, and, but for a refusal, to all subscribers."""
        others = () if isinstance(report, reports.Refused) else self._subscribers
        peers = dict.fromkeys((*_askers(request), *others))
        values = (getattr(report, field.name) for field in fields(report))
        arguments = [str(value) if isinstance(value, Path) else value for value in values]
        self._send(REPORTS[type(report)], arguments, peers)

    def counts(self) -> Mapping[str, int]:
        """Return how many packets came, and how many of them were no OSC, from strangers, strays, or mistaken.

        `hushed` are unknown addresses that nobody was told of again, `flooded` are packets of senders who sent too many
        at once, and `lost` those that the system itself had no room for, where it says so.
        """
        return {**self._counts, "lost": self._lost(), "subscribers": len(self._subscribers)}

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

    def _receive(self, message: Message, peer: Peer, received: float) -> None:
        """Work off one message; answer with `/bridge/error` if it cannot be."""
        if message.address in OURS or message.address.endswith(REPLY):
            self._counts["strays"] += 1  # our own words from somewhere else: to answer them could go round for ever
            return
        arguments: tuple[Argument, ...] = ()
        asker = Asker(f"osc {peer[0]}:{peer[1]}", peer)
        launch = message.launch if message.launch is not None and message.launch > time.time() else None
        try:
            paths = list(self._paths(message.address))
            arguments = _arguments(message, paths[0][1])
        except BridgeError as error:
            self._refuse(message.address, error, _ports(arguments, peer))
            return
        except Exception as error:  # noqa: BLE001 - such as a folder of presets that cannot be read
            _log.exception("%s broke", message.address)
            self._refuse(message.address, error, _ports(arguments, peer))
            return
        for path, row in paths:
            _in.debug("%s %s from %s", path, arguments, asker.name)
            try:
                self._call(row, Call(path, arguments, asker, received, launch))
            except BridgeError as error:
                self._refuse(message.address, error, _ports(arguments, peer))
            except Exception as error:  # noqa: BLE001 - a bug of ours costs one request, is said and is logged
                _log.exception("%s broke", message.address)
                self._refuse(message.address, error, _ports(arguments, peer))

    def _call(self, row: str, call: Call) -> None:
        """Do what the row of the table says and answer the asker, if there is an answer."""
        answer: Answer | None = None
        if row == "/bridge/notify":
            self._subscribe(call)
        elif row == "/bridge/status":
            status = {**self._bridge.status(), **self.counts()}
            answer = call.address + REPLY, tuple(each for pair in status.items() for each in pair)
        else:
            answer = CALLS[row](self._bridge, call)
        if answer is not None:
            self._in_turn(*answer, {call.asker.address: None})

    def _subscribe(self, call: Call) -> None:
        """Add or remove the sender as one who hears of all jobs."""
        if not wants_notes(call):
            self._subscribers.pop(call.asker.address, None)
        else:
            self._subscribers[call.asker.address] = None
            while len(self._subscribers) > _MOST_SUBSCRIBERS:  # the oldest: of those who left, most never said so
                del self._subscribers[next(iter(self._subscribers))]

    def _paths(self, address: str) -> Iterator[tuple[str, str]]:
        """Yield the addresses that `address` means, each with its row in the table. Raises `UnknownAddress`."""
        if len(address) > _LONGEST_ADDRESS:
            raise UnknownAddress(f"{shown(address)} is longer than any address of this daemon; its README lists them")
        if is_pattern(address):
            pattern = parse(address)
            presets = (PRESET + name for name in self._bridge.presets.names())
            fixed = (path for path in REQUESTS if not path.startswith(PRESET))
            found = [path for path in (*fixed, *presets) if matches(pattern, path)]
        else:
            found = [address] if address in REQUESTS or address.startswith(PRESET) else []
        if not found:
            raise UnknownAddress(f"{shown(address)} is no address of this daemon; its README lists them")
        for path in found:
            yield path, f"{PRESET}<name>" if path.startswith(PRESET) else path

    def _refuse(self, address: str, error: Exception, peers: Mapping[Peer, None]) -> None:
        """Tell the asker why a request came to nothing."""
        self._counts["errors"] += 1
        peer = next(iter(peers))
        if isinstance(error, UnknownAddress) and not self._hush.is_news(
            f"{peer[0]}:{peer[1]}", address[:_LONGEST_ADDRESS]
        ):
            self._counts["hushed"] += 1
            return
        message = (
            str(error) if isinstance(error, BridgeError) else "something broke inside the daemon; its log says what"
        )
        packet = _refusal(address[:_LONGEST_ADDRESS], code_of(error), message)
        self._bridge.announcer.in_turn(partial(self._post, packet, peers))

    def _in_turn(self, address: str, arguments: Sequence[Argument], peers: Mapping[Peer, None]) -> None:
        """Send an answer after all that was said before it: reports may be held back until they are true."""
        self._bridge.announcer.in_turn(partial(self._send, address, arguments, peers))

    def _send(self, address: str, arguments: Sequence[Argument], peers: Mapping[Peer, None]) -> None:
        """Send one message to each of `peers`."""
        if peers:
            _out.debug("%s %s to %s", address, arguments, peers)
            self._post(encode(address, arguments), peers)

    def _post(self, packet: bytes, peers: Mapping[Peer, None]) -> None:
        """Send one packet to each of `peers`."""
        if self._transport is not None:
            for peer in peers:
                self._transport.sendto(packet, peer)


@lru_cache(maxsize=256)
def _refusal(address: str, code: str, message: str) -> bytes:
    """Return the packet of a refusal. In a flood the same is said thousands of times, and encoding is half the work."""
    return encode(REPORTS[reports.Refused], [address, code, message])


def may_ask(host: str, allowed: Container[str]) -> bool:
    """Whether `host` is this machine, or one that the configuration lists, however the system writes its address."""
    address = ip_address(host.split("%", maxsplit=1)[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback or str(address) in allowed


def _arguments(message: Message, row: str) -> tuple[Argument, ...]:
    """Read the arguments of a message, from an old sender by what the table expects."""
    if message.tags is None:
        return tuple(message.untagged(REQUESTS[row].kind_after))
    return tuple(message.arguments())


def _askers(request: Request) -> Iterator[Peer]:
    """Yield where the reports of a request go: its sender, if it came by OSC, and the port that it names."""
    peer = request.asker.address
    if isinstance(peer, tuple):
        yield peer
        if "reply_port" in request.said:
            yield peer[0], request.said["reply_port"]


def _ports(arguments: tuple[Argument, ...], peer: Peer) -> Mapping[Peer, None]:
    """Return where the refusal of a request goes: its sender, and the port that it names, if that can be read."""
    peers = {peer: None}
    for name, value in pairwise(arguments):
        if isinstance(name, str) and name.strip().lower() == "reply_port":
            try:
                peers[peer[0], JOB_KEYS["reply_port"].read(value)] = None
            except BridgeError:
                break
    return peers
