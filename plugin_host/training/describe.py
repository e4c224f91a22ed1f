"""What a loop of the corpus is, and how a person would ask for it.

Loop number n is always the same, and its words are drawn anew for every `wording`. One in `HELD` combinations of style,
part and mood is never learnt from: the loops that are kept back are of these alone, so that what is measured on them is
how words are understood that were never heard together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from plugin_host.engine import Fact, Plan
from plugin_host.engines.sketch.moods import MOODS
from plugin_host.engines.sketch.styles import STYLES
from plugin_host.key import Key
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.training.recipe import Loops

PARTS: Mapping[str, tuple[str, ...]] = {
    "drums": ("drums", "drum loop", "only drums", "drum beat", "solo drums"),
    "bass": ("bass", "bassline", "bass line", "only bass", "solo bass"),
    "chords": ("chords", "chord progression", "chord loop", "only chords", "harmony"),
    "lead": ("lead", "melody", "lead melody", "only lead", "solo lead"),
    "full": ("full arrangement", "full track", "full loop", "whole band", "full beat"),
}
"""Each part, and how it is asked for."""

MOOD_WORDS = ("dark", "bright", "warm", "dreamy", "aggressive", "dry", "spacious")
METERS = ("4/4", "4/4", "4/4", "4/4", "4/4", "4/4", "3/4", "7/8")
KEYS = tuple(f"{tonic} {mode}" for tonic in ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B") for mode in ("major", "minor"))  # fmt: skip

HELD = 9
"""One combination in so many is held back."""

AT_HOME = 0.6
"""The share of loops whose tempo is one that their style is at home at."""

_COLUMNS = {"drums": "kits", "bass": "bass", "chords": "chords", "lead": "leads"}
_EMPTY = frozenset(("and", "only", "solo", "full", "whole"))  # words that could be said of any sound
_HINTS = {"drums": "kit", "bass": "bass", "chords": "chords", "lead": "lead"}


@dataclass(frozen=True, slots=True)
class Description:
    """A loop in a musician's words. `sound` is its kit or timbre, None for a full arrangement; `mood` may be None."""

    style: str
    part: str
    mood: str | None
    sound: str | None
    key: str
    tempo: int
    meter: str
    bars: int
    seed: int

    def plan(self, rate: int) -> Plan:
        """Return what the sketch engine is asked for."""
        hints: dict[str, Fact] = {"style": self.style, "parts": self.part}
        if self.mood is not None:
            hints["mood"] = self.mood
        if self.sound is not None:
            hints[_HINTS[self.part]] = self.sound
        grid = Grid(Tempo(Fraction(self.tempo)), Meter.parse(self.meter), self.bars, rate)
        return Plan(self.style, grid, seed=self.seed, takes=1, key=Key.parse(self.key), hints=hints)

    def words(self, chance: np.random.Generator) -> str:
        """Return one of the ways to ask for it. Style and part are always said, the rest more or less often."""
        part = str(chance.choice(PARTS[self.part]))
        told = [self.mood] if self.mood is not None and chance.random() < 0.9 else []
        named = [*told, self.style, part] if chance.random() < 0.7 else [part, *told, self.style]
        text = " ".join(named) if chance.random() < 0.7 else ", ".join(named)
        further = self._further(chance)
        chance.shuffle(further)
        if further and further[0].endswith("BPM") and chance.random() < 0.3:
            return ", ".join((f"{further[0]} {text}", *further[1:]))
        return ", ".join((text, *further))

    def _further(self, chance: np.random.Generator) -> list[str]:
        """Return what else is said, in no order."""
        said = []
        if chance.random() < 0.85:
            said.append(f"{self.tempo} BPM")
        if self.sound is not None and chance.random() < 0.6:
            said.append(f"{self.sound} kit" if self.part == "drums" else self.sound)
        if self.part != "drums" and chance.random() < 0.3:
            said.append(f"in {self.key}")
        if self.meter != "4/4" and chance.random() < 0.9:
            said.append(f"in {self.meter}")
        return said


def drawn(loops: Loops, number: int, seed: int) -> Description:
    """Return loop `number`: below ``loops.count`` it is one to learn from, from there on one that is kept back."""
    chance = np.random.default_rng((seed, number))
    while True:
        found = _drawn(loops, chance)
        if held_back(found) == (number >= loops.count):
            return found


def wording(description: Description, number: int, which: int, seed: int) -> str:
    """Return wording `which` of loop `number`, always the same."""
    return description.words(np.random.default_rng((seed, number, which)))


def vocabulary(loops: Loops) -> list[str]:
    """Return the words of all captions that say how a loop sounds, styles first; tempo, key and meter come beside them."""
    styles = [STYLES[name] for name in loops.styles]
    sounds = [sound for style in styles for column in _COLUMNS.values() for sound in getattr(style, column)]
    phrases = (*loops.styles, *PARTS, *MOOD_WORDS, *sounds, *(way for ways in PARTS.values() for way in ways))
    words = dict.fromkeys(word for phrase in phrases for word in phrase.lower().split())
    return [word for word in words if word not in _EMPTY]


def held_back(description: Description) -> bool:
    """Whether a loop is of a combination that is never learnt from."""
    style = tuple(STYLES).index(description.style)
    mood = 0 if description.mood is None else 1 + tuple(MOODS).index(description.mood)
    return (3 * style + 5 * tuple(PARTS).index(description.part) + 7 * mood) % HELD == 0


def _drawn(loops: Loops, chance: np.random.Generator) -> Description:
    """Return any loop."""
    style = STYLES[_one(loops.styles, chance)]
    part = _one(tuple(PARTS), chance)
    column: Sequence[str] = getattr(style, _COLUMNS[part]) if part in _COLUMNS else ()
    low, high = loops.tempi
    home = max(low, int(style.tempo[0])), min(high, int(style.tempo[1]))
    if chance.random() < AT_HOME and home[0] <= home[1]:
        low, high = home
    return Description(
        style=style.name,
        part=part,
        mood=_one(MOOD_WORDS, chance) if chance.random() < 0.5 else None,
        sound=_one(column, chance) if column else None,
        key=_one(KEYS, chance),
        tempo=int(chance.integers(low, high + 1)),
        meter=_one(METERS, chance),
        bars=int(chance.choice((2, 2, 4))),
        seed=int(chance.integers(2**31)),
    )


def _one(choices: Sequence[str], chance: np.random.Generator) -> str:
    """Pick one."""
    return choices[int(chance.integers(len(choices)))]
