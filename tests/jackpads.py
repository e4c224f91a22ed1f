"""A pad controller on JACK, as a program of its own: hits on standard input, what comes back on standard output.

A line ``90 24 64`` sends these bytes; each message that arrives is written as such a line. ``unplug`` and ``plug`` take its
ports away and bring them back, as JACK's own bridge to hardware does.
"""

import queue
import sys
from typing import Any

import jack

NAME = "Test MPD"


class Pads:
    """The controller. Its ports are touched by the thread of JACK, and by that of the commands while JACK rests."""

    def __init__(self) -> None:
        self._client: Any = jack.Client("bridge", no_start_server=True)
        self._hits: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._ports: tuple[Any, Any] | None = None
        self._client.set_process_callback(self._process)
        self._client.activate()

    def plug(self) -> None:
        """Bring the ports."""
        self._ports = (
            self._client.midi_outports.register(f"{NAME} out"),
            self._client.midi_inports.register(f"{NAME} in"),
        )

    def unplug(self) -> None:
        """Take the ports away."""
        ports, self._ports = self._ports, None
        for port in ports or ():
            port.unregister()

    def hit(self, message: bytes) -> None:
        """Send a message."""
        self._hits.put(message)

    def close(self) -> None:
        """Leave the server."""
        self._client.close()

    def _process(self, _frames: int) -> None:
        """Send what was hit, and write what comes."""
        if self._ports is None:
            return
        says, hears = self._ports
        says.clear_buffer()
        while not self._hits.empty():
            says.write_midi_event(0, self._hits.get())
        for _, message in hears.incoming_midi_events():
            sys.stdout.write(bytes(message).hex(" ") + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    pads = Pads()
    pads.plug()
    for line in sys.stdin:
        word = line.strip()
        if word == "plug":
            pads.plug()
        elif word == "unplug":
            pads.unplug()
        else:
            pads.hit(bytes.fromhex(word))
    pads.close()
