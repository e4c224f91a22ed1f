"""The exchange: a wire for programs that have no sockets, such as a script in REAPER. They write files, and read some.

A line in a file asks for the same as an OSC message, and is told the same (see `exchange_text` for the lines, and
`exchange_box` for the files). There is no sign of life to be watched: a request that is taken was heard, and one that is
still there after a second or two was not. Its writer can then remove it, and knows that it will never be done.

A thread of its own looks into the folder, reads and writes: a slow disk never holds up the daemon. It looks every 15
milliseconds while somebody is there, and every 40 when nobody was for a minute, which costs half a per cent of a core
(``python tests/bench exchange``). All who ask this way are one sender to the queue: a name is cheap.
"""

import asyncio
import logging
import queue
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from threading import Thread
from time import monotonic

from daw_bridge.bridge import Bridge
from daw_bridge.errors import BadRequest
from daw_bridge.requests import Asker, Request
from daw_bridge.values import Kind
from daw_bridge.wires.exchange_box import LARGEST, Box, Letter
from daw_bridge.wires.exchange_text import line_of, read, split
from daw_bridge.wires.front import Front
from daw_bridge.wires.osc_inbox import Packet, Peer
from daw_bridge.wires.osc_packet import Argument

_log = logging.getLogger(__name__)

FOLDER = "exchange"
"""Its name in the state folder."""

_QUICK, _CALM = 0.015, 0.04  # seconds between two looks: while somebody asks, and when nobody has
_SLICE = 0.002  # seconds for which lines are taken in before others of the daemon's parts have a turn
_GONE = 60.0  # seconds after which nobody has
_SWEEP = 60.0  # seconds from one sweep to the next
_MOST_SAID = 10_000  # words that may wait for a disk
_PATIENCE = 2.0  # seconds that the last words may take


@dataclass(frozen=True, slots=True)
class Line:
    """One message as it came: its address, and its arguments, not yet read."""

    address: str
    fields: Sequence[str]
    launch: float | None = None

    def read(self, _kind: Callable[[Sequence[object]], Kind | None]) -> list[Argument]:
        """Read the arguments; each says of what kind it is. Raises `BadRequest`."""
        return read(self.fields)


