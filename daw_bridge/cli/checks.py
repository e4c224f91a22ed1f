"""What `daw-bridge doctor` looks at: one function for each thing, which says what it found and what to do about it.

Nothing is left behind: folders that are missing are not made, and nothing is heard on the port after its check.
"""

import platform
import shutil
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

import numpy as np

from daw_bridge import __version__
from daw_bridge.cli import devices
from daw_bridge.cli.daemons import find, followed
from daw_bridge.clocks import link
from daw_bridge.config import Config
from daw_bridge.deliveries.folder import FolderDelivery
from daw_bridge.errors import BridgeError, SurfaceUnusable
from daw_bridge.midi.maps import read_maps
from daw_bridge.presets import PresetShelf, factory_folder
from daw_bridge.sections import FolderConfig
from daw_bridge.session import Source
from daw_bridge.surfaces.catalogue import factory_surfaces, read_surfaces
from daw_bridge.surfaces.places import Machine
from daw_bridge.surfaces.receipts import ReceiptShelf
from daw_bridge.surfaces.sites import Site, SiteState, sites
from daw_bridge.surfaces.told import Told, told
from daw_bridge.values import shown
from daw_bridge.wires import discovery as announced
from daw_bridge.wires.exchange import FOLDER
from plugin_host.audio import Audio
from plugin_host.engine import Form, Plan
from plugin_host.engines import AUTO, MUSICLDM, automatic, create, standing_in
from plugin_host.host import Host
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.rankers.signal import SignalRanker
from plugin_host.resample import resample

_LEAST_ROOM = 100 * 2**20  # bytes: some forty clips of eight seconds


class State(Enum):
    """How it is with a thing: it works; it does not, which deliveries can do without; it does not, and they cannot."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one thing, and what to do about it, if anything."""

    thing: str
    state: State
    found: str
    remedy: str = ""


def python(_config: Config) -> Finding:
    """Say on what all of this runs."""
    machine = f"{platform.system()} {platform.machine()}"
    return Finding("Python", State.OK, f"{platform.python_version()} on {machine}, daw-bridge {__version__}")


def engine(config: Config) -> Finding:
    """Have the engine that is set render one bar, through everything that a job goes through."""
    settings = asdict(config.musicldm)
    name = automatic(settings)[0] if config.jobs.engine == AUTO else config.jobs.engine
    thing = f"engine {name}"
    grid = Grid(config.session.tempo, config.session.meter, 1, config.session.rate)
    begun = perf_counter()
    try:
        host = Host(create(name, settings if name == MUSICLDM else {}), [SignalRanker()])
        (clip,) = host.clips(Plan("house drums", grid, seed=1, takes=1), _NobodyWatches())
    except Exception as error:  # noqa: BLE001 - whatever an engine breaks with is what we came to find out
        told = f"it broke: {type(error).__name__}: {error}"
        return Finding(thing, State.PROBLEM, told, "install daw-bridge anew; if that does not help, report this line")
    seconds = perf_counter() - begun
    weights = f" with {clip.facts.engine.weights}" if clip.facts.engine.weights else ""
    found = f"made {float(grid.seconds):.2f} s at {clip.audio.rate} Hz in {seconds:.2f} s{weights}"
    return Finding(thing, State.OK, found)


class _NobodyWatches:
    """A watch that nobody looks at."""

    def step(self, stage: str, fraction: float) -> None:
        """Take note of nothing."""


def model(config: Config) -> Finding:
    """Say whether the weights of MusicLDM are here; without them `sketch` plays, or what stands in for them."""
    settings = asdict(config.musicldm)
    reason = standing_in(settings) or automatic(settings)[1]
    if reason:
        told, _, remedy = reason.rpartition("; ")
        return Finding("MusicLDM", State.NOTE, told, remedy)
    return Finding("MusicLDM", State.OK, f"the weights of {config.musicldm.checkpoint} are here")


def resampler(_config: Config) -> Finding:
    """Convert a bar between the two commonest rates."""
    grid = Grid(Tempo.parse(120), Meter(4, 4), 1, 48_000)
    sound = resample(Audio(np.zeros((88_200, 2), np.float32), 44_100), grid, Form.LOOP)
    if sound.frames != grid.frames:
        told = f"soxr {version('soxr')} made {sound.frames} frames of what should be {grid.frames}"
        return Finding("resampler", State.PROBLEM, told, "install soxr anew: pip install --force-reinstall soxr")
    return Finding("resampler", State.OK, f"soxr {version('soxr')}, exact from 44100 to 48000 Hz")


