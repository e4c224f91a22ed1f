"""Notes: additive synthesis, so a filter can sweep and resonate and yet nothing ever aliases.

Every note is a sum of partials below 0.45 of the rate. The filter is no recursion but a curve: it is read at each
partial's frequency, afresh for each block of a few milliseconds, and neighbouring blocks fade into each other.
Within a block all partials keep their pitch, so a whole note is one product of two matrices,
``(blocks, 4 · partials) @ (4 · partials, block)`` with sines and cosines of this block and the next, which costs a
fraction of what sines one by one would.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from plugin_host.engines.sketch.chance import Dice
from plugin_host.engines.sketch.noise import TOP, Curve, seconds, sine, smooth_ends
from plugin_host.engines.sketch.ring import Sound
from plugin_host.engines.sketch.timbres import Timbre

MOST_PARTIALS = 48
_BLOCKS_A_SECOND = 400
_FAINTEST = 0.004
"""A partial that is 48 dB below the loudest while the filter is wide open is left out."""

_PRODUCT = 2**18
"""Multiplications up to which OpenBLAS keeps a matrix product on the thread that asked for it."""

_DRIVEN = 16
"""A note is driven only where the rate holds the partials that this makes: eight times its pitch."""

_FORMANTS = ((700, 160, 1.0), (1150, 180, 0.6), (2700, 300, 0.25))
"""Centre, width (Hz) and weight of the resonances of a voice singing "ah"."""

Partials = tuple[Curve, Curve]
"""Ratios to the fundamental, and weights."""


def note(timbre: Timbre, hertz: float, hold: float, rate: int, dice: Dice) -> Sound:
    """Return one note of `hold` seconds and its release, RMS about 0.25 at its loudest, mono or stereo."""
    frames = round((hold + timbre.release) * rate) + 1
    sound = _gliding(timbre, hertz, frames, rate) if timbre.drop else _oscillators(timbre, hertz, frames, rate, dice)
    level = _envelope(timbre, hold, frames, rate)
    start = (sound[:, : rate // 8] * level[: rate // 8]).ravel()
    level *= np.float32(0.25 * (start.size / max(float(np.vdot(start, start)), 1e-12)) ** 0.5)
    sound *= level
    if timbre.drive and hertz * _DRIVEN < rate:
        push = np.float32(1 + 2.5 * timbre.drive)
        sound *= push
        np.tanh(sound, out=sound)
        sound *= push ** np.float32(-0.6)
    return smooth_ends(sound, 0.001, min(timbre.release, hold) * 0.5, rate)


def partials(wave: str, hertz: float, ceiling: float) -> Partials:
    """Return the partials of `wave` (a key of `WAVES`) on `hertz`, none of them above `ceiling` Hz."""
    ratios, weights = WAVES[wave](hertz)
    heard = ratios * np.float32(hertz) < ceiling
    heard[0] = True
    return ratios[heard], weights[heard]


def _oscillators(timbre: Timbre, hertz: float, frames: int, rate: int, dice: Dice) -> Sound:
    """Return the filtered oscillators: one, two in the middle, or one on each side."""
    ceiling = min(TOP * rate, rate / 6 if timbre.drive else rate)
    ratios, weights = partials(timbre.wave, hertz, ceiling)
    opened = weights * _filter(timbre, ratios * np.float32(hertz), np.zeros((1, 1), np.float32))[0]
    audible = np.abs(opened) > _FAINTEST * np.abs(opened).max()
    ratios, weights = ratios[audible], weights[audible]
    block = 1 << max(2, round(math.log2(rate / _BLOCKS_A_SECOND)))
    time = np.arange(-(-frames // block) + 1, dtype=np.float32)[:, None] * np.float32(block / rate)
    levels = weights * _filter(timbre, ratios * np.float32(hertz), time)
    if timbre.damping:
        levels *= np.exp(-time * (np.float32(timbre.damping / timbre.decay) * (ratios - 1)))
    bend = 2 ** (timbre.detune / 2400)
    tunings = (bend, 1 / bend) if timbre.detune else (1.0,)
    apart = 0.35 * timbre.width if timbre.width else 0.2
    cycles = ratios.astype(np.float64)
    voices = np.empty((len(tunings), levels.shape[0] - 1, block), np.float32)
    for voice, tuning in zip(voices, tunings, strict=True):
        _sum(cycles * tuning * (hertz / rate), cycles * dice.between(0, apart), levels, voice)
    sides = voices.reshape(len(tunings), -1)[:, :frames]
    return sides if timbre.width else sides.sum(axis=0, keepdims=True)


def _filter(timbre: Timbre, hertz: Curve, time: Curve) -> Curve:
    """Return how much of each partial the filter lets through at each time, shape ``(blocks, partials)``."""
    cutoff = timbre.cutoff * np.exp2(timbre.sweep * np.exp(-time / np.float32(timbre.sweep_time)))
    above = np.square(hertz / cutoff)
    through = 1 / (1 + np.square(above))
    if timbre.resonance:
        through = through + np.float32(1.6 * timbre.resonance) / (1 + np.square(5 * (above - 1)))
    return np.asarray(through, np.float32)


def _sum(cycles: NDArray[np.float64], phases: NDArray[np.float64], levels: Curve, out: Curve) -> None:
    """Add partials up into `out`, shape ``(blocks, frames a block)``.

    `cycles` a frame and `phases` (in cycles) are one a partial; `levels` are one a partial, too, at each end of
    each block.
    """
    block = out.shape[1]
    starts = np.arange(levels.shape[0])[:, None] * block * cycles + phases
    angles = (starts - np.floor(starts)).astype(np.float32) * np.float32(2 * np.pi)
    carrier = np.concatenate([levels * np.sin(angles), levels * np.cos(angles)], axis=1)
    inner = (cycles[:, None] * np.arange(-block, block)).astype(np.float32) * np.float32(2 * np.pi)
    fade = (0.5 + 0.5 * np.cos(np.pi * (np.arange(-block, block) + 0.5) / block)).astype(np.float32)
    rising, falling = np.split(np.concatenate([np.cos(inner) * fade, np.sin(inner) * fade]), 2, axis=1)
    _multiply(np.concatenate([carrier[:-1], carrier[1:]], axis=1), np.concatenate([falling, rising]), out)


def _multiply(rows: Curve, columns: Curve, out: Curve) -> None:
    """Write ``rows @ columns`` to `out`, in products so small that no BLAS gives them to threads.

    On a busy machine threads that wait for each other make such a product a hundred times slower.
    """
    height = max(1, _PRODUCT // columns.size)
    whole = len(rows) // height * height
    stacked, target = rows[:whole].reshape(-1, height, rows.shape[1]), out[:whole].reshape(-1, height, out.shape[1])
    np.matmul(stacked, columns, out=target)
    np.matmul(rows[whole:], columns, out=out[whole:])


def _gliding(timbre: Timbre, hertz: float, frames: int, rate: int) -> Sound:
    """Return a sine that starts `drop` semitones high and falls to its pitch in a few hundredths of a second."""
    start = min(hertz * 2 ** (timbre.drop / 12), TOP * rate)
    extra = (start - hertz) * 0.02 * (1 - np.exp(-seconds(frames, rate) / np.float32(0.02)))
    return sine(hertz / rate * np.arange(frames) + extra)


def _envelope(timbre: Timbre, hold: float, frames: int, rate: int) -> Curve:
    """Return the loudness of each frame: attack, decay to the sustained level, release after `hold` seconds."""
    time = seconds(frames, rate)
    level = np.exp(time * np.float32(-2 / timbre.decay))
    level *= np.float32(1 - timbre.sustain)
    level += np.float32(timbre.sustain)
    if timbre.attack > 0.001:
        rising = round(2.5 * timbre.attack * rate)
        level[:rising] *= 1 - np.exp(time[:rising] * np.float32(-2.5 / timbre.attack))
    held = min(frames, round(hold * rate))
    level[held:] *= np.exp(time[: frames - held] * np.float32(-3.3 / timbre.release))
    return np.asarray(level, np.float32)


def _harmonic(rule: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Callable[[float], Partials]:
    """Return a wave whose k-th harmonic weighs ``rule(k)``."""

    def wave(_hertz: float) -> Partials:
        """Return the same partials at every pitch."""
        harmonics = np.arange(1.0, MOST_PARTIALS + 1)
        weights = rule(harmonics)
        heard = np.abs(weights) > 1e-4
        return harmonics[heard].astype(np.float32), weights[heard].astype(np.float32)

    return wave


def _listed(*pairs: tuple[float, float]) -> Callable[[float], Partials]:
    """Return a wave of (ratio, weight) pairs, harmonic or not."""
    ratios, weights = np.asarray(pairs, np.float32).T

    def wave(_hertz: float) -> Partials:
        """Return the same partials at every pitch."""
        return ratios, weights

    return wave


def _vowel(hertz: float) -> Partials:
    """Return a sawtooth sung on "ah": louder where the mouth resonates."""
    harmonics = np.arange(1, MOST_PARTIALS + 1, dtype=np.float32)
    mouth = sum(weight / (1 + ((harmonics * hertz - centre) / width) ** 2) for centre, width, weight in _FORMANTS)
    return harmonics, np.asarray((mouth + 0.15) / harmonics**0.5, np.float32)


WAVES: Mapping[str, Callable[[float], Partials]] = {
    "sine": _listed((1, 1)),
    "soft": _listed((1, 1), (2, 0.22), (3, 0.10), (4, 0.03)),
    "triangle": _harmonic(lambda k: (k % 2) / k**2 + 0.12 * (k == 2)),
    "saw": _harmonic(lambda k: 1 / k),
    "square": _harmonic(lambda k: (k % 2) / k),
    "pulse": _harmonic(lambda k: np.sin(np.pi * 0.22 * k) / k),
    "pluck": _harmonic(lambda k: np.abs(np.sin(np.pi * k / 5.3)) / k**1.3),
    "organ": _listed((1, 1), (2, 0.8), (3, 0.5), (4, 0.45), (6, 0.22), (8, 0.25)),
    "tine": _listed((1, 1), (2, 0.28), (3, 0.10), (4, 0.06), (7.01, 0.10), (14.1, 0.06)),
    "clang": _listed((1, 1), (2, 0.5), (3, 0.65), (4, 0.25), (5, 0.4), (7, 0.25), (9, 0.15)),
    "bell": _listed((1, 1), (2, 0.45), (2.76, 0.35), (4.07, 0.22), (5.4, 0.25), (8.93, 0.12)),
    "mallet": _listed((1, 1), (2, 0.06), (3.93, 0.35), (9.2, 0.10)),
    "octaves": _listed((1, 1), (2, 0.7), (3, 0.25), (4, 0.5), (6, 0.12), (8, 0.25), (16, 0.08)),
    "vowel": _vowel,
}
"""Every wave by its name: what its partials are on a fundamental in Hz."""
