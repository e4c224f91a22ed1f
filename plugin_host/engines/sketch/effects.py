"""Sounds that are one gesture over a whole phrase: textures, drones, risers, impacts."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from plugin_host.engines.sketch.chance import Dice
from plugin_host.engines.sketch.cloud import cloud
from plugin_host.engines.sketch.harmony import hertz
from plugin_host.engines.sketch.noise import TOP, Curve, band, quick_size, seconds, shaped, sides, sine, smooth_ends
from plugin_host.engines.sketch.ring import Sound
from plugin_host.engines.sketch.timbres import Timbre

_CRACKLES_A_SECOND = 9
_LONGEST_IMPACT = 12.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Gesture:
    """What an effect is made for: `pitches` (MIDI, lowest first), a `timbre`, and a phrase of `frames` at `rate` Hz."""

    pitches: tuple[int, ...]
    timbre: Timbre
    frames: int
    rate: int


def effect(part: str, gesture: Gesture, dice: Dice) -> Sound:
    """Return the sound of `part` (a name of `arrange.EFFECTS`), stereo, RMS about 0.25.

    It may be longer than the phrase: what reaches past its end fades into the next one, or around the ring.
    """
    return _MAKERS[part](gesture, dice)


def _texture(gesture: Gesture, dice: Dice) -> Sound:
    """Make the air of a room and the dust of a record."""
    frames, rate = gesture.frames, gesture.rate
    fade = min(round(0.05 * rate), frames // 4)
    size = quick_size(round(0.8 * rate))
    air = shaped(lambda tone: band(tone, 300, min(3800, 0.3 * rate)), size, 1, rate, dice)[0]
    bed = sides(air * np.float32(0.2), 2, frames + fade)
    tick = shaped(lambda tone: band(tone, 1500, min(6000, 0.4 * rate)), round(0.002 * rate) + 8, 1, rate, dice)
    tick = smooth_ends(tick, 0.0004, 0.0012, rate)
    for _ in range(round(frames / rate * _CRACKLES_A_SECOND)):
        at, loud, side = int(dice.between(0, frames)), dice.between(0.1, 0.7) ** 2, dice.between(0.2, 0.8)
        end = min(bed.shape[1], at + tick.shape[1])
        for row, part in zip(bed, (side, 1 - side), strict=True):
            row[at:end] += tick[0, : end - at] * np.float32(loud * part)
    return _crossing(bed, fade)


def _crossing(sound: Sound, fade: int) -> Sound:
    """Let a sound rise and fall over `fade` frames so that its end, laid over its start, keeps one loudness."""
    rise = np.sin((np.arange(fade, dtype=np.float32) + 0.5) * np.float32(np.pi / 2 / max(1, fade)))
    sound[:, :fade] *= rise
    sound[:, sound.shape[1] - fade :] *= rise[::-1]
    return sound


def _drone(gesture: Gesture, dice: Dice) -> Sound:
    """Make a cloud on root and fifth that never stops."""
    return cloud(gesture.timbre, gesture.pitches, gesture.frames / gesture.rate, gesture.rate, dice)


def _riser(gesture: Gesture, dice: Dice) -> Sound:
    """Make noise whose filter opens, and a tone that climbs two octaves, louder and louder up to the end."""
    frames, rate = gesture.frames, gesture.rate
    climb = np.linspace(0, 1, frames, dtype=np.float32)
    sound = _opening(frames, rate, dice)
    start, octaves = hertz(gesture.pitches[0] + 12), 2.0
    cycles = np.cumsum(start * 2 ** (octaves * climb.astype(np.float64)) / rate)
    for harmonic in range(1, 6):
        if start * 2**octaves * harmonic < TOP * rate:
            sound += sine(cycles * harmonic) * np.float32(0.12 / harmonic)
    return smooth_ends(sound * np.square(climb), 0.0, 0.02, rate)


def _opening(frames: int, rate: int, dice: Dice) -> Sound:
    """Return noise of RMS 0.3 that opens from 300 Hz to all of the rate, in blocks that blend into each other."""
    block = 1 << round(math.log2(rate / 24))
    window = np.sin((np.arange(block, dtype=np.float32) + 0.5) * np.float32(np.pi / block))
    total = np.zeros((2, frames + 2 * block), np.float32)
    for at in range(0, frames, block // 2):
        centre = min(300 * 2 ** (5 * at / frames), 0.3 * rate)
        piece = shaped(partial(_low_pass, centre), block, 2, rate, dice)
        total[:, at : at + block] += np.float32(0.3) * piece * window
    return total[:, :frames]


def _low_pass(edge: float, tone: Curve) -> Curve:
    """Return a band that closes above `edge` Hz."""
    return band(tone, edge, edge * 1.5)


def _impact(gesture: Gesture, dice: Dice) -> Sound:
    """Make a sub that drops, a crash above it, and a long way for both to fall: most of the phrase."""
    rate = gesture.rate
    lasting = min(max(gesture.frames / rate, 1.0), _LONGEST_IMPACT)
    frames = round(lasting * rate)
    time = seconds(frames, rate)
    crash = shaped(lambda tone: band(tone, 300, min(6000, 0.4 * rate)), frames, 2, rate, dice)
    crash *= 0.30 * np.exp(-time / np.float32(0.08 * lasting)) + 0.10 * np.exp(-time / np.float32(0.30 * lasting))
    low = hertz(gesture.pitches[0] - 12)
    cycles = low / rate * np.arange(frames) + 2 * low * 0.09 * (1 - np.exp(-time / np.float32(0.09)))
    boom = sine(cycles) * np.exp(-time / np.float32(0.16 * lasting))
    return smooth_ends(np.tanh(np.float32(1.6) * boom) + crash, 0.001, 0.4 * lasting, rate)


_MAKERS: Mapping[str, Callable[[Gesture, Dice], Sound]] = {
    "texture": _texture,
    "drone": _drone,
    "riser": _riser,
    "impact": _impact,
}
