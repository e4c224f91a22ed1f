"""The sounds that have a pitch: a row of numbers a timbre, for `tone` (notes) and `cloud` (pads)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timbre:
    """An instrument as a synthesiser's front panel would show it, and the part that it usually plays.

    `wave` names its partials (see `tone.WAVES`). `cutoff` is the filter in Hz, `sweep` how many octaves its
    envelope opens it, closing again in about `sweep_time` seconds; `resonance` 0–1. `attack`, `decay`, `release`
    are seconds, `sustain` 0–1. `damping` makes high partials die sooner (0: all alike). `detune` is in cents
    between two oscillators, `width` (0–1) how far apart they stand (0: both in the middle). `drive` 0–1 bends the loudest parts. `drop`
    is how many semitones above itself a note starts.
    """

    name: str
    part: str
    words: tuple[str, ...]
    wave: str
    cutoff: float
    sweep: float = 0.0
    sweep_time: float = 0.15
    resonance: float = 0.0
    attack: float = 0.002
    decay: float = 0.6
    sustain: float = 0.0
    release: float = 0.06
    damping: float = 0.0
    detune: float = 0.0
    width: float = 0.0
    drive: float = 0.0
    drop: float = 0.0


_ROWS = (
    # Basses: mono, their weight below 200 Hz.
    Timbre("sub", "bass", ("sub bass", "subby"), "soft", 260, decay=2.0, sustain=0.8, attack=0.006, drive=0.15),
    Timbre("round", "bass", ("round bass",), "triangle", 420, sweep=1.0, sweep_time=0.08, decay=0.7, sustain=0.35, drive=0.2),
    Timbre("analog", "bass", ("analog bass", "moog"), "saw", 330, sweep=2.2, sweep_time=0.11, resonance=0.3, decay=0.45, sustain=0.4, drive=0.3),
    Timbre("acid", "bass", ("acid", "303"), "saw", 300, sweep=3.2, sweep_time=0.10, resonance=0.9, decay=0.5, sustain=0.3, drive=0.5),
    Timbre("reese", "bass", ("reese", "neuro"), "saw", 620, sweep=0.8, sweep_time=0.5, decay=2.0, sustain=0.85, attack=0.008, detune=26, drive=0.45),
    Timbre("finger", "bass", ("finger bass", "electric bass", "bass guitar"), "pluck", 900, sweep=1.4, sweep_time=0.06, decay=0.55, sustain=0.12, damping=0.5, drive=0.25),
    Timbre("slap", "bass", ("slap bass", "slap"), "pulse", 700, sweep=2.6, sweep_time=0.05, resonance=0.35, decay=0.4, sustain=0.15, drive=0.35),
    Timbre("808 bass", "bass", ("808 bass", "808s"), "sine", 900, decay=0.9, sustain=0.05, release=0.09, drive=0.65, drop=9),
    Timbre("wobble", "bass", ("wobble",), "square", 300, sweep=2.8, sweep_time=0.22, resonance=0.55, decay=1.5, sustain=0.7, drive=0.55),
    Timbre("fm bass", "bass", ("fm bass", "donk", "metallic bass"), "clang", 800, sweep=2.0, sweep_time=0.05, decay=0.3, sustain=0.25, damping=0.35, drive=0.2),
    Timbre("rumble", "bass", ("rumble",), "triangle", 190, sweep=0.6, sweep_time=0.1, decay=0.22, sustain=0.25, attack=0.008, drive=0.6),
    # Keys and stabs.
    Timbre("rhodes", "chords", ("rhodes", "electric piano", "keys", "e-piano"), "tine", 2600, sweep=0.8, sweep_time=0.2, decay=1.6, sustain=0.1, release=0.18, damping=0.30, detune=5, width=0.7),
    Timbre("piano", "chords", ("piano",), "pluck", 3400, sweep=1.0, sweep_time=0.12, decay=1.3, release=0.14, damping=0.22, detune=4, width=0.6),
    Timbre("organ", "chords", ("organ", "hammond"), "organ", 2600, sweep=0.5, sweep_time=0.05, decay=1.0, sustain=0.8, release=0.05, detune=6, width=0.6),
    Timbre("stab", "chords", ("stab", "stabs"), "saw", 900, sweep=2.2, sweep_time=0.13, resonance=0.25, decay=0.32, release=0.10, detune=14, width=0.9),
    Timbre("chord memory", "chords", ("dub chord", "dub chords"), "saw", 620, sweep=1.7, sweep_time=0.10, resonance=0.4, decay=0.26, release=0.12, detune=11, width=0.8),
    Timbre("skank", "chords", ("skank",), "organ", 1500, sweep=0.9, sweep_time=0.05, decay=0.16, release=0.04, detune=5, width=0.4),
    Timbre("clav", "chords", ("clav", "clavinet"), "pulse", 1500, sweep=1.8, sweep_time=0.05, resonance=0.3, decay=0.22, release=0.03, damping=0.15, width=0.4, detune=4),
    Timbre("guitar", "chords", ("guitar", "rhythm guitar"), "pluck", 2600, sweep=1.2, sweep_time=0.05, decay=0.28, release=0.04, damping=0.35, detune=6, width=0.7),
    Timbre("supersaw", "chords", ("supersaw", "hoover"), "saw", 2400, sweep=1.2, sweep_time=0.25, decay=0.9, sustain=0.5, release=0.15, detune=24, width=1.0),
    Timbre("brass", "lead", ("brass", "horns"), "saw", 1100, sweep=1.3, sweep_time=0.12, attack=0.018, decay=0.5, sustain=0.5, release=0.08, detune=9, width=0.6),
    # Leads and arpeggios.
    Timbre("square lead", "lead", ("square lead", "chiptune", "8bit"), "square", 2200, sweep=0.8, sweep_time=0.12, decay=0.6, sustain=0.5, detune=7, width=0.4),
    Timbre("saw lead", "lead", ("saw lead", "synth lead"), "saw", 2200, sweep=1.3, sweep_time=0.15, resonance=0.25, decay=0.6, sustain=0.55, detune=13, width=0.6),
    Timbre("pluck", "arp", ("pluck", "plucks"), "saw", 800, sweep=2.4, sweep_time=0.09, resonance=0.2, decay=0.28, release=0.12, detune=9, width=0.8),
    Timbre("bell", "lead", ("bell", "bells", "glockenspiel"), "bell", 6500, decay=0.9, release=0.4, damping=0.25, detune=4, width=0.8),
    Timbre("kalimba", "arp", ("kalimba", "marimba", "mallet", "mallets"), "mallet", 3200, decay=0.35, release=0.15, damping=0.5, detune=3, width=0.6),
    Timbre("flute", "lead", ("flute", "whistle"), "soft", 1800, attack=0.03, decay=0.8, sustain=0.7, release=0.10, detune=8, width=0.5),
    Timbre("vibes", "lead", ("vibes", "vibraphone"), "mallet", 3600, decay=1.1, sustain=0.0, release=0.35, damping=0.3, detune=6, width=0.9),
    # Pads: for `cloud`, where `detune` is how wide each partial spreads and `attack` how long a chord takes to come and go.
    Timbre("warm pad", "pad", ("warm pad", "analog pad"), "saw", 900, attack=0.45, detune=34, width=1.0),
    Timbre("strings", "pad", ("strings", "string section", "orchestral"), "saw", 2100, attack=0.4, detune=42, width=1.0),
    Timbre("glass", "pad", ("glass pad", "glassy", "crystal"), "bell", 3600, attack=0.45, detune=18, width=1.0),
    Timbre("choir", "pad", ("choir", "vocal pad", "aah"), "vowel", 2600, attack=0.5, detune=38, width=1.0),
    Timbre("dark pad", "pad", ("dark pad", "deep pad"), "square", 420, attack=0.6, detune=30, width=1.0),
    Timbre("shimmer", "pad", ("shimmer", "ethereal pad"), "octaves", 4200, attack=0.8, detune=26, width=1.0),
)  # fmt: skip

TIMBRES: Mapping[str, Timbre] = {timbre.name: timbre for timbre in _ROWS}
"""Every timbre by its name."""
