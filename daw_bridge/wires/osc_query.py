"""The OSCQuery wire: HTTP by which programs find out what this daemon can be sent, and what the session is now.

It listens at the TCP port of the same number as the UDP port of OSC, on the same address, for the same peers, so that who
knows one knows both; where another program has that one, at any, which is announced and stands in the status. It is one of the event loop's many parts, and reads the session where it lives: no lock, no thread.
Only the presets' files are read in a thread, seldom.

The server is our own, over asyncio's streams. python-oscquery's listens on all addresses whatever it is told, which
may not be; it takes no value but a constant, and Python's own `http.server`, on which it stands, has a thread for each
connection and no end to either. A whole web framework, for one verb without a body, would be more to trust than there is
code here. The header is read by Python's `http.client`; each connection is for one question, which has to come whole, in a
few kilobytes and a few seconds.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from http import HTTPStatus
from time import monotonic
from typing import Any

from daw_bridge.bridge import Bridge
from daw_bridge.sections import OscConfig
from daw_bridge.session import SessionState
from daw_bridge.wires.discovery import called, server_of
from daw_bridge.wires.osc import OscWire, may_ask
from daw_bridge.wires.osc_http import LONGEST, Told, Unanswered, answer, refusal, target
from daw_bridge.wires.osc_tree import EXTENSIONS, Node, tree

_log = logging.getLogger(__name__)

_MOST = 16  # connections at once
_PATIENCE = 5.0  # seconds that one may take, from its first byte until the last of the answer is taken
_FRESH = 2.0  # seconds for which what presets say of themselves is not read again


class QueryWire:
    """Answers OSCQuery over HTTP. Constructing it opens nothing. Thread: the event loop's."""

    def __init__(self, bridge: Bridge, osc: OscWire, config: OscConfig) -> None:
        """Tell of `bridge`, and of the open port of `osc`."""
        self._bridge = bridge
        self._osc = osc
        self._config = config
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._presets: Mapping[str, str] = {}
        self._read = -_FRESH  # when they were, in seconds
        self._reading = asyncio.Lock()
        self._made: tuple[Mapping[str, str], SessionState, Node] | None = None
        self._counts: Counter[str] = Counter({"queries": 0, "query_strangers": 0, "query_refused": 0})

    async def start(self) -> None:
        """Open the port; if somebody has it, another one. Raises `OSError`."""
        host, port = self._osc.address
        try:
            self._server = await self._opened(host, port)
        except OSError as error:
            self._server = await self._opened(host, 0)
            _log.warning("OSCQuery is at the TCP port %d, as %d is taken (%s)", self.port, port, error)

    def _opened(self, host: str, port: int) -> Awaitable[asyncio.Server]:
        """Open a port."""
        return asyncio.start_server(self._connected, host, port, limit=LONGEST, backlog=_MOST)

    @property
    def port(self) -> int | None:
        """The TCP port; None where none is open."""
        return self._server.sockets[0].getsockname()[1] if self._server is not None and self._server.sockets else None

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def counts(self) -> dict[str, str | int | float]:
        """Return what the status shows: the port, how many questions came, and how many were turned away.

        That is, of strangers, or because there were too many at once.
        """
        return {"query_port": self.port or 0, **self._counts}

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection, and close it, whatever it does."""
        task = asyncio.current_task()
        if task is None or not self._is_let_in(writer):
            writer.transport.abort()
            return
        self._open.add(task)
        try:
            async with asyncio.timeout(_PATIENCE):
                told = await self._heard(reader, writer.get_extra_info("sockname")[0])
                writer.write(told.encoded())
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            _log.debug("a question was not heard to its end: %r", error)
        finally:
            self._open.discard(task)
            writer.transport.abort()

    def _is_let_in(self, writer: asyncio.StreamWriter) -> bool:
        """Whether this peer may ask, and now."""
        peer = writer.get_extra_info("peername")
        if peer is None:  # gone already
            return False
        if not may_ask(peer[0], self._config.allow):
            self._counts["query_strangers"] += 1
            return False
        if len(self._open) >= _MOST:
            self._counts["query_refused"] += 1
            return False
        return True

    async def _heard(self, reader: asyncio.StreamReader, here: str) -> Told:
        """Hear the question, and return the answer. `here` is the address at which it came.

        Raises what a connection does that breaks off.
        """
        self._counts["queries"] += 1
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            why = f"the question is longer than {LONGEST} bytes"
            return refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, why)
        try:
            path, attribute = target(head, {server_of(called(*self._osc.address))})
            await self._look_at_presets()
            return answer(path, attribute, self._tree, lambda: self._host(here))
        except Unanswered as error:
            return refusal(*error.args)
        except Exception:  # noqa: BLE001 - a bug of ours costs one question
            _log.exception("a question broke")
            return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "something broke inside the daemon; its log says what")

    async def _look_at_presets(self) -> None:
        """Read what presets there are, and what they are for, unless that was done a moment ago."""
        async with self._reading:
            if monotonic() - self._read < _FRESH:
                return
            with suppress(OSError):  # what was known before is better than nothing
                fine, _broken = await asyncio.to_thread(self._bridge.presets.all)
                self._presets = {each.name: each.about for each in fine}
            self._read = monotonic()

    def _tree(self) -> Node:
        """Return the tree as it is now."""
        state = self._bridge.session.state
        if self._made is None or self._made[0] is not self._presets or self._made[1] != state:
            self._made = self._presets, state, tree(self._presets, state)
        return self._made[2]

    def _host(self, here: str) -> Mapping[str, Any]:
        """Return what there is to know of this daemon: where it hears OSC, and what of OSCQuery it has."""
        return {
            "NAME": called(*self._osc.address),
            "OSC_IP": here,
            "OSC_PORT": self._osc.address[1],
            "OSC_TRANSPORT": "UDP",
            "EXTENSIONS": EXTENSIONS,
        }
