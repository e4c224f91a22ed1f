"""Small clips and orders for tests of what becomes of them."""

import numpy as np

from daw_bridge.deliveries.order import Order
from plugin_host.audio import Audio
from plugin_host.clip import Clip, ClipFacts, Score
from plugin_host.engine import Capabilities, Form
from plugin_host.key import Key
from plugin_host.musictime import Grid, Meter, Tempo

ONE_BAR = Grid(Tempo.parse(120), Meter(4, 4), bars=1, rate=8_000)
"""Two seconds, 16 000 frames."""


ENGINE = Capabilities("sketch", "1", channels=2, longest=600.0, uses=frozenset({"key"}), licence="MIT")


def noise(frames: int, channels: int = 1, rate: int = 8_000) -> Audio:
    """Return noise at about -14 dBFS, the same for the same size."""
    dice = np.random.default_rng(frames)
    return Audio((0.2 * dice.standard_normal((frames, channels))).astype(np.float32).clip(-1, 1), rate)


def a_clip(grid: Grid = ONE_BAR, form: Form = Form.LOOP, rank: int = 1, channels: int = 1) -> Clip:
    """Return a clip of noise on `grid`."""
    score = Score(0.5, parts={"beat": 0.5}, weights={"beat": 1.0}, evidence={"grid_error_ms": 2.5})
    facts = ClipFacts(
        rank, rank - 1, 2**62 + rank, grid, form, channels, score, {"gain_db": -1.5}, {"style": "house"}, ENGINE
    )
    return Clip(facts, noise(grid.frames, channels, grid.rate))


def an_order(title: str = "dusty-break", key: Key | None = None, job: str = "job-1") -> Order:
    """Return an order for clips of a job whose prompt is its title."""
    certificate = {"request": {"bars": 1}, "plan": {"seed": 7}, "version": "0.1.0"}
    return Order(job, title, title, key, certificate)
