"""What a style is. The styles themselves are rows of `styles`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

DRUMS = ("kick", "snare", "hats", "percussion")
"""The parts that the word "drums" means."""

PARTS = (*DRUMS, "bass", "chords", "pad", "lead", "arp", "texture", "drone", "riser", "impact", "fill")
"""All parts there are."""

VOICES: Mapping[str, str] = {
    "kick": "kick",
    "snare": "snare",
    "rim": "snare",
    "clap": "snare",
    "hat": "hats",
    "open": "hats",
    "ride": "hats",
    "shaker": "percussion",
    "tambourine": "percussion",
    "conga": "percussion",
    "tom": "percussion",
    "cowbell": "percussion",
    "clave": "percussion",
    "blip": "percussion",
}
"""Every drum, and the part that it belongs to."""

Groove = Mapping[str, str]
"""A pattern for each drum of a groove; two patterns parted by "|" take turns from bar to bar.

``X`` is an accent, ``x`` a hit, ``o`` a soft hit, ``?`` a hit that comes or not, ``.`` none; sixteen steps, blanks
are for the eye.
"""


@dataclass(frozen=True, slots=True)
class Style:
    """A style of music, as data.

    `tempo` is where it is at home (quarters a minute). `grooves` are alternatives. In `bass_lines` digits are
    degrees above the root of the chord (1, 3, 5, 7, 8 the octave), ``_`` holds, ``.`` rests; in `comping` ``x``
    strikes the chord, ``_`` holds. `harmony` and `melody` name parts of which a take has one each, `also` parts
    that it always has; `drums` is how likely it has drums. `changes` is
    the family of progressions, `minor` and `major` the scales, `major_chance` how often a take is in major,
    `chord` the notes of a chord. `swing` is in percent of a pair of steps, from least to most, `swing_pair` as in
    `rhythm.Swing`. `reverb`, `echo`, `duck` and `drive` are 0–1, `roll` how likely a hat is to roll, `weight` dB
    more or less of a part. Kits and timbres are names, `melody_rhythms` patterns of ``x``.
    """

    name: str
    words: tuple[str, ...]
    tempo: tuple[float, float]
    kits: tuple[str, ...]
    grooves: tuple[Groove, ...]
    bass: tuple[str, ...]
    bass_lines: tuple[str, ...]
    comping: tuple[str, ...]
    chords: tuple[str, ...]
    pads: tuple[str, ...] = ("warm pad", "strings")
    leads: tuple[str, ...] = ("square lead", "bell")
    arps: tuple[str, ...] = ("pluck",)
    harmony: tuple[str, ...] = ("chords",)
    melody: tuple[str, ...] = ("lead", "arp")
    melody_rhythms: tuple[str, ...] = ("x..x..x...x.x...", "x...x.x.....x.x.", "..x.x..x..x.....")
    also: tuple[str, ...] = ()
    drums: float = 1.0
    changes: str = "loop"
    minor: str = "minor"
    major: str = "major"
    major_chance: float = 0.25
    chord: int = 4
    swing: tuple[int, int] = (50, 50)
    swing_pair: int = 2
    reverb: float = 0.3
    echo: float = 0.15
    duck: float = 0.0
    drive: float = 0.2
    roll: float = 0.0
    weight: Mapping[str, float] = field(default_factory=dict)

    @property
    def played(self) -> frozenset[str]:
        """The parts of the kit that its grooves play."""
        return frozenset(VOICES[drum] for groove in self.grooves for drum in groove)
