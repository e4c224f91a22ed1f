"""The drums of a kit, made from sines and shaped noise, each hit starting in the silence it came from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from plugin_host.engines.sketch.chance import Dice
from plugin_host.engines.sketch.kits import Kit
from plugin_host.engines.sketch.noise import TOP, Curve, band, seconds, shaped, sine, smooth_ends, wide
from plugin_host.engines.sketch.ring import Sound

_ATTACK = 0.0004
"""Seconds: short enough to be a hit, long enough not to be a click."""

_CLANG = (1.0, 1.342, 1.572, 1.931, 2.474, 2.639, 3.17, 3.83, 4.26)
"""The ratios of a struck sheet of metal, near those of the six oscillators of an analogue drum machine."""

_RINGING = 200.0
"""Hz to each side of a partial of metal within which noise is louder."""


@dataclass(frozen=True, slots=True)
class _Plate:
    """A cymbal: noise above `low` Hz, `metal` (0–1) of it a clang, dying in `decay` seconds."""

    low: float
    metal: float
    decay: float


def hit(drum: str, kit: Kit, rate: int, dice: Dice) -> Sound:
    """Return one stroke of `drum` (a key of `style.VOICES`), peak 1. Kicks, toms and the like are mono."""
    sound = _MAKERS[drum](kit, rate, dice)
    return sound / np.float32(max(float(np.abs(sound).max()), 1e-9))


def _kick(kit: Kit, rate: int, dice: Dice) -> Sound:
    """Make a sine falling in pitch, pushed into a soft clip, and the click of the beater."""
    kick = kit.kick
    decay, end = dice.near(kick.decay, 0.15), dice.near(kick.end, 0.06)
    frames = round((decay * 1.9 + 0.03) * rate)
    body = _falling(dice.near(kick.start, 0.12), end, dice.near(kick.fall, 0.15), frames, rate)
    body *= np.exp(-np.maximum(seconds(frames, rate) - decay * 0.25, 0) / np.float32(decay * 0.5))
    body = _push(body, kick.drive)
    _mix(body, 0.45 * kick.click * _burst(900, min(6500, kit.top), 0.005, rate, dice))
    return smooth_ends(body, _ATTACK, 0.03, rate)


def _snare(kit: Kit, rate: int, dice: Dice) -> Sound:
    """Make two modes of a shell, the wires under it, and the crack of the stick."""
    snare = kit.snare
    decay = dice.near(snare.decay, 0.2)
    frames = round((decay * 2.0 + 0.02) * rate)
    time = seconds(frames, rate)
    tone = dice.near(snare.tone, 0.08)
    shell = _falling(tone * 1.5, tone, 0.010, frames, rate) + 0.5 * _falling(
        tone * 2.3, tone * 1.78, 0.008, frames, rate
    )
    shell *= np.exp(-time / np.float32(snare.ring * 0.7))
    wires = wide(shaped(lambda hertz: band(hertz, snare.low, min(snare.high, kit.top)), frames, 2, rate, dice), 0.5)
    wires *= np.exp(-time / np.float32(decay * 0.45)) * np.float32(0.32)
    sound = np.float32(1 - snare.wires) * shell * np.float32(0.9) + np.float32(snare.wires) * wires
    _mix(sound, 0.35 * _burst(2000, min(9000, kit.top), 0.004, rate, dice))
    if snare.gate:
        return smooth_ends(sound[:, : round(snare.gate * rate)].copy(), _ATTACK, 0.02, rate)
    return smooth_ends(sound, _ATTACK, decay * 0.5, rate)


def _clap(kit: Kit, rate: int, dice: Dice) -> Sound:
    """Make hands that do not quite meet: the first is the loudest, so that the clap lies on its line."""
    frames = round((kit.clap_decay * 2.4 + 0.03) * rate)
    time = seconds(frames, rate)
    noise = wide(shaped(lambda hertz: band(hertz, dice.near(950), min(5200, kit.top)), frames, 2, rate, dice), 0.7)
    curve = 0.55 * np.exp(-time / np.float32(kit.clap_decay * 0.6))
    for late, loud in ((0.0, 1.0), (dice.near(0.010), 0.7), (dice.near(0.021), 0.8)):
        curve += loud * (time >= late) * np.exp(-np.maximum(time - np.float32(late), 0) / np.float32(0.005))
    return smooth_ends(noise * curve, _ATTACK, kit.clap_decay * 0.6, rate)


def _rim(kit: Kit, rate: int, dice: Dice) -> Sound:
    """Make a short knock of wood and metal."""
    frames = round(0.06 * rate)
    knock = _modes((dice.near(1720), dice.near(820), dice.near(480)), (1.0, 0.7, 0.5), 0.012, frames, rate)
    _mix(knock, 0.4 * _burst(1500, min(8000, kit.top), 0.004, rate, dice))
    return smooth_ends(knock, _ATTACK, 0.01, rate)


def _hat(kit: Kit, rate: int, dice: Dice) -> Sound:
    """Make cymbals held together."""
    return _cymbal(_Plate(kit.hat.low, kit.hat.metal, dice.near(kit.hat.shut, 0.25)), kit.top, rate, dice)


def _open(kit: Kit, rate: int, dice: Dice) -> Sound:
    """Make cymbals let go."""
    return _cymbal(_Plate(kit.hat.low * 0.9, kit.hat.metal, dice.near(kit.hat.open, 0.2)), kit.top, rate, dice)


def _ride(kit: Kit, rate: int, dice: Dice) -> Sound:
    """Make a cymbal with a bell in it."""
    return _cymbal(_Plate(kit.hat.low * 0.7, min(1.0, kit.hat.metal + 0.3), 0.22), kit.top, rate, dice)


def _cymbal(plate: _Plate, top: float, rate: int, dice: Dice) -> Sound:
    """Make the noise of `plate` up to `top` Hz, with a clang in it."""
    frames = round((plate.decay * 2.3 + 0.01) * rate)
    time = seconds(frames, rate)
    floor = min(plate.low, 0.28 * rate)
    ceiling = max(min(top, 16_000.0), floor * 1.3)
    root = dice.near(540, 0.1)

    def shape(hertz: Curve) -> Curve:
        """Return a band of noise, louder where metal rings."""
        weights = band(hertz, floor, ceiling)
        weights *= np.sqrt(weights)
        for tone in (root * ratio * octave for ratio in _CLANG for octave in (4, 8)):
            near = slice(*np.searchsorted(hertz, (tone - _RINGING, tone + _RINGING)))
            weights[near] *= 1 + 7 * plate.metal / (1 + np.square((hertz[near] - np.float32(tone)) / np.float32(45)))
        return weights

    noise = wide(shaped(shape, frames, 2, rate, dice), 0.55)
    body, tick = np.exp(-time / np.float32(plate.decay * 0.55)), np.exp(-time / np.float32(plate.decay * 0.12))
    return smooth_ends(noise * (0.75 * body + 0.25 * tick), _ATTACK, plate.decay * 0.4, rate)


def _shaker(kit: Kit, rate: int, dice: Dice) -> Sound:
    """Make seeds: noise with a softer front than anything that is struck."""
    return _rattle(5200, min(11_000, kit.top), 0.055, rate, dice)


def _tambourine(kit: Kit, rate: int, dice: Dice) -> Sound:
    """Make jingles: a small bright cymbal."""
    bright = _cymbal(_Plate(6800, 0.85, 0.075), kit.top, rate, dice)
    _mix(bright, 0.5 * _rattle(6000, min(12_000, kit.top), 0.05, rate, dice))
    return bright


def _rattle(low: float, high: float, decay: float, rate: int, dice: Dice) -> Sound:
    """Make noise between `low` and `high` Hz with a soft front."""
    frames = round(decay * 2.6 * rate)
    floor = min(low, 0.25 * rate)
    noise = wide(shaped(lambda hertz: band(hertz, floor, max(high, floor * 1.3)), frames, 2, rate, dice), 0.6)
    time = seconds(frames, rate)
    noise *= 0.65 * np.exp(-time / np.float32(decay * 0.5)) + 0.35 * np.exp(-time / np.float32(decay * 0.08))
    return smooth_ends(noise, 2 * _ATTACK, decay * 0.5, rate)


def _conga(kit: Kit, rate: int, dice: Dice) -> Sound:
    """Make a skin under a flat hand."""
    frames = round(0.26 * rate)
    tone = dice.near(236, 0.18)
    skin = _falling(tone * 1.35, tone, 0.012, frames, rate) + 0.35 * _falling(
        tone * 2.6, tone * 2.1, 0.01, frames, rate
    )
    skin *= np.exp(-seconds(frames, rate) / np.float32(0.062))
    _mix(skin, 0.3 * _burst(700, min(4000, kit.top), 0.006, rate, dice))
    return smooth_ends(skin, _ATTACK, 0.03, rate)


def _tom(kit: Kit, rate: int, dice: Dice) -> Sound:
    """Make a drum with a note in it, falling a little."""
    frames = round(0.38 * rate)
    tone = dice.near(108, 0.15)
    skin = _falling(tone * 1.7, tone, 0.035, frames, rate) * np.exp(-seconds(frames, rate) / np.float32(0.10))
    _mix(skin, 0.25 * _burst(500, min(3500, kit.top), 0.008, rate, dice))
    return smooth_ends(_push(skin, 0.3), _ATTACK, 0.04, rate)


def _cowbell(_kit: Kit, rate: int, dice: Dice) -> Sound:
    """Make two dull squares a fifth and a bit apart."""
    frames = round(0.22 * rate)
    low = dice.near(545, 0.05)
    partials = tuple(low * ratio * odd for ratio in (1.0, 1.48) for odd in (1, 3, 5))
    bell = _modes(partials, (1.0, 0.33, 0.2) * 2, 0.055, frames, rate)
    return smooth_ends(bell, _ATTACK, 0.03, rate)


def _clave(_kit: Kit, rate: int, dice: Dice) -> Sound:
    """Make two pieces of hard wood."""
    frames = round(0.07 * rate)
    return smooth_ends(_modes((dice.near(2480, 0.06), 4100.0), (1.0, 0.12), 0.013, frames, rate), _ATTACK, 0.01, rate)


def _blip(_kit: Kit, rate: int, dice: Dice) -> Sound:
    """Make a machine's own percussion: a short note that bends."""
    frames = round(0.10 * rate)
    tone = dice.between(420, 1100)
    body = _falling(tone * dice.between(1.2, 2.2), tone, 0.015, frames, rate)
    return smooth_ends(body * np.exp(-seconds(frames, rate) / np.float32(0.022)), _ATTACK, 0.02, rate)


