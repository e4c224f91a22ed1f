"""The front of a wire: what becomes of a message, however it came here, as OSC over UDP or as a line in a file.

Everything is answered: with what was asked for, or with `/bridge/error`, but for an unknown address that somebody sends
over and over (see `osc_hush`). Who does not listen finds why in the log (see `refusals`). The requests of one sender are
worked off one after the other in the order in which they came, and senders take turns (see `osc_inbox`). None of them
waits: a time tag in the future becomes the job's launch time.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Protocol

from daw_bridge import reports
from daw_bridge.bridge import Bridge
from daw_bridge.errors import BridgeError, UnknownAddress, code_of
from daw_bridge.requests import Asker, Request
from daw_bridge.values import Kind, shown
from daw_bridge.wires.osc_addresses import OURS, PRESET, REPLY, REPORTS, REQUESTS
from daw_bridge.wires.osc_calls import CALLS, Call, wants_notes
from daw_bridge.wires.osc_hush import Hush
from daw_bridge.wires.osc_inbox import Inbox, Packet, Peer
from daw_bridge.wires.osc_packet import Argument, NotOsc
from daw_bridge.wires.osc_pattern import is_pattern, matches, parse
from daw_bridge.wires.refusals import Refusals

_log = logging.getLogger(__name__)
_in = logging.getLogger(f"{__name__}.in")

_SLICE = 0.002  # seconds for which packets are worked off before others of the daemon's parts have a turn
_MOST_SUBSCRIBERS = 64
_LONGEST_ADDRESS = 256  # characters; a preset's name has at most 64


class Message(Protocol):
    """One message of a packet. `launch` is the time tag that it came with, in Unix seconds."""

    @property
    def address(self) -> str:
        """Where it was sent."""

    @property
    def launch(self) -> float | None:
        """When its first beat should sound; None for as soon as it is there."""

    def read(self, kind: Callable[[Sequence[object]], Kind | None]) -> Sequence[Argument]:
        """Read its arguments; `kind` is what the table expects after those read. Raises `BadRequest`."""


class Wire(Protocol):
    """What the front asks of a wire: packets become messages, and words find their way to whoever is to hear them."""

    def messages(self, packet: Packet) -> Iterable[Message]:
        """Take a packet apart. Raises `NotOsc` if it cannot be."""

    def asker(self, peer: Peer) -> Asker:
        """Return who it is that sends from `peer`."""

    def hearers(self, request: Request) -> Iterable[Peer]:
        """Return who of this wire hears the reports of `request`, whichever wire that came by."""

    def hear_refusal(self, peer: Peer, arguments: Sequence[Argument]) -> Iterable[Peer]:
        """Return who hears that what `peer` sent was refused, itself first; `arguments` as far as they could be read."""

    def send(self, address: str, arguments: Sequence[Argument], peers: Iterable[Peer]) -> None:
        """Send one message to each of `peers`."""


class Front:
    """Works off what came by one wire, and reports back on it. Thread: the event loop's."""

    def __init__(self, bridge: Bridge, wire: Wire) -> None:
        self._bridge = bridge
        self._wire = wire
        self._inbox = Inbox()
        self._working = False
        self._closed = False
        self._hush = Hush()
        self._refusals = Refusals()
        self._subscribers: dict[Peer, None] = {}  # a set that keeps its order
        self._counts: Counter[str] = Counter(
            dict.fromkeys(("not_osc", "strays", "errors", "hushed", "flooded", "broken"), 0)
        )

    def counts(self) -> Mapping[str, int]:
        """Return how many packets were no OSC, strays, or mistaken.

        `hushed` are unknown addresses that nobody was told of again, `flooded` packets of senders who sent too many at
        once, and `broken` those at which we erred.
        """
        return {**self._counts, "subscribers": len(self._subscribers)}

    def close(self) -> None:
        """Work off no more."""
        self._closed = True
        self._refusals.close()

    def put(self, packet: Packet) -> None:
        """Take in a packet, unless its sender has flooded us; it is worked off soon."""
        if not self._inbox.put(packet):
            self._counts["flooded"] += 1
        elif not self._working:
            self._working = True
            asyncio.get_running_loop().call_soon(self._work)

    def report(self, report: reports.Told, request: Request) -> None:
        """Send a report to who is to hear of the request, and, but for a refusal, to all subscribers."""
        others = () if isinstance(report, reports.Refused) else self._subscribers
        peers = dict.fromkeys((*self._wire.hearers(request), *others))
        if not peers:
            return
        values = (getattr(report, field.name) for field in fields(report))
        arguments = [str(value) if isinstance(value, Path) else value for value in values]
        self._wire.send(REPORTS[type(report)], arguments, peers)

    def refuse(self, address: str, error: Exception, peers: Iterable[Peer]) -> None:
        """Tell the asker, the first of `peers`, and the others why a request came to nothing."""
        self._counts["errors"] += 1
        told = dict.fromkeys(peers)
        peer = next(iter(told))
        sender = str(peer)
        address = address[:_LONGEST_ADDRESS]
        if isinstance(error, UnknownAddress) and not self._hush.is_news(sender, address):
            self._counts["hushed"] += 1
            return
        message = "something broke inside the daemon; its log says what"
        if isinstance(error, BridgeError):
            message = str(error)
            host = peer[0] if isinstance(peer, tuple) else "files"
            self._refusals.say(host, partial(self._wire.asker, peer), address, error)
        self._in_turn(REPORTS[reports.Refused], [address, code_of(error), message], told)

    def _work(self) -> None:
        """Work off packets for a moment; if there are more, come back after everyone else had a turn."""
        until = time.monotonic() + _SLICE
        while self._inbox and time.monotonic() < until:
            try:
                self._work_off(self._inbox.take())
            except Exception:  # noqa: BLE001 - a bug of ours costs one packet, and never the wire
                self._counts["broken"] += 1
                _log.exception("a packet broke")
        self._working = bool(self._inbox)
        if self._working and not self._closed:
            asyncio.get_running_loop().call_soon(self._work)

    def _work_off(self, packet: Packet) -> None:
        """Work off one packet."""
        try:
            messages = self._wire.messages(packet)
        except NotOsc:
            self._counts["not_osc"] += 1
            return
        for message in messages:
            self._receive(message, packet.peer, packet.received)

    def _receive(self, message: Message, peer: Peer, received: float) -> None:
        """Work off one message; answer with `/bridge/error` if it cannot be."""
        if message.address in OURS or message.address.endswith(REPLY):
            self._counts["strays"] += 1  # our own words from somewhere else: to answer them could go round for ever
            return
        arguments: tuple[Argument, ...] = ()
        asker = self._wire.asker(peer)
        launch = message.launch if message.launch is not None and message.launch > time.time() else None
        try:
            paths = list(self._paths(message.address))
            arguments = tuple(message.read(REQUESTS[paths[0][1]].kind_after))
        except Exception as error:  # noqa: BLE001 - such as a folder of presets that cannot be read
            self._failed(message.address, error, peer, arguments)
            return
        for path, row in paths:
            _in.debug("%s %s from %s", path, arguments, asker.name)
            try:
                self._call(row, Call(path, arguments, asker, received, launch), peer)
            except Exception as error:  # noqa: BLE001 - a bug of ours costs one request, is said and is logged
                self._failed(message.address, error, peer, arguments)

    def _failed(self, address: str, error: Exception, peer: Peer, arguments: Sequence[Argument]) -> None:
        """Refuse what `peer` sent; what nobody foresaw is logged."""
        if not isinstance(error, BridgeError):
            _log.error("%s broke", address, exc_info=error)
        self.refuse(address, error, self._wire.hear_refusal(peer, arguments))

    def _call(self, row: str, call: Call, peer: Peer) -> None:
        """Do what the row of the table says and answer the asker, if there is an answer."""
        if row == "/bridge/notify":
            self._subscribe(peer, call)
        else:
            answer = CALLS[row](self._bridge, call)
            if answer is not None:
                self._in_turn(*answer, {peer: None})

    def _subscribe(self, peer: Peer, call: Call) -> None:
        """Add or remove the sender as one who hears of all jobs."""
        if not wants_notes(call):
            self._subscribers.pop(peer, None)
        else:
            self._subscribers[peer] = None
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

    def _in_turn(self, address: str, arguments: Sequence[Argument], peers: Mapping[Peer, None]) -> None:
        """Send an answer after all that was said before it: reports may be held back until they are true."""
        self._bridge.announcer.in_turn(partial(self._wire.send, address, arguments, peers))
