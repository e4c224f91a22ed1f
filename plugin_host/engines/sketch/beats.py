"""The drummer: a groove, ghost notes, rolls, and a fill before the loop comes round."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from plugin_host.engines.sketch.chance import Dice
from plugin_host.engines.sketch.chart import Chart
from plugin_host.engines.sketch.score import Hit
from plugin_host.engines.sketch.style import DRUMS, VOICES, Groove

_VELOCITIES = {"X": 1.0, "x": 0.82, "o": 0.46, "?": 0.42}
_FLOW = (1.0, 0.66, 0.86, 0.6)
"""How loud the steps of a pulse are on what is played by shaking a hand: hats, shakers, tambourines."""

_FLOWING = frozenset({"hat", "shaker", "tambourine", "ride"})

_SPARE: Groove = {
    "kick": "x.....x...x.....",
    "snare": "....x.......x...",
    "hat": "x.x.x.x.x.x.x.x.",
    "shaker": "xoxoxoxoxoxoxoxo",
    "conga": "..x...xx..x...xx",
}
"""What plays a part that was asked for by name and that the groove has not got."""

_FILL_BARS = 4
"""A clip of so many bars or more ends with a fill."""

Strokes = list[tuple[str, Fraction | int, float]]
"""Drum, step and velocity of each stroke of one bar."""


def drums(chart: Chart) -> list[Hit]:
    """Return every stroke of the kit, as far as the brief has its parts."""
    if not chart.brief.parts.intersection((*DRUMS, "fill")):
        return []
    groove = _groove(chart)
    touch = {drum: _touch(chart, drum) for drum in groove}
    hits: list[Hit] = []
    for bar in chart.bars:
        strokes = _bar(chart, groove, touch, bar)
        if _has_fill(chart, bar):
            strokes = _filled(chart, strokes, bar)
        hits += _placed(chart, strokes, bar)
    heard = {VOICES[hit.drum] for hit in hits}
    return hits + [hit for drum in groove if VOICES[drum] not in heard for hit in _on_each_bar(chart, drum)]


def _on_each_bar(chart: Chart, drum: str) -> list[Hit]:
    """Return a stroke on every bar line: for a drum that was asked for and whose places such short bars have not."""
    return [Hit(drum, chart.at(bar, 0), _VELOCITIES["x"]) for bar in chart.bars]


def _groove(chart: Chart) -> Groove:
    """Pick a groove of the style, and spare patterns for parts that it lacks."""
    groove = Dice(chart.seed, "groove").pick(chart.brief.style.grooves)
    played = {VOICES[drum] for drum in groove}
    missing = {drum: pattern for drum, pattern in _SPARE.items() if VOICES[drum] not in played}
    wanted = {**groove, **missing}
    return {drum: pattern for drum, pattern in wanted.items() if VOICES[drum] in chart.brief.parts}


def _bar(chart: Chart, groove: Groove, touch: Mapping[str, Sequence[float]], bar: int) -> Strokes:
    """Return the strokes of one bar, before any fill; `touch` is how hard each step is struck, by drum."""
    strokes: Strokes = []
    for drum, pattern in groove.items():
        steps = _embellished(chart, drum, chart.turn(pattern, bar), chart.dice(f"drum {drum}", bar))
        for step, mark in enumerate(steps):
            if mark in _VELOCITIES:
                strokes.append((drum, step, _VELOCITIES[mark] * touch[drum][step]))
    if "hat" in groove and chart.brief.style.roll:
        strokes = _rolled(chart, strokes, chart.dice("roll", bar))
    return strokes


def _touch(chart: Chart, drum: str) -> list[float]:
    """Return how hard each step of a bar is struck, 1 being as written: no hand is even, and some flow."""
    dice = Dice(chart.seed, "touch", drum)
    flow = _FLOW if drum in _FLOWING else (1.0,)
    return [dice.near(flow[inside % len(flow)], 0.09) for inside in chart.insides]


def _embellished(chart: Chart, drum: str, steps: str, dice: Dice) -> str:
    """Decide what comes or not, thin out or fill in as the mood asks, and now and then play another ghost."""
    density, restless = chart.brief.mood.density, 0.10 * chart.variation
    maybe, thin = 0.5 + density / 2, max(0.0, -density) * 0.6
    ghost = 0.0 if drum == "kick" else max(0.0, density) * 0.25 + restless * 0.5
    played = []
    for mark, inside in zip(steps, chart.insides, strict=True):
        leave, add = dice.between(0, 1), dice.between(0, 1)
        drop = {"?": 1 - maybe, "o": thin, "x": (thin * 0.5 + restless) if inside else 0.0}.get(mark, 0.0)
        if leave < drop:
            played.append(".")
        elif mark == "." and inside and add < ghost:
            played.append("o")
        else:
            played.append(mark)
    return "".join(played)


def _rolled(chart: Chart, strokes: Strokes, dice: Dice) -> Strokes:
    """Let the hat roll in thirty-seconds through half a pulse, where the style does that."""
    rolls: Strokes = []
    for start, size in zip(chart.bar.starts, chart.bar.pulses, strict=True):
        if not dice.chance(chart.brief.style.roll) or size != 4 or start == 0:
            continue
        at = start + dice.pick((0, 2))
        strokes = [stroke for stroke in strokes if stroke[0] != "hat" or not at <= stroke[1] < at + 2]
        rolls += [("hat", at + Fraction(part, 2), 0.5 + 0.12 * part) for part in range(4)]
    return strokes + rolls


def _has_fill(chart: Chart, bar: int) -> bool:
    """Whether `bar` ends with a fill: the last one of four or more, and every eighth of a long clip."""
    if "fill" in chart.brief.parts:
        return True
    last = chart.grid.bars >= _FILL_BARS and bar == chart.grid.bars - 1
    return chart.variation > 0 and (last or bar % 8 == 7)


def _filled(chart: Chart, strokes: Strokes, bar: int) -> Strokes:
    """Put a fill in the place of the end of a bar; hats and percussion go on beneath it."""
    dice = Dice(chart.seed, "fill", bar)
    alone = chart.brief.parts == {"fill"}
    pulses = len(chart.bar.pulses) if alone else dice.pick((1, 1, 2))
    start = chart.bar.starts[-min(pulses, len(chart.bar.starts))]
    steps = range(start, chart.bar.steps)
    kept = [stroke for stroke in strokes if stroke[1] < start or VOICES[stroke[0]] in {"hats", "percussion"}]
    return kept + dice.pick(_FILLS)(steps, dice)


def _snare_roll(steps: range, dice: Dice) -> Strokes:
    """Sixteenths on the snare, growing."""
    loud = dice.between(0.85, 1.0)
    grown = [loud * (0.45 + 0.55 * (place + 1) / len(steps)) for place in range(len(steps))]
    return [("snare", step, velocity) for step, velocity in zip(steps, grown, strict=True)]


def _tom_run(steps: range, dice: Dice) -> Strokes:
    """Toms, with a kick under the first."""
    run = [("tom", step, dice.near(0.8, 0.15)) for step in steps if (step - steps.start) % 4 != 1]
    return [("kick", steps.start, 0.8), *run]


def _stutter(steps: range, dice: Dice) -> Strokes:
    """Kick and snare chase each other."""
    order = dice.pick(("kssk", "ksks", "skks", "k.sk"))
    names = {"k": "kick", "s": "snare"}
    marks = [(order[(step - steps.start) % 4], step) for step in steps]
    return [(names[mark], step, dice.near(0.8, 0.12)) for mark, step in marks if mark in names]


def _drop(steps: range, _dice: Dice) -> Strokes:
    """Nearly nothing: one snare before the last step, so that the downbeat lands."""
    return [("snare", steps.start, 0.8), ("kick", steps[-1], 0.6)]


_FILLS = (_snare_roll, _tom_run, _stutter, _drop)


def _placed(chart: Chart, strokes: Strokes, bar: int) -> list[Hit]:
    """Put the strokes of a bar on the clip; a shut hat stops an open one."""
    parts = chart.brief.parts
    allowed = [stroke for stroke in strokes if VOICES[stroke[0]] in parts or "fill" in parts]
    shut = sorted(chart.at(bar, step) for drum, step, _ in allowed if drum in {"hat", "ride"})
    hits = []
    for drum, step, velocity in allowed:
        at = chart.at(bar, step)
        choke = next((place for place in shut if place > at), None) if drum == "open" else None
        hits.append(Hit(drum, at, min(1.0, velocity), choke))
    return hits
