"""The timeline: which beat is played at which moment. A frozen value, and a bijection between beats and time.

It is the idea of Ableton Link's ``Timeline``: a tempo, and one pair of a beat and the moment at which it is played. All
other pairs follow. Beats are quarter notes, and beat 0 is a downbeat; time is in seconds of `time.monotonic`, so that a
change of the system's clock moves nothing.
"""

import math
from dataclasses import dataclass, replace

from plugin_host.musictime import Beats, Tempo

_HAIR = 1e-6
"""Beats by which a line may be behind and still be the one that is meant: half a microsecond at 120 BPM."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Beat `beat` is played at `time`; a minute has `tempo` beats."""

    tempo: Tempo
    beat: float = 0.0
    time: float = 0.0

    def beat_at(self, time: float) -> float:
        """Return the beat that is played at `time`; it is negative before the first."""
        return self.beat + (time - self.time) * float(self.tempo) / 60.0

    def time_at(self, beat: float) -> float:
        """Return the moment at which `beat` is played."""
        return self.time + (beat - self.beat) * 60.0 / float(self.tempo)

    def phase_at(self, time: float, quantum: Beats) -> float:
        """Return how many beats of the current `quantum` (a bar, say) have gone by at `time`: 0 to below `quantum`."""
        return self.beat_at(time) % float(quantum)

    def line_after(self, time: float, quantum: Beats) -> float:
        """Return the beat of the first line at `time` or later; lines are the whole multiples of `quantum`."""
        return math.ceil((self.beat_at(time) - _HAIR) / float(quantum)) * float(quantum)

    def at_tempo(self, tempo: Tempo, time: float) -> "Timeline":
        """Return the timeline that goes on at `tempo` from `time`, without a jump."""
        return Timeline(tempo, self.beat_at(time), time)

    def at_beat(self, beat: float, time: float) -> "Timeline":
        """Return the timeline that plays `beat` at `time`, at the tempo there is."""
        return replace(self, beat=beat, time=time)
