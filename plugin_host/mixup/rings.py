"""A loop becomes a ring of whole bars from its first downbeat on, and that is laid on a grid: exact bars, no seam.

A tempo within one per cent is met by the sample-rate converter, beyond that the sound is stretched at its pitch, as on
the road of free takes. A loop may be counted at half or twice its tempo, where that leaves whole bars.
"""

import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from plugin_host.audio import Audio, Samples
from plugin_host.engine import Fact, Form
from plugin_host.errors import BadValue, OutOfRange
from plugin_host.fit import sealed
from plugin_host.loops import Beat
from plugin_host.musictime import Grid, Tempo, decimal_text, exact
from plugin_host.resample import converted
from plugin_host.road import LIMITS, PLAIN
from plugin_host.stretch import retimed

TIMES = (Fraction(1), Fraction(2), Fraction(1, 2))
"""A beat may be counted at any of these times its tempo."""

_REACH = tuple(exact(each) for each in LIMITS)  # exactly, so that what is said to be in reach is


def counted(beat: Beat, tempo: Tempo) -> Fraction | None:
    """Return how often a beat is counted to be nearest to a tempo; None where it is out of the stretcher's reach."""
    low, high = _REACH
    wanted = tempo.quarters_per_minute
    near = [
        times
        for times in TIMES
        if low <= times * beat.tempo.quarters_per_minute / wanted <= high and (beat.bars * times).denominator == 1
    ]
    own = float(beat.tempo)
    return min(near, key=lambda times: abs(math.log(float(times) * own / float(tempo)))) if near else None


def check_tempi(parents: Mapping[str, Beat], grid: Grid) -> None:
    """Raise `BadValue` or `OutOfRange` unless each of `parents`, by name, can be laid on `grid`, naming the remedy."""
    for name, beat in parents.items():
        if beat.bars == 0:
            raise BadValue(f"{name} holds less than a bar of {beat.meter}; give a loop of whole bars")
        if beat.meter != grid.meter:
            raise BadValue(
                f"{name} is in {beat.meter} and the mix in {grid.meter}: their downbeats would fall apart; "
                "give two loops of one meter"
            )
        if counted(beat, grid.tempo) is None:
            raise OutOfRange(
                f"{name} is at {beat.tempo} BPM and the mix at {grid.tempo} BPM; without harm it can be brought to "
                f"{_reach(beat)} BPM: choose another tempo, or loops whose tempi are nearer"
            )


def whole(audio: Audio, beat: Beat) -> Audio:
    """Return the whole bars of a loop as a ring, its first downbeat on frame 0. Thread: any.

    What is a ring already is rolled, and loses nothing; of anything else the bars are cut out, and what follows them
    closes the seam.
    """
    if beat.wraps:
        return Audio(np.roll(audio.samples, -beat.downbeat, axis=0), audio.rate)
    frames = int(beat.bars * beat.meter.bar * 60 * audio.rate / beat.tempo.quarters_per_minute)
    strip = Audio(audio.samples[beat.downbeat :], audio.rate)
    if strip.frames < frames:
        raise BadValue(f"the loop ends before its {beat.bars} bars of {beat.meter} at {beat.tempo} BPM do")
    return sealed(strip, frames, Form.LOOP)[0]


def on_grid(audio: Audio, beat: Beat, grid: Grid) -> tuple[Audio, Mapping[str, Fact]]:
    """Return a loop as exactly the frames of `grid`, its downbeats on those of the grid, and what was done to it.

    Where it is shorter it goes round as often as it takes, where it is longer its first bars are taken; where that leaves
    off in the middle of it, the music that would follow closes the seam. `check_tempi` says beforehand what raises
    `OutOfRange` here. Thread: any.
    """
    check_tempi({"the loop": beat}, grid)
    times = counted(beat, grid.tempo) or Fraction(1)
    bars = int(beat.bars * times)
    turns = math.ceil(grid.bars / bars)
    ring, means = _turn(whole(audio, beat), grid, bars)
    tiled = np.tile(ring, (turns, 1))
    total = round(grid.position(turns * bars * grid.meter.bar))
    if len(tiled) != total:  # a bar may be no whole number of frames; all of them together are rounded once
        tiled = converted(tiled, total, Form.LOOP)
    laid = Audio(tiled, grid.rate)
    if turns * bars > grid.bars:
        laid = sealed(laid, grid.frames, Form.LOOP)[0]
    stretch = float(times * beat.tempo.quarters_per_minute / grid.tempo.quarters_per_minute)
    return laid, {"means": means, "counted": float(times), "bars": bars, "turns": turns, "stretch": stretch}


def from_downbeat(samples: NDArray[np.float32], beat: Beat, rate: int, bar: int, frames: int) -> NDArray[np.float32]:
    """Return `frames` of a loop from the downbeat of its bar number `bar` on, shape as that of `samples` but in length.

    A ring goes on from its start; anything else ends in silence. For training: what begins on a downbeat can be laid on
    anything else that does.
    """
    start = beat.downbeat + round(bar * beat.meter.bar * 60 * rate / beat.tempo.quarters_per_minute)
    if beat.wraps:
        return samples[(start + np.arange(frames)) % len(samples)]
    piece = samples[start : start + frames]
    rest: NDArray[np.float32] = np.zeros((frames - len(piece), *samples.shape[1:]), samples.dtype)
    return np.concatenate((piece, rest))


def _turn(ring: Audio, grid: Grid, bars: int) -> tuple[Samples, str]:
    """Return one turn of a ring as so many bars of `grid`, to the frame, and by which means."""
    frames = round(grid.position(bars * grid.meter.bar))
    natural = round(ring.frames * grid.rate / ring.rate)
    if frames == ring.frames and grid.rate == ring.rate:
        return ring.samples, "as it is"
    if abs(frames / natural - 1) <= PLAIN:
        return converted(ring.samples, frames, Form.LOOP), "resampled"
    if natural != ring.frames:
        ring = Audio(converted(ring.samples, natural, Form.LOOP), grid.rate)
    return retimed(ring, frames, Form.LOOP).samples, "stretched"


def _reach(beat: Beat) -> str:
    """Return the tempi that a loop can be brought to, in words."""
    low, high = _REACH
    own = beat.tempo.quarters_per_minute
    ranges = [
        f"{decimal_text(times * own / high, places=1)} to {decimal_text(times * own / low, places=1)}"
        for times in sorted(TIMES)
        if (beat.bars * times).denominator == 1
    ]
    return ", ".join(ranges)
