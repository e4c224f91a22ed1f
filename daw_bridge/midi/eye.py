"""The eye: which MIDI ports the system has, without opening any of them."""

from contextlib import suppress
from typing import Any, Protocol

OURS = "daw-bridge"
"""The name of our clients."""


class ServerGone(Exception):
    """The audio server that had the ports has ended: what we opened on it can neither be used nor closed."""


class Eye(Protocol):
    """Sees the ports of one API of the system. Thread: one."""

    api: int
    """python-rtmidi's number of the API."""

    def sources(self) -> list[str]:
        """Return the names of what can be heard. Raises `ServerGone`."""
        ...

    def sinks(self) -> list[str]:
        """Return the names of what can be sent to. Raises `ServerGone`."""
        ...

    def is_ours(self, name: str) -> bool:
        """Whether a connection of ours to the port `name` still holds, as far as the API tells."""
        ...

    def close(self) -> None:
        """Let the eye's clients go."""
        ...


class PlainEye:
    """An eye by python-rtmidi. It sees names alone: a device that leaves and returns between two looks goes unnoticed."""

    def __init__(self, api: int) -> None:
        """Open it. Raises what the driver raises where the API does not answer."""
        import rtmidi

        self.api = api
        self._in, self._out = rtmidi.MidiIn(api, name=OURS), rtmidi.MidiOut(api, name=OURS)

    def sources(self) -> list[str]:
        """Return the names of what can be heard."""
        names: list[str] = self._in.get_ports()
        return names

    def sinks(self) -> list[str]:
        """Return the names of what can be sent to."""
        names: list[str] = self._out.get_ports()
        return names

    def is_ours(self, _name: str) -> bool:
        """Whether a connection holds: as long as there is a port of that name."""
        return True

    def close(self) -> None:
        """Let both clients go."""
        self._in.delete()
        self._out.delete()


class JackEye:
    """An eye on JACK by JACK-Client, which tells what python-rtmidi does not: what is connected, and the server's end."""

    def __init__(self, api: int) -> None:
        """Open it. Raises `ImportError` without JACK-Client, `OSError` without JACK, JACK-Client's own without a server."""
        import jack

        self.api = api
        self._client: Any = jack.Client(f"{OURS} eye", no_start_server=True)
        self._ended = False
        self._client.set_shutdown_callback(self._end)

    def sources(self) -> list[str]:
        """Return the names of what can be heard. Raises `ServerGone`."""
        return [port.name for port in self._ports(is_output=True)]

    def sinks(self) -> list[str]:
        """Return the names of what can be sent to. Raises `ServerGone`."""
        return [port.name for port in self._ports(is_input=True)]

    def is_ours(self, name: str) -> bool:
        """Whether a client of ours is connected to the port `name`. A port that is gone is nobody's."""
        with suppress(Exception):  # it went away this moment
            connected = self._client.get_all_connections(self._client.get_port_by_name(name))
            return any(port.name.startswith(OURS) for port in connected)
        return False

    def close(self) -> None:
        """Let the client go, if there is a server that it could be let go of."""
        if not self._ended:
            self._client.close()

    def _ports(self, **direction: bool) -> list[Any]:
        """Return the MIDI ports of a direction."""
        if self._ended:
            raise ServerGone
        ports: list[Any] = self._client.get_ports(is_midi=True, **direction)
        return ports

    def _end(self, _status: object, _reason: object) -> None:
        """Take note that the server has ended. Thread: the JACK library's."""
        self._ended = True


def opened_eye(wanted: str) -> Eye:
    """Return an eye on the API that is `wanted`, by python-rtmidi's name, or for "auto" on the first that answers.

    Raises `OSError` where none does, `ImportError` without python-rtmidi.
    """
    import rtmidi

    for api in rtmidi.get_compiled_api():
        if wanted not in {"auto", rtmidi.get_api_name(api)}:
            continue
        for kind in (JackEye, PlainEye) if api == rtmidi.API_UNIX_JACK else (PlainEye,):
            with suppress(Exception):  # no sequencer in this system, no server: the next one may be there
                return kind(api)
    raise OSError("no API of it can be opened; on Linux that is the ALSA sequencer, or a JACK server")
