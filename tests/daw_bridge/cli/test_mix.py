"""Laws of ``mix``: two clips become one, delivered as any other, and told of both."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
from commands import Command
from past import a_job, make_past
from sounds import grid, groove

from daw_bridge.cli.clipfile import read
from daw_bridge.requests import read_said
from plugin_host.musictime import Meter, Tempo


@pytest.fixture
def loops(tmp_path: Path) -> tuple[Path, Path]:
    """Lend two WAVs from elsewhere, of other tempi, lengths and rates, with nothing but their names."""
    paths = (tmp_path / "rock_100bpm_Amin.wav", tmp_path / "house_96bpm.wav")
    for path, name, on in zip(
        paths, ("rock", "house"), (grid(100, bars=2, rate=16_000), grid(96, bars=1, rate=22_050)), strict=True
    ):
        soundfile.write(path, groove(on, name).samples, on.rate)
    return paths


def test_two_files_are_mixed_and_delivered_like_any_clip(
    command: Command, home: Path, loops: tuple[Path, Path]
) -> None:
    """At the first one's tempo, as long as the longer: exact, ranked, with chunks, and a sidecar that names both."""
    ended = command("mix", *loops, "--takes", 2, "--seed", 5, "--rate", 8_000, "--json")
    assert ended.status == 0, ended.err
    told = json.loads(ended.out)
    assert [each["rank"] for each in told["files"]] == [1, 2]
    for each in told["files"]:
        path = Path(each["path"])
        assert path.parent == home / "clips"
        assert (each["tempo"], each["bars"], each["meter"]) == (100, 2, "4/4")
        assert soundfile.info(path).frames == grid(100, bars=2, rate=8_000).frames
        clip = read(path)
        assert (clip.notes, clip.sources) == ((), ("sidecar", "chunks", "name"))
        story = json.loads(path.with_name(path.name.removesuffix("wav") + "json").read_text())
        facts = story["take_facts"]
        assert (facts["first_file"], facts["second_file"]) == (loops[0].name, loops[1].name)
        assert (facts["first_means"], facts["second_means"]) == ("resampled", "stretched")
        assert 0 < facts["balance"] < 1
        assert story["prompt"] == "rock and house"
        assert story["plan"]["mix"] == [str(each) for each in loops]


def test_people_get_a_table(command: Command, home: Path, loops: tuple[Path, Path]) -> None:
    """And what they asked for."""
    page = command("mix", *loops, "--bpm", 98, "--bars", 1, "--balance", 0.25, "--rate", 8_000).out
    assert "rock and house  98 BPM, 4/4, 1 bar, 2.449 s" in page
    assert f"in {home / 'clips'}, after " in page
    (story,) = (home / "clips").glob("*.json")
    assert json.loads(story.read_text())["take_facts"]["balance"] == 0.25


def test_jobs_of_the_history_are_mixed_by_their_names(command: Command, home: Path) -> None:
    """Their best clips, or one that is named by its file or its rank."""
    make_past(home / "state", home / "clips", [a_job("one"), a_job("two", "warm pad")])
    second = next((home / "clips").glob("*_two_r2.wav"))
    ended = command("mix", "one", second.name, "--rate", 8_000, "--takes", 1, "--folder", home / "mixes", "--json")
    assert ended.status == 0, ended.err
    (made,) = (home / "mixes").glob("*.wav")
    clip = read(made)
    assert (clip.known["tempo"], clip.known["meter"]) == (Tempo.parse(120), Meter(4, 4))
    assert clip.known["prompt"] == "dusty break and warm pad"
    assert command("mix", "one:2", "two", "--rate", 8_000, "--takes", 1).status == 0
    assert "give a rank from 1 to 2" in command("mix", "one:3", "two").err
    assert "'first' is not" in command("mix", "one:first", "two").err
    second.unlink()
    for name in ("two:2", second.name):
        assert f"{second.name} is no longer in its folder" in command("mix", "one", name).err


def test_without_a_daemon_a_mix_is_made_of_the_history_all_the_same(command: Command, home: Path) -> None:
    """By the daemon of the command's own, whose journal is empty; and again by its recipe, which has no words."""
    two = (a_job("one"), a_job("two", "warm pad"))
    said = read_said({"prompt": "", "mix": "one two:2", "bpm": 105, "balance": 0.5})
    mixed = a_job("both", "dusty break and warm pad")
    mixed = replace(mixed, request=replace(mixed.request, said=said))
    make_past(home / "state", home / "clips", [*two, mixed])
    ended = command("again", "both", "--folder", home / "mixes", "--json")
    assert ended.status == 0, ended.err
    (made,) = (home / "mixes").glob("*.json")
    assert json.loads(made.read_text())["take_facts"]["second_file"].endswith("_two_r2.wav")


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (
            ["nothing", "nothing"],
            1,
            "there is no file nothing, and there is no job 'nothing' in the history",
        ),
        (["A", "B", "--bpm", "140"], 2, "is at 100 BPM and the mix at 140 BPM; without harm it can be brought to"),
        (["A", "B", "--balance", "2"], 2, "balance: '2' is not allowed; give a number from 0 to 1"),
    ],
)
def test_what_cannot_be_mixed_is_said(
    command: Command, loops: tuple[Path, Path], arguments: list[str], status: int, told: str
) -> None:
    """With the value, what is possible, and what to do; and nothing is written."""
    named = {"A": str(loops[0]), "B": str(loops[1])}
    ended = command("mix", *(named.get(each, each) for each in arguments))
    assert (ended.status, ended.out) == (status, "")
    assert told in ended.err


def test_latents_are_mixed_by_the_model_that_is_named_or_by_none(
    command: Command, loops: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is not here, the command that fetches it is told."""
    monkeypatch.setenv("DAW_BRIDGE_MUSICLDM_CHECKPOINT", "nobody/nothing")
    ended = command("mix", *loops, "--blend", "latents")
    assert (ended.status, ended.out) == (1, "")
    assert "daw-bridge model fetch nobody/nothing" in ended.err


@pytest.mark.timeout(180)  # the first that loads the large libraries waits for them
def test_what_stands_in_for_the_model_is_told_beside_the_mix(
    command: Command, loops: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The small one mixes latents, too, and whoever asked hears that it was not the real one."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    ended = command("mix", *loops, "--blend", "latents", "--bars", 1, "--takes", 1, "--json")
    assert ended.status == 0, ended.err
    assert "musicldm-mini plays in its place" in ended.err
    (file,) = json.loads(ended.out)["files"]
    assert read(Path(file["path"])).known["weights"] == "musicldm-mini"


def test_the_tempo_of_a_mix_is_kept_exactly(command: Command, loops: tuple[Path, Path]) -> None:
    """Decimals and all."""
    told = json.loads(command("mix", *loops, "--bpm", "97.33", "--takes", 1, "--rate", 8_000, "--json").out)
    assert read(Path(told["files"][0]["path"])).known["tempo"] == Tempo.parse("97.33")
