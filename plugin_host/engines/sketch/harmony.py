"""Scales, progressions, and the voicing of chords. Pitches are MIDI numbers (69 is A at 440 Hz)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from plugin_host.key import Key, Mode

SCALES: Mapping[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
}
"""Semitones above the tonic of each degree."""

PROGRESSIONS: Mapping[str, Mapping[Mode, tuple[str, ...]]] = {
    "vamp": {Mode.MINOR: ("1 1 4 1", "1 4 1 4", "1 1 7 1"), Mode.MAJOR: ("1 4 1 4", "1 1 4 1", "1 7 4 1")},
    "loop": {
        Mode.MINOR: ("1 6 3 7", "1 7 6 7", "1 4 6 7", "6 7 1 1", "1 3 4 6"),
        Mode.MAJOR: ("1 5 6 4", "6 4 1 5", "4 1 5 6", "1 6 4 5"),
    },
    "jazz": {Mode.MINOR: ("4 7 3 6", "1 4 7 3", "6 5 1 1", "4 5 1 1"), Mode.MAJOR: ("2 5 1 6", "1 6 2 5", "4 3 2 1")},
    "drone": {Mode.MINOR: ("1 1 1 1", "1 1 6 6", "1 1 1 7"), Mode.MAJOR: ("1 1 1 1", "1 1 4 4", "1 1 2 1")},
}
"""Degrees of four bars, by the way a style moves."""

_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
_SPELLED = {
    Mode.MAJOR: ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"),
    Mode.MINOR: ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"),
}


@dataclass(frozen=True, slots=True)
class Harmony:
    """A key, the scale it is played in, and the degrees (from 1) that its chords stand on."""

    key: Key
    scale: str
    degrees: tuple[int, ...]

    def pitch(self, degree: int, octave: int) -> int:
        """Return the pitch of a degree of the scale (1 is the tonic, 8 its octave, 0 the note below)."""
        steps = SCALES[self.scale]
        octaves, index = divmod(degree - 1, len(steps))
        return self.key.pitch_class + steps[index] + 12 * (octave + octaves + 1)

    def chord(self, degree: int, size: int) -> tuple[int, ...]:
        """Return the pitch classes of `size` thirds on `degree`, root first: 3 a triad, 4 a seventh, 5 a ninth."""
        return tuple(self.pitch(degree + 2 * third, 0) % 12 for third in range(size))

    def smoothed(self) -> "Harmony":
        """Return the same without diminished chords: each gives way to the seventh chord that it is the top of."""
        return replace(
            self, degrees=tuple((degree - 3) % 7 + 1 if self._dim(degree) else degree for degree in self.degrees)
        )

    def _dim(self, degree: int) -> bool:
        """Whether the triad on `degree` is diminished."""
        root, _, fifth = self.chord(degree, 3)
        return (fifth - root) % 12 == 6

    def numerals(self, degrees: Sequence[int]) -> str:
        """Write a progression as musicians do: "i VI III VII"."""
        return " ".join(self._numeral(degree) for degree in degrees)

    def _numeral(self, degree: int) -> str:
        """Write one degree: small for a minor third, ° for a diminished fifth."""
        root, third, _ = self.chord(degree, 3)
        word = _NUMERALS[degree - 1]
        small = word.lower() if (third - root) % 12 == 3 else word
        return small + ("°" if self._dim(degree) else "")


def key_of(pitch_class: int, mode: Mode) -> Key:
    """Return the key on a pitch class (0 is C), spelled as most people would."""
    name = _SPELLED[mode][pitch_class]
    return Key(name[0], name[1:], mode)


def hertz(pitch: float) -> float:
    """Return the frequency of a MIDI pitch in equal temperament, A = 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def voice(chord: Sequence[int], before: Sequence[int], centre: int) -> tuple[int, ...]:
    """Place pitch classes near `centre` so that the voices move least from `before` (empty: nothing to move from)."""
    candidates = [
        _stack([*chord[turn:], *chord[:turn]], bottom) for turn in range(len(chord)) for bottom in _floors(centre)
    ]
    return min(candidates, key=lambda pitches: _effort(pitches, before, centre))


def _floors(centre: int) -> range:
    """Return the pitches that the lowest voice may be looked for from."""
    return range(centre - 14, centre + 1, 6)


def _stack(chord: Sequence[int], floor: int) -> tuple[int, ...]:
    """Pile pitch classes upwards from `floor`, each above the one before."""
    pitches: list[int] = []
    for pitch_class in chord:
        lowest = pitches[-1] + 1 if pitches else floor
        pitches.append(lowest + (pitch_class - lowest) % 12)
    return tuple(pitches)


def _effort(pitches: Sequence[int], before: Sequence[int], centre: int) -> float:
    """How far the hands move, plus a little for leaving the middle of the instrument."""
    spread: float = abs(sum(pitches) / len(pitches) - centre)
    if len(before) != len(pitches):
        return spread
    return sum(abs(a - b) for a, b in zip(pitches, before, strict=True)) + 0.4 * spread
