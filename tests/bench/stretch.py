"""Stretching the mel on its ring against stretching the waveform, by the same ratio.

Both end in the same vocoder, Griffin and Lim's, from the same mel: one before it, one after it (by Signalsmith Stretch).
Attacks are clicks and drums of the sketch engine, whose lines are known; pitch is that of steady tones.
"""

from fractions import Fraction
from statistics import median

import figures
import numpy as np
import smallmodel
from checkpoints import PUBLISHED
from numpy.typing import NDArray

from plugin_host.engine import Plan
from plugin_host.engines import create
from plugin_host.engines.musicldm import mel
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.stretch import stretched

RATIOS = (0.92, 0.96, 1.04, 1.08)
TONES = (220.0, 440.0, 880.0, 1_760.0)
AROUND = 0.012
"""Seconds to both sides of a line in which its attack is looked for."""


class Quiet:
    """A watch that never stops anything."""

    def step(self, stage: str, fraction: float) -> None:
        """Let it go on."""


def run() -> None:
    """Measure and record."""
    loops = {"clicks": clicks(), **{f"drums {seed}": drums(seed) for seed in range(12)}}
    lines = np.arange(0, 1, 1 / 16)
    found: dict[str, object] = {}
    every = []
    for ratio in RATIOS:
        kept = []
        for loop in loops.values():
            plain, by_mel, by_wave = ways(loop, ratio)
            whole = sharpness(plain, lines)
            kept.append((sharpness(by_mel, lines) / whole, sharpness(by_wave, lines) / whole))
        every += kept
        found[f"ratio {ratio:g}: sharpness kept, mel / waveform"] = medians(kept)
        found[f"ratio {ratio:g}: pitch error of mel in cents"] = [round(cents(tone, ratio), 2) for tone in TONES]
    found["all: sharpness kept, mel / waveform"] = medians(every)
    found["all: mel over waveform, median"] = round(median(one / other for one, other in every), 3)
    figures.record("stretch", {"vocoder": "Griffin-Lim", "tones": TONES, "loops": len(loops)}, found)


def medians(pairs: list[tuple[float, float]]) -> list[float]:
    """Return the median of the ones and of the others."""
    return [round(median(each), 3) for each in zip(*pairs, strict=True)]


def ways(loop: NDArray[np.float32], ratio: float) -> tuple[NDArray[np.float32], ...]:
    """Return a loop vocoded as it is, stretched in the mel before, and stretched as a waveform after."""
    heard = mel.heard(loop, np.arange(0, len(loop), PUBLISHED.hop, dtype=np.float64), PUBLISHED)
    frames = round(len(heard) * ratio)
    plain = smallmodel.listen(heard).samples
    by_mel = smallmodel.listen(mel.stretched(heard, frames, Fraction(1))).samples
    margin = len(plain) // 4
    wrapped = np.concatenate((plain[-margin:], plain, plain[:margin]))
    by_wave = stretched(wrapped, PUBLISHED.rate, round(len(wrapped) * len(by_mel) / len(plain)))
    first = round(margin * len(by_mel) / len(plain))
    return plain[:, 0], by_mel[:, 0], by_wave[first : first + len(by_mel), 0]


def sharpness(wave: NDArray[np.float32], lines: NDArray[np.float64]) -> float:
    """Return how steep attacks are: the mean of the largest rises of the envelope, as parts of its highest, in a ms."""
    step = PUBLISHED.rate // 1000
    envelope = np.sqrt(np.mean(np.square(wave[: len(wave) // step * step].reshape(-1, step)), axis=1))
    steepest = []
    for line in lines:
        centre = round(line * len(envelope))
        near = envelope[np.arange(centre - int(AROUND * 1000), centre + int(AROUND * 1000) + 4) % len(envelope)]
        steepest.append(float(np.diff(near).max()))
    strongest = sorted(steepest)[-4:]
    return float(np.mean(strongest)) / float(envelope.max())


def cents(tone: float, ratio: float) -> float:
    """Return by how much stretching in the mel moves the pitch of a tone, beside vocoding it as it is."""
    frames = 128_000
    cycles = round(tone * frames / PUBLISHED.rate)
    wave = (0.3 * np.sin(2 * np.pi * cycles * np.arange(frames) / frames)).astype(np.float32)
    plain, by_mel, _ = ways(wave, ratio)
    return abs(1200 * float(np.log2(pitch(by_mel, tone) / pitch(plain, tone))))


def pitch(wave: NDArray[np.float32], near: float) -> float:
    """Return the frequency around `near` in Hz: the centre of its power within a semitone, finely resolved."""
    length = 8 * len(wave)
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), length)) ** 2
    hertz = np.fft.rfftfreq(length, 1 / PUBLISHED.rate)
    inside = (hertz > near / 1.12) & (hertz < near * 1.12)
    return float((hertz[inside] * power[inside]).sum() / power[inside].sum())


def clicks() -> NDArray[np.float32]:
    """Return a ring of two seconds with a short click on each sixteenth line."""
    ring = np.zeros(32_000, np.float32)
    chance = np.random.default_rng(1)
    decay = np.exp(-np.arange(160) / 30)
    for line in range(16):
        ring[line * 2_000 : line * 2_000 + 160] = 0.5 * decay * chance.standard_normal(160)
    return ring


def drums(seed: int) -> NDArray[np.float32]:
    """Return a bar of drums at 120 BPM."""
    grid = Grid(Tempo.parse(120), Meter(4, 4), 1, PUBLISHED.rate)
    (take,) = create("sketch", {}).takes(Plan("only drums, techno", grid, seed, takes=1), Quiet())
    return np.ascontiguousarray(take.audio.mono())
