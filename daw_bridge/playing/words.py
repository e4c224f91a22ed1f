"""What the daemon and the device's process tell each other. All frames are the stream's own, counted from 0."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from daw_bridge.playing.loop import Happened
from plugin_host.engine import Form


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which output to open, and how: see the settings of `[device]`. A `rate` of 0 is the device's own."""

    name: str
    api: str
    channels: tuple[int, ...]
    rate: int
    block: int


class Blend(Enum):
    """How what comes takes over from what plays: at once, as another sound, or as the same one a hair longer."""

    CUT = "cut"
    OTHER = "equal power"
    SAME = "equal gain"


@dataclass(frozen=True, slots=True)
class Load:
    """To the device: read the clip in `path`, a .npy of shape (frames, channels), and keep it as `clip`."""

    clip: int
    path: Path


@dataclass(frozen=True, slots=True)
class Forget:
    """To the device: let go of every clip but `keep`."""

    keep: frozenset[int]


@dataclass(frozen=True, slots=True)
class Start:
    """To the device: in place of all that has not begun, play `clip` (0: silence) as `loop.Cue` has it."""

    number: int
    frame: int
    clip: int = 0
    form: Form = Form.LOOP
    phase: int = 0
    fade: int = 0
    blend: Blend = Blend.CUT


@dataclass(frozen=True, slots=True)
class Level:
    """To the device: play at `gain` times the level of the clips."""

    gain: float


Order = Load | Forget | Start | Level | None
"""What the device is told; None to leave."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The stream runs: on which output, at how many frames a second and in a block (0: it varies)."""

    name: str
    rate: int
    block: int


@dataclass(frozen=True, slots=True)
class Closed:
    """There is no stream, and why."""

    trouble: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """The clip is in memory, `frames` long; or `trouble` says why not."""

    clip: int
    frames: int
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Beat:
    """How the stream does.

    The callback for `frame` came at `time` (seconds of `time.monotonic`), and what it filled is heard `latency` seconds
    later. Counted since the stream was opened: callbacks, those that came too late for the device (`underruns`), and
    those that took longer than their block lasts (`slow`). `worst` and `p999` are the seconds a callback took, `busy` is
    the most that one kept a core at work: where `worst` is far more, the system held it up, and only a larger block helps.
    """

    time: float
    frame: int
    latency: float
    callbacks: int
    underruns: int
    slow: int
    worst: float
    p999: float
    busy: float

    def told(self) -> dict[str, str | int | float]:
        """Return it as the status tells it."""
        return {
            "device_latency_ms": 1000 * self.latency,
            "device_callbacks": self.callbacks,
            "device_underruns": self.underruns,
            "device_slow": self.slow,
            "device_worst_ms": 1000 * self.worst,
            "device_p999_ms": 1000 * self.p999,
            "device_busy_ms": 1000 * self.busy,
        }


Word = Opened | Closed | Loaded | Beat | Happened
"""What the device says."""
