"""Whether what plays is still with the session, and what to do if not.

No two clocks run alike. A sound card that is 100 parts in a million slow loses a third of a second in an hour. A slip at a
join would be heard as a double attack, and to leave out frames in the middle as a click; so the loop itself is made a
hair longer or shorter: the same sound, resampled by less than a twentieth of a per cent (a ninth of a semitone's
hundredth), which takes over in the middle of the one before, in place, within some milliseconds. A loop that is as long
as the device's clock says it should be stays; what is left is put right by the same means whenever it can be measured.

A tempo that moves by more than that moves the loop: within half a per cent of what the clip was made for by rate, at once,
if that is allowed; beyond, stretched at its pitch, on the next bar line. So does a session that jumps to another place.
"""

from dataclasses import dataclass

from daw_bridge.playing.clock import Line
from daw_bridge.playing.fitter import Means
from daw_bridge.timeline import Timeline
from plugin_host.road import LIMITS

DEAD_BAND = 0.0005
"""Seconds by which a loop may be off before anything is done; half of what is promised."""

AT_HOME = 0.0001
"""Seconds: a loop that is so near is where it belongs."""

LEAP = 0.02
"""Seconds: a loop that is further off than this cannot creep back; it begins anew in place, on a bar line."""

CREEP = 0.0005
"""By how much a loop may be longer or shorter than it should be, as a part, while it creeps back."""

HORIZON = 4.0
"""Seconds in which it should be back."""

BEND = 0.005
"""How far a clip may be from its own tempo by rate, as a part, where the musician allows that."""

MOVED = 0.0008
"""A loop whose length is this far from what it should be is not creeping: the tempo has changed."""

_NEW = 0.3  # the weight of what was measured last against all before: clocks jitter, drift is slow


@dataclass(frozen=True, slots=True)
class Sounding:
    """A loop that plays: its frame 0 stands on frame `origin` of the device, and it has so many `frames`.

    It lasts `beats` quarter notes; its frame 0 belongs to beat `beat` of the session. `natural` is how many frames it has
    at its own tempo, `means` how it was made as long as it is, `creeping` whether it is on its way back.
    """

    origin: int
    frames: int
    beats: float
    beat: float
    natural: float
    means: Means = Means.RATE
    creeping: bool = False

    def phase_at(self, frame: float) -> float:
        """Return which part of the loop, 0–1, plays on `frame` of the device."""
        return (frame - self.origin) / self.frames % 1.0


@dataclass(frozen=True, slots=True)
class Remedy:
    """Make the loop so many `frames` by `means`; `in_place` is at once and where it is, else on the next bar line."""

    frames: int
    means: Means
    in_place: bool
    creeping: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What the musician allows: to `bend` the pitch for a small change of tempo. `offset` is in seconds, later is more."""

    bend: bool
    offset: float = 0.0


def length(beats: float, timeline: Timeline, rate: float) -> float:
    """Return how many frames so many `beats` of the session last at `rate` frames a second."""
    return beats * 60 / float(timeline.tempo) * rate


def means_for(frames: float, natural: float, rules: Rules) -> Means | None:
    """Return how a clip of `natural` frames becomes so many `frames`; None where it must not."""
    part = frames / natural
    if abs(part - 1) <= (BEND if rules.bend else MOVED):
        return Means.RATE
    return Means.STRETCH if LIMITS[0] <= 1 / part <= LIMITS[1] else None


class Follower:
    """Watches one loop. It never asks what time it is. Thread: the event loop's."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._kept: float | None = None
        self.error = 0.0

    def forget(self) -> None:
        """Begin anew: another loop plays, or the same in another place."""
        self._kept = None

    def remedy(self, loop: Sounding, timeline: Timeline, line: Line, now: float, bar: float) -> Remedy | None:
        """Return what is to be done about `loop` at `now` (seconds of `time.monotonic`); None for nothing.

        `bar` is in quarter notes. `error` then says by how many seconds the loop is early, as it is heard.
        """
        should = length(loop.beats, timeline, line.rate)
        means = means_for(should, loop.natural, self._rules)
        if means is None:
            return None
        if abs(should / loop.frames - 1) > MOVED:
            same = means is loop.means is Means.RATE
            self.forget()
            return Remedy(round(should), means, in_place=same)
        new = self._measured(loop, timeline, line, now, bar)
        self.error = new if self._kept is None else self._kept + _NEW * (new - self._kept)
        self._kept = self.error
        return self._against(loop, should, means)

    def _measured(self, loop: Sounding, timeline: Timeline, line: Line, now: float, bar: float) -> float:
        """Return by how many seconds the loop is early; bars are alike."""
        played = loop.phase_at(line.frame_at(now)) * loop.beats
        due = timeline.beat_at(now - self._rules.offset) - loop.beat
        beats = (played - due + bar / 2) % bar - bar / 2
        return beats * 60 / float(timeline.tempo)

    def _against(self, loop: Sounding, should: float, means: Means) -> Remedy | None:
        """Return what to do against the error."""
        error = self.error
        in_place = means is loop.means is Means.RATE
        if abs(error) > LEAP:
            self.forget()
            return Remedy(round(should), means, in_place=False)
        if loop.creeping:
            back = abs(error) < AT_HOME or (error > 0) != (loop.frames > should)
            return Remedy(round(should), means, in_place) if back else None
        if abs(error) > DEAD_BAND:
            part = max(-CREEP, min(CREEP, error / HORIZON))
            return Remedy(round(should * (1 + part)), means, in_place, creeping=True)
        return None
