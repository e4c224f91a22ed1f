"""The upper voices: a lead that has a motif and comes back to it, or an arpeggio through the chord."""

from plugin_host.engines.sketch.bassline import phrases
from plugin_host.engines.sketch.chance import Dice
from plugin_host.engines.sketch.chart import Chart
from plugin_host.engines.sketch.score import Note
from plugin_host.musictime import Beats

CENTRE = 74
"""D5: where melodies move around."""

_LONGEST = 6
"""Steps that a note of a melody lasts at most."""

_MOVES = (-2, -1, -1, 1, 1, 2, 3, -3)
"""Steps of the scale from one note of a motif to the next; small ones are likelier."""

_ARPEGGIOS = ("xxxxxxxxxxxxxxxx", "x.x.x.x.x.x.x.x.", "x.xx.xx.x.xx.xx.", "xx.xx.xx.xx.xx.x", "x..x..x..x..x.x.")


def lead(chart: Chart) -> list[Note]:
    """Return the melody, if the brief has one: bars repeat a motif, and every fourth answers it."""
    if "lead" not in chart.brief.parts:
        return []
    rhythms = chart.brief.style.melody_rhythms
    call, answer = Dice(chart.seed, "lead", "call").pick(rhythms), Dice(chart.seed, "lead", "answer").pick(rhythms)
    notes = []
    for bar in chart.bars:
        answers = chart.variation > 0.2 and bar % 4 == 3
        notes += _motif(chart, answer if answers else call, bar, Dice(chart.seed, "motif", int(answers)))
    return notes


def arp(chart: Chart) -> list[Note]:
    """Return the arpeggio, if the brief has one."""
    if "arp" not in chart.brief.parts:
        return []
    pattern, order = Dice(chart.seed, "arp", "pattern").pick(_ARPEGGIOS), Dice(chart.seed, "arp", "order").pick(_ORDERS)
    voicings = chart.voicings(3, CENTRE - 8 + chart.brief.mood.register)
    notes: list[Note] = []
    for bar in chart.bars:
        rungs = voicings[chart.degree(bar)]
        notes += _arpeggio(chart, pattern, order((*rungs, *(pitch + 12 for pitch in rungs[:2]))), bar)
    return notes


def _motif(chart: Chart, pattern: str, bar: int, motif: Dice) -> list[Note]:
    """Return one bar of melody: its shape is the motif's, its notes on pulses are the chord's."""
    dice = chart.dice("lead", bar)
    harmony, degree = chart.brief.harmony, chart.degree(bar)
    place = degree + motif.pick((0, 2, 4))
    starts = [start for start, _, _ in phrases(chart.line(pattern))]
    notes = []
    for start, until in zip(starts, [*starts[1:], chart.bar.steps], strict=True):
        place += motif.pick(_MOVES) if start else 0
        bent = place + (dice.pick((-1, 1)) if dice.chance(0.3 * chart.variation) else 0)
        silent = dice.chance(0.15 - 0.4 * chart.brief.mood.density) and start != starts[0]
        if chart.insides[start] == 0:
            bent = degree + 2 * round((bent - degree) / 2)
        at, end = chart.at(bar, start), chart.at(bar, min(until, start + _LONGEST))
        pitch = _near(harmony.pitch(bent, 0), CENTRE + chart.brief.mood.register)
        if not silent:
            notes.append(Note("lead", at, Beats((end - at) * 9 / 10), (pitch,), dice.near(0.78, 0.1)))
    return notes


def _near(pitch: int, centre: int) -> int:
    """Move a pitch by octaves to within half of one from `centre`."""
    return centre - 6 + (pitch - centre + 6) % 12


def _arpeggio(chart: Chart, pattern: str, rungs: tuple[int, ...], bar: int) -> list[Note]:
    """Return one bar of arpeggio: it starts anew on each bar line."""
    dice = chart.dice("arp", bar)
    notes = []
    for count, (start, end, _) in enumerate(phrases(chart.line(pattern))):
        leaves_out = dice.chance(0.12 * chart.variation - 0.3 * min(0.0, chart.brief.mood.density))
        at, until = chart.at(bar, start), chart.at(bar, end)
        accent = 0.85 if chart.insides[start] == 0 else 0.68
        if not leaves_out:
            pitch = rungs[count % len(rungs)]
            notes.append(Note("arp", at, Beats((until - at) * 9 / 10), (pitch,), accent * dice.near(1.0, 0.08)))
    return notes


def _up(rungs: tuple[int, ...]) -> tuple[int, ...]:
    """From the lowest to the highest."""
    return rungs


def _down(rungs: tuple[int, ...]) -> tuple[int, ...]:
    """From the highest to the lowest."""
    return rungs[::-1]


def _there_and_back(rungs: tuple[int, ...]) -> tuple[int, ...]:
    """Up and down again, the ends once."""
    return rungs + rungs[-2:0:-1]


def _broken(rungs: tuple[int, ...]) -> tuple[int, ...]:
    """Every other one up, and the rest."""
    return rungs[::2] + rungs[1::2]


_ORDERS = (_up, _down, _there_and_back, _broken)
