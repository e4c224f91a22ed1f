"""At which tempo a clip was really played, and where its beats are: read from its onsets, whatever was asked for.

Three steps, each of which can go wrong alone:

1. *The pulse.* Onsets crowd at the lines of the right tempo and of no other (a Fourier transform of the onsets as
   impulses, as Grosche and Müller use it in "Extracting Predominant Local Pulse Information from Music Recordings",
   2011). The lines of all octaves of a tempo count together, so that this finds the tempo up to a factor of two.
2. *The octave.* Musicians put two to four strong onsets on a beat, and about one heavy drum: that is what makes it
   the beat. A metronome is the exception: of onsets that are all alike and equally far apart, each is a beat.
3. *The line.* A straight line through all onsets at once gives the tempo to a ten thousandth and the phase to a
   millisecond or two; the transform alone would be a hundred times as coarse.

How long the clip is has no say: a take that was cut to length has the length that was asked for at any tempo.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plugin_host.rankers.onsets import Onsets

FEWEST = 4
"""With fewer onsets there is no beat to be found."""

OCTAVE = math.sqrt(2)
"""The pulse is looked for from the session's tempo divided by this up to it times this: each octave once."""

CROWDS = {1: 1.0, 2: 1.0, 3: 0.5, 4: 1.0, 8: 0.5}
"""How much it counts for a tempo that onsets crowd at its beats, eighths, triplets, sixteenths and thirty-seconds."""

LIKELY_OCTAVES = 0.4
"""So many octaves from the session's tempo, a pulse must be better by two thirds to count as much."""

CHANCE = 7.0
"""Onsets that fall anywhere crowd at the lines of some tempo too, up to so many times their mean power."""

BUSY = (0.92, 2.11)
"""How busy a beat is at least and at most: the binary logarithm of the strong onsets that fall on it, and …"""

HEAVY_SHARE = 0.15
"""… so much of the logarithm of the heavy ones, which tell a sparse loop from a full one at half the tempo."""

ALL_HEAVY = 0.7
"""In a drum roll all are heavy, which tells nothing: the heavy ones only count up to this part of all."""

HEAVY_HERTZ = (0.0, 2_200.0)
"""Where kick drums, snares and toms are, and hats are not."""

MASKED = 0.6
"""Where onsets rise by less than this part of the clip's mean loudness, chords and bass hide the weak ones …"""

MASKED_LESS = 0.25
"""… and a beat may seem less busy by this much."""

SNARE_HERTZ = (2_200.0, 4_000.0)
"""Where a snare or a clap is loud, and kick drums and hats are less: in nine loops of ten it is so on a beat."""

KICK_HERTZ = (0.0, 190.0)
"""Where a kick drum is; it helps to tell where the beat is …"""

KICK_SHARE = 0.3
"""… by this part of what a snare does, since kick drums are syncopated more."""

METRONOME_PART = 0.9
"""Onsets are a metronome's if this part of them …"""

METRONOME_LIKENESS = 0.8
"""… sounds like the next by this part of its strength …"""

METRONOME_EVENNESS = 0.03
"""… and is as far from it as all are, give or take this part of that."""

SURELY = 0.85
"""Of lines that have at least this part of the most accents, the first in the clip begins the beat."""

PER_BEAT = (4, 6)
"""Lines on a beat that are tried: sixteenths, and the triplets between them."""

NEAR_LINE = 0.3
"""An onset further than this part of the lines' distance from every line has no say in where they are."""

_IMPULSE_SECONDS = 0.002
_FINE = 8  # times finer than the clip's length tells tempi apart: no peak is lost between two
_ROUNDS = 4  # a line is drawn again through the onsets that are near it


@dataclass(frozen=True, slots=True)
class Pulse:
    """The beat of a clip: `bpm`, and `phase` in seconds from the clip's start to its first beat, less than a beat.

    `strength` (0–1) is how much the onsets crowd at the sixteenths or triplets of that beat: 1 when all are on one.
    """

    bpm: float
    phase: float
    strength: float


