"""MusicLDM through everything: OSC over UDP in, ranked WAVs of exact length out, on weights of random numbers."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import checkpoints
import pytest
import soundfile
from daemons import Running, daemon, follow

LONG = "dusty breakbeat " * 60 + "with bells"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a daemon whose weights are a tiny checkpoint."""
    base = tmp_path_factory.mktemp("musicldm")
    weights = checkpoints.build(base / "weights")
    settings = {"DAW_BRIDGE_MUSICLDM_CHECKPOINT": str(weights), "DAW_BRIDGE_MUSICLDM_DEVICE": "cpu"}
    with daemon(base, **settings, OMP_NUM_THREADS="1") as started:
        yield started


def test_a_request_becomes_ranked_clips_with_named_stages(running: Running) -> None:
    """Three takes of a 7/8 bar: exact frames, the order of their scores, CLAP's cosine and the licence in the sidecar."""
    with running.client() as client:
        client.send(
            "/bridge/generate", "techno riffs", "engine", "musicldm", "takes", 3, "bars", 1, "meter", "7/8", "steps", 4
        )
        story = follow(client)
    assert story.ending.address == "/bridge/done"
    delivered = [each.arguments for each in story.heard if each.address == "/bridge/delivered"]
    assert [each[1] for each in delivered] == [1, 2, 3]
    scores = [float(str(each[2])) for each in delivered]
    assert scores == sorted(scores, reverse=True)
    for path in story.paths:
        assert soundfile.info(path).frames == round(3.5 * 60 / 120 * 48_000)
        card = path.with_suffix(".json").read_text()
        assert "text_cosine" in card
        assert "licence" in card
    progress = [each.arguments for each in story.heard if each.address == "/bridge/progress"]
    assert all(float(str(one[1])) <= float(str(other[1])) for one, other in pairwise(progress))
    stages = {str(each[2]).split()[0] for each in progress}
    assert {"load", "text", "denoise", "decode", "vocode", "rank"} <= stages


def test_auto_is_musicldm_where_its_weights_are(running: Running) -> None:
    """Nobody names an engine; the daemon knows that it has the weights."""
    with running.client() as client:
        client.send("/bridge/generate", "techno riffs", "takes", 1, "bars", 1, "steps", 2)
        story = follow(client)
    assert story.paths[0].exists()
    assert json.loads(story.paths[0].with_suffix(".json").read_text())["plan"]["engine"] == "musicldm"


def test_the_end_of_a_prompt_that_is_not_heard_is_told(running: Running) -> None:
    """A warning names it, before the clips come; the job gets done."""
    with running.client() as client:
        client.send("/bridge/generate", LONG, "engine", "musicldm", "takes", 1, "bars", 1, "steps", 1)
        story = follow(client)
    assert story.ending.address == "/bridge/done"
    warnings = [str(each.arguments[1]) for each in story.heard if each.address == "/bridge/warning"]
    assert any("with bells" in each for each in warnings)


def test_a_locked_loop_tells_how_it_was_locked(running: Running) -> None:
    """Four bars that are alike, from a sketched groove: tile, correction, guide and what was measured are on its card."""
    with running.client() as client:
        client.send(
            "/bridge/generate", "house drums", "engine", "musicldm", "takes", 1, "bars", 4, "bpm", 125, "steps", 2,
            "variation", 0, "guide", "sketch", "strength", 0.5,
        )  # fmt: skip
        (path,) = follow(client).paths
    samples, _ = soundfile.read(path)
    card = json.loads(path.with_suffix(".json").read_text())
    assert len(samples) == round(16 * 60 / 125 * 48_000)
    made = card["take_facts"]
    assert (made["tile_bars"], made["guide"], made["strength"]) == (1, "sketch", 0.5)
    assert abs(made["tempo_correction"]) <= 0.08
    assert {"material", "seam_percentile"} & set(card["score"]["evidence"])


@pytest.mark.parametrize(
    ("key", "value", "code", "words"),
    [("scheduler", "warp", "bad_request", "give one of"), ("eta", 0.5, "bad_request", "takes no eta")],
)
def test_what_the_model_cannot_do_is_a_failure_with_a_remedy(
    running: Running, key: str, value: str | float, code: str, words: str
) -> None:
    """The job fails with its code and a sentence, and the daemon serves the next."""
    with running.client() as client:
        client.send("/bridge/generate", "techno", "engine", "musicldm", "takes", 1, "bars", 1, "steps", 1, key, value)
        ending = follow(client).ending
        assert ending.address == "/bridge/failed"
        assert ending.arguments[1] == code
        assert words in str(ending.arguments[2])
        client.send("/bridge/generate", "techno", "engine", "musicldm", "takes", 1, "bars", 1, "steps", 1)
        assert follow(client).ending.address == "/bridge/done"


@pytest.mark.timeout(180)
def test_where_no_model_was_fetched_auto_is_a_sketch_and_the_small_one_stands_in(tmp_path: Path) -> None:
    """No surprise download: both are said once in the log; who asks for musicldm has the small one, and is told so."""
    with daemon(tmp_path, HF_HUB_CACHE=str(tmp_path / "empty")) as running, running.client() as client:
        client.send("/bridge/generate", "techno", "takes", 1, "bars", 1)
        assert "sketch" in follow(client).paths[0].with_suffix(".json").read_text()
        client.send("/bridge/generate", "techno drums", "engine", "musicldm", "takes", 1, "bars", 1, "steps", 1)
        story = follow(client)
    assert story.ending.address == "/bridge/done"
    warnings = [str(each.arguments[1]) for each in story.heard if each.address == "/bridge/warning"]
    assert [
        each for each in warnings if "musicldm-mini plays in its place" in each and "daw-bridge model fetch" in each
    ]
    told = json.loads(story.paths[0].with_suffix(".json").read_text())
    assert (told["engine"]["weights"], told["engine"]["licence"]) == ("musicldm-mini", "MIT, as daw-bridge")
    assert "musicldm-mini plays in its place" in told["take_facts"]["warning"]
    said = [line for line in (tmp_path / "log").read_text().splitlines() if "daw-bridge model fetch" in line]
    assert ["musicldm-mini plays in its place" in line for line in said] == [True, False]
    assert ["the engine is sketch" in line for line in said] == [False, True]


def test_a_checkpoint_that_was_named_and_is_not_there_is_an_error(tmp_path: Path) -> None:
    """Nothing stands in for it: a job fails with the command that fetches it."""
    with daemon(tmp_path, DAW_BRIDGE_MUSICLDM_CHECKPOINT="nobody/nothing") as running, running.client() as client:
        client.send("/bridge/generate", "techno", "engine", "musicldm", "takes", 1, "bars", 1)
        ending = follow(client).ending
    assert ending.arguments[1] == "engine_unavailable"
    assert "daw-bridge model fetch nobody/nothing" in str(ending.arguments[2])
