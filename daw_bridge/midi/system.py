"""The MIDI ports of the system, kept open by python-rtmidi."""

import fnmatch
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from daw_bridge.midi.words import Opened, Wanted

_OURS = "daw-bridge"
_NOT_MEANT = ("*midi through*", f"*{_OURS}*", "*midi-monitor*")  # loops back, ours, and JACK's own watcher
_COPY = re.compile(r"-\d{2}(?=:|$)")  # JACK's mark on a second client of a name
_DIRECTIONS = frozenset({"in", "out", "input", "output"})

Hear = Callable[[str, list[int]], None]
"""Is given the name of a port and the bytes of one message, in the thread of the system's driver."""


@dataclass(frozen=True, slots=True)
class _Eye:
    """A client that opens nothing and sees which ports there are."""

    api: int
    sources: Any
    sinks: Any

    def close(self) -> None:
        """Let the client go."""
        self.sources.delete()
        self.sinks.delete()


class SystemPorts:
    """The open ports of the system. Thread: the driver's main."""

    def __init__(self, wanted: Wanted, hear: Hear) -> None:
        self._wanted = wanted
        self._hear = hear
        self._inputs: dict[str, Any] = {}
        self._outputs: dict[str, Any] = {}
        # A port whose device is gone is kept and not closed: on JACK, closing waits for the server while it holds
        # Python's lock, which the server's callback may want; measured, that stood still for half a minute.
        self._gone: list[Any] = []
        self._virtual: tuple[Any, Any] | None = None
        self._eye: _Eye | None = None

    def look(self) -> Opened:
        """Open what is there and wanted, let go of what is gone."""
        try:
            eye = self._eye = self._eye or _opened_eye(self._wanted.api)
            sources, sinks = eye.sources.get_ports(), eye.sinks.get_ports()
        except ImportError:
            return Opened((), "python-rtmidi is not installed: pip install 'daw-bridge[midi]'")
        except Exception as error:  # noqa: BLE001 - whatever a driver raises, it is looked at again in a moment
            self._eye = None
            return Opened((), f"the system's MIDI does not answer: {error}")
        trouble = self._open_virtual(eye.api)
        self._match(self._inputs, sources, lambda name: self._open_input(eye.api, name))
        self._match(self._outputs, sinks, lambda name: _open_output(eye.api, name))
        if not sources and not sinks and self._virtual is None:
            eye.close()  # it may be the server that is gone; the next eye finds the one that comes
            self._eye = None
        ours = (self._wanted.virtual,) if self._virtual else ()
        return Opened((*ours, *sorted(self._inputs)), trouble, tuple(sorted(self._outputs)))

    def send(self, port: str, message: list[int]) -> None:
        """Send the bytes of a message to where the controller of `port` hears us; if nowhere, it is dropped."""
        sink = self._virtual[1] if self._virtual and port == self._wanted.virtual else None
        for name, output in self._outputs.items():
            if sink is None and _bare(name) == _bare(port):
                sink = output
        if sink is not None:
            with suppress(Exception):  # unplugged a moment ago
                sink.send_message(message)

    def _match(self, open_ones: dict[str, Any], there: list[str], opened: Callable[[str], Any]) -> None:
        """Make `open_ones` what is `there` and wanted."""
        for name in [each for each in open_ones if each not in there]:
            self._gone.append(open_ones.pop(name))
        for name in there:
            if name not in open_ones and self._is_meant(name):
                with suppress(Exception):  # another program holds it, or it went away: looked at again in a moment
                    open_ones[name] = opened(name)

    def _is_meant(self, name: str) -> bool:
        """Whether the port `name` is one that is wanted."""
        name = name.lower()
        wanted = any(fnmatch.fnmatchcase(name, pattern.lower()) for pattern in self._wanted.ports)
        return wanted and not any(fnmatch.fnmatchcase(name, pattern) for pattern in _NOT_MEANT)

    def _open_input(self, api: int, name: str) -> Any:
        """Open an input and hear it."""
        import rtmidi

        port = rtmidi.MidiIn(api, name=_OURS)
        port.open_port(port.get_ports().index(name), name="in")
        return self._heard(port, name)

    def _open_virtual(self, api: int) -> str:
        """Open a port of our own; return why not, where the system has none."""
        import rtmidi

        name = self._wanted.virtual
        if self._virtual is not None or not name:
            return ""
        try:
            hears, says = rtmidi.MidiIn(api, name=f"{_OURS} {name}"), rtmidi.MidiOut(api, name=f"{_OURS} {name} lights")
            hears.open_virtual_port("in")
            says.open_virtual_port("out")
        except Exception as error:  # noqa: BLE001 - Windows has none
            return f"no virtual port here ({error}); on Windows make one with loopMIDI and name it in midi.ports"
        self._virtual = self._heard(hears, name), says
        return ""

    def _heard(self, port: Any, name: str) -> Any:
        """Have `port` call us with all that it hears but active sensing."""
        port.ignore_types(sysex=False, timing=False, active_sense=True)
        port.set_callback(lambda event, _: self._hear(name, event[0]))
        return port


def _opened_eye(wanted: str) -> _Eye:
    """Return an eye on the API that is wanted, else on the first that answers. Raises `OSError` where none does."""
    import rtmidi

    for api in rtmidi.get_compiled_api():
        if wanted not in {"auto", rtmidi.get_api_name(api)}:
            continue
        with suppress(Exception):  # no sequencer in this system, no server: the next one may be there
            return _Eye(api, rtmidi.MidiIn(api, name=_OURS), rtmidi.MidiOut(api, name=_OURS))
    raise OSError("no API of it can be opened; on Linux that is the ALSA sequencer, or a JACK server")


def _open_output(api: int, name: str) -> Any:
    """Open an output."""
    import rtmidi

    port = rtmidi.MidiOut(api, name=_OURS)
    port.open_port(port.get_ports().index(name), name="out")
    return port


def _bare(name: str) -> str:
    """Return the name of a device: that of its port without the numbers and directions that a system adds."""
    words = _COPY.sub(" ", name.lower()).replace(":", " ").split()
    return " ".join(word for word in words if word not in _DIRECTIONS and not word.isdigit())