def clips_folder(config: Config) -> Finding:
    """Try whether clips can be written where they should land."""
    folder = config.folder.path
    if folder == FolderConfig().path and not folder.parent.is_dir():  # the daemon makes the Music folder, too
        return _folder("clips folder", folder, folder.parent.parent, "--folder")
    return _folder("clips folder", folder, folder.parent, "--folder")


def state_folder(config: Config) -> Finding:
    """Try whether the spool can be written."""
    folder = config.paths.state
    above = next((each for each in folder.parents if each.exists()), folder.parent)
    return _folder("state folder", folder, above, "--state")


def _folder(thing: str, folder: Path, above: Path, option: str) -> Finding:
    """Try `folder`, or, while it is not there, the folder `above`, in which it will be made; `option` names another."""
    there = folder.exists()
    tried = folder if there else above
    if not tried.exists():
        remedy = f"make the folder {tried}, or choose another with {option}"
        return Finding(thing, State.PROBLEM, f"{folder} cannot be made: there is no {tried}", remedy)
    try:
        FolderDelivery(tried).prepare()
        free = shutil.disk_usage(tried).free
    except (BridgeError, OSError) as error:
        trouble, _, remedy = str(error).partition("; ")
        return Finding(thing, State.PROBLEM, trouble, remedy.replace("--folder", option))
    room = f"{free / 1e9:.1f} GB free"
    if free < _LEAST_ROOM:
        return Finding(thing, State.PROBLEM, f"{folder} has only {room}", f"free some, or choose another with {option}")
    return Finding(thing, State.OK, f"{folder}, {room}" + ("" if there else "; made at the first start"))


def osc_port(config: Config) -> Finding:
    """Say who is at the port: nobody, a daemon of ours, or somebody else."""
    host, port = config.osc.host, config.osc.port
    thing, where = "OSC port", f"UDP {host}:{port}"
    if port == 0:
        return Finding(thing, State.OK, "any that is free")
    found = find(config)
    if found is not None:
        return Finding(
            thing, State.OK, f"daw-bridge {found.version} answers at {where} and delivers into {found.folder}"
        )
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((host, port))
    except OSError as error:
        remedy = "end the program that has it, or choose another with --osc HOST:PORT"
        return Finding(thing, State.PROBLEM, f"{where} cannot be opened: {error.strerror or error}", remedy)
    return Finding(thing, State.OK, f"{where} is free for daw-bridge serve")


def exchange(config: Config) -> Finding:
    """Say in which folder scripts without sockets ask."""
    if not config.osc.exchange:
        return Finding("exchange", State.OK, "off (osc.exchange)")
    return Finding("exchange", State.OK, f"{config.paths.state / FOLDER}, for scripts that ask by files")


def discovery(config: Config) -> Finding:
    """Say whether OSC programs find the daemon by themselves."""
    if not config.osc.announce:
        return Finding("discovery", State.OK, "off (osc.announce)")
    if not announced.installed():
        return Finding(
            "discovery",
            State.NOTE,
            "OSC programs do not list the daemon by themselves: zeroconf is not installed",
            "pip install 'daw-bridge[discover]', or give them the address by hand",
        )
    name = announced.called(config.osc.host, config.osc.port)
    return Finding("discovery", State.OK, f"zeroconf {version('zeroconf')} announces {shown(name)} to OSC programs")


def presets(config: Config) -> Finding:
    """Count the presets."""
    fine, broken = PresetShelf([config.paths.presets, factory_folder()]).all()
    told = f"{len(fine)} fine, {len(broken)} broken; your own belong in {config.paths.presets}"
    if not fine:
        return Finding("presets", State.NOTE, told, "install daw-bridge anew: it brings presets with it")
    if broken:
        return Finding("presets", State.NOTE, told, "daw-bridge presets says what is wrong with which")
    return Finding("presets", State.OK, told)


def audio(config: Config) -> Finding:
    """Say which audio outputs there are; clips land in the folder without any."""
    ports = devices.audio()
    if ports.trouble:
        remedy = "to play clips on Debian or Ubuntu: sudo apt install libportaudio2"
        return Finding("audio", State.NOTE, ports.trouble, remedy)
    plays = f"device.name is {shown(config.device.name)}" if config.device.name else "none is chosen in device.name"
    return Finding("audio", State.OK if ports.names else State.NOTE, f"{_listed(ports.names, 'no output')}; {plays}")


