"""What the daemon and the MIDI driver tell each other, beside events and lights."""

from dataclasses import dataclass

from daw_bridge.midi.event import Event


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which ports to keep open: names or patterns, the API, a virtual port's name, and a TCP port (0: none)."""

    ports: tuple[str, ...]
    api: str
    virtual: str
    network: int


@dataclass(frozen=True, slots=True)
class Opened:
    """The ports that are open now, or why there are none (`trouble`); `sinks` are those that lights can be sent to.

    `fresh` are the ports that were opened since the last word: also those that left and returned unseen.
    """

    names: tuple[str, ...]
    trouble: str = ""
    sinks: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lost:
    """So many messages were dropped, for `reason`."""

    count: int
    reason: str


Word = list[Event] | Opened | Lost
"""What the driver says."""
