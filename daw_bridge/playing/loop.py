"""The loop player: what the audio callback does, and nothing of PortAudio in it.

It copies, fills with silence and counts. It never waits, locks, or makes or frees an array: what it is given is immutable
and kept alive by whoever gave it, and handing over is the rebinding of one name, which Python does at once or not at
all. (A slice of an array is a small object of Python's; those it does make, from memory that Python holds ready.)

A voice has no position that is counted on. It has an origin, the frame of the device at which its frame 0 stands, and
where it is follows from the frame that is due: so nothing adds up, and a clip that begins late is in phase.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plugin_host.audio import Samples
from plugin_host.engine import Form

AT_ONCE = -1
"""As the frame of a cue: the next one that is due."""

RAMP = 480
"""Frames over which a change of level is spread: 10 ms at 48 kHz, so that it does not click."""

_ROWS = 64  # events kept until they are fetched; they come by the bar, and are fetched fifty times a second

Curve = NDArray[np.float32]
"""Weights from 0 to 1, shape ``(frames, 1)``; of no frames for a cut."""

CUT: Curve = np.zeros((0, 1), np.float32)


def equal_power(frames: int) -> Curve:
    """Return the weights of a sound that comes while a different one goes: the sum of their powers stays the same."""
    return np.sin(np.pi / 2 * _steps(frames)).astype(np.float32)


def equal_gain(frames: int) -> Curve:
    """Return the weights of a sound that comes while nearly the same one goes: the sum of the two stays the same."""
    return _steps(frames).astype(np.float32)


def _steps(frames: int) -> NDArray[np.float64]:
    """Return evenly spaced weights, the middle of each frame."""
    return (np.arange(frames)[:, np.newaxis] + 0.5) / max(1, frames)


@dataclass(frozen=True, slots=True, eq=False)
class Cue:
    """From `frame` of the device on, `clip` plays, its frame `phase` first. None is silence.

    `rise` are its weights on the frames *before* that one, on which what played before gives way by `fall`: the downbeat
    of what comes has its full attack, and a loop leads in with its own end. `clip` has shape ``(frames, channels)``.
    Cues are numbered in the order in which they are made.
    """

    number: int
    frame: int
    clip: Samples | None = None
    form: Form = Form.LOOP
    phase: int = 0
    rise: Curve = field(default_factory=lambda: CUT)
    fall: Curve = field(default_factory=lambda: CUT)


SILENCE = Cue(0, 0)
"""What plays before anything does."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Cue `number` began: it was to be at its phase on frame `wanted`, and began so many frames after that was due.

    Where `ended` is set, its clip, a one-shot, is over at frame `wanted`.
    """

    number: int
    wanted: int
    late: int
    ended: int


class LoopPlayer:
    """Plays cues. `follow`, `level` and `happened` are for the thread that controls it, `fill` for the callback's."""

    def __init__(self, channels: int, most: int) -> None:
        """`most` is how many frames are filled at a time at most."""
        self.frame = 0
        self._cues: tuple[Cue, ...] = ()
        self._now = self._old = SILENCE
        self._over = 0
        self._now_origin = self._old_origin = 0
        self._fade_start = self._fade_end = 0
        self._other = np.zeros((most, channels), np.float32)
        self._way = np.zeros((most, 1), np.float32)
        self._unit = (np.arange(1, most + 1, dtype=np.float32) / RAMP)[:, np.newaxis]
        self._gain = self._from = self._to = 1.0
        self._ramped = RAMP
        self._rows = np.zeros((_ROWS, 4), np.int64)
        self._count = 0
        self._read = 0

    def follow(self, cues: tuple[Cue, ...]) -> None:
        """Play these, in their order, and no others that have not begun. Thread: control."""
        self._cues = cues

    def level(self, gain: float) -> None:
        """Play at `gain` times the level of the clips, after a short ramp. Thread: control."""
        self._gain = gain

    def happened(self) -> list[Happened]:
        """Return what has happened since this was asked last. Thread: control."""
        count = self._count
        rows = [Happened(*map(int, self._rows[each % _ROWS])) for each in range(max(self._read, count - _ROWS), count)]
        self._read = count
        return rows

    def fill(self, out: Samples) -> None:
        """Fill `out`, shape ``(frames, channels)``, with what is due. Thread: audio."""
        done, frames, start = 0, len(out), self.frame
        while done < frames:
            run = self._turn(start + done, frames - done)
            self._render(out[done : done + run], start + done)
            done += run
        self._ramp(out)
        self.frame = start + frames

    def _turn(self, frame: int, most: int) -> int:
        """Begin what is due at `frame`; return for how many frames, `most` at most, nothing else is. Thread: audio."""
        for cue in self._cues:
            if cue.number <= self._now.number:
                continue
            due = frame if cue.frame == AT_ONCE else cue.frame - len(cue.rise)
            due = max(due, frame, self._fade_end)  # one after the other: to drop a fade would click
            if due == frame:
                self._begin(cue, frame)
                return self._turn(frame, most)
            most = min(most, due - frame)
            break
        return min(most, self._fade_end - frame) if frame < self._fade_end else most

    def _begin(self, cue: Cue, frame: int) -> None:
        """Let `cue` come, and what plays go. Thread: audio."""
        fade = len(cue.rise)
        wanted = frame + fade if cue.frame == AT_ONCE else cue.frame
        self._old, self._old_origin = self._now, self._now_origin
        self._now, self._now_origin = cue, wanted - cue.phase
        self._fade_start, self._fade_end = frame, frame + fade
        self._note(cue.number, wanted, frame + fade - wanted, 0)

    def _render(self, out: Samples, frame: int) -> None:
        """Fill `out` from `frame` on with one voice, or two of which one gives way. Thread: audio."""
        now, frames = self._now, len(out)
        _copy(out, now, frame - self._now_origin)
        if frame < self._fade_end:
            at, other = frame - self._fade_start, self._other[:frames]
            _copy(other, self._old, frame - self._old_origin)
            np.multiply(out, now.rise[at : at + frames], out=out)
            np.multiply(other, now.fall[at : at + frames], out=other)
            np.add(out, other, out=out)
        else:
            self._old = SILENCE
        if now.clip is not None and now.form is Form.ONE_SHOT and self._over < now.number:
            end = self._now_origin + len(now.clip)
            if frame + frames >= end:
                self._over = now.number
                self._note(now.number, end, 0, 1)

    def _ramp(self, out: Samples) -> None:
        """Bring `out` to its level; at 1 not a bit is touched. Thread: audio."""
        if self._gain != self._to:
            part = min(1.0, self._ramped / RAMP)
            self._from, self._to = self._from + (self._to - self._from) * part, self._gain
            self._ramped = 0
        if self._ramped < RAMP:
            way = self._way[: len(out)]
            np.add(self._unit[: len(out)], self._ramped / RAMP, out=way)
            np.minimum(way, 1.0, out=way)
            np.multiply(way, self._to - self._from, out=way)
            np.add(way, self._from, out=way)
            np.multiply(out, way, out=out)
            self._ramped += len(out)
        elif self._to != 1.0:
            np.multiply(out, np.float32(self._to), out=out)

    def _note(self, number: int, wanted: int, late: int, ended: int) -> None:
        """Write a row for `happened`, then count it. Thread: audio."""
        row = self._rows[self._count % _ROWS]
        row[0], row[1], row[2], row[3] = number, wanted, late, ended
        self._count += 1


def _copy(out: Samples, cue: Cue, at: int) -> None:
    """Fill `out` with the clip of `cue` from its frame `at` on; silence where there is none. Thread: audio."""
    clip, frames = cue.clip, len(out)
    if clip is None:
        out.fill(0)
        return
    length, done = len(clip), 0
    if cue.form is Form.ONE_SHOT:
        skip, have = min(frames, max(0, -at)), min(length, max(0, at + frames))
        out.fill(0)
        if at + skip < have:
            out[skip : skip + have - at - skip] = clip[at + skip : have]
        return
    at %= length
    while done < frames:
        run = min(frames - done, length - at)
        out[done : done + run] = clip[at : at + run]
        done, at = done + run, 0
