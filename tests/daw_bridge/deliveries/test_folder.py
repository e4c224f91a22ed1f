"""Laws of the watched folder: whole pairs of files or none, nothing replaced, and plain words when it fails."""

import ctypes
import errno
import hashlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import soundfile
from clips import a_clip, an_order
from riff import chunks_of

from daw_bridge.deliveries.folder import FolderDelivery
from daw_bridge.deliveries.trouble import in_plain_words
from daw_bridge.deliveries.wav import Depth
from daw_bridge.errors import BridgeError, DiskFull, FolderUnusable


def names(folder: Path) -> set[str]:
    """Return the names of all that is in `folder`, hidden or not."""
    return {path.name for path in folder.iterdir()}


def assert_whole(path: Path) -> None:
    """Hold a delivered WAV to its own sidecar: all frames are there, and the sound has the promised checksum."""
    story = json.loads(path.with_name(f"{path.name.removesuffix('.wav')}.json").read_bytes())
    info = soundfile.info(path)
    assert (info.frames, info.samplerate, info.channels) == tuple(
        story["file"][fact] for fact in ("frames", "rate", "channels")
    )
    assert hashlib.sha256(chunks_of(path.read_bytes())[b"data"]).hexdigest() == story["file"]["sha256"]


@pytest.mark.parametrize("depth", Depth)
def test_a_clip_arrives_with_its_story(tmp_path: Path, depth: Depth) -> None:
    """Delivering leaves two files of one stem, in the depth that was set, and nothing else."""
    path = FolderDelivery(tmp_path, depth).deliver(a_clip(channels=2), an_order())
    assert path == tmp_path / "dusty-break_120bpm_1bars_job-1_r1.wav"
    assert names(tmp_path) == {path.name, "dusty-break_120bpm_1bars_job-1_r1.json"}
    assert soundfile.info(path).subtype == {"16": "PCM_16", "24": "PCM_24", "float": "FLOAT"}[depth.value]
    assert_whole(path)


def test_what_is_staged_is_hidden_until_it_is_published(tmp_path: Path) -> None:
    """Staged clips are on the disk and out of sight; published one by one, each appears under its own name."""
    staged = [FolderDelivery(tmp_path).stage(a_clip(rank=rank), an_order()) for rank in (1, 2)]
    assert all(name.startswith(".") for name in names(tmp_path))
    assert len(names(tmp_path)) == 4
    paths = [each.publish() for each in staged]
    assert [path.name[-6:] for path in paths] == ["r1.wav", "r2.wav"]
    for path, each in zip(paths, staged, strict=True):
        each.discard()
        assert_whole(path)


def test_what_is_discarded_leaves_nothing(tmp_path: Path) -> None:
    """A clip that is let go, as when its job is cancelled, is gone with its sidecar; twice does no harm."""
    staged = FolderDelivery(tmp_path).stage(a_clip(), an_order())
    staged.discard()
    staged.discard()
    assert names(tmp_path) == set()


def test_the_path_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder given as a relative path is told to clients as an absolute one."""
    monkeypatch.chdir(tmp_path)
    delivery = FolderDelivery(Path("loops"))
    delivery.prepare()
    assert delivery.deliver(a_clip(), an_order()).parent == tmp_path / "loops"


def test_delivering_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """Nothing of when or where gets into the files: the same clip gives the same two files."""
    first, second = (FolderDelivery(tmp_path).deliver(a_clip(), an_order()) for _ in range(2))
    assert first.read_bytes() == second.read_bytes()
    assert first.with_suffix(".json").read_bytes() == second.with_suffix(".json").read_bytes()


@pytest.mark.parametrize("taken", [".wav", ".json"])
def test_a_taken_name_is_varied_and_never_replaced(tmp_path: Path, taken: str) -> None:
    """If either name is taken, both files get the next stem, and what was there stays as it was."""
    stem = "dusty-break_120bpm_1bars_job-1_r1"
    (tmp_path / f"{stem}{taken}").write_text("the user's own")
    path = FolderDelivery(tmp_path).deliver(a_clip(), an_order())
    assert path.name == "dusty-break-2_120bpm_1bars_job-1_r1.wav"
    assert names(tmp_path) == {f"{stem}{taken}", path.name, path.with_suffix(".json").name}
    assert (tmp_path / f"{stem}{taken}").read_text() == "the user's own"
    assert_whole(path)


def test_a_name_lost_at_the_last_moment_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the WAV's name is taken after we looked, the sidecar is taken back, and both get the next stem."""
    stem = "dusty-break_120bpm_1bars_job-1_r1"
    (tmp_path / f"{stem}.wav").write_text("quicker")
    monkeypatch.setattr(os.path, "lexists", lambda _path: False)
    path = FolderDelivery(tmp_path).deliver(a_clip(), an_order())
    assert names(tmp_path) == {f"{stem}.wav", path.name, path.with_suffix(".json").name}
    assert (tmp_path / f"{stem}.wav").read_text() == "quicker"
    assert_whole(path)


