"""Two clips become one over OSC: beat on beat, delivered as any other, be they of this life of the daemon or of another."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from daemons import Running, daemon, follow, synced, until
from measures import seam

from plugin_host.musictime import Grid, Meter, Tempo


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lend the folders of a daemon that has made two jobs of two clips each, and is over."""
    base = tmp_path_factory.mktemp("mix")
    with daemon(base) as running, running.client() as client:
        client.send("/bridge/generate", "house, only drums", "id", "beat", "bpm", 124, "bars", 2, "takes", 2)
        follow(client, "beat")
        client.send("/bridge/generate", "warm organ", "id", "organ", "bpm", 110, "bars", 1, "takes", 1, "key", "Dm")
        follow(client, "organ")
    return base


@pytest.fixture(scope="module")
def mixer(later: Path) -> Iterator[Running]:
    """Lend a daemon that knows what `later` holds."""
    with daemon(later) as running:
        yield running


def test_clips_of_an_earlier_life_are_mixed_at_the_sessions_tempo(mixer: Running) -> None:
    """Exact bars, no seam, ranked, with a sidecar that names both parents; again makes another one of the same two."""
    with mixer.client() as client:
        client.send("/bridge/tempo", 118.5)
        client.send("/bridge/generate", "", "mix", "beat:2 organ", "id", "both", "takes", 3, "seed", 3)
        first = follow(client, "both")
        client.send("/bridge/again", "both", "takes", 1, "id", "more")
        second = follow(client, "more")
    frames = Grid(Tempo.parse("118.5"), Meter(4, 4), 2, 48_000).frames
    assert (len(first.paths), len(second.paths)) == (3, 1)
    balances = set()
    for path in (*first.paths, *second.paths):
        samples, _ = soundfile.read(path, always_2d=True)
        assert samples.shape == (frames, 2)
        assert seam(samples, 2).jump_percentile < 100
        story = json.loads(path.with_name(path.name.removesuffix("wav") + "json").read_text())
        assert story["request"]["said"]["mix"] == "beat:2 organ"
        assert story["prompt"] == "house, only drums and warm organ"
        facts = story["take_facts"]
        assert facts["first_file"].endswith("_beat_r2.wav")
        assert facts["second_file"].endswith("_organ_r1.wav")
        assert (facts["first_tempo"], facts["second_tempo"]) == ("124", "110")
        assert story["engine"]["name"] == "mix"
        balances.add(facts["balance"])
    assert len(balances) == 4
    assert _grid_error(first.paths[0]) < 15


def _grid_error(path: Path) -> float:
    """Return how far the beats of a clip are from the grid, as its sidecar has it, in milliseconds."""
    story = json.loads(path.with_name(path.name.removesuffix("wav") + "json").read_text())
    return float(story["score"]["evidence"]["grid_error_ms"])


@pytest.mark.parametrize(
    ("pairs", "code", "words"),
    [
        (("mix", "beat nowhere"), "unknown_job", "there is no job 'nowhere' in the history"),
        (("mix", "beat"), "bad_request", "does not name two clips"),
        (("mix", "beat organ:7"), "out_of_range", "give a rank from 1 to 1"),
        (
            ("mix", "beat organ", "bpm", 170),
            "out_of_range",
            "the first clip (beat) is at 124 BPM and the mix at 170 BPM",
        ),
        (("mix", "beat organ", "balance", 2), "out_of_range", "a number from 0 to 1"),
        (("engine", "mix"), "bad_request", "name them with mix"),
    ],
)
def test_a_mix_that_cannot_be_is_answered_with_its_code(
    mixer: Running, pairs: tuple[str | int, ...], code: str, words: str
) -> None:
    """Each names the value, the range and the remedy, and no job comes of it."""
    with mixer.client() as client:
        client.send("/bridge/generate", "x", *pairs)
        refused = until(client, "/bridge/error")[-1]
    assert refused.arguments[:2] == ("/bridge/generate", code)
    assert words in str(refused.arguments[2])


def test_a_mix_that_waits_gives_way_to_the_next_of_the_same_two(mixer: Running) -> None:
    """With `replace`, though nothing was said of how it sounds: it is called by what its parents were."""
    with mixer.client() as client:
        client.send("/bridge/generate", "house, only drums", "bars", 64, "takes", 16, "id", "busy")
        until(client, "/bridge/started")
        for name in ("hit0", "hit1"):
            client.send("/bridge/generate", "", "mix", "beat organ", "bpm", 118, "replace", 1, "id", name)
        heard = synced(client)
        client.send("/bridge/cancel", "all")
        synced(client)
    assert [each.arguments[0] for each in heard if each.address == "/bridge/cancelled"] == ["hit0"]
    assert [each.arguments[0] for each in heard if each.address == "/bridge/queued"] == ["hit0", "hit1"]


def test_a_balance_of_1_is_the_first_clip_alone(mixer: Running) -> None:
    """On its own grid, it comes back as it was, but for its level."""
    with mixer.client() as client:
        client.send("/bridge/generate", "", "mix", "beat organ", "bpm", 124, "balance", 1, "id", "alone")
        (path,) = follow(client, "alone").paths
    (source,) = mixer.folder.glob("*_beat_r1.wav")
    one, other = (soundfile.read(each, always_2d=True)[0].ravel() for each in (source, path))
    assert float(np.corrcoef(one, other)[0, 1]) > 0.9999
