"""The downbeat comes first: found wherever the ring begins, and found again where it was put."""

import numpy as np
import pytest
from numpy.typing import NDArray

from plugin_host.engine import Plan, Take
from plugin_host.engines.musicldm import downbeat
from plugin_host.engines.sketch import SketchEngine
from plugin_host.musictime import Grid, Meter, Tempo

RATE = 16_000
NEAR = 0.003
"""Seconds."""


class Quiet:
    """A watch that lets everything pass."""

    def step(self, stage: str, fraction: float) -> None:
        """Let it pass."""


def drums(bpm: str, meter: str, seed: int, prompt: str = "only drums house, four on the floor") -> NDArray[np.float32]:
    """Return a loop of two bars whose downbeat is on frame 0."""
    grid = Grid(Tempo.parse(bpm), Meter.parse(meter), 2, RATE)
    take: Take = next(iter(SketchEngine({}).takes(Plan(prompt, grid, seed, takes=1, variation=0.0), Quiet())))
    return np.ascontiguousarray(take.audio.mono())


def away(frame: int, wanted: int, period: int) -> float:
    """Return how far a frame is from another one, in seconds, counted modulo a period."""
    off = (frame - wanted) % period
    return min(off, period - off) / RATE


@pytest.mark.parametrize("bpm", ["90", "120", "133.7", "174"])
@pytest.mark.parametrize("shift", [0, 1_234, 9_000])
def test_beats_are_found_wherever_the_ring_begins(bpm: str, shift: int) -> None:
    """Of a drum loop that was rolled, a beat comes first again, to 3 ms, for nine seeds in ten."""
    right = 0
    for seed in range(10):
        loop = drums(bpm, "4/4", seed)
        found = downbeat.frame(np.roll(loop, shift), RATE, bars=2, beats=4)
        right += away(found, shift, len(loop) // 8) <= NEAR
    assert right >= 9


@pytest.mark.parametrize("meter", ["4/4", "3/4", "7/8"])
def test_what_was_put_first_stays_first(meter: str) -> None:
    """Rolled to its downbeat, a ring is not rolled again; rolled anyhow, the beginning of a bar comes first again."""
    beats = {"4/4": 4, "3/4": 3, "7/8": 7}[meter]
    for seed in range(5):
        loop = drums("120", meter, seed)
        placed = np.roll(loop, -downbeat.frame(loop, RATE, 2, beats))
        again = downbeat.frame(placed, RATE, 2, beats)
        assert away(again, 0, len(loop)) <= NEAR
        elsewhere = np.roll(placed, 5_000)
        assert away(downbeat.frame(elsewhere, RATE, 2, beats), 5_000, len(loop) // 2) <= NEAR


def test_a_kick_before_a_louder_hat_is_the_downbeat() -> None:
    """One low thud a bar among hats that are louder in all other bands: the thud is where the bar begins."""
    ring = np.zeros(2 * RATE, np.float32)
    chance = np.random.default_rng(1)
    times = np.arange(2_000) / RATE
    for eighth in range(8):
        ring[eighth * 4_000 : eighth * 4_000 + 1_000] += (0.5 * chance.standard_normal(1_000)).astype(np.float32)
    thud = (np.sin(2 * np.pi * 60 * times) * np.exp(-times / 0.05)).astype(np.float32)
    ring[12_000:14_000] += thud
    assert away(downbeat.frame(ring, RATE, 1, 4), 12_000, len(ring)) <= NEAR


def test_silence_is_left_as_it_is() -> None:
    """There is nothing to roll to."""
    assert downbeat.frame(np.zeros(16_000, np.float32), RATE, 1, 4) == 0
