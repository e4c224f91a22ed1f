"""Which audio and MIDI ports this machine has, asked for in a process of its own.

An audio system that is half dead can hang whoever lists its devices for ever, and drivers write to the terminal as
they like. So `audio` and `midi` start this module as a program, read one line of JSON, and give up after a while.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from daw_bridge.playing.choice import Output

_PATIENCE = 10.0  # seconds
_BROKE_OFF = "the process that asked for them broke off"


@dataclass(frozen=True, slots=True)
class Ports:
    """The names of what there is; or, where they cannot be had, why (`trouble`)."""

    names: tuple[str, ...] = ()
    trouble: str = ""


def audio() -> Ports:
    """Return the audio outputs, by name and system."""
    return _ask("audio")


def outputs() -> tuple[list[Output], str]:
    """Return the audio outputs with all that is known of them; or none, and why."""
    rows, trouble = _told("outputs")
    try:
        return [Output(**row) for row in rows], trouble
    except TypeError:
        return [], _BROKE_OFF


def midi() -> Ports:
    """Return the MIDI inputs and outputs."""
    return _ask("midi")


def _ask(kind: str) -> Ports:
    """Have a process name the ports of one kind."""
    names, trouble = _told(kind)
    return Ports(tuple(names), trouble)


def _told(kind: str) -> tuple[list[Any], str]:
    """Have a process list the ports of one kind; return what it lists, or why it cannot."""
    command = [sys.executable, "-m", __name__, kind]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)  # noqa: S603 - ourselves
        told = json.loads(done.stdout.strip().splitlines()[-1])
        return list(told["names"]), str(told["trouble"])
    except subprocess.TimeoutExpired:
        return [], f"the system did not answer in {_PATIENCE:.0f} s"
    except (OSError, ValueError, LookupError, TypeError):
        return [], _BROKE_OFF


def _list_audio() -> list[str]:
    """Return the audio outputs, by name and host API. Raises `OSError` without PortAudio."""
    import sounddevice

    systems = sounddevice.query_hostapis()
    devices = (each for each in sounddevice.query_devices() if each["max_output_channels"] > 0)
    return [f"{each['name']} ({systems[each['hostapi']]['name']})" for each in devices]


def _list_outputs() -> list[dict[str, Any]]:
    """Return the audio outputs as JSON has them. Raises `DeviceUnavailable` without PortAudio."""
    from daw_bridge.playing.output import outputs as found

    return [asdict(each) for each in found()]


def _list_midi() -> list[str]:
    """Return the MIDI ports. Raises `ImportError` without a back end."""
    import mido

    return [
        *(f"{name} (in)" for name in mido.get_input_names()),
        *(f"{name} (out)" for name in mido.get_output_names()),
    ]


_LISTS: Mapping[str, Callable[[], list[Any]]] = {"audio": _list_audio, "outputs": _list_outputs, "midi": _list_midi}


if __name__ == "__main__":
    answer = {"names": [], "trouble": ""}
    try:
        answer["names"] = _LISTS[sys.argv[1]]()
    except Exception as error:  # noqa: BLE001 - whatever a driver raises is what we were sent to find out
        answer["trouble"] = str(error)
    print(json.dumps(answer))  # noqa: T201 - this is how a process answers
