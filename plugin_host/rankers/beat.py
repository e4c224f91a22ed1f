"""Whether a take has the beat that was asked for: its tempo, its phase, and how far its onsets are from the grid.

Drums are held to all of it. Tones are held to the grid, but nobody can tell half tempo from long notes, and a few long
notes may begin where they like. What has no onsets has no beat that could be wrong. Which of the three a take is, and
all that was measured, is in the evidence.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from plugin_host.engine import Fact
from plugin_host.musictime import Grid
from plugin_host.rankers import gridfit, tempo
from plugin_host.rankers.material import Material
from plugin_host.rankers.onsets import Onsets

FEW_TONES = 1.0
"""Tones that begin less often than this on a beat are free to begin where they like."""

FORGIVEN = 0.003
"""Seconds of error that nobody hears, and that the measurement itself may have."""

HALVED = 0.012
"""So many seconds beyond that, an error halves the part."""

FULL_HOLD = 0.5
"""A hold of the grid at which the part is not lessened: syncopation, flams and rolls are music."""

WRONG_TEMPO = 0.4
"""Drums at half, double or any other tempo get this part of what their onsets deserve: they may all lie on lines."""

SURE = 2.4
"""A beat is out of phase where another line has so many times the accents of the grid's own; less may be syncopation."""

SAME = 0.01
"""Tempi this close, as a part, are the same: over eight beats they drift apart by less than a sixteenth."""

AS_ASKED, HALF, DOUBLE, OTHER, UNCLEAR = "as asked", "half", "double", "other", "unclear"
"""How the tempo that was played is to the one that was asked for."""

_OCTAVES = {AS_ASKED: 1.0, HALF: 0.5, DOUBLE: 2.0}
_PER_BEAT = 4


@dataclass(frozen=True, slots=True)
class Beat:
    """How the beat is: the `part` of the score, 0–1, and the numbers behind it."""

    part: float
    evidence: Mapping[str, Fact]


def measure(onsets: Onsets, material: Material, grid: Grid, seconds: float) -> Beat:
    """Hold the strong `onsets` of a clip of so many `seconds` against its `grid`. Thread: any."""
    counted: dict[str, Fact] = {"material": material.value, "onsets": len(onsets.seconds)}
    if material is Material.BEATLESS:
        return Beat(1.0, counted)
    if material is Material.TONAL and len(onsets.seconds) < FEW_TONES * float(grid.beats):
        return Beat(1.0, counted)
    fit = gridfit.measure(onsets, grid, seconds)
    beat = seconds / float(grid.beats)
    pulse = tempo.track(onsets, seconds, near=60 / beat)
    if pulse is not None and material is Material.TONAL:
        pulse = _folded(pulse, 60 / beat)
    relation = UNCLEAR if pulse is None else _relation(pulse.bpm * beat / 60)
    part = _held(fit)
    if material is Material.PERCUSSIVE and pulse is not None:
        part *= _in_phase(onsets, pulse, grid, beat) if relation == AS_ASKED else WRONG_TEMPO
    return Beat(part, {**counted, **_tempo_facts(pulse, relation), **_grid_facts(fit)})


def _held(fit: gridfit.GridFit) -> float:
    """Return how well onsets hold the grid: less for each millisecond, and for crowding elsewhere."""
    late = max(0.0, fit.error - FORGIVEN) / HALVED
    return min(1.0, max(0.0, fit.hold) / FULL_HOLD) / (1 + late**2)


def _relation(ratio: float) -> str:
    """Say in a word how a tempo of `ratio` times the one that was asked for is to it."""
    for relation, octave in _OCTAVES.items():
        if abs(ratio / octave - 1) < SAME:
            return relation
    return OTHER


def _folded(pulse: tempo.Pulse, asked: float) -> tempo.Pulse:
    """Return the pulse of tones in the octave of the tempo that was asked for: theirs cannot be told."""
    bpm = pulse.bpm / 2.0 ** round(math.log2(pulse.bpm / asked))
    return tempo.Pulse(bpm, pulse.phase % (60 / bpm), pulse.strength)


def _in_phase(onsets: Onsets, pulse: tempo.Pulse, grid: Grid, beat: float) -> float:
    """Return 1 where the accents are on the beats of the grid, or nearly so, and less where they are elsewhere.

    In a meter like 7/8, quarter notes fall on and between the eighths of every other bar: nothing can be said of them.
    """
    if grid.meter.bar.denominator != 1:
        return 1.0
    accents = tempo.accents(onsets, 0.0, beat / _PER_BEAT, _PER_BEAT)
    elsewhere = float(accents[round(pulse.phase / beat * _PER_BEAT) % _PER_BEAT])
    return min(1.0, SURE * float(accents[0]) / elsewhere) if elsewhere > 0 else 1.0


def _tempo_facts(pulse: tempo.Pulse | None, relation: str) -> Mapping[str, Fact]:
    """Return tempo and phase as evidence; a phase is how far the nearest beat is from the clip's start, late being +."""
    if pulse is None:
        return {"tempo_relation": relation}
    beat = 60 / pulse.bpm
    return {
        "tempo_bpm": pulse.bpm,
        "tempo_relation": relation,
        "phase_ms": 1000 * ((pulse.phase + beat / 2) % beat - beat / 2),
    }


def _grid_facts(fit: gridfit.GridFit) -> Mapping[str, Fact]:
    """Return the fit as evidence."""
    return {
        "grid_error_ms": 1000 * fit.error,
        "grid_error_p95_ms": 1000 * fit.error_p95,
        "grid_offset_ms": 1000 * fit.offset,
        "grid_division": fit.division,
        "swing": fit.swing,
        "beat_strength": fit.hold,
    }
