"""What is to be played: hits and notes at exact places, before any sound is made."""

from collections.abc import Mapping
from dataclasses import dataclass

from plugin_host.engine import Fact
from plugin_host.musictime import Beats


@dataclass(frozen=True, slots=True)
class Hit:
    """A stroke on a drum, `at` quarter notes after the start; `velocity` 0–1.

    `choke` is where the drum is stopped (an open hat by a closed one), or None.
    """

    drum: str
    at: Beats
    velocity: float
    choke: Beats | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """One or more pitches (MIDI) played together by `part` for `length` quarter notes; `velocity` 0–1."""

    part: str
    at: Beats
    length: Beats
    pitches: tuple[int, ...]
    velocity: float


@dataclass(frozen=True, slots=True)
class Score:
    """A whole take, written down. `facts` tell what was decided on the way, for the sidecar."""

    hits: tuple[Hit, ...]
    notes: tuple[Note, ...]
    facts: Mapping[str, Fact]

    @property
    def silent(self) -> bool:
        """Whether there is nothing in it to be played."""
        return not self.hits and not self.notes
