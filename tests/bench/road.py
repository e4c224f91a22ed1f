"""The ordinary road: drum loops at 0.85 to 1.15 of the session's tempo, and beyond the limits.

Promised: within the limits a 95th percentile of the grid error of at most 10 ms, exact frames and a quiet seam; beyond
them a fault. The error is told twice: against the grid as the host measures it, and, by means that share no code with
it, against the same loop played at the session's own tempo.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from time import perf_counter

import numpy as np
from figures import record
from free import clips, sketched
from measures import onset_errors, seam
from numpy.typing import NDArray

from plugin_host.clip import Clip
from plugin_host.engine import Plan
from plugin_host.engines.sketch.styles import STYLES
from plugin_host.errors import EngineFailed
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.road import LIMITS

WITHIN = ("0.85", "0.9", "0.95", "0.99", "1", "1.005", "1.05", "1.1", "1.15")
BEYOND = ("0.7", "0.75", "1.3", "1.36")
TEMPI = ("92.5", "120", "133.7")


def loops(ratios: tuple[str, ...], each: int) -> Iterator[tuple[Fraction, Grid, str, int]]:
    """Yield so many loops for each ratio: how fast, on which grid, in which style, by which seed; styles in turn."""
    styles = list(STYLES)
    for number, (ratio, index) in enumerate(product(ratios, range(each))):
        grid = Grid(Tempo.parse(TEMPI[index % len(TEMPI)]), Meter(4, 4), 4, 48_000)
        yield Fraction(ratio), grid, styles[(5 * number) % len(styles)], number


def within(each: int) -> dict[str, object]:
    """Bring loops to their tempo, and tell how near they came."""
    errors, lags, against_grid, seams, roads, faults, seconds = [], [], [], [], [], [], []
    exact = 0
    for ratio, grid, style, seed in loops(WITHIN, each):
        loop, truth = sketched(grid, ratio, style, seed)
        begun = perf_counter()
        try:
            (clip,) = clips([loop], Plan("drums", grid, seed))
        except EngineFailed as error:
            faults.append(f"{style} {ratio}: {error}")
            continue
        seconds.append(perf_counter() - begun)
        exact += clip.audio.frames == grid.frames
        errors.append(np.abs(_errors(clip, truth.mono().astype(np.float64), grid)))
        lags.append(float(np.percentile(errors[-1], 95)))
        against_grid.append(float(clip.facts.score.evidence.get("grid_error_p95_ms") or 0.0))
        join = seam(clip.audio.samples.astype(np.float64), grid.bars)
        seams.append((join.jump_percentile, join.flux_against_bars, clip.facts.score.parts["seam"]))
        roads.append(str(clip.facts.fit["road"]))
    joins = np.array(seams)
    return {
        "loops": len(WITHIN) * each,
        "exact": exact,
        "faults": faults,
        "ways": {way: roads.count(way) for way in sorted(set(roads))},
        "loops_with_p95_within_10_ms": sum(lag <= 0.010 for lag in lags),
        "error_ms_of_all_onsets": _spread(1000 * np.concatenate(errors)),
        "p95_ms_of_a_loop": _spread(1000 * np.array(lags)),
        "grid_error_p95_ms_by_the_host": _spread(np.array(against_grid)),
        "jump_percentile": _spread(joins[:, 0]),
        "flux_over_that_at_bar_lines": _spread(joins[:, 1]),
        "seam_part": _spread(joins[:, 2]),
        "seconds_a_clip": _spread(np.array(seconds)),
    }


def beyond(each: int) -> dict[str, object]:
    """Count the loops beyond the limits that are refused, and show a reason."""
    refused, reasons = 0, []
    for ratio, grid, style, seed in loops(BEYOND, each):
        loop, _ = sketched(grid, ratio, style, seed)
        try:
            clips([loop], Plan("drums", grid, seed))
        except EngineFailed as error:  # its only take is faulty
            refused += "was played at" in str(error)
            reasons.append(str(error))
    return {"loops": len(BEYOND) * each, "refused": refused, "for_example": reasons[:1]}


def _errors(clip: Clip, truth: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    """Return how late each onset of a clip is, in seconds."""
    return onset_errors(clip.audio.mono().astype(np.float64), truth, grid.rate, int(grid.beats))


def _spread(values: NDArray[np.float64]) -> dict[str, float]:
    """Return median, 95th percentile and the extremes."""
    found = {"median": np.median(values), "p95": np.percentile(values, 95), "min": values.min(), "max": values.max()}
    return {name: round(float(value), 3) for name, value in found.items()}


def run(each: int = 6) -> None:
    """Bring loops home, and try to bring those that are too far off."""
    figures = {"within": within(each), "beyond": beyond(each)}
    record("road", {"engine": "sketch, drums", "limits": LIMITS, "ratios": WITHIN, "beyond": BEYOND}, figures)
