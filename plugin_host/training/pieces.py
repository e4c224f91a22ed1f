"""A loop of somebody's becomes pieces to learn from: rings of a few whole bars, their first downbeat on frame 0."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plugin_host.audio import Audio
from plugin_host.engine import Form
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.errors import BadValue
from plugin_host.fit import sealed
from plugin_host.loops import Beat, Loop
from plugin_host.loops.sounds import read_sound
from plugin_host.mixup import whole
from plugin_host.musictime import Frames, Meter, Tempo
from plugin_host.resample import converted

MOST_BARS = 4
"""Bars of a piece at most; fewer where these are longer than the model has ever heard at once."""

LONGEST_BAR = 20.0
"""Seconds of a bar at most: what is longer takes more memory at a step than a machine should be asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A ring of so many `bars`: its sound in mono at the model's rate, shape ``(frames,)``, and in words."""

    sound: NDArray[np.float32]
    seconds: Fraction
    caption: str
    tempo: Tempo
    meter: Meter
    bars: int

    @property
    def beat(self) -> Beat:
        """Its beat: all of it, from its first frame on."""
        return Beat(self.tempo, self.meter, Fraction(self.bars * self.meter.bar), self.bars, Frames(0))

    @property
    def beats(self) -> float:
        """How many quarter notes it has: only what counts as many can be laid over each other."""
        return float(self.beat.beats)


def pieces(loop: Loop, measures: Geometry) -> Iterator[Piece]:
    """Yield the pieces of a loop, each as long as the others where its bars can be shared out so. Thread: any.

    Raises `BadValue` for a loop that has no whole bar, or cannot be read any more.
    """
    beat = _beat(loop)
    audio = whole(read_sound(loop.path), beat)
    seconds = Fraction(audio.frames, audio.rate)
    if seconds / beat.bars > LONGEST_BAR:
        raise BadValue(
            f"{loop.path.name} has bars of {float(seconds / beat.bars):.0f} s; one has at most {LONGEST_BAR:g} s: "
            "is its tempo right?"
        )
    ring = converted(audio.mono()[:, np.newaxis], max(1, round(seconds * measures.rate)), Form.LOOP)
    for first, bars in shared_out(beat.bars, _most(seconds / beat.bars, beat.meter.bar, measures)):
        start, end = (round(Fraction(bar * len(ring), beat.bars)) for bar in (first, first + bars))
        sound = ring if bars == beat.bars else _cut(ring, start, end - start, measures.rate)
        yield Piece(sound[:, 0], seconds * bars / beat.bars, loop.caption, beat.tempo, beat.meter, bars)


def shared_out(bars: int, most: int) -> list[tuple[int, int]]:
    """Return the first bar of each piece and how many it has: as few pieces as can be, and as even."""
    count = math.ceil(bars / most)
    edges = [number * bars // count for number in range(count + 1)]
    return [(start, end - start) for start, end in pairwise(edges)]


def _most(seconds: Fraction, quarters: Fraction, measures: Geometry) -> int:
    """Return how many bars, each of so many seconds and quarter notes, a piece has at most."""
    return max(1, min(MOST_BARS, int(measures.trained / measures.ring(seconds, quarters))))


def _cut(ring: NDArray[np.float32], start: int, frames: int, rate: int) -> NDArray[np.float32]:
    """Cut a ring out of a longer one; the music that would follow closes its seam."""
    return sealed(Audio(np.roll(ring, -start, axis=0), rate), frames, Form.LOOP)[0].samples


def _beat(loop: Loop) -> Beat:
    """Return the beat of a loop. Raises `BadValue` for one that nothing whole can be taken from."""
    name = Path(loop.path).name
    if loop.beat is None:
        raise BadValue(
            f"{name} has no beat ({loop.sources.get('beat', 'none is heard')}); write its tempo into its name, "
            "such as 92bpm"
        )
    if loop.beat.bars == 0:
        raise BadValue(
            f"{name} holds less than a bar of {loop.beat.meter} at {loop.beat.tempo} BPM; give loops of whole bars"
        )
    return loop.beat
