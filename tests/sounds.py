"""Sounds whose truth is known, for tests: drum loops with every hit where it was put, pads, and planted faults.

All are rings (what rings beyond the last frame wraps around to the first) of shape ``(frames, channels)``, and the same
for the same arguments: `Audio` never changes, so tests share them.
"""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from plugin_host.audio import Audio
from plugin_host.engine import Form, Plan
from plugin_host.musictime import Grid, Meter, Tempo

Hit = tuple[Fraction, NDArray[np.float64]]
"""When, in beats, and what, shape ``(frames,)``."""

Maker = Callable[[Grid], Audio]
"""Makes a clip on a grid."""


def grid(bpm: float = 120, meter: str = "4/4", bars: int = 2, rate: int = 48_000) -> Grid:
    """Return the grid that is written so."""
    return Grid(Tempo.parse(bpm), Meter.parse(meter), bars, rate)


def plan(on: Grid, form: Form = Form.LOOP) -> Plan:
    """Return a plan that asks for a clip on this grid."""
    return Plan(prompt="a test", grid=on, seed=1, form=form)


def _time(seconds: float, rate: int) -> NDArray[np.float64]:
    return np.arange(max(8, int(seconds * rate))) / rate


def _attack(sound: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Let a sound begin within half a millisecond instead of at once."""
    length = min(len(sound), max(2, rate // 2000))
    sound[:length] *= np.sin(np.pi / 2 * np.arange(length) / length) ** 2
    return sound


def kick(rate: int) -> NDArray[np.float64]:
    """Return a sine that falls from 180 to 50 Hz in a moment and fades within half a second."""
    t = _time(0.5, rate)
    phase = 2 * np.pi * (50 * t + 130 * 0.02 * (1 - np.exp(-t / 0.02)))
    return _attack(0.8 * np.sin(phase) * np.exp(-t / 0.08), rate)


def snare(rate: int, seed: int = 2) -> NDArray[np.float64]:
    """Return noise over a body of 190 Hz."""
    t = _time(0.18, rate)
    noise = np.random.default_rng(seed).normal(size=len(t))
    return _attack(0.18 * noise * np.exp(-t / 0.05) + 0.3 * np.sin(2 * np.pi * 190 * t) * np.exp(-t / 0.06), rate)


def hat(rate: int, seed: int = 3) -> NDArray[np.float64]:
    """Return a short hiss: noise, differentiated."""
    t = _time(0.05, rate)
    noise = np.diff(np.random.default_rng(seed).normal(size=len(t) + 1))
    return _attack(0.08 * noise * np.exp(-t / 0.015), rate)


def click(rate: int) -> NDArray[np.float64]:
    """Return five milliseconds of 2 kHz, the sound of a metronome."""
    t = _time(0.005, rate)
    return 0.7 * np.sin(2 * np.pi * min(2000, rate / 5) * t) * np.hanning(len(t))


def ring(on: Grid, hits: Iterable[Hit]) -> Audio:
    """Lay hits on a ring, in stereo, each on the frame that its beat asks for."""
    sum_ = np.zeros(on.frames)
    for beat, sound in hits:
        np.add.at(sum_, (on.frame_at(beat) + np.arange(len(sound))) % on.frames, sound)
    return audio(sum_, on.rate)


def audio(mono: NDArray[np.float64], rate: int) -> Audio:
    """Make stereo of a mono sum, never louder than 0.9."""
    peak = max(0.9, float(np.abs(mono).max())) / 0.9
    return Audio(np.repeat((mono / peak).astype(np.float32)[:, np.newaxis], 2, axis=1), rate)


def swung(beat: Fraction, swing: Fraction) -> Fraction:
    """Move the odd sixteenths so that the even ones take up `swing` of each eighth (1/2 is straight)."""
    pair = beat // Fraction(1, 2) * Fraction(1, 2)
    return pair + swing / 2 if beat - pair == Fraction(1, 4) else beat


@lru_cache(maxsize=64)
def drums(on: Grid, swing: Fraction = Fraction(1, 2)) -> Audio:
    """Play kick and snare in turn on the beats of each bar, hats on the sixteenths."""
    sixteenth = Fraction(1, 4)
    hits: list[Hit] = []
    for index in range(int(on.beats / sixteenth)):
        beat = index * sixteenth
        within = beat % on.meter.bar
        hits.append((swung(beat, swing), hat(on.rate, index) * (1 if index % 2 == 0 else 0.7)))
        if within.denominator == 1:
            hits.append((beat, kick(on.rate) if within % 2 == 0 else snare(on.rate)))
    return ring(on, hits)


GROOVES: Mapping[str, Mapping[str, str]] = {
    "rock": {"kick": "x.......x.x.....", "snare": "....x.......x...", "hat": "x.x.x.x.x.x.x.x."},
    "rock in sixteenths": {"kick": "x.......x.......", "snare": "....x.......x...", "hat": "xxxxxxxxxxxxxxxx"},
    "house": {"kick": "x...x...x...x...", "snare": "....x.......x...", "hat": "..x...x...x...x."},
    "techno": {"kick": "x...x...x...x...", "hat": "..xx..xx..xx..xx"},
    "boom bap": {"kick": "x.....x...x.....", "snare": "....x.......x...", "hat": "x.x.x.x.x.x.x.xx"},
    "breakbeat": {"kick": "x.x.......xx....", "snare": "....x..o.o..x..o", "hat": "x.x.x.x.x.x.x.x."},
    "two-step": {"kick": "x.........x.....", "snare": "....x.......x...", "hat": "..x...x..xx...x."},
    "tresillo": {"kick": "x...x...x...x...", "snare": "...x..x....x..x.", "hat": "x.x.x.x.x.x.x.x."},
}
"""One bar of 4/4 each, in sixteenths, a ghost note being an o: what drummers and drum machines play."""

LEVELS = {"x": 1.0, "o": 0.3}
"""How loud a hit is, and a ghost note."""


@lru_cache(maxsize=64)
def groove(on: Grid, name: str, swing: Fraction = Fraction(1, 2)) -> Audio:
    """Play one of `GROOVES` in every bar."""
    return ring(on, played(on, name, swing))


def played(on: Grid, name: str, swing: Fraction = Fraction(1, 2)) -> list[Hit]:
    """Return the hits of a groove, in order."""
    voices = {"kick": kick(on.rate), "snare": snare(on.rate), "hat": hat(on.rate)}
    hits = [
        (swung(bar * on.meter.bar + Fraction(step, 4), swing), voices[voice] * LEVELS[sign])
        for bar in range(on.bars)
        for voice, steps in GROOVES[name].items()
        for step, sign in enumerate(steps)
        if sign in LEVELS
    ]
    return sorted(hits, key=lambda hit: hit[0])


@lru_cache(maxsize=64)
def clicks(on: Grid) -> Audio:
    """Play a metronome on every beat."""
    return ring(on, ((Fraction(k), click(on.rate)) for k in range(int(on.beats))))


@lru_cache(maxsize=64)
def pad(on: Grid, tones: tuple[float, ...] = (110, 164.8, 220, 277.2, 440)) -> Audio:
    """Hold a chord that breathes once; each tone fits the ring a whole number of times, so there is no seam."""
    turn = np.arange(on.frames) / on.frames
    seconds = float(on.seconds)
    sum_ = sum(
        (
            0.12 * np.sin(2 * np.pi * (round(tone * harmonic * seconds) * turn + 0.37 * harmonic)) / harmonic
            for tone in tones
            for harmonic in (1, 2, 3, 4)
            if tone * harmonic < on.rate / 3
        ),
        np.zeros(on.frames),
    )
    return audio(sum_ * (0.8 + 0.2 * np.sin(2 * np.pi * turn)), on.rate)


@lru_cache(maxsize=64)
def noise(on: Grid, seed: int = 5) -> Audio:
    """Hiss steadily: a texture without a beat."""
    return audio(0.1 * np.random.default_rng(seed).normal(size=on.frames), on.rate)


def shifted(clip: Audio, milliseconds: float) -> Audio:
    """Roll a ring so that all of it comes later."""
    return Audio(np.roll(clip.samples, round(milliseconds * clip.rate / 1000), axis=0), clip.rate)


def mixed(*clips: Audio) -> Audio:
    """Add clips of one grid."""
    mix = sum((clip.samples / np.float32(len(clips)) for clip in clips), np.zeros_like(clips[0].samples))
    return Audio(mix, clips[0].rate)


def off_tempo(on: Grid, ratio: Fraction) -> Audio:
    """Play drums at another tempo and cut them to the length that was asked for."""
    other = Grid(Tempo(on.tempo.quarters_per_minute * ratio), on.meter, 2 * on.bars, on.rate)
    return Audio(drums(other).samples[: on.frames], on.rate)


def clipped(clip: Audio) -> Audio:
    """Drive a clip 12 dB over full scale, cut its tops off, and turn it down again."""
    return Audio(np.clip(4 * clip.samples, -1, 1) * np.float32(0.5), clip.rate)


def offset(clip: Audio, amount: float = 0.1) -> Audio:
    """Add a constant to a clip."""
    return Audio(clip.samples * np.float32(0.8) + np.float32(amount), clip.rate)


def cut(clip: Audio, on: Grid) -> Audio:
    """Cut what fits the grid out of a longer clip, there where the two ends are furthest apart."""
    apart = np.abs(clip.samples[on.frames - 1 :, 0] - clip.samples[: clip.frames - on.frames + 1, 0])
    start = int(np.argmax(apart))
    return Audio(clip.samples[start : start + on.frames], clip.rate)
