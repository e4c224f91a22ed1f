"""Presets: named recipes, one TOML file each. The user's own folder overrides the factory's by name.

A file is read anew each time it is asked for, so an edit counts from the next trigger on. A broken one is reported by
file, key and reason, and keeps no other from working.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from daw_bridge.errors import BadPreset, BridgeError, UnknownPreset
from daw_bridge.pages import read_page
from daw_bridge.requests import JOB_KEYS, Said, read_said
from daw_bridge.values import Number, Reader, Switch, Text, Word, shown, text_of
from plugin_host.engine import Fact

_LARGEST = 65_536  # bytes; a recipe is a page of text at most
_NOT_IN_A_PRESET = frozenset({"id", "preset", "reply_port"})  # these belong to one request
_KEYS = (
    "prompt",
    "family",
    "about",
    "armed",
    "weights",
    "hints",
    *(key for key in JOB_KEYS if key not in _NOT_IN_A_PRESET),
)
_LONGEST_HINT = 200  # characters
_WEIGHT = Number(0, 10)

ABOUT: Mapping[str, Reader[str]] = {"family": Word(32), "about": Text(200)}
"""What a preset says of itself beside the keys of a job."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A recipe: `family` and `about` for people, `said` as a request would say it.

    `weights` are the rank's by part, `hints` are words to the engine. An `armed` one is made before anybody asks.
    """

    name: str
    path: Path
    family: str
    about: str
    said: Said
    weights: Mapping[str, float] = field(default_factory=dict)
    hints: Mapping[str, Fact] = field(default_factory=dict)
    armed: bool = False


def factory_folder() -> Path:
    """Return the folder of the presets that come with the project, installed or in a checkout."""
    installed = Path(str(files("daw_bridge"))) / "factory_presets"
    return installed if installed.is_dir() else Path(__file__).parents[1] / "presets"


def read_preset(path: Path) -> Preset:
    """Read one preset file. Raises `BadPreset` with file, key and reason."""
    try:
        return _preset(path, read_page(path, _LARGEST))
    except BridgeError as error:
        raise BadPreset(f"{path}: {error}") from None


def _preset(path: Path, values: dict[str, Any]) -> Preset:
    """Make a preset of what stood in its file."""
    name = Word()(path.stem)
    _look_at_keys(values)
    weights = {_word(key): _weight(key, value) for key, value in _table(values, "weights").items()}
    hints = {_word(key): _hint(key, value) for key, value in _table(values, "hints").items()}
    about = {key: read(values.pop(key, "")) if key in values else "" for key, read in ABOUT.items()}
    armed = _armed(values.pop("armed", False))
    if not values.get("prompt"):
        raise BadPreset('prompt is missing; write prompt = "what it should play"')
    said = read_said({key: _plain(key, value) for key, value in values.items()})
    return Preset(name, path, about["family"] or "other", about["about"], said, weights, hints, armed)


def _look_at_keys(values: Mapping[str, Any]) -> None:
    """Raise `BadPreset` for a key that a preset does not have: first of all, as it may be what something misses."""
    for key in values:
        if key in _NOT_IN_A_PRESET:
            raise BadPreset(f"{key} belongs to a request; take it out of the preset")
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, n=2, cutoff=0.6)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(_KEYS)}"
            raise BadPreset(f"{shown(key)} is no key of a preset; {hint}")


def _table(values: dict[str, Any], name: str) -> Mapping[str, Any]:
    """Take the table `name` out of `values`."""
    table = values.pop(name, {})
    if not isinstance(table, dict):
        raise BadPreset(f"{name} is {shown(table)}; it is a table: write [{name}] and key = value under it")
    return table


def _word(key: str) -> str:
    """Check the key of a table."""
    return Word(32)(key)


def _armed(value: object) -> bool:
    """Read whether clips are kept ready."""
    try:
        return Switch()(value)
    except BridgeError as error:
        raise type(error)(f"armed: {error}") from None


def _weight(key: str, value: object) -> float:
    """Read the weight of a part of the score."""
    try:
        return _WEIGHT(value)
    except BridgeError as error:
        raise type(error)(f"weights.{key}: {error}") from None


def _hint(key: str, value: object) -> Fact:
    """Read a hint: a plain value."""
    if isinstance(value, bool):
        return value
    text = text_of(value)
    if isinstance(value, (str, int, float)) and text is not None and len(text) <= _LONGEST_HINT:
        return value
    raise BadPreset(f"hints.{key} is {shown(value)}; give short text, a number, true or false")


def _plain(key: str, value: object) -> object:
    """Return `value` if it is of a kind that a wire could have brought."""
    if key in JOB_KEYS and not isinstance(value, (str, int, float, bool)):
        raise BadPreset(f"{key} is {shown(value)}; give text, a number, true or false")
    return value


class PresetShelf:
    """The folders in which presets lie, the user's before the factory's. Holds no state but their names."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)

    def get(self, name: str) -> Preset:
        """Return the preset called `name`. Raises `UnknownPreset` with its nearest neighbours, or `BadPreset`."""
        for path in self._paths(f"{name}.toml"):
            return read_preset(path)
        near = get_close_matches(name, self.names(), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "/bridge/presets lists what there is"
        raise UnknownPreset(f"there is no preset {shown(name)}; {hint}")

    def names(self) -> list[str]:
        """Return the names of all presets, broken ones too, in order."""
        return sorted({path.stem for path in self._paths()})

    def all(self) -> tuple[list[Preset], list[BadPreset]]:
        """Return all presets in order of family and name, and what is wrong with the broken ones."""
        presets: list[Preset] = []
        broken: list[BadPreset] = []
        seen: set[str] = set()
        for path in self._paths():
            if path.stem in seen:
                continue
            seen.add(path.stem)
            try:
                presets.append(read_preset(path))
            except BadPreset as error:
                broken.append(error)
        return sorted(presets, key=lambda preset: (preset.family, preset.name)), broken

    def _paths(self, only: str = "") -> Iterator[Path]:
        """Yield every preset file, the user's first; or those that are called `only`.

        That is compared with what is there: no name from a wire is ever made a path.
        """
        for folder in self._folders:
            if folder.is_dir():
                names = (name for name in os.listdir(folder) if name.endswith(".toml"))  # noqa: PTH208 - many times faster
                yield from (folder / name for name in sorted(names) if only in {"", name})
