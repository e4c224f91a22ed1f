"""The parts of a daemon: the one place that names concrete classes and puts them together. Nothing here is started."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from daw_bridge.announce import Announcer
from daw_bridge.bridge import Bridge
from daw_bridge.chronicle import Chronicle
from daw_bridge.clocks.daw import DawFeedback
from daw_bridge.clocks.midi_clock import MidiClock
from daw_bridge.config import Config
from daw_bridge.deliveries.folder import FolderDelivery
from daw_bridge.deliveries.wav import Depth
from daw_bridge.errors import BadMap, BadSetting
from daw_bridge.history import History
from daw_bridge.jobs import Jobs
from daw_bridge.journal import Journal
from daw_bridge.keeper import Keeper
from daw_bridge.landing import Landing
from daw_bridge.midi.desk import Desk
from daw_bridge.midi.learned import Learned
from daw_bridge.midi.lessons import Lessons
from daw_bridge.midi.maps import LEARNED, read_maps
from daw_bridge.midi.words import Wanted
from daw_bridge.pace import Pace
from daw_bridge.playing.deck import Deck
from daw_bridge.pool import Pool
from daw_bridge.presets import PresetShelf, factory_folder
from daw_bridge.rates import Rates
from daw_bridge.runner import Runner
from daw_bridge.sections import JobsConfig, WorkerConfig
from daw_bridge.session import Session, SessionState
from daw_bridge.values import shown
from daw_bridge.wires.discovery import Discovery
from daw_bridge.wires.exchange import FOLDER as EXCHANGE
from daw_bridge.wires.exchange import ExchangeWire
from daw_bridge.wires.midi import MidiWire
from daw_bridge.wires.osc import OscWire
from daw_bridge.wires.osc_query import QueryWire
from plugin_host.engine import Fact
from plugin_host.engines import AUTO, MUSICLDM, automatic, standing_in
from plugin_host.footprint import there_is
from plugin_host.foreman import Foreman
from plugin_host.guard import Limits

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where clips land: in the watched folder, or among our own takes, if they are for the audio device alone.

    In `kept` they wait while that one is away.
    """

    watched: FolderDelivery
    takes: FolderDelivery
    kept: FolderDelivery


@dataclass(frozen=True, slots=True)
class Parts:
    """What a daemon is made of."""

    config: Config
    bridge: Bridge
    foreman: Foreman
    folders: Folders
    keeper: Keeper
    osc: OscWire
    exchange: ExchangeWire | None
    query: QueryWire | None
    discovery: Discovery | None
    midi: MidiWire | None


def built(config: Config, past: Path | None = None) -> Parts:
    """Put a daemon together. `past` is the state folder whose history it knows, its own if that is None.

    Raises `BadSetting` for a map that is not there.
    """
    presets = PresetShelf([config.paths.presets, factory_folder()])
    session = _session(config)
    daw = DawFeedback(session, config.clock.silence)
    jobs, pace, announcer = Jobs(config.jobs.queue), Pace(), Announcer()
    settings = _engine_settings(config)
    config = _settled(config, settings)
    foreman = Foreman(config.paths.state / "spool", settings, limits=_limits(config.worker))
    announcer.listen(Chronicle().hear)
    journal = Journal(config.paths.state)
    folders = _folders(config)
    pool = Pool(config, session, presets, foreman)
    landings = _landings(folders, journal, config)
    warn = config.rank.warn
    runner = Runner(
        jobs, foreman, landings, announcer, pace=pace, pool=pool, journal=journal, session=session, warn=warn
    )
    deck = Deck(config.device, config.paths.state, session, jobs, announcer)
    learned = Learned(config.paths.maps / LEARNED)
    lessons = Lessons(learned, presets, announcer)
    rates = _rates(config.jobs)
    history = History(past or config.paths.state)
    bridge = Bridge(
        config, session, daw, presets, jobs, runner, announcer, pace, lessons, journal, rates, deck, pool, history
    )
    keeper = Keeper(config.paths.state, config.folder, config.jobs, journal)
    exchange = ExchangeWire(bridge, config.paths.state / EXCHANGE) if config.osc.exchange else None
    osc = OscWire(bridge, config.osc)
    query = QueryWire(bridge, osc, config.osc) if config.osc.query else None
    discovery = Discovery() if config.osc.announce else None
    midi = _midi_wire(config, bridge, learned)
    return Parts(config, bridge, foreman, folders, keeper, osc, exchange, query, discovery, midi)


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
    """Return `config` with a real engine where it says auto; why it is not MusicLDM, and what stands in, is logged, once."""
    if told := standing_in(settings[MUSICLDM]):
        _log.info("engine musicldm: %s", told)
    if config.jobs.engine != AUTO:
        return config
    engine, reason = automatic(settings[MUSICLDM])
    if reason:
        _log.info("the engine is %s (%s)", engine, reason)
    return replace(config, jobs=replace(config.jobs, engine=engine))


def _limits(config: WorkerConfig) -> Limits:
    """Return what the workers may take, in seconds and bytes."""
    memory = int(config.memory * (there_is() or 0))
    return Limits(config.patience, config.loading, memory or None)


def _rates(config: JobsConfig) -> Rates:
    """Return how fast one sender may ask for jobs: ten seconds' worth at once."""
    return Rates(config.per_minute / 60, config.per_minute / 6)


def _session(config: Config) -> Session:
    """Return the session as the configuration has it."""
    said = config.session
    return Session(SessionState(said.tempo, said.meter, said.key, said.rate), config.clock.priority)


def _folders(config: Config) -> Folders:
    """Return where clips land. What only the device plays is written as it was made, in float.

    But for one that has to wait, which is rare: all that waits is written as the watched folder has it.
    """
    own = config.paths.state
    watched = FolderDelivery(config.folder.path, Depth(config.folder.depth))
    return Folders(watched, FolderDelivery(own / "takes", Depth.FLOAT_32), replace(watched, folder=own / "kept"))


def _landings(folders: Folders, journal: Journal, config: Config) -> Mapping[str, Landing]:
    """Return how clips land, by where a job wants them."""
    watched = Landing(folders.watched, folders.kept, journal, config.folder.patience)
    takes = Landing(folders.takes, folders.kept, journal, config.folder.patience)
    return {"folder": watched, "both": watched, "device": takes}


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
