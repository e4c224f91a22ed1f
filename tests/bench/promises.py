"""The promises of length and seam, over the whole table; the tests hold a sample of it.

Every clip goes through the host as it does in the daemon: frames exact, no NaN, peak at most full scale, not silent.
"""

import tempfile
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from pathlib import Path
from time import perf_counter

import checkpoints
import numpy as np
from figures import record
from measures import seam

from plugin_host.engine import Plan
from plugin_host.engines import create
from plugin_host.host import Host
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.rankers.signal import SignalRanker

TEMPI = ("20", "59.94", "92.5", "120", "133.7", "174", "300", "999")
METERS = ("4/4", "3/4", "7/8", "5/4", "12/8")
RATES = (44_100, 48_000, 88_200, 96_000)
BARS = (1, 2, 4, 8)
PROMPTS = ("house", "jungle", "dub", "ambient pad", "funk bass line", "only drums trap", "lo-fi", "synthwave arp")
LONGEST = 300


class Quiet:
    """A watch that never stops anything."""

    def step(self, stage: str, fraction: float) -> None:
        """Let it go on."""


def table() -> Iterator[Plan]:
    """Yield a plan for every row of the table, styles in turn."""
    for number, (tempo, meter, rate, bars) in enumerate(product(TEMPI, METERS, RATES, BARS)):
        grid = Grid(Tempo.parse(tempo), Meter.parse(meter), bars, rate)
        if grid.seconds <= LONGEST:
            yield Plan(PROMPTS[number % len(PROMPTS)], grid, seed=number, takes=1)


def broken(plan: Plan, host: Host | None = None) -> list[str]:
    """Make the clip of `plan` by `host`, by the sketch engine if none is given, and name the promises that it breaks."""
    (clip,) = (host or Host(create("sketch", {}), [SignalRanker()])).clips(plan, Quiet())
    samples, grid = clip.audio.samples, plan.grid
    beats = Fraction(grid.bars * 4 * grid.meter.numerator, grid.meter.denominator)
    wanted = round(beats * 60 / Fraction(str(grid.tempo)) * grid.rate)
    found = []
    if len(samples) != wanted:
        found.append(f"{len(samples)} frames, not {wanted}")
    if not np.isfinite(samples).all():
        found.append("not finite")
    if np.abs(samples).max() > 1:
        found.append("over full scale")
    if np.sqrt(np.mean(np.square(samples, dtype=np.float64))) < 1e-3:
        found.append("silent")
    return found


def seams(count: int) -> list[tuple[float, float, float]]:
    """Measure `count` joins: percentile of the jump, percentile of the flux, and the flux over that at bar lines."""
    rows = []
    for number in range(count):
        tempo, meter = ("120", "92.5", "174", "133.7")[number % 4], ("4/4", "7/8", "3/4")[number % 3]
        grid = Grid(Tempo.parse(tempo), Meter.parse(meter), 4, 48_000)
        plan = Plan(PROMPTS[number % len(PROMPTS)], grid, seed=number, takes=1, variation=0.0)
        (clip,) = Host(create("sketch", {}), [SignalRanker()]).clips(plan, Quiet())
        join = seam(clip.audio.samples.astype(np.float64), 4)
        rows.append((join.jump_percentile, join.flux_percentile, join.flux_against_bars))
    return rows


def tried() -> dict[str, object]:
    """Try every row with the sketch engine."""
    begun = perf_counter()
    found = [f"{plan.prompt} {plan.grid}: {each}" for plan in table() for each in broken(plan)]
    return {"clips": sum(1 for _ in table()), "broken": found, "seconds": round(perf_counter() - begun, 1)}


def tried_with_model() -> dict[str, object]:
    """Try every row with MusicLDM on a tiny checkpoint of random weights, two steps each."""
    begun = perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        engine = create("musicldm", {"checkpoint": str(checkpoints.build(Path(folder))), "device": "cpu", "steps": 2})
        host = Host(engine, [])
        found = [f"{plan.prompt} {plan.grid}: {each}" for plan in table() for each in broken(plan, host)]
        engine.close()
    return {"clips": sum(1 for _ in table()), "broken": found, "seconds": round(perf_counter() - begun, 1)}


def run() -> None:
    """Try every row with both engines, and measure 50 seams."""
    record("promises", {"engine": "musicldm, tiny checkpoint"}, tried_with_model())
    rows = np.array(seams(50))
    figures = {
        **tried(),
        "seams": len(rows),
        "jump_within_95th_percentile": int((rows[:, 0] <= 95).sum()),
        "flux_within_95th_percentile_of_all_frames": int((rows[:, 1] <= 95).sum()),
        "flux_over_that_at_bar_lines": {
            "median": round(float(np.median(rows[:, 2])), 4),
            "max": round(float(rows[:, 2].max()), 4),
        },
    }
    record("promises", {"engine": "sketch"}, figures)
