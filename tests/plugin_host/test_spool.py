"""Laws of the spool: a clip comes back as it was, a full disk is told as one, and each process has a place of its own."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from clips import a_clip
from real import Mount

from plugin_host.audio import Audio, Samples
from plugin_host.errors import SpoolFull, SpoolUnusable
from plugin_host.spool import own_folder, runs, spool, sweep


@pytest.fixture(scope="module")
def dead() -> int:
    """Lend the number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("lay", [np.ascontiguousarray, np.asfortranarray])
def test_a_clip_comes_back_as_it_was(tmp_path: Path, channels: int, lay: Callable[[Samples], Samples]) -> None:
    """Facts and samples, bit for bit, however the samples lay in memory; afterwards the folder is empty."""
    clip = a_clip(channels=channels)
    laid = Audio(lay(clip.audio.samples), clip.audio.rate)
    spooled = spool(replace(clip, audio=laid), tmp_path, "job")
    back = spooled.load()
    assert back.facts == clip.facts
    assert np.array_equal(back.audio.samples, clip.audio.samples)
    del back
    spooled.discard()
    spooled.discard()
    assert list(tmp_path.iterdir()) == []


def test_clips_are_read_by_several_threads_at_once(tmp_path: Path) -> None:
    """Whatever the collector lets in between: Python's own parser, which reads NumPy's headers, does not bear that."""
    spooled = spool(a_clip(), tmp_path, "job")
    threshold = gc.get_threshold()
    gc.set_threshold(20)
    try:
        with ThreadPoolExecutor(4) as readers:
            lengths = set(readers.map(lambda _: _Rubbish() and len(spooled.load().audio.samples), range(2_000)))
    finally:
        gc.set_threshold(*threshold)
    assert lengths == {spooled.shape[0]}


class _Rubbish:
    """What only the collector can clear away; when it does, another thread is let in."""

    def __init__(self) -> None:
        self._myself = self

    def __del__(self) -> None:
        Path().stat()  # whoever asks the system lets go of Python's lock


@pytest.mark.real
@pytest.mark.parametrize("options", ["size=4k", "size=32k", "size=60k", "nr_inodes=1"])
def test_a_full_disk_is_told_as_one(mount: Mount, options: str) -> None:
    """Wherever in the file the room ends, the remedy names the setting, and not a byte is left behind."""
    disk = mount(options)
    with pytest.raises(SpoolFull, match=r"no room in .*disk; free some space there, or set paths\.state to another"):
        spool(a_clip(), disk, "job")
    assert list(disk.iterdir()) == []


@pytest.mark.real
def test_a_disk_without_room_for_a_folder_is_full(mount: Mount) -> None:
    """That is no other trouble than a disk without room for a clip."""
    with pytest.raises(SpoolFull, match=r"paths\.state"):
        own_folder(mount("nr_inodes=1"))


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    """Somebody cleaned up under a daemon that runs."""
    with pytest.raises(SpoolUnusable, match=r"gone cannot be used: .*; set paths\.state to a folder"):
        spool(a_clip(), tmp_path / "gone", "job")


@pytest.mark.parametrize("make", [own_folder, sweep])
def test_a_file_in_the_folders_place_is_named(tmp_path: Path, make: Callable[[Path], object]) -> None:
    """The folder itself, or one above it."""
    (tmp_path / "file").touch()
    for base in (tmp_path / "file", tmp_path / "file" / "spool"):
        with pytest.raises(SpoolUnusable, match=r"file.* set paths\.state to a folder that can be written"):
            make(base)


def test_each_process_has_a_folder_of_its_own(tmp_path: Path) -> None:
    """It is made with all that is above it, and has the number of the process."""
    base = tmp_path / "state" / "spool"
    assert own_folder(base) == base / str(os.getpid())
    assert [path.name for path in base.iterdir()] == [str(os.getpid())]


@pytest.mark.parametrize("name", ["job-1.f32", "job-1.npy"])
def test_what_an_earlier_life_left_is_swept(tmp_path: Path, name: str) -> None:
    """In a container every life has the same number: clips in our own folder are nobody's; formerly they were .npy files."""
    (own_folder(tmp_path) / name).touch()
    assert list(own_folder(tmp_path).iterdir()) == []


def test_only_folders_of_processes_that_ended_are_removed(tmp_path: Path, dead: int) -> None:
    """Who still runs keeps all clips, and what is not of the spool is left alone."""
    for name in (str(dead), str(os.getppid()), "mine", f"{dead}x"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "job-1.f32").touch()
    own_folder(tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.f32")}
    assert left == {f"{os.getppid()}/job-1.f32", "mine/job-1.f32", f"{dead}x/job-1.f32"}
    assert not (tmp_path / str(dead)).exists()


def test_a_strangers_file_is_never_removed(tmp_path: Path, dead: int) -> None:
    """Only clips are ours to delete, whatever the folder is called."""
    (tmp_path / str(dead)).mkdir()
    for name in ("job-1.f32", "notes.txt"):
        (tmp_path / str(dead) / name).touch()
    own_folder(tmp_path)
    assert [path.name for path in (tmp_path / str(dead)).iterdir()] == ["notes.txt"]


def test_a_process_runs_until_it_has_ended(dead: int) -> None:
    """We do, and so does who started us."""
    assert runs(os.getpid())
    assert runs(os.getppid())
    assert not runs(dead)
