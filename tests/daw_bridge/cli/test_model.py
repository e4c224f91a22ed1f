"""``daw-bridge model``: what is here is listed and described with its licence; what is not is said with the remedy."""

import json
import shutil
from pathlib import Path

import checkpoints
import pytest
from commands import Command

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache of the hub's, and have everybody use it."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def here(cache: Path) -> Path:
    """Put the model that is configured, tiny, into the cache as a fetch would have."""
    home = cache / "models--ucsd-reach--musicldm"
    (home / "refs").mkdir(parents=True)
    (home / "refs" / "main").write_text(COMMIT)
    return checkpoints.build(home / "snapshots" / COMMIT)


@pytest.mark.usefixtures("cache")
def test_the_small_model_is_here_and_the_list_says_how_to_get_another(command: Command) -> None:
    """It is listed with its size and licence; a list with no other ends with a sentence for people."""
    page = command("model", "list").out
    assert "musicldm-mini" in page
    assert "No other model is on this machine yet. Get one with: daw-bridge model fetch" in page
    (card,) = json.loads(command("model", "list", "--json").out)["models"]
    assert (card["model"], card["licence"]) == ("musicldm-mini", "MIT, as daw-bridge")
    assert "a demonstration" in command("model", "info", "musicldm-mini").out
    assert "came along and is here" in command("model", "fetch", "musicldm-mini").err


@pytest.mark.usefixtures("cache")
def test_what_is_not_here_cannot_be_described(command: Command) -> None:
    """The status is 1, and the message names the command that fetches it."""
    ended = command("model", "info")
    assert ended.status == 1
    assert "daw-bridge model fetch ucsd-reach/musicldm" in ended.err


def test_a_model_is_listed_and_described_with_its_licence(command: Command, here: Path) -> None:
    """Name, commit, size, licence and rate, for people and for programs."""
    listed, told = command("model", "list").out, command("model", "info").out
    assert "No other model" not in listed
    for text in (listed, told):
        assert "ucsd-reach/musicldm" in text
        assert COMMIT[:12] in text
        assert "CC BY-NC-SA 4.0 (non-commercial)" in text
    card = json.loads(command("model", "info", "--json").out)
    assert (card["rate"], card["revision"]) == (16_000, COMMIT)
    assert (
        card["bytes"] == sum(card["parts"].values()) == sum(path.stat().st_size for path in here.rglob("*.safetensors"))
    )


def test_a_folder_is_described_too(command: Command, here: Path, tmp_path: Path) -> None:
    """A path in place of a name."""
    folder = shutil.copytree(here, tmp_path / "mine")
    told = command("model", "info", str(folder))
    assert told.status == 0
    assert "a plain folder has none" in told.out


@pytest.mark.usefixtures("cache")
def test_a_name_that_means_nothing_is_a_bad_argument(command: Command) -> None:
    """Fetching asks nobody for what cannot be a name."""
    ended = command("model", "fetch", "nonsense")
    assert ended.status != 0
    assert "is no hub id" in ended.err
