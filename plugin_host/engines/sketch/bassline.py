"""The bass player: a line over the root of each chord, and a step towards the next one."""

from fractions import Fraction

from plugin_host.engines.sketch.chance import Dice
from plugin_host.engines.sketch.chart import Chart
from plugin_host.engines.sketch.score import Note
from plugin_host.musictime import Beats

LOWEST = 28
"""E1, 41 Hz: the roots of chords lie in the octave above it."""

_GATE = Fraction(9, 10)
"""How much of its length a note sounds that is not held."""


def bassline(chart: Chart) -> list[Note]:
    """Return the notes of the bass, if the brief has one."""
    if "bass" not in chart.brief.parts:
        return []
    line = Dice(chart.seed, "bass line").pick(chart.brief.style.bass_lines)
    other = Dice(chart.seed, "bass line", "other").pick(chart.brief.style.bass_lines)
    notes = []
    for bar in chart.bars:
        restless = chart.variation > 0.6 and bar % 2 == 1
        notes += _bar(chart, chart.line(other if restless else line), bar)
    return notes


def phrases(steps: str) -> list[tuple[int, int, str]]:
    """Return (first step, step after the last, mark) of each note of a line; ``_`` holds, ``.`` rests."""
    notes: list[tuple[int, int, str]] = []
    for step, mark in enumerate(steps):
        if mark == "_" and notes and notes[-1][1] == step:
            notes[-1] = (notes[-1][0], step + 1, notes[-1][2])
        elif mark not in "._":
            notes.append((step, step + 1, mark))
    return notes


def _bar(chart: Chart, steps: str, bar: int) -> list[Note]:
    """Return the notes of one bar."""
    dice = chart.dice("bass", bar)
    written = phrases(steps)
    notes = []
    for place, (start, end, mark) in enumerate(written):
        last = place == len(written) - 1
        leaves_out = dice.chance(0.12 * chart.variation - 0.3 * min(0.0, chart.brief.mood.density))
        if leaves_out and chart.insides[start]:
            continue
        pitch = _pitch(chart, bar, int(mark))
        if last and place and chart.degree(bar + 1) != chart.degree(bar) and dice.chance(0.6):
            pitch = _approach(chart, bar, dice)
        at, until = chart.at(bar, start), chart.at(bar, end)
        length = until - at if end - start > 1 else (until - at) * _GATE
        accent = 0.92 if chart.insides[start] == 0 else 0.78
        notes.append(Note("bass", at, Beats(length), (pitch,), accent * dice.near(1.0, 0.06)))
    return notes


def _pitch(chart: Chart, bar: int, interval: int) -> int:
    """Return the pitch `interval` scale steps (1 is none) above the root of the bar's chord."""
    harmony, degree = chart.brief.harmony, chart.degree(bar)
    root = harmony.pitch(degree, 0)
    above = harmony.pitch(degree + interval - 1, 0) - root
    return LOWEST + (root - LOWEST) % 12 + above


def _approach(chart: Chart, bar: int, dice: Dice) -> int:
    """Return a pitch one step of the scale above or below the next bar's root."""
    target, harmony = _pitch(chart, bar + 1, 1), chart.brief.harmony
    degree, side = chart.degree(bar + 1), dice.pick((-1, 1))
    return target + harmony.pitch(degree + side, 0) - harmony.pitch(degree, 0)
