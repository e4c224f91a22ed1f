"""Laws of how files come into a watched folder."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daw_bridge.deliveries import atomic

MOVES: list[Callable[[Path, Path], None]] = [atomic.move_new, atomic._look_and_rename]


@pytest.fixture
def living() -> Iterator[int]:
    """Lend the number of another process that runs as long as the test."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.communicate(b"\n")


@pytest.fixture
def dead() -> int:
    """Return the number of a process that is over."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.mark.parametrize("move", MOVES)
def test_a_move_to_a_free_name_moves(tmp_path: Path, move: Callable[[Path, Path], None]) -> None:
    """To a name that is free, the file moves with all that is in it."""
    (tmp_path / "old").write_text("sound")
    move(tmp_path / "old", tmp_path / "new ü 🥁")
    assert [path.name for path in tmp_path.iterdir()] == ["new ü 🥁"]
    assert (tmp_path / "new ü 🥁").read_text() == "sound"


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
def test_a_move_to_a_taken_name_changes_nothing(tmp_path: Path, move: Callable[[Path, Path], None], kind: str) -> None:
    """Whatever has the name keeps it, and the file stays where it was."""
    source, target = tmp_path / "old", tmp_path / "new"
    source.write_text("mine")
    if kind == "file":
        target.write_text("theirs")
    elif kind == "folder":
        target.mkdir()
    else:
        target.symlink_to("nowhere")
    before = target.lstat()
    with pytest.raises(FileExistsError):
        move(source, target)
    assert source.read_text() == "mine"
    assert target.lstat() == before


@pytest.mark.parametrize("move", MOVES)
def test_a_move_into_a_folder_that_is_gone_says_so(tmp_path: Path, move: Callable[[Path, Path], None]) -> None:
    """What the system says is passed on as the error that it is."""
    (tmp_path / "old").write_text("sound")
    with pytest.raises(FileNotFoundError):
        move(tmp_path / "old", tmp_path / "gone" / "new")


@pytest.mark.skipif(sys.platform not in {"linux", "darwin"}, reason="Windows has no such call, and needs none")
def test_this_system_refuses_by_itself(tmp_path: Path) -> None:
    """On an ordinary disk it is the system that refuses, in one step, and not our own look."""
    (tmp_path / "old").touch()
    (tmp_path / "new").touch()
    code = atomic._rename_if_free(os.fsencode(tmp_path / "old"), os.fsencode(tmp_path / "new"))
    assert code not in {0, *atomic._NOT_SUPPORTED}


def test_where_the_system_cannot_refuse_we_look_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system that knows no such rename a free name is still taken, and a taken one still left alone."""
    monkeypatch.setattr(atomic, "_rename_if_free", lambda _source, _target: errno.EINVAL)
    (tmp_path / "old").write_text("mine")
    atomic.move_new(tmp_path / "old", tmp_path / "new")
    (tmp_path / "other").write_text("theirs")
    with pytest.raises(FileExistsError):
        atomic.move_new(tmp_path / "new", tmp_path / "other")
    assert (tmp_path / "new").read_text() == "mine"
    assert (tmp_path / "other").read_text() == "theirs"


def test_a_part_is_hidden_and_nobody_elses(tmp_path: Path) -> None:
    """A part begins with a dot, lies in the folder, and is another one every time."""
    parts = {atomic.part(tmp_path) for _ in range(100)}
    assert len(parts) == 100
    assert all(path.parent == tmp_path and path.name.startswith(".") for path in parts)


def test_discarding_removes_what_is_there_and_complains_of_nothing(tmp_path: Path) -> None:
    """A part goes; one that is gone already, or its folder, is no error."""
    path = atomic.part(tmp_path)
    path.touch()
    atomic.discard(path)
    assert list(tmp_path.iterdir()) == []
    atomic.discard(path)
    atomic.discard(atomic.part(tmp_path / "gone"))


def test_a_sweep_takes_the_parts_of_the_dead(tmp_path: Path, dead: int) -> None:
    """Parts of processes that are gone, and of an earlier life of this one, are removed and counted."""
    for process in (dead, os.getpid()):
        (tmp_path / f".daw-bridge-{process}-0123456789abcdef.part").touch()
    assert atomic.sweep(tmp_path) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_leaves_all_else(tmp_path: Path, living: int, dead: int) -> None:
    """Parts of the living, and files of other people that look a little alike, are left as they are."""
    names = {
        f".daw-bridge-{living}-0123456789abcdef.part",
        ".daw-bridge-99999999999-0123456789abcdef.part",
        f".daw-bridge-{dead}-0123456789abcdef.part.wav",
        f".daw-bridge-{dead}-mine.part",
        f"daw-bridge-{dead}-0123456789abcdef.part",
        ".download.part",
        "clip.wav",
        "clip.json",
    }
    for name in names:
        (tmp_path / name).touch()
    assert atomic.sweep(tmp_path) == 0
    assert {path.name for path in tmp_path.iterdir()} == names
