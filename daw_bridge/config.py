"""The configuration: defaults, then a TOML file, then the environment, then flags; the last one that speaks counts.

The settings themselves stand in `sections`. A bad value is named by its key, with where it was found and what was
expected.
"""

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from daw_bridge.errors import BadRequest, BadSetting, OutOfRange
from daw_bridge.pages import read_any
from daw_bridge.sections import (
    APP,
    ClapConfig,
    ClockConfig,
    DeviceConfig,
    FolderConfig,
    JobsConfig,
    LogsConfig,
    MidiConfig,
    MusicLdmConfig,
    OscConfig,
    PathsConfig,
    PoolConfig,
    RankConfig,
    SessionConfig,
    WorkerConfig,
)

_LARGEST = 262_144  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All settings, by section."""

    osc: OscConfig = field(default_factory=OscConfig)
    folder: FolderConfig = field(default_factory=FolderConfig)
    session: SessionConfig = field(default_factory=SessionConfig)
    clock: ClockConfig = field(default_factory=ClockConfig)
    midi: MidiConfig = field(default_factory=MidiConfig)
    device: DeviceConfig = field(default_factory=DeviceConfig)
    pool: PoolConfig = field(default_factory=PoolConfig)
    jobs: JobsConfig = field(default_factory=JobsConfig)
    worker: WorkerConfig = field(default_factory=WorkerConfig)
    paths: PathsConfig = field(default_factory=PathsConfig)
    musicldm: MusicLdmConfig = field(default_factory=MusicLdmConfig)
    clap: ClapConfig = field(default_factory=ClapConfig)
    rank: RankConfig = field(default_factory=RankConfig)
    logs: LogsConfig = field(default_factory=LogsConfig)

    def __post_init__(self) -> None:
        if not ip_address(self.osc.host).is_loopback and not self.osc.allow:
            raise BadSetting(
                f"osc.host is {self.osc.host}, which other machines can reach; "
                "list those that may ask in osc.allow, or keep 127.0.0.1",
            )


SECTIONS: Mapping[str, Any] = {each.name: each.default_factory for each in fields(Config)}
"""The class of each section, by name."""


def default_file() -> Path:
    """Return where the configuration file is looked for when none is named."""
    return user_config_path(APP) / "config.toml"


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
        sections = read_any(path, _LARGEST)
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
