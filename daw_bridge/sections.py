"""The sections of the configuration: every setting as one field, with its default, how it is read and what it means.

A setting stands in the file as ``[section] key = value`` and in the environment as ``DAW_BRIDGE_<SECTION>_<KEY>``. The
README's table and the help are made from these fields.
"""

import os
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from platformdirs import user_config_path, user_data_path, user_music_path, user_state_path

from daw_bridge.errors import BadRequest
from daw_bridge.session import RANKING, Ranking, Source
from daw_bridge.values import Choice, Number, Parsed, Reader, Switch, Text, Whole, Word, shown, text_of
from plugin_host.engines import AUTO, PLAYERS
from plugin_host.engines.musicldm import defaults
from plugin_host.engines.musicldm.checkpoint import DEFAULT as CHECKPOINT
from plugin_host.key import Key
from plugin_host.musictime import RATE_RANGE, Meter, Tempo

APP = "daw-bridge"
"""The name of our folders in those that the system has for settings, state and music."""


@dataclass(frozen=True, slots=True)
class _Host:
    """An IP address of this machine to listen on; "localhost" is 127.0.0.1."""

    allowed: str = "an IP address such as 127.0.0.1"
    kind: str = "text"

    def __call__(self, value: object) -> str:
        """Read `value`."""
        text = text_of(value) or ""
        try:
            return str(ip_address("127.0.0.1" if text == "localhost" else text))
        except ValueError:
            raise BadRequest(f"{shown(value)} is no address; give {self.allowed}") from None


@dataclass(frozen=True, slots=True)
class _Hosts:
    """A list of IP addresses; in the environment they are separated by commas."""

    allowed: str = "a list of IP addresses"
    kind: str = "text"

    def __call__(self, value: object) -> tuple[str, ...]:
        """Read `value`."""
        return tuple(_Host()(each) for each in _listed(value, self.allowed))


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder; ~ is the home folder."""

    allowed: str = "the path of a folder"
    kind: str = "text"

    def __call__(self, value: object) -> Path:
        """Read `value`."""
        if not isinstance(value, (str, Path)) or not str(value).strip() or "\0" in str(value):
            raise BadRequest(f"{shown(value)} is no path; give {self.allowed}")
        try:
            path = Path(value).expanduser()
        except RuntimeError:
            raise BadRequest(f"{shown(str(value))} begins with nobody's home; give {self.allowed}") from None
        return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow the user's links


@dataclass(frozen=True, slots=True)
class _Folders:
    """A list of folders; in the environment they are separated as PATH is."""

    allowed: str = "a list of folders"
    kind: str = "text"

    def __call__(self, value: object) -> tuple[Path, ...]:
        """Read `value`."""
        return tuple(_Folder()(each) for each in _listed(value, self.allowed, os.pathsep))


def _listed(value: object, allowed: str, separator: str = ",") -> list[object]:
    """Return the members of a list, or of its text."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(separator) if part.strip()]
    if isinstance(value, (list, tuple)):
        return list(value)
    raise BadRequest(f"{shown(value)} is no list; give {allowed}")


def _setting(default: Any, read: Reader[Any] | Any, means: str) -> Any:
    """Declare a setting: its default, its reader, and what it means."""
    return field(default=default, metadata={"read": read, "means": means})


