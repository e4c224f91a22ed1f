"""Which of the machine's outputs is meant: by number, by name, by a part of it, and by the system that offers it."""

from collections.abc import Sequence
from dataclasses import dataclass

from daw_bridge.errors import DeviceUnavailable
from daw_bridge.values import shown

DEFAULT = "default"
"""The name of whatever the system plays on by itself."""


@dataclass(frozen=True, slots=True)
class Output:
    """An output of the machine: its number at PortAudio, name, host API, channels, and the rate it prefers, in Hz.

    `default` is 2 for the system's own choice, 1 for that of its host API, else 0.
    """

    index: int
    name: str
    api: str
    channels: int
    rate: int
    default: int = 0

    def __str__(self) -> str:
        return f"{self.name} ({self.api})"


def choose(outputs: Sequence[Output], name: str, api: str, channels: Sequence[int]) -> Output:
    """Return the one that is meant. `channels` count from 1; an empty `api` is any.

    Raises `DeviceUnavailable` where it is none, or more than one, or has fewer channels: with what there is.
    """
    offered = [each for each in outputs if not api or each.api.casefold() == api.casefold()]
    if not offered:
        where = f" of {shown(api)}" if api and outputs else ""
        others = f"; there is {_listed(outputs)}" if outputs else ", or its audio server does not run"
        raise DeviceUnavailable(f"this machine has no audio output{where}{others}")
    found = _named(offered, name)
    if not found:
        raise DeviceUnavailable(
            f"there is no audio output {shown(name)}; there is {_listed(offered)}: set device.name to one of them"
        )
    if len(found) > 1:
        raise DeviceUnavailable(
            f"device.name {shown(name)} fits {_listed(found)}; say more of the name, "
            "or set device.api, or give the number that daw-bridge devices shows"
        )
    if max(channels) > found[0].channels:
        raise DeviceUnavailable(
            f"{found[0]} has {found[0].channels} output channels, and device.channels asks for "
            f"{', '.join(map(str, channels))}; take some from 1 to {found[0].channels}"
        )
    return found[0]


def _named(outputs: Sequence[Output], name: str) -> list[Output]:
    """Return those that `name` fits, the narrowest way that fits any."""
    wanted = name.strip().casefold()
    if wanted == DEFAULT:
        most = max(each.default for each in outputs)
        return [each for each in outputs if each.default == most][:1]
    exact = [each for each in outputs if wanted in {each.name.casefold(), str(each).casefold()}]
    numbered = [each for each in outputs if str(each.index) == wanted]
    return exact or numbered or [each for each in outputs if wanted in each.name.casefold()]


def _listed(outputs: Sequence[Output]) -> str:
    """Write outputs in a row."""
    return ", ".join(f"{each.index}: {each}" for each in outputs)