def _falling(start: float, end: float, fall: float, frames: int, rate: int) -> Sound:
    """Return a sine that falls from `start` to `end` Hz, phase 0 at frame 0, shape ``(1, frames)``."""
    top = TOP * rate
    start, end = min(start, top), min(end, top)
    return sine(
        end / rate * np.arange(frames) + (start - end) * fall * (1 - np.exp(-seconds(frames, rate) / np.float32(fall)))
    )


def _modes(hertz: tuple[float, ...], weights: tuple[float, ...], decay: float, frames: int, rate: int) -> Sound:
    """Return sines that die together in `decay` seconds; what the rate cannot hold is left out."""
    heard = [(tone, weight) for tone, weight in zip(hertz, weights, strict=True) if tone < TOP * rate]
    time = seconds(frames, rate)
    total: Curve = np.zeros(frames, np.float32)
    for tone, weight in heard or [(TOP * rate, 1.0)]:
        total += np.float32(weight) * np.sin(np.float32(2 * np.pi * tone) * time)
    return np.asarray(total * np.exp(-time / np.float32(decay)), np.float32)[None]


def _burst(low: float, high: float, decay: float, rate: int, dice: Dice) -> Sound:
    """Return a tick of noise between `low` and `high` Hz."""
    frames = round(decay * 5 * rate)
    floor = min(low, 0.25 * rate)
    noise = shaped(lambda hertz: band(hertz, floor, max(high, floor * 1.3)), frames, 1, rate, dice)
    return smooth_ends(noise * np.exp(-seconds(frames, rate) / np.float32(decay)), 0.0003, decay, rate)


def _push(sound: Sound, drive: float) -> Sound:
    """Bend the loudest parts: a soft clip that keeps full scale at full scale. Low tones only: it makes partials."""
    amount = np.float32(0.6 + 1.5 * drive)
    return np.asarray(np.tanh(sound * amount) / np.tanh(amount), np.float32)


def _mix(sound: Sound, other: Sound) -> None:
    """Add `other` to the start of `sound`, in place."""
    count = min(sound.shape[1], other.shape[1])
    sound[:, :count] += other[:, :count]


_MAKERS: Mapping[str, Callable[[Kit, int, Dice], Sound]] = {
    "kick": _kick,
    "snare": _snare,
    "clap": _clap,
    "rim": _rim,
    "hat": _hat,
    "open": _open,
    "ride": _ride,
    "shaker": _shaker,
    "tambourine": _tambourine,
    "conga": _conga,
    "tom": _tom,
    "cowbell": _cowbell,
    "clave": _clave,
    "blip": _blip,
}
