"""Clips that are off in a known way, and what the measuring loop says of them: for a benchmark and a law.

The planted error is reckoned from the times at which hits were laid, by means that share no code with the ranker: the
median of their distances to the nearest sixteenth. What was played with swing is held against straight and swung ones,
and the better fit counts: late by half a sixteenth, no ear could tell which was meant.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sounds
from numpy.typing import NDArray

from plugin_host.audio import Audio
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.rankers.signal import SignalRanker

GROOVES = ("clicks", *sorted(sounds.GROOVES))
SWINGS = (Fraction(1, 2), Fraction(1, 2), Fraction(57, 100), Fraction(62, 100))
OFFSETS_MS = (0, 5, 10, 20, 30, 40, 60, 80)
DRIFTS = (Fraction(0), Fraction(1, 200), Fraction(1, 100), Fraction(2, 100), Fraction(3, 100))
RATE = 24_000


@dataclass(frozen=True, slots=True)
class Planted:
    """A clip whose truth is known: what was done to it, and the grid error in ms and the relation that follow."""

    defect: str
    grid: Grid
    audio: Audio
    error_ms: float | None
    relation: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the ranker said: how far its error is from the planted one in ms, and whether it named the tempo right."""

    defect: str
    miss_ms: float | None
    named: bool
    beat: float


def cases(count: int, seed: int) -> Iterator[Planted]:
    """Yield so many rounds of every defect, each with a tempo, a groove and a swing of its own."""
    dice = random.Random(seed)
    for _ in range(count):
        for milliseconds in OFFSETS_MS:
            yield _late(dice, milliseconds)
        for drift in DRIFTS:
            yield _drifting(dice, drift)
        yield _octave(dice, "half", Fraction(1, 2))
        yield _octave(dice, "double", Fraction(2))
        yield _beatless(dice)


def answer(case: Planted) -> Answer:
    """Ask the ranker."""
    verdict = SignalRanker().judge(case.audio, sounds.plan(case.grid))
    measured = verdict.evidence.get("grid_error_ms")
    miss = None
    if case.error_ms is not None:
        miss = abs(float(measured) - case.error_ms) if isinstance(measured, float) else float("inf")
    if case.defect == "no beat":
        named = verdict.parts["beat"] == 1 and verdict.evidence["material"] == "beatless"
    else:
        named = case.relation is None or verdict.evidence.get("tempo_relation") == case.relation
    return Answer(case.defect, miss, named, verdict.parts["beat"])


def _asked(dice: random.Random, low: int = 80, high: int = 150) -> Grid:
    """Return four bars at some tempo."""
    return Grid(Tempo(Fraction(dice.randint(10 * low, 10 * high), 10)), Meter(4, 4), 4, RATE)


def _played(
    dice: random.Random, on: Grid, name: str, swings: tuple[Fraction, ...] = SWINGS
) -> tuple[list[sounds.Hit], Fraction]:
    """Return the hits of a groove, and its swing."""
    if name == "clicks":
        return [(Fraction(beat), sounds.click(on.rate)) for beat in range(int(on.beats))], Fraction(1, 2)
    swing = dice.choice(swings)
    return sounds.played(on, name, swing), swing


def _late(dice: random.Random, milliseconds: int) -> Planted:
    """Play a groove that is late as a whole."""
    on = _asked(dice)
    hits, swing = _played(dice, on, dice.choice(GROOVES))
    clip = sounds.shifted(sounds.ring(on, hits), milliseconds)
    beats = _times(hits) + milliseconds / 1000 * float(on.tempo) / 60
    return Planted(f"late by {milliseconds} ms", on, clip, _error_ms(beats, swing, on), "as asked")


def _drifting(dice: random.Random, drift: Fraction) -> Planted:
    """Play a groove a little too fast or too slow, and cut it to the length that was asked for.

    It is straight: of hits that lie on no lines at all, nobody can say whether they swing.
    """
    on = _asked(dice)
    faster = 1 + drift * dice.choice((-1, 1))
    longer = Grid(Tempo(on.tempo.quarters_per_minute * faster), on.meter, on.bars + 1, on.rate)
    hits, swing = _played(dice, longer, dice.choice(GROOVES), SWINGS[:1])
    clip = Audio(sounds.ring(longer, hits).samples[: on.frames], on.rate)
    beats = _times(hits) / float(faster)
    named = "as asked" if drift < Fraction(1, 100) else "other" if drift > Fraction(1, 100) else None
    defect = f"drifts by {100 * float(drift):g} %"
    return Planted(defect, on, clip, _error_ms(beats[beats < float(on.beats)], swing, on), named)


def _octave(dice: random.Random, name: str, ratio: Fraction) -> Planted:
    """Play a groove at half or double tempo: all its hits may lie on lines, and it is wrong all the same."""
    on = _asked(dice)
    other = Grid(Tempo(on.tempo.quarters_per_minute * ratio), on.meter, int(on.bars * ratio), on.rate)
    hits, _ = _played(dice, other, dice.choice(GROOVES))
    return Planted(f"{name} tempo", on, sounds.ring(other, hits), None, name)


def _beatless(dice: random.Random) -> Planted:
    """Hold a chord, or hiss."""
    on = _asked(dice)
    root = dice.uniform(60, 220)
    chord = sounds.pad(on, tuple(root * each for each in (1, 1.2, 1.5, 1.8)[: dice.randint(1, 4)]))
    clip = dice.choice((chord, sounds.noise(on, dice.randint(1, 99)), sounds.mixed(chord, sounds.noise(on))))
    return Planted("no beat", on, clip, None, None)


def _times(hits: list[sounds.Hit]) -> NDArray[np.float64]:
    """Return when hits were laid, in beats; those at the same moment are one."""
    return np.array(sorted({float(beat) for beat, _ in hits}))


def _error_ms(beats: NDArray[np.float64], swing: Fraction, on: Grid) -> float:
    """Return the median distance of hits to the nearest sixteenth, straight or swung as fits better, in milliseconds."""
    found = []
    for part in (Fraction(1, 2), swing):
        pair = np.array([0.0, float(part) / 2, 0.5])
        found.append(np.median(np.abs((beats % 0.5)[:, np.newaxis] - pair).min(axis=1)))
    return float(min(found)) * 60_000 / float(on.tempo)