@dataclass(frozen=True, slots=True)
class _Lines:
    """Equally distant lines, the first of them `start` seconds into the clip, `apart` seconds from each other."""

    start: float
    apart: float

    def numbers(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the number of the line nearest to each of `seconds`."""
        return np.rint((seconds - self.start) / self.apart)

    def off(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how many seconds each of `seconds` comes after the line nearest to it."""
        return seconds - self.start - self.numbers(seconds) * self.apart


def track(onsets: Onsets, seconds: float, *, near: float) -> Pulse | None:
    """Find the beat of a clip of so many `seconds`, from 0.36 to 2.8 times `near`, the session's tempo in BPM.

    None where there is none: the onsets are too few, or fall anywhere. Thread: any.
    """
    if len(onsets.seconds) < FEWEST:
        return None
    crowds = _Crowds(onsets, seconds)
    rate = crowds.pulse(near / 60)
    rate *= 2.0 ** _octave(onsets, seconds, rate)
    per_beat, strength = max(((each, crowds.at(each * rate)) for each in PER_BEAT), key=lambda found: found[1])
    if len(onsets.seconds) * strength**2 < CHANCE:
        return None
    every = np.ones(len(onsets.seconds), dtype=np.bool_)
    lines = _through(onsets, every, _Lines(crowds.start(per_beat * rate), 1 / (per_beat * rate)))
    first = _first(onsets, lines, per_beat)
    straight = (lines.numbers(onsets.seconds) - first) % (per_beat // 2) == 0
    if np.count_nonzero(straight) >= FEWEST:  # what lies between beats and second eighths may swing
        lines = _through(onsets, straight, lines)
    beat = per_beat * lines.apart
    return Pulse(60 / beat, (lines.start + first * lines.apart) % beat, min(1.0, strength))


class _Crowds:
    """How much the onsets of a clip crowd at the lines of any rate: 1 when all are on one, 0 when they fall anywhere."""

    def __init__(self, onsets: Onsets, seconds: float) -> None:
        places = (onsets.seconds / _IMPULSE_SECONDS).astype(np.int64)
        length = 2 ** math.ceil(math.log2(_FINE * (seconds / _IMPULSE_SECONDS + 1)))
        impulses = np.bincount(places % length, onsets.strengths, length)
        self._transform = np.fft.rfft(impulses) / onsets.strengths.sum()
        self._step = 1 / (length * _IMPULSE_SECONDS)

    def pulse(self, near: float) -> float:
        """Return the rate, in beats a second, that holds best within half an octave around `near`."""
        finest = self._step / _FINE
        rates = np.arange(near / OCTAVE, near * OCTAVE, finest)
        held = sum(weight * np.abs(self._at(each * rates)) for each, weight in CROWDS.items())
        likely = np.exp(-0.5 * (np.log2(rates / near) / LIKELY_OCTAVES) ** 2)
        return float(rates[np.argmax(held * likely)])

    def at(self, rate: float) -> float:
        """Return how much onsets crowd at the lines of one `rate`, in lines a second."""
        return float(np.abs(self._at(np.array([rate])))[0])

    def start(self, rate: float) -> float:
        """Return where, in seconds, the first of these lines is best put."""
        angle = float(np.angle(self._at(np.array([rate])))[0])
        return -angle / (2 * np.pi * rate) + _IMPULSE_SECONDS / 2

    def _at(self, rates: NDArray[np.float64]) -> NDArray[np.complex128]:
        """Look rates up in the transform; what is beyond its end is taken for its end."""
        found: NDArray[np.complex128] = self._transform[
            np.minimum(np.rint(rates / self._step).astype(np.int64), len(self._transform) - 1)
        ]
        return found


def _through(onsets: Onsets, chosen: NDArray[np.bool_], lines: _Lines) -> _Lines:
    """Lay lines through the `chosen` onsets (least squares, by strength), starting from `lines` that nearly fit."""
    for _ in range(_ROUNDS):
        numbers = lines.numbers(onsets.seconds)
        close = np.abs(lines.off(onsets.seconds)) < NEAR_LINE * lines.apart
        weights = np.where(close & chosen, onsets.strengths, 0.0)
        total = float(weights.sum())
        if total == 0:
            return lines
        middle, mean = float(weights @ numbers) / total, float(weights @ onsets.seconds) / total
        spread = float(weights @ (numbers - middle) ** 2)
        if spread == 0:
            return lines
        apart = float(weights @ ((numbers - middle) * (onsets.seconds - mean))) / spread
        lines = _Lines(mean - middle * apart, apart)
    return lines


def _octave(onsets: Onsets, seconds: float, rate: float) -> int:
    """Return by how many octaves the beat is faster than `rate` beats a second: −1, 0 or 1."""
    metronome = _metronome(onsets, seconds)
    if metronome is not None:
        octave = round(math.log2(metronome / rate))
        return octave if abs(octave) <= 1 else 0
    beats = seconds * rate
    power = np.square(onsets.within(*HEAVY_HERTZ))
    heavy = float(power.sum() ** 2 / np.square(power).sum()) if power.any() else 1.0
    busy = math.log2(len(onsets.seconds) / beats)
    if heavy < ALL_HEAVY * len(onsets.seconds):
        busy += HEAVY_SHARE * math.log2(heavy / beats)
    least, most = BUSY
    if float(onsets.strengths.mean()) < MASKED:
        least -= MASKED_LESS
    return int(busy > most) - int(busy < least)


def _metronome(onsets: Onsets, seconds: float) -> float | None:
    """Return how many beats a second a metronome plays, None where the onsets are not those of one."""
    gaps = np.diff(np.append(onsets.seconds, onsets.seconds[0] + seconds))[:-1]
    rises = onsets.rises if onsets.rises.size else onsets.strengths[:, np.newaxis]
    lengths = np.linalg.norm(rises, axis=1)
    likeness = (rises[1:] * rises[:-1]).sum(axis=1) / (np.maximum(lengths[1:], lengths[:-1]) ** 2 + 1e-12)
    gap = float(np.median(gaps))
    even = np.abs(gaps - gap) < METRONOME_EVENNESS * gap
    return 1 / gap if float(np.mean(even & (likeness > METRONOME_LIKENESS))) >= METRONOME_PART else None


def _first(onsets: Onsets, lines: _Lines, per_beat: int) -> int:
    """Return the number of the line, less than `per_beat`, that has the most accents: there the first beat begins."""
    accented = accents(onsets, lines.start, lines.apart, per_beat)
    # A line that comes just before the clip's start is the one at its start.
    starts = (lines.start + (np.arange(per_beat) + NEAR_LINE) * lines.apart) % (per_beat * lines.apart)
    return int(np.argmin(np.where(accented >= SURELY * accented.max(), starts, np.inf)))


def accents(onsets: Onsets, start: float, apart: float, count: int) -> NDArray[np.float64]:
    """Return how accented each of `count` lines is, that are `apart` seconds from each other and come again and again.

    The first of them is `start` seconds into the clip. Thread: any.
    """
    numbers = _Lines(start, apart).numbers(onsets.seconds).astype(np.int64) % count
    found = np.zeros(count)
    for hertz, share in ((SNARE_HERTZ, 1.0), (KICK_HERTZ, KICK_SHARE)):
        power = np.bincount(numbers, np.square(onsets.within(*hertz)), count)
        found += share * power / max(float(power.sum()), 1e-9)
    return found
