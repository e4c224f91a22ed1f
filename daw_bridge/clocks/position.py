"""Position: bar and beat as a DAW writes them, some time ago, become a timeline.

A DAW tells its position over OSC some thirty times a second, and each telling comes late by how long it was on its way:
never early. So of the tellings of the last moments the one that came soonest is right (the clock filter of NTP, RFC 5905
section 10, chooses likewise): the beats by which each is ahead of the tempo are compared, and the greatest counts.
"""

import re
from collections import deque

from daw_bridge.timeline import Timeline
from plugin_host.musictime import Meter, Tempo

_WINDOW = 32  # tellings
_JUMP = 0.5  # beats: so far from the others a telling is a jump, not a delay
_WRITTEN = re.compile(r"\s*(-?\d{1,6})[.|:](\d{1,3})(?:[.|:](\d{1,3}))?(?:[.|:](\d{1,3}))?\s*")


class Position:
    """Makes a timeline of tellings. Thread: one at a time."""

    def __init__(self) -> None:
        self._told: deque[float] = deque(maxlen=_WINDOW)  # the beat that each means for the moment 0
        self._tempo: Tempo | None = None

    def tell(self, beat: float, time: float, tempo: Tempo) -> Timeline:
        """Take note that `beat` was told at `time`, and return the timeline that all tellings make."""
        if tempo != self._tempo:
            self._told.clear()
            self._tempo = tempo
        origin = beat - time * float(tempo) / 60
        if self._told and abs(origin - max(self._told)) > _JUMP:
            self._told.clear()
        self._told.append(origin)
        return Timeline(tempo, max(self._told) + time * float(tempo) / 60, time)

    def forget(self) -> None:
        """Begin anew: the DAW stopped, or jumped."""
        self._told.clear()


def beat_of(text: str, meter: Meter) -> float | None:
    """Return the beat (quarter notes from the first downbeat) that `text` names in `meter`; None for what names none.

    REAPER writes bar.beat.hundredths ("5.2.50"), Bitwig bar.beat.sixteenth.ticks ("5.2.1:00"); bars and beats begin at
    1, and a beat is the meter's own, an eighth in 7/8. A written number is cut, not rounded: it is never early.
    """
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return None
    bar, beat, third, fourth = match.groups()
    part = 0.0
    if fourth is not None and third is not None:
        part = (int(third) - 1) / 4 + int(fourth) / 400
    elif third is not None:
        part = int(third) / 100
    unit = 4 / meter.denominator
    return (int(bar) - 1) * float(meter.bar) + (int(beat) - 1 + part) * unit
