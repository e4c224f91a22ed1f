"""Chords and voicings."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_host.engine import Take
from plugin_host.engines.sketch.harmony import PROGRESSIONS, SCALES, Harmony, hertz, key_of, voice
from plugin_host.key import Key, Mode

Render = Callable[..., Take]

keys = st.builds(key_of, st.integers(0, 11), st.sampled_from(Mode))


def test_numerals_are_a_musicians() -> None:
    """The same degrees are written by the chords that stand on them."""
    minor, major = Key("A", "", Mode.MINOR), Key("C", "", Mode.MAJOR)
    assert Harmony(minor, "minor", ()).numerals((1, 6, 3, 7)) == "i VI III VII"
    assert Harmony(major, "major", ()).numerals((1, 5, 6, 7)) == "I V vi vii°"


@given(key=keys, scale=st.sampled_from(sorted(SCALES)), degree=st.integers(1, 7), size=st.integers(3, 5))
def test_chords_are_made_of_the_scale(key: Key, scale: str, degree: int, size: int) -> None:
    """No chord has a note that its scale has not."""
    notes = {(key.pitch_class + step) % 12 for step in SCALES[scale]}
    assert set(Harmony(key, scale, ()).chord(degree, size)) <= notes


@given(key=keys)
def test_a_key_is_spelled_so_that_it_can_be_read_back(key: Key) -> None:
    """Every key that the engine chooses parses to itself."""
    assert Key.parse(str(key)) == key


@given(
    key=keys,
    degrees=st.lists(st.integers(1, 7), min_size=2, max_size=8),
    size=st.integers(3, 5),
    centre=st.integers(50, 75),
)
def test_voices_move_little_and_stay_in_the_hand(key: Key, degrees: list[int], size: int, centre: int) -> None:
    """From chord to chord a voice moves four semitones on average at most; nothing strays two octaves away."""
    harmony = Harmony(key, "major" if key.mode is Mode.MAJOR else "minor", ())
    before: tuple[int, ...] = ()
    for degree in degrees:
        chord = harmony.chord(degree, size)
        now = voice(chord, before, centre)
        assert {pitch % 12 for pitch in now} == set(chord)
        assert all(abs(pitch - centre) <= 24 for pitch in now)
        assert not before or sum(abs(a - b) for a, b in zip(now, before, strict=True)) <= 4 * size
        before = now


@pytest.mark.parametrize("family", PROGRESSIONS)
def test_progressions_have_no_diminished_chord_left(family: str) -> None:
    """What the engine plays of its own accord is smoothed: a diminished chord gives way to its dominant."""
    for mode, texts in PROGRESSIONS[family].items():
        for scale in ("minor", "dorian", "phrygian", "harmonic minor") if mode is Mode.MINOR else ("major", "lydian"):
            for text in texts:
                harmony = Harmony(key_of(0, mode), scale, tuple(map(int, text.split()))).smoothed()
                assert "°" not in harmony.numerals(harmony.degrees)


def test_a_given_key_is_kept(render: Render) -> None:
    """The key of the plan is the key of the take, in every style."""
    for prompt in ("trap", "house", "ambient"):
        assert render(prompt, key=Key.parse("Bb minor")).facts["key"] == "Bb minor"


def test_concert_pitch() -> None:
    """A above middle C is 440 Hz."""
    assert hertz(69) == 440.0
