"""What comes along with the project besides code: the small model, whole, small, and told as what it is."""

import json
from pathlib import Path

import pytest

from plugin_host.engines.musicldm.checkpoint import INDEX, MINI, SHIPPED, WEIGHTS, WORDS, locate
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.musictime import Tempo

MOST = 40e6
"""Bytes of the whole folder at most."""


@pytest.fixture
def folder() -> Path:
    """Lend the folder of the small model; no test may change it."""
    return SHIPPED[MINI]


def test_it_is_whole_and_small(folder: Path) -> None:
    """All its parts are there, safetensors in halves, and the folder weighs at most 40 MB."""
    found = locate(MINI)
    assert {found.weights(part).suffix for part in WEIGHTS} == {".safetensors"}
    assert sum(path.stat().st_size for path in folder.rglob("*")) <= MOST
    assert Geometry.of(found).rate == found.rate == 16_000


def test_it_holds_no_code(folder: Path) -> None:
    """Weights, settings, words, a card and a picture: nothing that could run."""
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} <= {
        ".safetensors",
        ".json",
        ".txt",
        ".md",
        ".png",
    }


def test_it_tells_no_folder_of_a_machine(folder: Path) -> None:
    """Its files are the same wherever they were made."""
    told = [path.read_text() for path in folder.rglob("*.json")]
    assert told
    assert not any("_name_or_path" in each for each in told)


def test_its_card_says_what_it_is(folder: Path) -> None:
    """A demonstration, made of sketches, under the project's licence; with its words, and how to make it again."""
    card = (folder / "README.md").read_text()
    assert "license: mit" in card
    assert "A demonstration" in card
    assert "sketch" in card
    assert "python -m plugin_host.training mini" in card
    assert "house" in json.loads((folder / INDEX).read_text())[WORDS]


def test_it_asks_for_the_tempo_and_knows_its_words() -> None:
    """A prompt is asked as its captions were; one of which it has learnt no word is told."""
    found = locate(MINI)
    assert found.asked("house drums", Tempo.parse(124)) == "house drums, 124 BPM"
    assert found.unheard("house drums") == ""
    assert "none of these words" in found.unheard("choir of whales")
