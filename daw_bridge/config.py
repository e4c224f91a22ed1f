"""The configuration: defaults, then a TOML file, then the environment, then flags; the last one that speaks counts.

Every setting is one field below, with its default, how it is read and what it means. It stands in the file as
``[section] key = value`` and in the environment as ``DAW_BRIDGE_<SECTION>_<KEY>``. A bad value is named by its key,
with where it was found and what was expected.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from platformdirs import user_config_path, user_music_path, user_state_path

from daw_bridge.errors import BadRequest, BadSetting, OutOfRange
from daw_bridge.values import Choice, Number, Parsed, Reader, Switch, Text, Whole, shown, tables, text_of
from plugin_host.engines import AUTO, FACTORIES
from plugin_host.engines.musicldm import defaults
from plugin_host.engines.musicldm.checkpoint import DEFAULT as CHECKPOINT
from plugin_host.key import Key
from plugin_host.musictime import RATE_RANGE, Meter, Tempo

_APP = "daw-bridge"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderConfig:
    """The watched folder."""

    path: Path = _setting(user_music_path() / _APP, _Folder(), "where clips land")
    depth: str = _setting("24", Choice(("16", "24", "float")), "bits of a sample: 16 (dithered), 24, or 32-bit float")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionConfig:
    """What the session is until the DAW says otherwise."""

    tempo: Tempo = _setting(Tempo.parse(120), Parsed(Tempo.parse, "a tempo from 20 to 999", "number"), "BPM")
    meter: Meter = _setting(Meter(4, 4), Parsed(Meter.parse, "a meter like 7/8"), "time signature")
    key: Key | None = _setting(None, Parsed(Key.parse, "a key like A minor, or none"), "key")
    rate: int = _setting(48_000, Whole(*RATE_RANGE), "sample rate in Hz")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsConfig:
    """What a job is where nobody says otherwise, and how many may wait."""

    engine: str = _setting(
        AUTO,
        Choice((AUTO, *sorted(FACTORIES))),
        "engine of a job that names none; auto is musicldm where its weights are",
    )
    bars: int = _setting(4, Whole(1, 64), "bars of a clip")
    takes: int = _setting(4, Whole(1, 16), "takes of a job")
    longest: float = _setting(300.0, Number(1, 3_600), "longest clip in seconds")
    queue: int = _setting(64, Whole(1, 10_000), "jobs that may wait")


@dataclass(frozen=True, slots=True, kw_only=True)
class PathsConfig:
    """Other folders."""

    state: Path = _setting(user_state_path(_APP), _Folder(), "spool and logs")
    presets: Path = _setting(user_config_path(_APP) / "presets", _Folder(), "your own presets; they override by name")
    guides: tuple[Path, ...] = _setting((), _Folders(), "folders whose WAVs a request may name as guide")


@dataclass(frozen=True, slots=True, kw_only=True)
class MusicLdmConfig:
    """The MusicLDM engine: which weights, where they compute, and how, where a job says nothing."""

    checkpoint: str = _setting(CHECKPOINT, Text(1_000), "a hub id that was fetched, or a folder")
    revision: str | None = _setting(None, Text(100), "a commit of it; the one fetched last if left out")
    device: str = _setting("auto", Text(20), "auto, cpu, cuda, cuda:1 or mps")
    precision: str = _setting("auto", Choice(("auto", "float32", "float16", "bfloat16")), "numbers it computes with")
    offload: bool = _setting(default=False, read=Switch(), means="keep parts off the device until their turn")
    scheduler: str = _setting(defaults.SCHEDULER, Text(20), "the scheduler")
    steps: int = _setting(defaults.STEPS, Whole(1, 1000), "steps of the diffusion")
    correction: float = _setting(
        defaults.CORRECTION, Number(0, 0.25), "by how much a loop's tempo may be corrected in the mel, as a part"
    )
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
class Config:
    """All settings, by section."""

    osc: OscConfig = field(default_factory=OscConfig)
    folder: FolderConfig = field(default_factory=FolderConfig)
    session: SessionConfig = field(default_factory=SessionConfig)
    jobs: JobsConfig = field(default_factory=JobsConfig)
    paths: PathsConfig = field(default_factory=PathsConfig)
    musicldm: MusicLdmConfig = field(default_factory=MusicLdmConfig)
    clap: ClapConfig = field(default_factory=ClapConfig)
    rank: RankConfig = field(default_factory=RankConfig)

    def __post_init__(self) -> None:
        if not ip_address(self.osc.host).is_loopback and not self.osc.allow:
            raise BadSetting(
                f"osc.host is {self.osc.host}, which other machines can reach; "
                "list those that may ask in osc.allow, or keep 127.0.0.1",
            )


SECTIONS: Mapping[str, type] = {
    "osc": OscConfig,
    "folder": FolderConfig,
    "session": SessionConfig,
    "jobs": JobsConfig,
    "paths": PathsConfig,
    "musicldm": MusicLdmConfig,
    "clap": ClapConfig,
    "rank": RankConfig,
}


def default_file() -> Path:
    """Return where the configuration file is looked for when none is named."""
    return user_config_path(_APP) / "config.toml"


def settings() -> Iterator[tuple[str, "Field[Any]"]]:
    """Yield every setting as its section and field."""
    for section, kind in SECTIONS.items():
        for each in fields(kind):
            yield section, each


def load(file: Path | None, environment: Mapping[str, str], flags: Mapping[str, object]) -> Config:
    """Read the configuration. `flags` are named ``section.key``; a `file` of None is the default one, if it is there.

    Raises `BadSetting`, naming the key, where it stood, and what was expected.
    """
    said: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for section, key, value, where in [*_from_file(file), *_from_environment(environment), *_from_flags(flags)]:
        said[section][key] = _read(section, key, value, where)
    return Config(**{section: kind(**said[section]) for section, kind in SECTIONS.items()})


_Spoken = tuple[str, str, object, str]


def _from_file(file: Path | None) -> Iterator[_Spoken]:
    """Yield section, key, value and place of what stands in the file."""
    if file is None and not default_file().is_file():
        return
    path = file or default_file()
    try:
        sections = tables(path.read_bytes())
    except OSError as error:
        raise BadSetting(f"the configuration file {path} cannot be read: {error.strerror}") from None
    except BadRequest as error:
        raise BadSetting(f"the configuration file {path} {error}") from None
    for section, table in sections.items():
        if section not in SECTIONS or not isinstance(table, dict):
            raise BadSetting(
                f"{section} in {path} is no section; there is {', '.join(f'[{name}]' for name in SECTIONS)}"
            )
        for key, value in table.items():
            yield section, key, value, str(path)


def _from_environment(environment: Mapping[str, str]) -> Iterator[_Spoken]:
    """Yield what the environment says; a variable with our prefix that is no setting is a mistake worth naming."""
    names = {f"DAW_BRIDGE_{section}_{each.name}".upper(): (section, each.name) for section, each in settings()}
    for variable, value in environment.items():
        if variable in names:
            yield *names[variable], value, f"the environment variable {variable}"
        elif variable.startswith("DAW_BRIDGE_"):
            raise BadSetting(f"the environment variable {variable} is no setting; there is {', '.join(sorted(names))}")


def _from_flags(flags: Mapping[str, object]) -> Iterator[_Spoken]:
    """Yield what the command line says; None is what was not said."""
    for name, value in flags.items():
        section, _, key = name.partition(".")
        if value is not None:
            yield section, key, value, "the command line"


def _read(section: str, key: str, value: object, where: str) -> object:
    """Read one value by the reader of its field."""
    known = {each.name: each for each in fields(SECTIONS[section])}
    if key not in known:
        raise BadSetting(f"{section}.{key} in {where} is no setting; [{section}] has {', '.join(known)}")
    try:
        return known[key].metadata["read"](value)
    except (BadRequest, OutOfRange) as error:
        raise BadSetting(f"{section}.{key} in {where}: {error}") from None
