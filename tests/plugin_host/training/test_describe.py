"""What the loops of the corpus are, and how they are asked for."""

import numpy as np
from hypothesis import given
from hypothesis.strategies import integers

from plugin_host.engines.sketch.hints import obey
from plugin_host.engines.sketch.words import listen
from plugin_host.training.describe import PARTS, drawn, held_back, vocabulary, wording
from plugin_host.training.recipe import MINI

LOOPS, SEED = MINI.loops, MINI.seed
TOTAL = LOOPS.count + LOOPS.kept_back

numbers = integers(0, TOTAL - 1)


@given(numbers)
def test_a_loop_is_the_same_whenever_it_is_drawn(number: int) -> None:
    """By its number and the seed, and so are its words."""
    loop = drawn(LOOPS, number, SEED)
    assert loop == drawn(LOOPS, number, SEED)
    assert wording(loop, number, 3, SEED) == wording(loop, number, 3, SEED)


@given(numbers)
def test_what_is_kept_back_was_never_heard(number: int) -> None:
    """No loop to learn from has style, part and mood of a loop that is kept back."""
    assert held_back(drawn(LOOPS, number, SEED)) == (number >= LOOPS.count)


@given(numbers, integers(0, 1000))
def test_style_and_part_are_always_said(number: int, which: int) -> None:
    """Whatever else a wording leaves out; and a tempo that is said is the loop's."""
    loop = drawn(LOOPS, number, SEED)
    text = wording(loop, number, which, SEED)
    assert loop.style in text
    assert any(word in text for word in PARTS[loop.part])
    assert text.count(" BPM") == text.count(f"{loop.tempo} BPM")


@given(numbers, integers(0, 1000))
def test_every_wording_has_words_of_the_vocabulary(number: int, which: int) -> None:
    """Those that tell how it sounds; words that could be said of any sound are not in it."""
    text = wording(drawn(LOOPS, number, SEED), number, which, SEED).lower()
    known = vocabulary(LOOPS)
    assert len([word for word in known if word in text]) >= 1
    assert len(known) == len(set(known))
    assert {"house", "drums", "warm", "rhodes"} <= set(known)
    assert not {"and", "full", "bpm", "in"} & set(known)


@given(numbers)
def test_the_sketch_engine_plays_what_is_described(number: int) -> None:
    """It understands every hint, and takes style and mood as they are meant."""
    loop = drawn(LOOPS, number, SEED)
    plan = loop.plan(16_000)
    wish = obey(listen(plan.prompt), plan.hints)
    assert wish.style == loop.style
    assert wish.moods == (() if loop.mood is None else (loop.mood,))
    assert (wish.parts is None) == (loop.part == "full")
    assert plan.grid.bars == loop.bars


def test_every_style_and_part_is_learnt_from_and_asked_for() -> None:
    """Among the loops to learn from and among those that are kept back, none is rare."""
    for first, count in ((0, 800), (LOOPS.count, LOOPS.kept_back)):
        found = [drawn(LOOPS, first + number, SEED) for number in range(count)]
        for kind, names in (("style", LOOPS.styles), ("part", tuple(PARTS))):
            shares = [np.mean([getattr(loop, kind) == name for loop in found]) for name in names]
            assert min(shares) > 0.4 / len(names)
