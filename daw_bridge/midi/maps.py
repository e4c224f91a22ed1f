"""Maps: what the controls of a controller do, read from TOML. They are checked like the configuration.

::

    about = "sixteen pads"
    ports = ["*MPD*"]                  # the controllers that it is for; a map for all says ["*"]

    [lights]                           # a velocity, or [velocity, channel]
    armed = 1
    running = [21, 3]

    [[bind]]
    on = "note 36"                     # see `binding`
    channel = 10                       # 1 to 16; any, if left out
    do = "preset four-on-the-floor"
    velocity = ["variation", 0.2, 0.8] # how hard it is hit
    bank = 1                           # only in that bank
    shift = "note 51"                  # only while that is held

    [[bind]]
    on = "cc 20"
    do = "set takes"
    range = [1, 8]
    curve = 2                          # finer at the low end
"""

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from daw_bridge.errors import BadMap, BridgeError
from daw_bridge.midi.binding import Binding, Control, Deed, Range, Verb, natural_range
from daw_bridge.midi.event import CHANNELS
from daw_bridge.pages import read_page
from daw_bridge.requests import JOB_KEYS
from daw_bridge.values import Number, Text, Whole, shown

LEARNED = "learned.toml"
"""The file of what was learnt, in the folder of the user's own maps."""

_LARGEST = 262_144  # bytes
_CHANNEL = Whole(CHANNELS.start, CHANNELS.stop - 1)
_VELOCITY = Whole(0, 127)
_MAP_KEYS = ("about", "ports", "lights", "bind")
_BIND_KEYS = ("on", "channel", "do", "velocity", "bank", "shift", "range", "curve", "lights", "port")
LIGHTS = ("armed", "queued", "running", "full", "done", "failed")
"""What a light can show; from `running` to `full` it grows with the job."""

_GAIN = Range(-60.0, 6.0)


@dataclass(frozen=True, slots=True)
class Map:
    """The bindings for controllers whose port fits one of `ports`. `lights` are velocity and channel (0: the pad's)."""

    name: str
    about: str
    ports: tuple[str, ...]
    bindings: tuple[Binding, ...]
    lights: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def fits(self, port: str) -> bool:
        """Whether it is for the controller at `port`."""
        return any(fits(port, pattern) for pattern in self.ports)


def fits(port: str, pattern: str) -> bool:
    """Whether the name of a port fits a pattern; case does not matter."""
    return fnmatch.fnmatchcase(port.lower(), pattern.lower())


def factory_maps() -> Path:
    """Return the folder of the maps that come with the project."""
    return Path(str(files("daw_bridge.midi"))) / "maps"


def read_maps(own: Path, presets: Iterable[str]) -> tuple[dict[str, Map], list[BadMap]]:
    """Return the maps that come along and those in the folder `own`, by name, and what is wrong with the broken ones.

    What was learnt lies in that folder too, and is no map.
    """
    names = frozenset(presets)
    maps: dict[str, Map] = {}
    broken: list[BadMap] = []
    for path in (*sorted(own.glob("*.toml")), *sorted(factory_maps().glob("*.toml"))):
        if path.name != LEARNED and path.stem not in maps:
            try:
                maps[path.stem] = read_map(path, names)
            except BadMap as error:
                broken.append(error)
    return maps, broken


def read_map(path: Path, presets: Iterable[str]) -> Map:
    """Read one map; `presets` are the names there are. Raises `BadMap` with file, place and remedy."""
    try:
        return _map(path.stem, read_page(path, _LARGEST), frozenset(presets))
    except BridgeError as error:
        raise BadMap(f"{path}: {error}") from None


