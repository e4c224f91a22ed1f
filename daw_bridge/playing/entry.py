"""When and where a clip comes in: on which beat, which frame of the device that is, and with which frame of its own."""

import math
from enum import Enum
from fractions import Fraction

from daw_bridge.playing.clock import Line
from daw_bridge.playing.drift import LEAP, Sounding
from daw_bridge.timeline import Timeline
from plugin_host.musictime import Beats

QUANTA = ("now", "beat", "bar", "2", "4", "8")
"""What a clip may wait for; numbers are bars."""


class Entry(Enum):
    """How a clip comes in: from its first beat, in place of what plays and in phase with it, or where it had been."""

    FRESH = "fresh"
    BESIDE = "beside"
    AGAIN = "again"


def entry_beat(quantum: str, entry: Entry, timeline: Timeline, bar: Beats, soonest: float) -> float | None:
    """Return the beat on which a clip comes in that cannot before `soonest`; None for at once.

    Where it replaces another in phase, at once would be anywhere in a beat: it is the next beat.
    """
    if quantum == "now" and entry is Entry.FRESH:
        return None
    bars = {"now": Fraction(0), "beat": Fraction(0), "bar": Fraction(1)}.get(quantum)
    if bars is None:
        bars = Fraction(int(quantum))
    return timeline.line_after(soonest, Beats(bars * bar or Fraction(1)))


def entry_frame(beat: float, timeline: Timeline, line: Line, offset: float, loop: Sounding | None) -> int:
    """Return the frame of the device on which `beat` is heard, `offset` seconds later than the session has it.

    What plays is the best clock there is: where it is with the session, it is its frame of that beat, to the frame.
    """
    wanted = line.frame_at(timeline.time_at(beat) + offset)
    if loop is not None:
        behind = ((beat - loop.beat) / loop.beats % 1.0 - loop.phase_at(wanted) + 0.5) % 1.0 - 0.5
        if abs(behind) * loop.frames < LEAP * line.rate:
            return round(wanted + behind * loop.frames)
    return round(wanted)


def entry_phase(beat: float, origin: float, beats: float, frames: int) -> int:
    """Return which of its `frames`, that last `beats`, a loop plays on `beat` if its first belongs to beat `origin`."""
    part = math.fmod(beat - origin, beats) / beats % 1.0
    return round(part * frames) % frames