def test_many_at_once_get_names_of_their_own(tmp_path: Path) -> None:
    """Eight threads that deliver under one name at once leave eight whole pairs."""
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda _: FolderDelivery(tmp_path).deliver(a_clip(), an_order()), range(8)))
    assert len(set(paths)) == 8
    assert names(tmp_path) == {path.name for path in paths} | {path.with_suffix(".json").name for path in paths}
    for path in paths:
        assert_whole(path)


MOVED_TO = 0x80


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[int]:
    """Lend the file number of a real inotify watch for everything that happens in `tmp_path`."""
    if sys.platform != "linux":
        pytest.skip("inotify is Linux's")
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK)
    assert libc.inotify_add_watch(watch, os.fsencode(tmp_path), 0x0FFF) > 0
    yield watch
    os.close(watch)


def events(watch: int) -> Iterator[tuple[str, int]]:
    """Yield the name and kind of all that the watch has seen, in order."""
    data = os.read(watch, 1 << 20)
    while data:
        _, kind, _, length = struct.unpack_from("iIII", data)
        yield data[16 : 16 + length].rstrip(b"\0").decode(), kind
        data = data[16 + length :]


def test_a_watcher_sees_whole_files_arrive(tmp_path: Path, seen: int) -> None:
    """All that the kernel tells of a name that is not hidden is that a file moved there; the story comes first."""
    delivery = FolderDelivery(tmp_path)
    delivery.prepare()
    path = delivery.deliver(a_clip(), an_order())
    told = [(name, kind) for name, kind in events(seen) if name and not name.startswith(".")]
    assert told == [(path.with_suffix(".json").name, MOVED_TO), (path.name, MOVED_TO)]


def test_preparing_makes_the_folder(tmp_path: Path) -> None:
    """A folder that is missing is made, and left empty; once more does no harm."""
    delivery = FolderDelivery(tmp_path / "loops")
    delivery.prepare()
    delivery.prepare()
    assert names(tmp_path / "loops") == set()


def test_a_folder_whose_parent_is_missing_is_refused(tmp_path: Path) -> None:
    """A path that is wrong higher up is more likely mistyped than meant: it is refused, with what to do."""
    folder = tmp_path / "misspelt" / "loops"
    with pytest.raises(
        FolderUnusable, match=r"is not there; make it .* or choose another folder with --folder"
    ) as told:
        FolderDelivery(folder).prepare()
    assert str(folder) in str(told.value)
    assert names(tmp_path) == set()


@pytest.mark.parametrize("place", ["loops", "loops/inside"])
def test_a_file_is_no_folder(tmp_path: Path, place: str) -> None:
    """Where a file has the folder's name, or that of one above it, it is refused and left alone."""
    (tmp_path / "loops").write_text("a file")
    with pytest.raises(FolderUnusable, match="is no folder; move the file of that name away"):
        FolderDelivery(tmp_path / place).prepare()
    assert (tmp_path / "loops").read_text() == "a file"


