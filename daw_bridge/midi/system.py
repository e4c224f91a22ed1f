"""The MIDI ports of the system, kept open by python-rtmidi.

On JACK, inputs are asked what they have heard once a millisecond; elsewhere they call us. JACK would call from the thread
that moves the audio of everyone: to wait for Python's lock there is an xrun in the musician's DAW, and to close a port
meanwhile is a deadlock (measured: half a minute).
"""

import fnmatch
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from daw_bridge.midi.eye import OURS, Eye, opened_eye
from daw_bridge.midi.words import Opened, Wanted

_NOT_MEANT = ("*midi through*", f"*{OURS}*", "*midi-monitor*")  # loops back, ours, and JACK's own watcher
_COPY = re.compile(r"-\d{2}(?=:|$)")  # JACK's mark on a second client of a name
_DIRECTIONS = frozenset({"in", "out", "input", "output"})
_ASK = 0.001  # seconds from one asking of JACK's inputs to the next

Hear = Callable[[str, list[int]], None]
"""Is given the name of a port and the bytes of one message, in a thread of ours or of the system's driver."""


class SystemPorts:
    """The open ports of the system. Thread: the driver's main."""

    def __init__(self, wanted: Wanted, hear: Hear) -> None:
        self._wanted = wanted
        self._hear = hear
        self._inputs: dict[str, Any] = {}
        self._outputs: dict[str, Any] = {}
        self._virtual: tuple[Any, Any] | None = None
        self._eye: Eye | None = None
        self._asked: dict[str, Any] = {}
        self._asking: threading.Thread | None = None
        self._lock = threading.Lock()  # an input is not closed while it is asked

    def look(self) -> Opened:
        """Open what is there and wanted, let go of what is gone. Raises `ServerGone`: the process had better end then."""
        try:
            eye = self._eye = self._eye or opened_eye(self._wanted.api)
        except ImportError:
            return Opened((), "python-rtmidi is not installed: pip install 'daw-bridge[midi]'")
        except OSError as error:
            return Opened((), f"the system's MIDI does not answer: {error}")
        sources, sinks = eye.sources(), eye.sinks()
        trouble = self._open_virtual(eye.api)
        fresh = (
            *self._match(self._inputs, sources, lambda name: self._open_input(eye.api, name)),
            *self._match(self._outputs, sinks, lambda name: _open_output(eye.api, name)),
        )
        if not sources and not sinks and self._virtual is None:
            eye.close()  # another API may have some; the next eye looks anew
            self._eye = None
        ours = (self._wanted.virtual,) if self._virtual else ()
        return Opened((*ours, *sorted(self._inputs)), trouble, tuple(sorted(self._outputs)), fresh)

    def send(self, port: str, message: list[int]) -> None:
        """Send the bytes of a message to where the controller of `port` hears us; if nowhere, it is dropped."""
        sink = self._virtual[1] if self._virtual and port == self._wanted.virtual else None
        for name, output in self._outputs.items():
            if sink is None and _bare(name) == _bare(port):
                sink = output
        if sink is not None:
            with suppress(Exception):  # unplugged a moment ago
                sink.send_message(message)

    def close(self) -> None:
        """Close all ports. A driver may hang in it: whoever calls has a way out."""
        with self._lock:
            self._asked.clear()
            for port in (*self._inputs.values(), *self._outputs.values(), *(self._virtual or ())):
                port.delete()
        if self._eye is not None:
            self._eye.close()

    def _match(self, open_ones: dict[str, Any], there: list[str], opened: Callable[[str], Any]) -> list[str]:
        """Make `open_ones` what is `there` and wanted; return which were opened.

        One that left and returned since the last look is opened anew, where the eye can tell.
        """
        for name in [each for each in open_ones if each not in there or not (self._eye and self._eye.is_ours(each))]:
            with self._lock, suppress(Exception):  # a driver's last words about a port that is gone
                self._asked.pop(name, None)
                open_ones.pop(name).delete()
        fresh = []
        for name in there:
            if name not in open_ones and self._is_meant(name):
                with suppress(Exception):  # another program holds it, or it went away: looked at again in a moment
                    open_ones[name] = opened(name)
                    fresh.append(name)
        return fresh

    def _is_meant(self, name: str) -> bool:
        """Whether the port `name` is one that is wanted."""
        name = name.lower()
        wanted = any(fnmatch.fnmatchcase(name, pattern.lower()) for pattern in self._wanted.ports)
        return wanted and not any(fnmatch.fnmatchcase(name, pattern) for pattern in _NOT_MEANT)

    def _open_input(self, api: int, name: str) -> Any:
        """Open an input and hear it."""
        import rtmidi

        port = rtmidi.MidiIn(api, name=OURS)
        port.open_port(port.get_ports().index(name), name="in")
        return self._heard(api, port, name)

    def _open_virtual(self, api: int) -> str:
        """Open a port of our own; return why not, where the system has none."""
        import rtmidi

        name = self._wanted.virtual
        if self._virtual is not None or not name:
            return ""
        try:
            hears, says = rtmidi.MidiIn(api, name=f"{OURS} {name}"), rtmidi.MidiOut(api, name=f"{OURS} {name} lights")
            hears.open_virtual_port("in")
            says.open_virtual_port("out")
        except Exception as error:  # noqa: BLE001 - Windows has none
            return f"no virtual port here ({error}); on Windows make one with loopMIDI and name it in midi.ports"
        self._virtual = self._heard(api, hears, name), says
        return ""

    def _heard(self, api: int, port: Any, name: str) -> Any:
        """Hear all that `port` hears but active sensing."""
        import rtmidi

        port.ignore_types(sysex=False, timing=False, active_sense=True)
        if api != rtmidi.API_UNIX_JACK:
            port.set_callback(lambda event, _: self._hear(name, event[0]))
            return port
        with self._lock:
            self._asked[name] = port
        if self._asking is None:
            self._asking = threading.Thread(target=self._ask, name="midi inputs", daemon=True)
            self._asking.start()
        return port

    def _ask(self) -> None:
        """Hand on what JACK's inputs have heard, for as long as the process lives. Thread: one."""
        while True:
            with self._lock:
                for name, port in self._asked.items():
                    while (event := port.get_message()) is not None:
                        self._hear(name, event[0])
            time.sleep(_ASK)


def _open_output(api: int, name: str) -> Any:
    """Open an output."""
    import rtmidi

    port = rtmidi.MidiOut(api, name=OURS)
    port.open_port(port.get_ports().index(name), name="out")
    return port


def _bare(name: str) -> str:
    """Return the name of a device: that of its port without the numbers and directions that a system adds."""
    words = _COPY.sub(" ", name.lower()).replace(":", " ").split()
    return " ".join(word for word in words if word not in _DIRECTIONS and not word.isdigit())
