"""The daemon: it starts its parts in order and stops them in reverse."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from daw_bridge.announce import Announcer
from daw_bridge.bridge import Bridge
from daw_bridge.clocks.link import LinkClock
from daw_bridge.config import Config
from daw_bridge.deliveries.folder import FolderDelivery
from daw_bridge.errors import CannotListen
from daw_bridge.journal import Journal
from daw_bridge.keeper import Keeper
from daw_bridge.ledger import opened
from daw_bridge.lock import alone
from daw_bridge.parts import Parts, built
from daw_bridge.playing.deck import Deck
from daw_bridge.presets import PresetShelf
from daw_bridge.recovery import Legacy, legacy, resume
from daw_bridge.sections import ClockConfig, FolderConfig
from daw_bridge.session import Source
from daw_bridge.wires.ableton import AbletonWire
from daw_bridge.wires.exchange import ExchangeWire
from daw_bridge.wires.midi import MidiWire
from daw_bridge.wires.osc import OscWire
from plugin_host.foreman import Foreman

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Daemon:
    """A daemon that runs: its settings and the parts that others may want to ask."""

    config: Config
    bridge: Bridge
    osc: OscWire
    foreman: Foreman

    @property
    def greeting(self) -> str:
        """The one line that is printed when the daemon is ready: address, folder, engine."""
        host, port = self.osc.address
        return (
            f"daw-bridge ready: OSC {host}:{port}, clips in {self.config.folder.path}, engine {self.config.jobs.engine}"
        )


@asynccontextmanager
async def running(config: Config, past: Path | None = None) -> AsyncIterator[Daemon]:
    """Start a daemon, and stop it when the block ends. `past` is the state folder whose history it knows, or its own.

    Raises `BridgeError` when a part cannot start; what had started by then is stopped again.
    """
    parts = built(config, past)
    bridge, announcer, journal, runner = parts.bridge, parts.bridge.announcer, parts.bridge.journal, parts.bridge.runner
    config = parts.config
    async with AsyncExitStack() as started:
        if parts.discovery is not None:
            started.push_async_callback(parts.discovery.stop)  # last: farewell is said while the others stop
        left = _journal(journal, config.paths.state, started)
        _swept([parts.folders.watched, parts.folders.takes, parts.folders.kept], left)
        ready = asyncio.get_running_loop().create_future()
        announcer.hold(ready)  # until all who listen do so
        resume(left, bridge.jobs, runner, announcer, journal, too_old=config.jobs.resume)
        await _open_wires(parts.osc, parts.exchange, announcer, journal, started)
        parts.foreman.start(config.jobs.engine)
        started.push_async_callback(parts.foreman.stop)
        await _follow_clocks(config.clock, bridge, started)
        _open_device(bridge.deck, started)
        _start_midi(parts.midi, started)
        ready.set_result(None)
        _start_keeper(parts.keeper, announcer, started)
        runner.start()
        started.push_async_callback(runner.stop)
        await _be_found(parts, started)
        _say_broken(bridge.presets)
        yield Daemon(config, bridge, parts.osc, parts.foreman)


def _journal(journal: Journal, state: Path, parts: AsyncExitStack) -> Legacy:
    """Open the journal of this state folder, which nobody else may have, and return what earlier lives left in it."""
    parts.enter_context(alone(state))
    base, remark = opened(state)
    if remark:
        _log.warning("%s", remark)
    left = legacy(base, state)
    journal.start(base)
    parts.push_async_callback(journal.stop)
    return left


def _swept(folders: Iterable[FolderDelivery], left: Legacy) -> None:
    """Make `folders`, and clear away what killed daemons left hidden in them, but what is still to be delivered."""
    music = FolderConfig().path
    for folder in folders:
        if folder.folder == music:
            music.parent.mkdir(parents=True, exist_ok=True)  # a fresh account may have no Music folder
        folder.prepare()
        folder.sweep(left.parts)


async def _open_wires(
    osc: OscWire, exchange: ExchangeWire | None, announcer: Announcer, journal: Journal, parts: AsyncExitStack
) -> None:
    """Open the OSC port and the exchange. Right behind the port the journal hears what was told.

    Nothing comes between the two: in that time a kill has an end told twice. Before they close, all that is held is said.
    An exchange that cannot be used is said, and missed.
    """
    await osc.start()
    parts.push_async_callback(osc.stop)
    announcer.listen(journal.hear)
    if exchange is not None:
        try:
            await exchange.start()
            parts.push_async_callback(exchange.stop)
        except CannotListen as error:
            _log.warning("no exchange: %s", error)
    parts.push_async_callback(_said, announcer, journal)


async def _said(announcer: Announcer, journal: Journal) -> None:
    """Wait until all is written down, and therefore said."""
    through = journal.through()
    announcer.hold(through)
    await through
    await asyncio.sleep(0)


def _open_device(deck: Deck, parts: AsyncExitStack) -> None:
    """Open the audio device, if one is asked for."""
    if deck.is_on:
        deck.start()
        parts.push_async_callback(deck.stop)


def _start_midi(midi: MidiWire | None, parts: AsyncExitStack) -> None:
    """Start the MIDI wire, if there is one."""
    if midi is not None:
        midi.start()
        parts.push_async_callback(midi.stop)


def _start_keeper(keeper: Keeper, announcer: Announcer, parts: AsyncExitStack) -> None:
    """Start the one who keeps folder and history within their limits."""
    announcer.listen(keeper.hear)
    keeper.start()
    parts.push_async_callback(keeper.stop)


async def _be_found(parts: Parts, started: AsyncExitStack) -> None:
    """Answer OSCQuery, and be announced, where that is wanted. What cannot be had is said, and missed."""
    query, discovery, counters = parts.query, parts.discovery, parts.bridge.counters
    if query is not None:
        try:
            await query.start()
            started.push_async_callback(query.stop)
            counters.append(query.counts)
        except OSError as error:
            _log.warning("no OSCQuery: no TCP port can be opened (%s)", error)
    if discovery is not None:
        discovery.start(parts.osc.address, query.port if query is not None else None)
        started.push_async_callback(discovery.leave)
        counters.append(discovery.counts)


def _say_broken(presets: PresetShelf) -> None:
    """Log which presets cannot be used."""
    for broken in presets.all()[1]:
        _log.warning("preset left out: %s", broken)


async def _follow_clocks(config: ClockConfig, bridge: Bridge, parts: AsyncExitStack) -> None:
    """Follow the clocks that are asked for. One that is not to be had is said, and missed: the rest works without."""
    session = bridge.session
    if config.live:
        live = AbletonWire(session, config.live_ask, config.live_hear)
        try:
            await live.start()
            parts.push_async_callback(live.stop)
            bridge.counters.append(live.counts)
        except OSError as error:
            _log.warning("no AbletonOSC: UDP port %d is taken (%s); set clock.live_hear", config.live_hear, error)
    if config.link:
        link = LinkClock(session)
        try:
            await link.start()
            parts.push_async_callback(link.stop)
            bridge.counters.append(link.counts)
            if config.lead:
                session.let_lead(Source.LINK, link.lead)
        except ImportError:
            _log.warning("no Ableton Link: install it with pip install 'daw-bridge[link]'")
        except OSError as error:
            _log.warning("no Ableton Link: this machine has no multicast (%s)", error)


async def serve(config: Config, ready: Callable[[str], None]) -> None:
    """Run a daemon until a signal (Ctrl-C, or the system's wish) says stop; `ready` is given its greeting.

    A second signal ends the process at once, as a kill would: what was accepted is in the journal.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def told() -> None:
        """Stop, or, told so again, leave."""
        if stop.is_set():
            os._exit(1)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, told)
        except NotImplementedError:  # Windows has no such handlers in asyncio
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(told))
    async with running(config) as daemon:
        ready(daemon.greeting)
        await stop.wait()
