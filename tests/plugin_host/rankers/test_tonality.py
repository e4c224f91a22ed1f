"""The laws of `plugin_host.rankers.tonality`: chords tell their key, drums tell none, and no guess decides alone."""

from dataclasses import replace
from fractions import Fraction
from time import perf_counter

import numpy as np
import pytest
import sounds
from free import Quiet

from plugin_host.audio import Audio
from plugin_host.engine import Form, Plan
from plugin_host.engines import create
from plugin_host.key import Key, Mode
from plugin_host.musictime import Grid
from plugin_host.rankers.tonality import KEYS, LEAST, RELATIVE, KeyRanker, listen, nearness

GRID = sounds.grid(120, bars=4)
RANKER = KeyRanker()


def key(text: str) -> Key:
    """Read a key."""
    parsed = Key.parse(text)
    assert parsed is not None
    return parsed


def cadence(in_key: Key, on: Grid = GRID, cents: float = 0.0, rate: int = 48_000) -> Audio:
    """Play tonic, subdominant, dominant and tonic, a bar each: what a key is, in four chords."""
    third = 4 if in_key.mode is Mode.MAJOR else 3
    hits: list[sounds.Hit] = []
    grid = on.at_rate(rate)
    seconds = np.arange(grid.frames // 4) / rate
    fade = np.minimum(1, np.minimum(seconds, seconds[::-1]) / 0.01)
    for bar, (root, triad) in enumerate(((0, third), (5, third), (7, 4), (0, third))):
        for step in (0, triad, 7, 12):
            hertz = 130.81 * 2 ** ((in_key.pitch_class + root + step + cents / 100) / 12)
            wave = sum(np.sin(2 * np.pi * hertz * n * seconds) / n**1.5 for n in (1, 2, 3, 4))
            hits.append((Fraction(4 * bar), 0.08 * fade * wave))
    return sounds.ring(grid, hits)


@pytest.mark.parametrize("in_key", KEYS, ids=str)
def test_a_cadence_is_in_its_key(in_key: Key) -> None:
    """All 24 of them, by name."""
    found = listen(cadence(in_key), Form.LOOP, GRID.bars)
    assert found is not None
    assert str(found.key) == str(in_key)
    assert found.confidence == max(found.probable) <= 1


@pytest.mark.parametrize("cents", [-40, -15, 0, 25, 45])
def test_a_tuning_is_heard_and_allowed_for(cents: float) -> None:
    """A band that tunes sharp or flat by less than half a semitone plays in the same key."""
    found = listen(cadence(key("D minor"), cents=cents), Form.LOOP, GRID.bars)
    assert found is not None
    assert found.tuning_cents == pytest.approx(cents, abs=3)
    assert str(found.key) == "D minor"


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 96_000])
def test_the_rate_makes_no_difference(rate: int) -> None:
    """From the slowest engine to the fastest session."""
    found = listen(cadence(key("F# minor"), rate=rate), Form.LOOP, GRID.bars)
    assert found is not None
    assert str(found.key) == "F# minor"


@pytest.mark.parametrize("style", ["house", "jungle", "trap", "rock", "dub", "electro"])
def test_drums_have_no_key(style: str) -> None:
    """A kit of `sketch` is not judged, whatever the session's key."""
    plan = Plan("x", GRID, 3, takes=1, key=key("A minor"), hints={"style": style, "parts": "drums"})
    (take,) = create("sketch", {}).takes(plan, Quiet())
    verdict = RANKER.judge(take.audio, plan)
    assert (verdict.parts, verdict.evidence) == ({}, {})


@pytest.mark.parametrize("sound", [sounds.drums, sounds.clicks, sounds.noise])
def test_what_has_no_tones_has_no_key(sound: sounds.Maker) -> None:
    """Nor has silence, nor a blip shorter than any window."""
    plan = replace(sounds.plan(GRID), key=key("C"))
    assert RANKER.judge(sound(GRID), plan).parts == {}
    assert RANKER.judge(Audio(np.zeros((GRID.frames, 2), np.float32), 48_000), plan).parts == {}
    assert RANKER.judge(Audio(np.zeros((60, 1), np.float32), 8_000), plan).parts == {}


def test_a_take_in_the_key_of_the_session_wins() -> None:
    """Over one in a neighbouring key, which wins over one that shares next to nothing."""
    plan = replace(sounds.plan(GRID), key=key("A minor"))
    own, neighbour, stranger = (
        RANKER.judge(cadence(key(text)), plan).parts["key"] for text in ("A minor", "E minor", "Eb minor")
    )
    assert 1 >= own > neighbour > stranger >= LEAST
    assert own > 0.9
    assert neighbour > 0.7
    assert stranger < 0.5


def test_without_a_key_of_the_session_there_is_no_part() -> None:
    """But what was heard is told."""
    verdict = RANKER.judge(cadence(key("Bb")), sounds.plan(GRID))
    assert verdict.parts == {}
    assert verdict.evidence["key_estimate"] == "Bb major"
    assert set(verdict.evidence) == {"key_estimate", "key_confidence", "tuning_cents"}


def test_nearness_goes_round_the_circle_of_fifths() -> None:
    """Alike both ways, the relative next to the key itself, the tritone furthest away."""
    assert nearness(key("A minor"), key("C")) == RELATIVE
    assert nearness(key("C"), key("G")) == nearness(key("C"), key("F")) == nearness(key("C"), key("D minor"))
    assert nearness(key("C"), key("F#")) == 0
    assert nearness(key("Db"), key("C#")) == 1
    for one in KEYS:
        near = [nearness(one, other) for other in KEYS]
        assert near == [nearness(other, one) for other in KEYS]
        assert max(near) == nearness(one, one) == 1
        assert near.count(1.0) == near.count(RELATIVE) == 1


@pytest.mark.undisturbed
def test_the_key_costs_next_to_nothing() -> None:
    """Eight seconds of 48 kHz are heard in 15 ms on a core of its own; here, the quickest of many counts."""
    clip = cadence(key("G"))
    spent = []
    for _ in range(15):
        begun = perf_counter()
        RANKER.judge(clip, sounds.plan(GRID))
        spent.append(perf_counter() - begun)
    assert min(spent) < 0.015
