"""Arranging: a brief and a grid become a score, every note at an exact place."""

from plugin_host.engines.sketch.bassline import bassline
from plugin_host.engines.sketch.beats import drums
from plugin_host.engines.sketch.chart import Chart
from plugin_host.engines.sketch.comping import chords, pads
from plugin_host.engines.sketch.melody import arp, lead
from plugin_host.engines.sketch.score import Note, Score
from plugin_host.musictime import Beats

EFFECTS = ("texture", "drone", "riser", "impact")
"""Parts that are one gesture a phrase."""

_LONGEST_PHRASE = 16
"""Seconds."""


def arrange(chart: Chart) -> Score:
    """Write the score of a take. It may be silent: the sparsest patterns leave a short bar empty with some seeds."""
    hits = tuple(drums(chart))
    notes = (*bassline(chart), *chords(chart), *pads(chart), *lead(chart), *arp(chart), *_effects(chart))
    return Score(hits, notes, _facts(chart))


def _effects(chart: Chart) -> list[Note]:
    """Return the effects of the brief, once a phrase, on root and fifth of the key."""
    harmony, bars = chart.brief.harmony, _phrase(chart)
    root = 36 + (harmony.pitch(1, 0) - 36) % 12
    pitches, length = (root, root + 7, root + 12), Beats(bars * chart.bar.length)
    parts = [part for part in EFFECTS if part in chart.brief.parts]
    return [Note(part, chart.at(bar, 0), length, pitches, 0.8) for part in parts for bar in chart.bars[::bars]]


def _phrase(chart: Chart) -> int:
    """Return the most bars that the clip is a multiple of and that last no longer than an effect can."""
    seconds = chart.bar.length * 60 / chart.grid.tempo.quarters_per_minute
    divisors = [bars for bars in range(1, chart.grid.bars + 1) if chart.grid.bars % bars == 0]
    return max(bars for bars in divisors if bars == 1 or bars * seconds <= _LONGEST_PHRASE)


def _facts(chart: Chart) -> dict[str, str | int | float | bool | None]:
    """Return what was decided, in a musician's words."""
    bar = chart.bar
    pulses = "+".join(map(str, bar.pulses)) if len(bar.pulses) <= 16 else f"{len(bar.pulses)} pulses"
    return {
        **chart.brief.facts,
        "progression": chart.brief.harmony.numerals(chart.progression),
        "variation": chart.variation,
        "pulses": pulses,
        "step": f"1/{4 / float(bar.step):g}",
    }
