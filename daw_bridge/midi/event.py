"""What a controller sends, as plain values: they travel from the process that keeps the ports."""

from dataclasses import dataclass
from enum import Enum

CHANNELS = range(1, 17)
"""MIDI channels as people count them."""

HALF = 64
"""From this value on, a button that sends control changes is pressed."""


class Kind(Enum):
    """What was sent; the value is the word for it in maps."""

    NOTE = "note"
    CONTROL = "cc"
    PROGRAM = "program"
    BEND = "bend"
    CLOCK = "clock"
    START = "start"
    STOP = "stop"
    CONTINUE = "continue"
    POSITION = "songpos"
    MMC = "mmc"


TRANSPORT = frozenset({Kind.CLOCK, Kind.START, Kind.STOP, Kind.CONTINUE, Kind.POSITION})
"""What a clock sends."""

MMC_COMMANDS = {
    1: "stop",
    2: "play",
    3: "deferred-play",
    4: "forward",
    5: "rewind",
    6: "record",
    7: "record-exit",
    9: "pause",
}
"""MIDI machine control: the commands that have a button, by number."""


@dataclass(frozen=True, slots=True)
class Event:
    """One message of `port`.

    `channel` is 1–16, or 0 where there is none. `number` is the key, the controller, the program (from 0) or the MMC
    command. `value` is the velocity (0: the key was let go), the controller's value, the bend (−8192 … 8191) or the song
    position in sixteenths. `time` is when it arrived, in seconds of `time.monotonic`.
    """

    port: str
    kind: Kind
    channel: int
    number: int
    value: int
    time: float


@dataclass(frozen=True, slots=True)
class Light:
    """A message to a controller: `kind` is a note or a control change."""

    port: str
    kind: Kind
    channel: int
    number: int
    value: int