def _map(name: str, values: Mapping[str, Any], presets: frozenset[str]) -> Map:
    """Make a map of what stood in its file."""
    _known(values, _MAP_KEYS, "a map")
    rows = values.get("bind", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadMap("bind is no list of tables; write [[bind]] and key = value under it")
    bindings = tuple(_numbered(number, row, presets) for number, row in enumerate(rows, 1))
    taken: dict[object, Binding] = {}
    for number, binding in enumerate(bindings, 1):
        if binding.place in taken:
            raise BadMap(
                f"bind {number}: {binding.control} is bound already, to {taken[binding.place].deed}; "
                "give it another bank or shift, or take one of them out"
            )
        taken[binding.place] = binding
    about, lights = Text(200)(values.get("about", "")), _lights(values.get("lights", {}))
    return Map(name, about, _patterns(values.get("ports", ["*"])), bindings, lights)


def _numbered(number: int, row: Mapping[str, Any], presets: frozenset[str]) -> Binding:
    """Read the row of one binding; whatever is wrong with it is said with its number."""
    try:
        return read_binding(row, presets)
    except BridgeError as error:
        raise BadMap(f"bind {number}: {error}") from None


def read_binding(row: Mapping[str, Any], presets: frozenset[str]) -> Binding:
    """Read one binding. Raises `BridgeError` with what is wrong."""
    _known(row, _BIND_KEYS, "a binding")
    for key in ("on", "do"):
        if not isinstance(row.get(key), str):
            raise BadMap(f'{key} is missing; write on = "note 36" and do = "preset four-on-the-floor"')
    channel = _CHANNEL(row["channel"]) if "channel" in row else 0
    deed = Deed.parse(row["do"])
    if deed.verb is Verb.PRESET and deed.object not in presets:
        raise BadMap(f"there is no preset {shown(deed.object)}; daw-bridge presets lists what there is")
    return Binding(
        control=Control.parse(row["on"], channel),
        deed=deed,
        port=Text(200)(row.get("port", "*")),
        bank=Whole(1, 128)(row["bank"]) if "bank" in row else 0,
        shift=Control.parse(Text(40)(row["shift"]), channel) if "shift" in row else None,
        range=_range(row, deed),
        velocity=_velocity(row["velocity"]) if "velocity" in row else None,
        lights=_lights(row.get("lights", {})),
    )


def _range(row: Mapping[str, Any], deed: Deed) -> Range | None:
    """Read the range of a knob: as written, or that of its key."""
    curve = Number(0.1, 10)(row.get("curve", 1.0))
    natural = _GAIN if deed.verb is Verb.GAIN else natural_range(deed.object) if deed.verb is Verb.SET else None
    if "range" in row:
        low, high = _ends(row["range"])
    elif natural is not None:
        low, high = natural.low, natural.high
    elif deed.verb is Verb.SET:
        raise BadMap(
            f"range is missing: {deed.object} takes {JOB_KEYS[deed.object].read.allowed}; write range = [low, high]"
        )
    else:
        return None
    if deed.verb is Verb.SET:
        for end in (low, high):
            _read(deed.object, end)
    return Range(low, high, curve)


def _velocity(value: object) -> tuple[str, Range]:
    """Read what the force of a stroke sets."""
    if not isinstance(value, list) or len(value) != 3 or value[0] not in JOB_KEYS or natural_range(value[0]) is None:
        raise BadMap(f'velocity is {shown(value)}; write velocity = ["variation", 0.2, 0.8]')
    low, high = _ends(value[1:])
    for end in (low, high):
        _read(value[0], end)
    return value[0], Range(low, high)


def _read(key: str, value: float) -> None:
    """Check that a job takes `value` for `key`."""
    try:
        JOB_KEYS[key].read(value)
    except BridgeError as error:
        raise type(error)(f"{key}: {error}") from None


def _ends(value: object) -> tuple[float, float]:
    """Read the two ends of a range."""
    if not isinstance(value, list) or len(value) != 2:
        raise BadMap(f"range is {shown(value)}; write range = [low, high]")
    read = Number(-1e6, 1e6)
    return read(value[0]), read(value[1])


def _lights(value: object) -> Mapping[str, tuple[int, int]]:
    """Read a table of lights."""
    if not isinstance(value, dict):
        raise BadMap(f"lights is {shown(value)}; write [lights] and armed = 1 under it")
    _known(value, LIGHTS, "a light")
    lights: dict[str, tuple[int, int]] = {}
    for name, said in value.items():
        velocity, channel = said if isinstance(said, list) and len(said) == 2 else (said, None)
        lights[name] = _VELOCITY(velocity), _CHANNEL(channel) if channel is not None else 0
    return lights


def _patterns(value: object) -> tuple[str, ...]:
    """Read the patterns of ports."""
    if not isinstance(value, list) or not value:
        raise BadMap(f'ports is {shown(value)}; write ports = ["*Launchpad*"], or ["*"] for all')
    return tuple(Text(200)(each) for each in value)


def _known(values: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    """Refuse a key that nobody reads."""
    for key in values:
        if key not in known:
            raise BadMap(f"{shown(key)} is no key of {what}; there is {', '.join(known)}")
