"""The laws of `plugin_host.rankers.beat` and `material`: drums are held to their tempo, tones to the grid, pads to nothing."""

from fractions import Fraction

import numpy as np
import pytest
import sounds

from plugin_host import engines
from plugin_host.audio import Audio
from plugin_host.engine import Form, Plan
from plugin_host.musictime import Grid
from plugin_host.rank import Verdict
from plugin_host.rankers.signal import SignalRanker

ON = sounds.grid(120, bars=4, rate=24_000)


class Onlooker:
    """A watch that only looks on."""

    def step(self, stage: str, fraction: float) -> None:
        """Let the engine go on."""


def judged(clip: Audio, on: Grid = ON) -> Verdict:
    """Judge a loop."""
    return SignalRanker().judge(clip, sounds.plan(on, Form.LOOP))


def sketched(prompt: str) -> Audio:
    """Return a take of the sketch engine on the grid `ON`."""
    (take,) = engines.create("sketch", {}).takes(Plan(prompt=prompt, grid=ON, seed=2, takes=1), Onlooker())
    return take.audio


def notes(beats: list[float], hertz: float = 220.0) -> Audio:
    """Play long, soft notes at these beats."""
    t = np.arange(int(0.4 * ON.rate)) / ON.rate
    note = 0.5 * np.sin(2 * np.pi * hertz * t) * np.exp(-t / 0.15) * np.minimum(1, t / 0.003)
    return sounds.ring(ON, ((Fraction(beat).limit_denominator(1000), note) for beat in beats))


@pytest.mark.parametrize(
    ("prompt", "material"),
    [
        ("house, only drums", "percussive"),
        ("jungle", "percussive"),
        ("funk, only bass", "tonal"),
        ("lo-fi, only lead", "tonal"),
        ("ambient, only pad", "beatless"),
    ],
)
def test_the_material_is_told(prompt: str, material: str) -> None:
    """Drums, also in a full band, tones, and what has no beat."""
    assert judged(sketched(prompt)).evidence["material"] == material


def test_a_metronome_is_percussive() -> None:
    """It has no noise in it, but nothing of it rings on."""
    assert judged(sounds.clicks(ON)).evidence["material"] == "percussive"


@pytest.mark.parametrize(("ratio", "relation"), [(Fraction(1, 2), "half"), (Fraction(2), "double")])
def test_drums_in_another_octave_lose_their_beat(ratio: Fraction, relation: str) -> None:
    """All their hits lie on the grid, and yet they are not what was asked for."""
    other = sounds.grid(float(120 * ratio), bars=int(4 * ratio), rate=24_000)
    verdict = judged(sounds.groove(other, "rock in sixteenths"))
    assert verdict.evidence["tempo_relation"] == relation
    assert verdict.evidence["tempo_bpm"] == pytest.approx(float(other.tempo), rel=1e-3)
    assert float(verdict.evidence["grid_error_ms"] or 0) < 1
    assert verdict.parts["beat"] < 0.5


def test_drums_whose_beat_is_elsewhere_lose_some_of_it() -> None:
    """Rolled by an eighth, all hits lie on lines, but the backbeat is between the beats."""
    clip = sounds.groove(ON, "rock in sixteenths")
    rolled = judged(sounds.shifted(clip, 250))
    assert judged(clip).parts["beat"] > 0.95
    assert rolled.parts["beat"] < 0.7
    assert abs(float(rolled.evidence["phase_ms"] or 0)) == pytest.approx(250, abs=2)


def test_tones_are_held_to_the_grid_but_not_to_an_octave() -> None:
    """A line of notes on the beats is in time, and late by 30 ms it is not."""
    line = [beat + part for beat in range(16) for part in (0.0, 0.5)]
    straight, late = judged(notes(line)), judged(notes([beat + 0.06 for beat in line]))
    assert straight.evidence["material"] == "tonal"
    assert straight.evidence["tempo_relation"] == "as asked"
    assert straight.parts["beat"] > 0.95
    assert late.parts["beat"] < 0.3
    assert late.evidence["grid_error_ms"] == pytest.approx(30, abs=3)


def test_a_few_tones_may_begin_where_they_like() -> None:
    """Six long notes in four bars, none of them on a line, are not punished."""
    verdict = judged(notes([0.1, 2.9, 5.13, 8.2, 11.4, 13.6]))
    assert verdict.evidence["material"] == "tonal"
    assert verdict.parts["beat"] == 1.0


@pytest.mark.parametrize("hertz", [41.2, 55.0, 82.4])
def test_a_low_saw_wave_is_heard_when_it_begins(hertz: float) -> None:
    """Not a cycle later, when it first falls."""
    t = np.arange(int(0.09 * ON.rate)) / ON.rate
    note = 0.5 * ((hertz * t + 0.5) % 1 - 0.5) * np.minimum(1, (t[-1] - t) / 0.01)
    line = sounds.ring(ON, ((Fraction(step, 4), note) for step in range(64)))
    assert float(judged(line).evidence["grid_error_ms"] or 0) < 4
