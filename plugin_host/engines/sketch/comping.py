"""The hands on the keys: chords struck in a rhythm, or held as a pad."""

from fractions import Fraction

from plugin_host.engines.sketch.bassline import phrases
from plugin_host.engines.sketch.chance import Dice
from plugin_host.engines.sketch.chart import Chart
from plugin_host.engines.sketch.score import Note
from plugin_host.musictime import Beats

CENTRE = 61
"""Where chords are voiced around, above middle C's neighbour: high enough to leave the bass alone."""

_GATE = Fraction(8, 10)


def chords(chart: Chart) -> list[Note]:
    """Return the struck chords, if the brief has them."""
    if "chords" not in chart.brief.parts:
        return []
    pattern = Dice(chart.seed, "comping").pick(chart.brief.style.comping)
    voicings = chart.voicings(chart.brief.style.chord, CENTRE + chart.brief.mood.register)
    return [note for bar in chart.bars for note in _struck(chart, pattern, voicings[chart.degree(bar)], bar)]


def pads(chart: Chart) -> list[Note]:
    """Return one held chord for each stretch of bars on the same degree, if the brief has a pad."""
    if "pad" not in chart.brief.parts:
        return []
    voicings = chart.voicings(min(4, chart.brief.style.chord), CENTRE + chart.brief.mood.register)
    notes: list[Note] = []
    span = chart.chord_bars
    for bar in range(0, chart.grid.bars, span):
        at, length = chart.at(bar, 0), (min(chart.grid.bars, bar + span) - bar) * chart.bar.length
        notes.append(Note("pad", at, Beats(length), voicings[chart.degree(bar)], 0.8))
    return notes


def _struck(chart: Chart, pattern: str, pitches: tuple[int, ...], bar: int) -> list[Note]:
    """Return the chords of one bar."""
    dice = chart.dice("chords", bar)
    notes = []
    for start, end, _ in phrases(chart.line(pattern)):
        leaves_out = dice.chance(0.15 * chart.variation - 0.35 * min(0.0, chart.brief.mood.density))
        if leaves_out and start != 0:
            continue
        at, until = chart.at(bar, start), chart.at(bar, end)
        length = until - at if end - start > 1 else (until - at) * _GATE
        notes.append(Note("chords", at, Beats(length), pitches, dice.near(0.8, 0.1)))
    return notes
