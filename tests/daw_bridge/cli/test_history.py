"""Laws of ``daw-bridge jobs``, ``again``, ``star``, ``trash`` and ``keep``: they need no daemon."""

import json
from pathlib import Path

import pytest
from commands import Command
from past import a_job, make_past


@pytest.fixture
def clips(home: Path) -> Path:
    """Lend the folder of clips of two jobs that were done; a third had failed."""
    jobs = [a_job("one", "dub \x1b[31m techno"), a_job("two", "dusty break")]
    make_past(home / "state", home / "clips", jobs, [a_job("bad")])
    return home / "clips"


def test_before_there_was_any_job_that_is_said(command: Command, home: Path) -> None:
    """It is no mistake."""
    ended = command("jobs")
    assert (ended.status, ended.err) == (0, "")
    assert f"no job was asked for yet in {home / 'state'}" in ended.out
    assert json.loads(command("jobs", "--json").out) == {"jobs": []}


@pytest.mark.usefixtures("clips")
def test_jobs_are_listed(command: Command) -> None:
    """The last one first, with tempo, clips, title and, where it failed, why; nothing can steer the terminal."""
    lines = command("jobs").out.splitlines()
    assert len(lines) == 4
    assert [line.split()[2:4] for line in lines[1:]] == [["bad", "failed"], ["two", "done"], ["one", "done"]]
    assert lines[1].endswith("dusty break (it broke; ask again)")
    assert "92.5" in lines[2]
    assert "\x1b" not in lines[3]
    assert len(command("jobs", "--most", 1).out.splitlines()) == 2
    assert len(command("jobs", "--search", "TECHNO dub").out.splitlines()) == 2
    assert "has these words" in command("jobs", "--search", "jazz").out


def test_jobs_as_json_say_all(command: Command, clips: Path) -> None:
    """What was said, what came of it, and where the clips are."""
    (job,) = json.loads(command("jobs", "--search", "two", "--json").out)["jobs"]
    assert (job["job"], job["state"], job["bpm"], job["said"]["bars"]) == ("two", "done", "92.5", 1)
    assert job["outcome"] == {"kind": "Done", "id": "two", "files": 2, "seconds": 1.0}
    assert {each["path"] for each in job["clips"]} == {str(path) for path in clips.glob("*_two_*.wav")}


def test_clips_go_into_the_trash_and_come_back(command: Command, clips: Path) -> None:
    """All of a job, or one by its file."""
    before = {path.name: path.read_bytes() for path in clips.iterdir()}
    ended = command("trash", "two")
    assert ended.status == 0
    assert ended.out.splitlines() == [
        f"{name} is in the trash" for name in sorted(before) if "two" in name and "wav" in name
    ]
    assert list(clips.glob("*_two_*")) == []
    assert command("keep", "two").status == 0
    one = next(clips.glob("*_one_r2.wav"))
    assert command("trash", one).status == 0
    assert not one.exists()
    assert command("keep", one.name).out == f"{one.name} is in its folder\n"
    assert {path.name: path.read_bytes() for path in clips.iterdir() if path.is_file()} == before


def test_what_the_user_took_keeps_nothing_else_from_moving(command: Command, clips: Path) -> None:
    """Each clip of the job that is there is moved and named, each that is gone is said to be gone."""
    first, second = sorted(clips.glob("*_two_*.wav"))
    second.unlink()
    for words, what in (("trash", "is in the trash"), ("keep", "is in its folder")):
        ended = command(words, "two")
        assert (ended.status, ended.out) == (0, f"{first.name} {what}\n")
        assert ended.err == f"daw-bridge: {second.name} is no longer in its folder\n"
    first.unlink()
    for words in ("trash", "keep"):
        ended = command(words, "two")
        assert (ended.status, ended.out) == (1, "")
        assert ended.err.count("is no longer in its folder") == 2
    ended = command("trash", second)
    assert (ended.status, ended.err) == (1, f"daw-bridge: {second.name} is no longer in its folder\n")


def test_a_shells_glob_is_taken(command: Command, clips: Path) -> None:
    """Each name is answered, each clip once, whether its sound or its story was named; any failure is in the status."""
    found = sorted(clips.glob("*"))
    sounds = [path.name for path in found if path.suffix == ".wav"]
    for words, what in (("star", "has a star"), ("trash", "is in the trash")):
        ended = command(words, *found)
        assert (ended.status, ended.err) == (0, "")
        assert sorted(ended.out.splitlines()) == [f"{name} {what}" for name in sounds]
    ended = command("keep", "one", "nine", "README.md", "two")
    assert ended.status == 1
    assert sorted(ended.out.splitlines()) == [f"{name} is in its folder" for name in sounds]
    assert [line.partition(";")[0] for line in ended.err.splitlines()] == [
        "daw-bridge: there is no job or clip 'nine' in the history",
        "daw-bridge: there is no job or clip 'README.md' in the history",
    ]


@pytest.mark.usefixtures("clips")
def test_the_name_of_an_unknown_file_is_said_whole(command: Command) -> None:
    """Its path may be as long as it likes: the name is what tells clips apart."""
    name = "dusty-breakbeat-with-vinyl-crackle_92bpm_8bars_Am_k3xq81ab_r1.wav"
    assert f"no clip '{name}' is in the history" in command("trash", f"/a/rather/long/way/into/the/disk/{name}").err


def test_stars_are_shown(command: Command, clips: Path) -> None:
    """And taken away again."""
    one = next(clips.glob("*_one_r2.wav"))
    assert command("star", one.name).out == f"{one.name} has a star\n"
    assert command("jobs", "--search", "one").out.count("★") == 1
    assert command("star", "one", "--undo").status == 0
    assert "★" not in command("jobs").out


@pytest.mark.parametrize("arguments", [["again", "nine"], ["star", "nine"], ["trash", "nine.wav"], ["keep", "bad"]])
@pytest.mark.usefixtures("clips")
def test_what_is_not_there_is_said(command: Command, arguments: list[str]) -> None:
    """With the remedy, and status 1."""
    ended = command(*arguments)
    assert (ended.status, ended.out) == (1, "")
    assert "in the history" in ended.err


def test_again_alone_needs_a_job(command: Command) -> None:
    """Before there was any, that is said, with the remedy."""
    assert "there was no job yet; start one with daw-bridge generate" in command("again").err


@pytest.mark.parametrize("name", [["one"], []])
def test_again_makes_it_anew(command: Command, home: Path, name: list[str]) -> None:
    """The same recipe, the next seed, an id of its own; without a daemon, here; without a name, the last one's."""
    make_past(home / "state", home / "clips", [a_job("one", "dusty break")] if name else [])
    make_past(home / "state", home / "clips", [a_job("two", "dub")])
    make_past(home / "state", home / "clips", [] if name else [a_job("three", "dusty break")])
    ended = command("again", *name, "--json")
    assert ended.status == 0, ended.err
    made = max((home / "clips").glob("*_r?.json"), key=lambda path: path.stat().st_mtime_ns)
    story = json.loads(made.read_text())
    assert story["request"]["said"]["takes"] == 2
    assert (story["prompt"], story["plan"]["seed"], story["clip"]["form"]) == ("dusty break", 8, "one-shot")
    assert story["job"] not in {"one", "three"}