class ExchangeWire:
    """Hears and answers by files in `folder`. Constructing it makes nothing. Thread: the event loop's, but for `_watch`."""

    def __init__(self, bridge: Bridge, folder: Path) -> None:
        self._bridge = bridge
        self._box = Box(folder)
        self._front = Front(bridge, self)
        self._said: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self._coming: deque[Packet | Letter] = deque()  # lines that were taken, and letters that are none
        self._thread: Thread | None = None
        self._counts: Counter[str] = Counter({"letters": 0, "lost": 0, "looks_broken": 0})

    async def start(self) -> None:
        """Make the folder and watch it. Raises `CannotListen`."""
        await asyncio.to_thread(self._box.open)
        self._bridge.announcer.listen(self._front.report)
        self._bridge.counters.append(self.counts)
        self._thread = Thread(
            target=self._watch, args=(asyncio.get_running_loop(),), name="exchange", daemon=True
        )  # a disk that hangs keeps nobody from leaving
        self._thread.start()

    async def stop(self) -> None:
        """Watch no more, after all that was said is written."""
        self._front.close()
        self._said.put(None)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, _PATIENCE)
            if not self._thread.is_alive():  # else the disk hangs, and would keep us as well
                await asyncio.to_thread(self._last_words)

    def counts(self) -> Mapping[str, int]:
        """Return how many requests came in files, what became of them, and how many words could not be written."""
        return {f"exchange_{name}": count for name, count in {**self._counts, **self._front.counts()}.items()}

    def messages(self, packet: Packet) -> Iterator[Line]:
        """Return the one message of a line, if it is not empty."""
        address, fields = split(packet.data.decode())
        if address:
            yield Line(address, fields)

    def asker(self, peer: Peer) -> Asker:
        """Return who `peer` is: one of those who ask this way."""
        return Asker(f"{FOLDER} {peer}", peer, FOLDER)

    def hearers(self, request: Request) -> Iterator[Peer]:
        """Yield who hears of `request`, if it came this way."""
        if isinstance(request.asker.address, str):
            yield request.asker.address

    def hear_refusal(self, peer: Peer, _arguments: Sequence[Argument]) -> tuple[Peer, ...]:
        """Return who hears that a request is refused."""
        return (peer,)

    def send(self, address: str, arguments: Sequence[Argument], peers: Iterable[Peer]) -> None:
        """Have one message written for each of `peers`."""
        for peer in peers:
            if self._said.qsize() < _MOST_SAID:
                self._said.put((str(peer), line_of(address, arguments)))
            else:
                self._counts["lost"] += 1

    def _take_in(self) -> None:
        """Lay what has come on the piles of its senders for a moment; the rest after everyone else had a turn."""
        until = monotonic() + _SLICE
        while self._coming and monotonic() < until:
            each = self._coming.popleft()
            if isinstance(each, Letter):
                self._front.refuse("", _no_request(each), (each.client,))
            else:
                self._front.put(each)
        if self._coming:
            asyncio.get_running_loop().call_soon(self._take_in)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look, read and write until there is no more to be said. Thread: the exchange's."""
        heard = swept = -_SWEEP - _GONE  # nobody has asked yet, and nothing was swept
        over = False
        while not over:
            now = monotonic()
            said, over = self._next_said(_QUICK if now - heard < _GONE else _CALM)
            try:
                for client, lines in said.items():
                    self._lay(client, lines)
                # What the loop is not through with it gets no more of: it waits in the folder.
                letters = [] if over or self._coming else self._box.take()
                if letters:
                    heard = now
                    self._counts["letters"] += len(letters)
                    self._coming.extend(chain.from_iterable(map(_lines_of, letters)))
                    loop.call_soon_threadsafe(self._take_in)
                if now - swept > _SWEEP:
                    swept = now
                    self._box.open()  # somebody may have removed it
                    self._box.sweep()
            except Exception:  # noqa: BLE001 - a bug of ours costs one look, and never the wire
                self._counts["looks_broken"] += 1
                _log.exception("a look broke")

    def _next_said(self, pause: float) -> tuple[dict[str, str], bool]:
        """Wait up to `pause` seconds for something to be said; return all that is, by client, and whether it was the last."""
        said: dict[str, str] = {}
        with suppress(queue.Empty):
            word = self._said.get(timeout=pause)
            while word is not None:
                client, line = word
                said[client] = said.get(client, "") + line
                word = self._said.get_nowait()
            return said, True
        return said, False

    def _last_words(self) -> None:
        """Write what was said while the watching ended: a request that was taken then is answered, too."""
        for client, lines in self._next_said(0.0)[0].items():
            self._lay(client, lines)

    def _lay(self, client: str, lines: str) -> None:
        """Write what `client` is to read. Thread: the exchange's."""
        try:
            self._box.put(client, lines)
        except OSError as error:
            self._counts["lost"] += 1
            _log.warning("%s is not told: %s", client, error)


def _lines_of(letter: Letter) -> Iterator[Packet | Letter]:
    """Yield the lines of a letter; the letter itself if it has none that could be read."""
    try:
        text = (letter.data if letter.data is not None else b"\xff").decode()
    except UnicodeDecodeError:
        yield letter
        return
    for line in text.split("\n"):
        if line.strip("\r"):
            yield Packet(line.encode(), letter.client, monotonic())


def _no_request(letter: Letter) -> BadRequest:
    """Return the error that says why a letter was not read."""
    if letter.data is None:
        return BadRequest(f"the request of {letter.client} is no file of at most {LARGEST} bytes; send less at once")
    return BadRequest(f"the request of {letter.client} is not UTF-8; write lines of text")
