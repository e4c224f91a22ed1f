"""Laws of the birth certificate: strict JSON, nothing lost, and enough to make the clip again."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from clips import a_clip, an_order
from hypothesis import given
from hypothesis import strategies as st

from daw_bridge.deliveries import sidecar
from daw_bridge.deliveries.wav import Depth
from plugin_host.engine import Form
from plugin_host.key import Key
from plugin_host.musictime import TEMPO_RANGE, Grid, Meter, Tempo

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
stories = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


def refuse(word: str) -> NoReturn:
    """Refuse a word that strict JSON does not have."""
    raise AssertionError(word)


def read(written: bytes) -> Any:
    """Read strict JSON in strict UTF-8."""
    return json.loads(written.decode("utf-8"), parse_constant=refuse)


@given(story=st.dictionaries(st.text(), stories))
def test_what_is_told_reads_back(story: dict[str, Any]) -> None:
    """Any story of plain values reads back as it was, in its own order."""
    again = read(sidecar.text(story))
    assert again == story
    assert list(again) == list(story)


@given(text=st.text(st.characters(codec=None)))
def test_any_text_reads_back(text: str) -> None:
    """Text that no encoding can hold, such as half a surrogate pair, still makes good JSON in good UTF-8."""
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")  # two halves are one character
    told = read(sidecar.text({"prompt": text}))["prompt"]
    assert told.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass") == joined


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (np.float32("nan"), "nan"),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (Fraction(185, 2), "92.5"),
        (Fraction(400, 3), "400/3"),
        (Form.ONE_SHOT, "one-shot"),
        ((1, (2.0, float("inf"))), [1, [2.0, "inf"]]),
        (frozenset({"tempo", "key", "seed"}), ["key", "seed", "tempo"]),
        (Path("guide.wav"), "guide.wav"),
    ],
)
def test_what_json_has_no_word_for_is_told_as_text(value: object, told: object) -> None:
    """Not a number is told as "nan" and not hidden; exact numbers stay exact; sets have an order."""
    assert read(sidecar.text({"value": value})) == {"value": told}


@given(tempo=st.fractions(*TEMPO_RANGE).map(Tempo.parse) | st.decimals(*TEMPO_RANGE, places=12).map(Tempo.parse))
def test_the_tempo_loses_no_digit(tempo: Tempo) -> None:
    """The tempo in a sidecar is the session's tempo exactly, whatever it is."""
    clip = a_clip(Grid(tempo, Meter(1, 32), 1, 8_000))
    told = read(sidecar.text(sidecar.certificate(clip, an_order(), Depth.PCM_24, "")))
    assert Fraction(told["clip"]["tempo"]) == tempo.quarters_per_minute


def test_a_certificate_tells_the_whole_story() -> None:
    """Whose clip it is, all that its job shares, its seed, its score and its parts, and what its file holds."""
    clip = a_clip(Grid(Tempo.parse("92.5"), Meter(7, 8), 1, 44_100), rank=3, channels=2)
    order = an_order("dusty-break", Key.parse("F# minor"))
    story = read(sidecar.text(sidecar.certificate(clip, order, Depth.FLOAT_32, "abc")))
    assert (story["job"], story["title"], story["prompt"]) == ("job-1", "dusty-break", "dusty-break")
    assert {name: story[name] for name in order.certificate} == dict(order.certificate)
    assert story["clip"] == {
        "rank": 3,
        "take": 2,
        "seed": 2**62 + 3,
        "form": "loop",
        "tempo": "92.5",
        "meter": "7/8",
        "key": "F# minor",
        "bars": 1,
        "beats": "3.5",
        "frames": 100_119,
    }
    assert story["score"] == {
        "value": 0.5,
        "parts": {"beat": 0.5},
        "weights": {"beat": 1.0},
        "faults": [],
        "evidence": {"grid_error_ms": 2.5},
    }
    assert (story["fit"], story["take_facts"]) == ({"gain_db": -1.5}, {"style": "house"})
    assert story["file"] == {"depth": "float", "rate": 44_100, "channels": 2, "frames": 100_119, "sha256": "abc"}
