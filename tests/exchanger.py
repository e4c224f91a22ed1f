"""A client of the exchange for tests: it writes requests into files and reads the replies, as a script without sockets."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic

from daemons import PATIENCE, Running

from daw_bridge.client import Heard
from daw_bridge.wires.exchange_text import line_of, read, split
from daw_bridge.wires.osc_packet import Argument

_LOOK = 0.002  # seconds between two looks


@dataclass(slots=True)
class Exchanger:
    """One client of a daemon's exchange."""

    running: Running
    name: str
    asked: int = 0
    heard: int = 0
    _never: Event = field(default_factory=Event)

    @property
    def folder(self) -> Path:
        """The exchange."""
        return self.running.state / "exchange"

    def send(self, address: str, *arguments: Argument) -> Path:
        """Send one message; return the file, which is gone when it was heard."""
        return self.send_text(line_of(address, arguments))

    def send_text(self, text: str | bytes) -> Path:
        """Send what may be no message."""
        self.asked += 1
        path = self.folder / "requests" / f"{self.name}-{self.asked}.req"
        hidden = path.with_suffix(".tmp")
        hidden.write_bytes(text if isinstance(text, bytes) else text.encode())
        return hidden.rename(path)

    def hear(self, seconds: float) -> Iterator[Heard]:
        """Yield what comes back until nothing has come for `seconds`."""
        until = monotonic() + seconds
        while monotonic() < until:
            path = self.folder / "replies" / f"{self.name}-{self.heard + 1}.rep"
            try:
                text = path.read_text()
            except FileNotFoundError:
                self._never.wait(_LOOK)
                continue
            path.with_name(f"{self.name}-{self.heard}.rep").unlink(missing_ok=True)
            self.heard += 1
            for line in text.splitlines():
                address, fields = split(line)
                yield Heard(address, tuple(read(fields)))
            until = monotonic() + seconds

    def until(self, address: str) -> list[Heard]:
        """Hear until something comes at `address`, and return all of it."""
        story: list[Heard] = []
        for heard in self.hear(PATIENCE):
            story.append(heard)
            if heard.address == address:
                return story
        raise AssertionError(f"nothing came at {address}, only {story}")

    def synced(self) -> list[Heard]:
        """Return all that has come by the time that everything sent is handled."""
        self.send("/bridge/sync", 4711)
        return self.until("/bridge/synced")[:-1]