def test_a_folder_that_vanished_is_named(tmp_path: Path) -> None:
    """A folder that is removed while the daemon runs fails the delivery in words, and is not silently made anew."""
    delivery = FolderDelivery(tmp_path / "loops")
    delivery.prepare()
    (tmp_path / "loops").rmdir()
    with pytest.raises(FolderUnusable, match="loops is not there; make it"):
        delivery.deliver(a_clip(), an_order())
    assert names(tmp_path) == set()
    delivery.prepare()
    assert_whole(delivery.deliver(a_clip(), an_order()))


def test_a_folder_that_vanishes_before_publishing_is_named(tmp_path: Path) -> None:
    """If the folder goes between the two steps, publishing says so."""
    folder = tmp_path / "loops"
    folder.mkdir()
    staged = FolderDelivery(folder).stage(a_clip(), an_order())
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(FolderUnusable, match="loops is not there"):
        staged.publish()


def test_a_sound_that_is_gone_takes_its_story_along(tmp_path: Path) -> None:
    """If the WAV cannot be published, the sidecar that went before it is taken back."""
    staged = FolderDelivery(tmp_path).stage(a_clip(), an_order())
    staged.sound.unlink()
    with pytest.raises(FolderUnusable):
        staged.publish()
    assert names(tmp_path) == {staged.story.name}
    staged.discard()
    assert names(tmp_path) == set()


def test_a_failure_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of the two files cannot be brought to the disk, neither is there afterwards."""
    synced: list[int] = []

    def fail_at_the_second(number: int) -> None:
        synced.append(number)
        if len(synced) == 2:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail_at_the_second)
    with pytest.raises(FolderUnusable, match=r"cannot be used \(Input/output error\); check its disk"):
        FolderDelivery(tmp_path).deliver(a_clip(), an_order())
    assert len(synced) == 2
    assert names(tmp_path) == set()


ENDLESS = """
from pathlib import Path
from clips import a_clip, an_order
from daw_bridge.deliveries.folder import FolderDelivery
while True:
    print(FolderDelivery(Path("{folder}")).deliver(a_clip(), an_order()), flush=True)
"""


def test_a_kill_in_the_middle_leaves_whole_files(tmp_path: Path) -> None:
    """After a kill at any moment every WAV is whole and has its story; a sweep takes what is left of the last one."""
    code = ENDLESS.format(folder=tmp_path)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().decode().strip() for _ in range(3)]
        process.kill()
        told += process.stdout.read().decode().split()
    wavs = set(tmp_path.glob("*.wav"))
    assert {Path(path) for path in told} <= wavs
    for path in wavs:
        assert_whole(path)
    FolderDelivery(tmp_path).sweep()
    assert list(tmp_path.glob(".*")) == []


def test_sweeping_removes_what_a_killed_daemon_left(tmp_path: Path) -> None:
    """A half-written part is gone after a sweep, delivered clips are not."""
    delivery = FolderDelivery(tmp_path)
    path = delivery.deliver(a_clip(), an_order())
    (tmp_path / f".daw-bridge-{os.getpid()}-0123456789abcdef.part").write_bytes(b"RIFF")
    assert delivery.sweep() == 1
    assert names(tmp_path) == {path.name, path.with_suffix(".json").name}


def test_sweeping_a_missing_folder_is_refused_in_words(tmp_path: Path) -> None:
    """A folder that cannot be read is told as one that cannot be used."""
    with pytest.raises(FolderUnusable, match="is not there"):
        FolderDelivery(tmp_path / "gone").sweep()


@pytest.mark.parametrize("code", sorted(errno.errorcode))
def test_every_error_of_the_system_is_toldin_plain_words(code: int) -> None:
    """No error of the system gets through as it is; each names the folder and a way out, full disks their own."""
    folder = Path("watched") / "loops"
    with pytest.raises(BridgeError, match="or choose another folder with --folder") as told, in_plain_words(folder):
        raise OSError(code, os.strerror(code))
    assert str(folder) in str(told.value)
    assert isinstance(told.value, DiskFull) == (code in {errno.ENOSPC, errno.EDQUOT})
