"""The daemon: the one place that names concrete classes, starts them in order and stops them in reverse."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, replace
from time import monotonic

from daw_bridge.announce import Announcer
from daw_bridge.bridge import Bridge
from daw_bridge.clocks.daw import DawFeedback
from daw_bridge.clocks.link import LinkClock
from daw_bridge.clocks.midi_clock import MidiClock
from daw_bridge.config import Config
from daw_bridge.deliveries.folder import FolderDelivery
from daw_bridge.deliveries.wav import Depth
from daw_bridge.errors import BadMap, BadSetting
from daw_bridge.jobs import Jobs
from daw_bridge.midi.desk import Desk
from daw_bridge.midi.learned import Learned
from daw_bridge.midi.lessons import Lessons
from daw_bridge.midi.maps import LEARNED, read_maps
from daw_bridge.midi.words import Wanted
from daw_bridge.pace import Pace
from daw_bridge.playing.deck import Deck
from daw_bridge.pool import Pool
from daw_bridge.presets import PresetShelf, factory_folder
from daw_bridge.runner import Runner
from daw_bridge.sections import ClockConfig, FolderConfig
from daw_bridge.session import Session, SessionState, Source
from daw_bridge.values import shown
from daw_bridge.wires.ableton import AbletonWire
from daw_bridge.wires.midi import MidiWire
from daw_bridge.wires.osc import OscWire
from plugin_host.engine import Fact
from plugin_host.engines import AUTO, MUSICLDM, automatic
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


def _engine_settings(config: Config) -> Mapping[str, Mapping[str, Fact]]:
    """Return what the worker's engines and rankers are told, by name."""
    reference = config.clap.reference
    return {
        MUSICLDM: asdict(config.musicldm),
        "clap": {
            "rank": config.clap.rank,
            "folder": str(config.folder.path),
            "reference": str(reference) if reference else None,
        },
    }


def _settled(config: Config, settings: Mapping[str, Mapping[str, Fact]]) -> Config:
    """Return `config` with a real engine where it says auto; why it is not MusicLDM is logged, once."""
    if config.jobs.engine != AUTO:
        return config
    engine, reason = automatic(settings[MUSICLDM])
    if reason:
        _log.info("engine auto is %s here: %s", engine, reason)
    return replace(config, jobs=replace(config.jobs, engine=engine))


@asynccontextmanager
async def running(config: Config) -> AsyncIterator[Daemon]:
    """Start a daemon, and stop it when the block ends.

    Raises `BridgeError` when a part cannot start; what had started by then is stopped again.
    """
    presets = PresetShelf([config.paths.presets, factory_folder()])
    session = _session(config)
    daw = DawFeedback(session, config.clock.silence)
    jobs, pace, announcer = Jobs(config.jobs.queue), Pace(), Announcer()
    folder = FolderDelivery(config.folder.path, Depth(config.folder.depth))
    settings = _engine_settings(config)
    config = _settled(config, settings)
    foreman = Foreman(config.paths.state / "spool", settings)
    own = replace(folder, folder=config.paths.state / "takes", depth=Depth("float"))
    pool = Pool(config, session, presets, foreman)
    runner = Runner(jobs, foreman, folder, own, announcer, pace=pace, pool=pool, session=session, warn=config.rank.warn)
    deck = Deck(config.device, config.paths.state, session, jobs, announcer)
    learned = Learned(config.paths.maps / LEARNED)
    lessons = Lessons(learned, presets, announcer)
    bridge = Bridge(config, session, daw, presets, jobs, runner, announcer, pace, lessons, deck, pool, monotonic())
    osc = OscWire(bridge, config.osc)
    midi = _midi_wire(config, bridge, learned)
    async with AsyncExitStack() as parts:
        if config.folder.path == FolderConfig().path:
            config.folder.path.parent.mkdir(parents=True, exist_ok=True)  # a fresh account may have no Music folder
        folder.prepare()
        await osc.start()
        parts.push_async_callback(osc.stop)
        folder.sweep()
        foreman.start(config.jobs.engine)
        parts.push_async_callback(foreman.stop)
        await _follow_clocks(config.clock, session, parts)
        _open_device(deck, own, parts)
        _open_midi(midi, parts)
        runner.start()
        parts.push_async_callback(runner.stop)
        for broken in presets.all()[1]:
            _log.warning("preset left out: %s", broken)
        yield Daemon(config, bridge, osc, foreman)


def _session(config: Config) -> Session:
    """Return the session as it is until somebody says otherwise."""
    begins = config.session
    return Session(SessionState(begins.tempo, begins.meter, begins.key, begins.rate), config.clock.priority)


def _open_midi(midi: MidiWire | None, parts: AsyncExitStack) -> None:
    """Open the MIDI ports, if any are asked for."""
    if midi is not None:
        midi.start()
        parts.push_async_callback(midi.stop)


def _open_device(deck: Deck, own: FolderDelivery, parts: AsyncExitStack) -> None:
    """Open the audio device, if one is asked for; clips for it alone lie in the folder of `own`."""
    if deck.is_on:
        own.folder.mkdir(parents=True, exist_ok=True)
        deck.start()
        parts.push_async_callback(deck.stop)


def _midi_wire(config: Config, bridge: Bridge, learned: Learned) -> MidiWire | None:
    """Return the MIDI wire, if a port is asked for. A map that is broken is said, and left out."""
    midi = config.midi
    if not (midi.ports or midi.virtual or midi.network):
        return None
    names = bridge.presets.names()
    maps, broken = read_maps(config.paths.maps, names)
    for error in broken:
        _log.warning("map left out: %s", error)
    try:
        learned.load(names)
    except BadMap as error:
        _log.warning("nothing of what was learnt is used: %s", error)
    if midi.map != AUTO and midi.map not in maps:
        raise BadSetting(f"midi.map is {shown(midi.map)}; there is auto, {', '.join(sorted(maps))}")
    own = tuple(each for each in (midi.virtual, "network *" if midi.network else "") if each)
    desk = Desk([*maps.values()], maps.get(midi.map), own, learned)
    wanted = Wanted(midi.ports, midi.api, midi.virtual, midi.network)
    return MidiWire(bridge, wanted, desk, MidiClock(bridge.session))


async def _follow_clocks(config: ClockConfig, session: Session, parts: AsyncExitStack) -> None:
    """Follow the clocks that are asked for. One that is not to be had is said, and missed: the rest works without."""
    if config.live:
        live = AbletonWire(session, config.live_ask, config.live_hear)
        try:
            await live.start()
            parts.push_async_callback(live.stop)
        except OSError as error:
            _log.warning("no AbletonOSC: UDP port %d is taken (%s); set clock.live_hear", config.live_hear, error)
    if config.link:
        link = LinkClock(session)
        try:
            await link.start()
            parts.push_async_callback(link.stop)
            if config.lead:
                session.let_lead(Source.LINK, link.lead)
        except ImportError:
            _log.warning("no Ableton Link: install it with pip install 'daw-bridge[link]'")
        except OSError as error:
            _log.warning("no Ableton Link: this machine has no multicast (%s)", error)


async def serve(config: Config, ready: Callable[[str], None]) -> None:
    """Run a daemon until a signal (Ctrl-C, or the system's wish) says stop; `ready` is given its greeting."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows has no such handlers in asyncio
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    async with running(config) as daemon:
        ready(daemon.greeting)
        await stop.wait()
