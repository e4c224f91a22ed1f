"""What a prompt, a negative prompt and hints are heard to say."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_host.engine import Fact, Take
from plugin_host.engines.sketch.hints import HINTS, obey
from plugin_host.engines.sketch.style import DRUMS, PARTS
from plugin_host.engines.sketch.styles import STYLES
from plugin_host.engines.sketch.words import Wish, listen
from plugin_host.errors import BadValue, HostError, OutOfRange

Render = Callable[..., Take]


@pytest.mark.parametrize(
    ("prompt", "style"),
    [
        ("deep house, late night", "house"),
        ("DnB roller", "drum and bass"),
        ("liquid d&b", "drum and bass"),
        ("drum & bass at 174", "drum and bass"),
        ("dusty breakbeat, 92 BPM", "breakbeat"),
        ("amen jungle", "jungle"),
        ("boom-bap with rhodes", "hip-hop"),
        ("Lo-Fi beats to study to", "lo-fi"),
        ("chillhop", "lo-fi"),
        ("UK Garage, 2-step", "garage"),
        ("juke", "footwork"),
        ("80s outrun", "synthwave"),
        ("reggae one drop", "dub"),
        ("afro house", "afrobeat"),
        ("dark ambient", "ambient"),
    ],
)
def test_styles_are_known_by_their_names(prompt: str, style: str) -> None:
    """A style is heard by any of the names that producers have for it."""
    assert listen(prompt).style == style


@pytest.mark.parametrize("style", STYLES)
def test_every_style_answers_to_all_its_names(style: str) -> None:
    """No name of a style is hidden behind another style's."""
    assert {listen(word).style for word in (style, *STYLES[style].words)} == {style}


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("only drums", set(DRUMS)),
        ("house drums only", set(DRUMS)),
        ("techno drum loop", set(DRUMS)),
        ("reese bass line", {"bass"}),
        ("warm pad in F# minor", {"pad"}),
        ("kick and hi-hats", {"kick", "hats"}),
        ("drums with bass", {*DRUMS, "bass"}),
        ("just the arp", {"arp"}),
        ("drums without hats", {"kick", "snare", "percussion"}),
        ("rising noise sweep", {"texture", "riser"}),
    ],
)
def test_parts_that_are_named_play_alone(prompt: str, parts: set[str]) -> None:
    """A prompt that names parts gets those parts and no others."""
    wish = listen(prompt)
    assert wish.parts is not None
    assert wish.parts - wish.removed == parts


@pytest.mark.parametrize("prompt", ["deep house", "trap beat with bells", "full track with strings"])
def test_a_whole_stays_a_whole(prompt: str) -> None:
    """A beat, a track or a bare style is a full arrangement, whatever is named beside it."""
    assert listen(prompt).parts is None


def test_no_means_no() -> None:
    """What follows "no" or "without" is taken away, to the end of the list and not further."""
    wish = listen("house, no drums or bass, warm")
    assert wish.removed == {*DRUMS, "bass"}
    assert wish.moods == ("warm",)


def test_the_negative_prompt_takes_parts_and_moods_away() -> None:
    """A negative prompt forbids; what it cannot mean here ("vocals") is let be."""
    wish = listen("dark house", "vocals, drums, dark")
    assert wish.removed == set(DRUMS)
    assert wish.moods == ()


@given(st.text(max_size=2000))
def test_any_text_can_be_heard(text: str) -> None:
    """No prompt raises, and none names a part that does not exist."""
    wish = listen(text, text)
    assert (wish.parts or frozenset()) <= set(PARTS)


def test_hints_win_over_the_prompt(render: Render) -> None:
    """A preset's hint decides where the prompt says otherwise."""
    hints: dict[str, Fact] = {"style": "techno", "parts": "bass", "mood": "dark", "swing": 58, "bass": "acid"}
    facts = render("bright house drums", hints=hints).facts
    assert (facts["style"], facts["parts"], facts["mood"], facts["swing"]) == ("techno", "bass", "dark", 0.58)
    assert facts["timbres"] == "bass: acid"


def test_a_progression_can_be_written_in_numerals_or_digits() -> None:
    """Numerals and digits of the same degrees are one progression."""
    digits, numerals = (obey(Wish(), {"progression": text}).degrees for text in ("1 6 3 7", "i-VI-III-VII"))
    assert digits == numerals == (1, 6, 3, 7)


@pytest.mark.parametrize(
    ("hint", "value", "error"),
    [
        ("tempo", 120, BadValue),
        ("style", "polka", BadValue),
        ("parts", "bagpipes", BadValue),
        ("mood", "", BadValue),
        ("kit", "606", BadValue),
        ("bass", "tuba", BadValue),
        ("progression", "1 9", BadValue),
        ("progression", "", BadValue),
        ("swing", "a lot", BadValue),
        ("swing", True, BadValue),
        ("swing", 0.4, OutOfRange),
        ("swing", 80, OutOfRange),
    ],
)
def test_a_bad_hint_is_refused_by_name(hint: str, value: Fact, error: type[HostError]) -> None:
    """A hint that means nothing here says so, and says what there is."""
    with pytest.raises(error, match=hint):
        obey(Wish(), {hint: value})


@pytest.mark.parametrize("hint", HINTS)
def test_every_hint_says_what_is_wrong_with_nonsense(hint: str) -> None:
    """No hint swallows a value it cannot mean."""
    with pytest.raises(HostError, match=hint):
        obey(Wish(), {hint: "xyzzy"})


def test_asking_for_nothing_is_refused(render: Render) -> None:
    """A prompt that forbids all it asks for is a bad request, not silence."""
    with pytest.raises(BadValue, match="nothing is left to play"):
        render("only bass, no bass")
