"""Laws of ``demo``: sixteen ranked clips from real OSC, listed and left there, and no daemon left behind."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import soundfile
from commands import Command
from daemons import private_home

from daw_bridge.cli import demo
from daw_bridge.config import Config
from daw_bridge.presets import PresetShelf, factory_folder
from plugin_host import engines
from plugin_host.engines.musicldm import checkpoint
from plugin_host.musictime import Grid, Meter, Tempo

SLOW = 240  # seconds that loading torch and its company may take beside everything else that runs


def stories(folder: Path) -> list[dict[str, Any]]:
    """Return the sidecars in `folder`."""
    return [json.loads(path.read_text()) for path in folder.glob("*.json")]


@pytest.mark.timeout(SLOW)
def test_sixteen_ranked_clips_stay(tmp_path: Path) -> None:
    """Four jobs of four takes each lie in the Music folder: ranked, exact, listed on the page, the last by the small model.

    All that is one law, for the demo is played once for it, and loads a model.
    """
    (tmp_path / "home" / "Music").mkdir(parents=True)
    environment = {**os.environ, **private_home(tmp_path)}
    command = [sys.executable, "-m", "daw_bridge", "demo"]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=SLOW, cwd=tmp_path, env=environment
    )
    assert ended.returncode == 0, ended.stderr
    folder = tmp_path / "home" / "Music" / "daw-bridge-demo"
    told = stories(folder)
    assert_ranked(folder, told)
    assert_exact(folder, told)
    assert_listed(folder, ended.stdout)
    assert_shipped([story for story in told if story["engine"]["name"] == "musicldm"])
    assert f"The last job is {checkpoint.MINI}'s" in ended.stdout


def assert_ranked(folder: Path, told: list[dict[str, Any]]) -> None:
    """Hold that every rank is there once, and nothing half-written."""
    ranks = sorted((story["job"], story["clip"]["rank"]) for story in told)
    assert len({job for job, _ in ranks}) == 4
    assert [rank for _, rank in ranks] == [1, 2, 3, 4] * 4
    assert len(list(folder.glob("*.wav"))) == 16
    assert not list(folder.glob(".*"))


def assert_exact(folder: Path, told: list[dict[str, Any]]) -> None:
    """Hold that three jobs fit each other, the third is in 7/8, and each clip has exactly the frames of its bars."""
    assert sorted(story["clip"]["meter"] for story in told) == ["4/4"] * 12 + ["7/8"] * 4
    for path in folder.glob("*.wav"):
        clip = json.loads((folder / f"{path.name.removesuffix('.wav')}.json").read_text())["clip"]
        grid = Grid(Tempo.parse(clip["tempo"]), Meter.parse(clip["meter"]), clip["bars"], 48_000)
        assert soundfile.info(path).frames == grid.frames


def assert_listed(folder: Path, page: str) -> None:
    """Hold that each file is named with rank and score, under its music; that the folder and what is next follow."""
    rows = re.findall(r"^ *([1-4]) +([01]\.[0-9]{3}) +(\S+\.wav)", page, re.MULTILINE)
    assert {name for _, _, name in rows} == {path.name for path in folder.glob("*.wav")}
    assert "124 BPM, 4/4, A minor, 4 bars, 7.742 s" in page
    assert "92.5 BPM, 7/8, F# minor, 4 bars, 9.081 s" in page
    assert f"They stay in {folder}" in page
    (named,) = re.findall(r"daw-bridge inspect (\S+)", page)
    assert Path(named).is_file()


def assert_shipped(told: list[dict[str, Any]]) -> None:
    """Hold that clips are of the small model, with its licence, judged by its own ear, and that nothing is amiss."""
    assert len(told) == 4
    for story in told:
        assert story["engine"]["weights"] == checkpoint.MINI
        assert story["engine"]["licence"] == checkpoint.LICENCES[checkpoint.MINI]
        assert "text" in story["score"]["parts"]
        assert not story["take_facts"].get("warning")


def test_a_program_can_read_it(command: Command, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --json, standard output is one object and nothing else; without a Music folder, one is made."""
    monkeypatch.setattr(engines, "find_spec", lambda _name: None)  # what the large libraries add is shown elsewhere
    monkeypatch.setattr(demo, "SCENES", demo.SCENES[:1])
    ended = command("demo", "--json")
    assert ended.status == 0, ended.err
    told = json.loads(ended.out)
    assert told["folder"] == str(home / "Music" / "daw-bridge-demo")
    assert [len(job["files"]) for job in told["jobs"]] == [4]
    assert all(Path(each["path"]).is_file() for job in told["jobs"] for each in job["files"])


def test_a_demo_that_cannot_be_says_why(command: Command, home: Path) -> None:
    """Where the daemon does not start, its own words are told, and the status is 1."""
    ended = command("demo", "--folder", home / "no" / "where")
    assert ended.status == 1
    assert "the daemon did not start: " in ended.err
    assert "is not there; make it and the folders above it" in ended.err


def test_without_the_extra_three_are_played_and_the_fourth_is_offered(
    command: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the command that installs it, in one line."""
    monkeypatch.setattr(engines, "find_spec", lambda _name: None)
    monkeypatch.setattr(demo, "SCENES", demo.SCENES[:1])
    ended = command("demo")
    assert ended.status == 0, ended.err
    assert len(list((home / "Music" / "daw-bridge-demo").glob("*.wav"))) == 4
    (line,) = [each for each in ended.out.splitlines() if "A fourth job" in each]
    assert line.endswith("pip install 'daw-bridge[musicldm]'")


@pytest.mark.parametrize("scene", demo.SCENES, ids=lambda scene: scene.preset)
def test_the_presets_of_the_demo_are_there(scene: demo.Scene) -> None:
    """Each has its file, and leaves tempo, meter and key to the session."""
    preset = PresetShelf([factory_folder()]).get(str(scene.preset))
    assert not {"bpm", "meter", "key"} & preset.said.keys()
    assert preset.said.get("loop", True)


def test_the_small_model_plays_without_what_another_has_learnt() -> None:
    """An adapter that the user has set is of other weights, and is passed over by the last job."""
    said = demo._wish(demo.DIFFUSED, Config()).arguments
    assert said[said.index("adapter") + 1] == "none"