@dataclass(frozen=True, slots=True, kw_only=True)
class OscConfig:
    """Where OSC is heard."""

    host: str = _setting("127.0.0.1", _Host(), "address to listen on; another than 127.0.0.1 needs osc.allow")
    port: int = _setting(9310, Whole(0, 65_535), "UDP port; 0 takes any that is free")
    allow: tuple[str, ...] = _setting((), _Hosts(), "other machines that may ask, by IP address")
    exchange: bool = _setting(
        default=True,
        read=Switch(),
        means="watch the folder exchange of the state folder for requests in files, for scripts without sockets",
    )
    query: bool = _setting(
        default=True,
        read=Switch(),
        means="tell programs what can be sent, by OSCQuery at the TCP port of the same number",
    )
    announce: bool = _setting(
        default=True, read=Switch(), means="have OSC programs list the daemon by themselves (needs the extra discover)"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderConfig:
    """The watched folder."""

    path: Path = _setting(user_music_path() / APP, _Folder(), "where clips land")
    depth: str = _setting("24", Choice(("16", "24", "float")), "bits of a sample: 16 (dithered), 24, or 32-bit float")
    patience: float = _setting(
        600.0, Number(0, 86_400), "seconds that finished clips wait for a folder that is full or away; 0 is not at all"
    )
    limit_mb: float = _setting(
        0.0,
        Number(0, 1e9),
        "megabytes of our clips beyond which the oldest without a star go into the trash; 0 is none",
    )
    limit_days: float = _setting(0.0, Number(0, 36_500), "days after which clips without a star do; 0 is never")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionConfig:
    """What the session is until the DAW says otherwise."""

    tempo: Tempo = _setting(Tempo.parse(120), Parsed(Tempo.parse, "a tempo from 20 to 999", "number"), "BPM")
    meter: Meter = _setting(Meter(4, 4), Parsed(Meter.parse, "a meter like 7/8"), "time signature")
    key: Key | None = _setting(None, Parsed(Key.parse, "a key like A minor, or none"), "key")
    rate: int = _setting(48_000, Whole(*RATE_RANGE), "sample rate in Hz")


@dataclass(frozen=True, slots=True)
class _Ranking:
    """Sources of the session by rank; those joined by + count alike."""

    allowed: str = f"a list of {', '.join(source.value for source in Source)}, highest first; + joins equals"
    kind: str = "text"

    def __call__(self, value: object) -> Ranking:
        """Read `value`."""
        return Ranking.parse([str(each) for each in _listed(value, self.allowed)])


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockConfig:
    """Whom the session follows."""

    priority: Ranking = _setting(RANKING, _Ranking(), "whose word counts, highest first; who is left out is not heard")
    link: bool = _setting(default=False, read=Switch(), means="follow Ableton Link (needs the extra link)")
    lead: bool = _setting(default=False, read=Switch(), means="/bridge/tempo sets the tempo of everyone in Link")
    live: bool = _setting(default=False, read=Switch(), means="follow Ableton Live through AbletonOSC")
    live_ask: int = _setting(11_000, Whole(1, 65_535), "port at which AbletonOSC listens")
    live_hear: int = _setting(11_001, Whole(1, 65_535), "port to which AbletonOSC answers")
    silence: float = _setting(
        0.0, Number(0, 86_400), "seconds after which the word of a DAW by OSC holds no longer; 0 is never"
    )


@dataclass(frozen=True, slots=True)
class _Patterns:
    """A list of names or patterns."""

    allowed: str = "a list of names or patterns such as *Launchpad*"
    kind: str = "text"

    def __call__(self, value: object) -> tuple[str, ...]:
        """Read `value`."""
        return tuple(Text(200)(each) for each in _listed(value, self.allowed))


@dataclass(frozen=True, slots=True, kw_only=True)
class MidiConfig:
    """Which controllers are heard, and what their controls do."""

    ports: tuple[str, ...] = _setting((), _Patterns(), "MIDI inputs to open, by name or pattern; * is all")
    virtual: str = _setting("", Text(60), "name of a MIDI port of our own, where the system can have one")
    network: int = _setting(0, Whole(0, 65_535), "TCP port on this machine for MIDI without a driver; 0 is none")
    api: str = _setting("auto", Choice(("auto", "alsa", "jack", "core", "winmm")), "the system's MIDI to use")
    map: str = _setting("auto", Word(), "map of all controllers; auto finds the one made for each")


@dataclass(frozen=True, slots=True)
class _Names:
    """A list of names."""

    allowed: str = "a list of names"
    kind: str = "text"

    def __call__(self, value: object) -> tuple[str, ...]:
        """Read `value`."""
        return tuple(Word()(each) for each in _listed(value, self.allowed))


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolConfig:
    """Clips that are made ready before anybody asks."""

    armed: tuple[str, ...] = _setting((), _Names(), "presets to keep ready, beside those that say armed = true")
    size: int = _setting(1, Whole(0, 16), "how many triggers of each armed preset are ready at once")


@dataclass(frozen=True, slots=True)
class _Channels:
    """Output channels, counted from 1."""

    allowed: str = "one to eight channel numbers such as 1, 2"
    kind: str = "text"

    def __call__(self, value: object) -> tuple[int, ...]:
        """Read `value`."""
        each = Whole(1, 256)
        channels = tuple(
            each(channel) for channel in _listed([value] if isinstance(value, int) else value, self.allowed)
        )
        if not 1 <= len(channels) <= 8 or len(set(channels)) < len(channels):
            raise BadRequest(f"{shown(value)} will not do; give {self.allowed}, each once")
        return channels


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceConfig:
    """The audio device, and how clips play on it."""

    name: str = _setting(
        "", Text(200), "output to play on: default, a name, a part of one, or its number; empty is none"
    )
    api: str = _setting("", Text(60), "host API that offers it, such as JACK, ALSA, Core Audio or ASIO; empty is any")
    channels: tuple[int, ...] = _setting((1, 2), _Channels(), "which of its channels play, counted from 1")
    rate: int = _setting(0, Whole(0, RATE_RANGE[1]), "its sample rate in Hz; 0 is whatever it prefers")
    block: int = _setting(256, Whole(0, 8_192), "frames in a block; 0 lets the device choose")
    quantum: str = _setting(
        "bar",
        Choice(("now", "beat", "bar", "2", "4", "8")),
        "on which line a clip begins: now, beat, bar, 2, 4, 8 bars",
    )
    crossfade: float = _setting(
        10.0, Number(0, 2_000), "milliseconds in which clips give way to one another; 0 is a cut"
    )
    offset: float = _setting(0.0, Number(-1_000, 1_000), "milliseconds by which all plays later; below 0, earlier")
    gain: float = _setting(0.0, Number(-120, 24), "level in dB")
    follow: bool = _setting(default=True, read=Switch(), means="keep what plays with the session's clock and tempo")
    bend: bool = _setting(
        default=True, read=Switch(), means="follow changes of tempo up to half a per cent at once, pitch and all"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsConfig:
    """What a job is where nobody says otherwise, and how many may wait."""

    engine: str = _setting(
        AUTO,
        Choice((AUTO, *PLAYERS)),
        "engine of a job that names none; auto is musicldm where its weights are",
    )
    bars: int = _setting(4, Whole(1, 64), "bars of a clip")
    takes: int = _setting(4, Whole(1, 16), "takes of a job")
    longest: float = _setting(300.0, Number(1, 3_600), "longest clip in seconds")
    queue: int = _setting(64, Whole(1, 10_000), "jobs that may wait, and a quarter more of who has none waiting")
    per_minute: int = _setting(
        6_000, Whole(0, 1_000_000), "jobs that one sender may ask for, ten seconds' worth at once; 0 is any number"
    )
    resume: float = _setting(
        900.0, Number(0, 86_400), "seconds after which a job that a crash left unfinished is failed, not finished"
    )
    history: int = _setting(10_000, Whole(1, 1_000_000), "jobs that are remembered; those with a star are besides")
    history_days: float = _setting(365.0, Number(1, 36_500), "days for which jobs are remembered")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfig:
    """What the processes that hold the engines may take before they are ended and replaced."""

    patience: float = _setting(
        60.0, Number(1, 86_400), "seconds without a step before a worker counts as hung; more if its engine is slow"
    )
    loading: float = _setting(
        900.0, Number(1, 86_400), "seconds that a model may take to load, and the longest that any step may"
    )
    memory: float = _setting(
        0.75, Number(0, 1), "part of this machine's memory that the workers may hold; 0 is any (Linux alone can tell)"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PathsConfig:
    """Other folders."""

    state: Path = _setting(user_state_path(APP), _Folder(), "journal, spool and logs; one daemon has it")
    presets: Path = _setting(user_config_path(APP) / "presets", _Folder(), "your own presets; they override by name")
    maps: Path = _setting(user_config_path(APP) / "maps", _Folder(), "your own MIDI maps, and what was learnt")
    guides: tuple[Path, ...] = _setting((), _Folders(), "folders whose WAVs a request may name as guide")


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicLdmConfig:
    """The MusicLDM engine: which weights, where they compute, and how, where a job says nothing."""

    checkpoint: str = _setting(CHECKPOINT, Text(1_000), "a hub id that was fetched, a folder, or musicldm-mini")
    revision: str | None = _setting(None, Text(100), "a commit of it; the one fetched last if left out")
    device: str = _setting("auto", Text(20), "auto, cpu, cuda, cuda:1 or mps")
    precision: str = _setting("auto", Choice(("auto", "float32", "float16", "bfloat16")), "numbers it computes with")
    offload: bool = _setting(default=False, read=Switch(), means="keep parts off the device until their turn")
    scheduler: str = _setting(defaults.SCHEDULER, Text(20), "the scheduler")
    steps: int | None = _setting(
        None, Whole(1, 1000), f"steps of the diffusion; what the model says of itself, or {defaults.STEPS}, if left out"
    )
    correction: float = _setting(
        defaults.CORRECTION, Number(0, 0.25), "by how much a loop's tempo may be corrected in the mel, as a part"
    )
    adapter: str | None = _setting(None, Word(), "what it has learnt by daw-bridge train, where a job names none")
    adapters: Path = _setting(user_data_path(APP) / "adapters", _Folder(), "where that lies, a folder for each name")
    preload: bool = _setting(default=False, read=Switch(), means="load it when the daemon starts")
    idle: float = _setting(900.0, Number(0, 86_400), "seconds without a job after which it is unloaded; 0 is never")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClapConfig:
    """The ranker that hears whether a take sounds like its prompt."""

    rank: str = _setting(
        "auto", Choice(("auto", "always", "never")), "auto ranks what MusicLDM made, always all engines"
    )
    reference: Path | None = _setting(None, _Folder(), "a folder of sounds that a take should not copy")


@dataclass(frozen=True, slots=True, kw_only=True)
class RankConfig:
    """What is made of the measurements."""

    warn: float = _setting(0.5, Number(0, 1), "a job warns when the beat of its best clip is below this; 0 is never")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsConfig:
    """What the daemon writes down of what it does."""

    prompts: bool = _setting(default=True, read=Switch(), means="write prompts into the log; 0 keeps them out of it")
    megabytes: float = _setting(5.0, Number(0.01, 1_000), "size of a file of the log, in MB")
    files: int = _setting(5, Whole(1, 100), "files of the log that are kept")