def midi(_config: Config) -> Finding:
    """Say which MIDI ports there are."""
    ports = devices.midi()
    if ports.trouble:
        remedy = "pip install 'daw-bridge[midi]' (on Debian or Ubuntu also: sudo apt install libasound2)"
        return Finding("MIDI", State.NOTE, ports.trouble, remedy)
    if not ports.names:
        return Finding("MIDI", State.NOTE, "no port", "plug a controller in, or use midi.virtual or midi.network")
    return Finding("MIDI", State.OK, _listed(ports.names, "no port"))


def midi_maps(config: Config) -> Finding:
    """Say which maps of controllers there are, and what is wrong with one that cannot be used."""
    names = PresetShelf([config.paths.presets, factory_folder()]).names()
    maps, broken = read_maps(config.paths.maps, names)
    if broken:
        return Finding("MIDI maps", State.NOTE, "; ".join(str(each) for each in broken), "mend or remove it")
    return Finding("MIDI maps", State.OK, f"{_listed(tuple(maps), 'none')}; your own go into {config.paths.maps}")


def clocks(config: Config) -> Finding:
    """Say which clocks the session may follow, by rank, and what one that is asked for lacks."""
    ways = [Source.MIDI] if config.midi.ports or config.midi.virtual or config.midi.network else []
    ways += [Source.LINK] if config.clock.link else []
    ways += [Source.LIVE] if config.clock.live else []
    heard = [source.value for group in config.clock.priority.groups for source in group]
    follows = [name for name in heard if name in {Source.DAW.value, Source.HAND.value, *(each.value for each in ways)}]
    unheard = [each.value for each in ways if each.value not in heard]
    found = f"follows {', '.join(follows) or 'nobody'}"
    if config.clock.link and not link.installed():
        return Finding("clocks", State.NOTE, f"{found}; aalink is not installed", "pip install 'daw-bridge[link]'")
    if unheard:
        remedy = "put it into clock.priority"
        return Finding("clocks", State.NOTE, f"{found}; {', '.join(unheard)} is asked for and not listened to", remedy)
    return Finding("clocks", State.OK, f"{found} (clock.link, clock.live and midi.ports add others)")


def surfaces(config: Config) -> Finding:
    """Say what is installed in DAWs, and what of it is not as it should be."""
    if config.osc.port == 0:
        return Finding("surfaces", State.OK, "none can be installed while osc.port is 0, any that is free")
    found, (known, broken) = find(config), read_surfaces(factory_surfaces())
    what = told(followed(config, found))
    try:
        receipts = tuple(ReceiptShelf(config.paths.state).all())
        here = [site for each in known.values() for site in sites(each, Machine.here(), receipts) if site.installed]
        states = {f"{site.name}: {site.state(site.wanted(what)).value}" for site in here}
        astray = sorted({said for site in here if (said := _astray(site, what))})
    except SurfaceUnusable as error:
        trouble, _, remedy = str(error).partition("; ")
        return Finding("surfaces", State.NOTE, trouble, remedy)
    wrong = sorted(each for each in states if not each.endswith((SiteState.INSTALLED.value, SiteState.CHANGED.value)))
    if broken:
        return Finding("surfaces", State.NOTE, "; ".join(map(str, broken)), "install daw-bridge anew")
    if wrong or astray:
        start = "start daw-bridge serve as you always do, then " if astray and not found else ""
        return Finding("surfaces", State.NOTE, "; ".join([*wrong, *astray]), f"{start}daw-bridge surfaces --update")
    none = f"none installed; daw-bridge surfaces lists {', '.join(known)}"
    return Finding("surfaces", State.OK, _listed(tuple(sorted(states)), none))


def _astray(site: Site, what: Told) -> str:
    """Say how a surface is told other things than the daemon does; nothing if it is not, or if it cannot be read."""
    said = site.said()
    clips, port = said.get("clips", what.clips), said.get("port", what.port)
    if clips != what.clips:
        return f"{site.name} looks for clips in {clips}, the daemon delivers into {what.clips}"
    return f"{site.name} speaks to port {port}, the daemon listens at {what.port}" if port != what.port else ""


def _listed(names: tuple[str, ...], nothing: str) -> str:
    """Return names in a row, or the word for none."""
    return ", ".join(names) or nothing


CHECKS: tuple[Callable[[Config], Finding], ...] = (
    python,
    engine,
    model,
    resampler,
    clips_folder,
    state_folder,
    osc_port,
    exchange,
    discovery,
    presets,
    audio,
    midi,
    midi_maps,
    clocks,
    surfaces,
)
"""All checks, in the order in which a clip comes to need what they look at."""
