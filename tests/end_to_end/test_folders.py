"""A folder that is full, read-only or away: what was made is kept, waits with a warning, and lands when it is back."""

import signal
from pathlib import Path

import pytest
from daemons import PATIENCE, Running, Story, daemon, follow, until
from lives import at, states
from ports import free_port
from real import Mount

from daw_bridge.client import Client
from daw_bridge.deliveries.trash import NAME
from daw_bridge.history import History

ASK = ("pad", "id", "job", "bars", 2, "takes", 3)


def whole(folder: Path) -> list[str]:
    """Return the names of the WAVs in `folder`; nothing but they and their stories may be there."""
    names = sorted(path.name for path in folder.iterdir())
    wavs = [name for name in names if name.endswith(".wav")]
    assert sorted([*wavs, *(f"{name.removesuffix('wav')}json" for name in wavs)]) == names
    return wavs


def kept(running: Running) -> list[Path]:
    """Return what is kept for a folder that is away."""
    return list((running.state / "kept").iterdir())


def warned(client: Client, folder: Path) -> None:
    """Hear that the job waits, and for which folder."""
    warning = until(client, "/bridge/warning")[-1]
    assert warning.arguments[0] == "job"
    assert str(folder) in str(warning.arguments[1])
    assert "kept" in str(warning.arguments[1])


def landed(story: Story, folder: Path) -> None:
    """Hold a story to its end: three clips, once each, whole, best first."""
    assert story.ending.address == "/bridge/done"
    assert [path.name for path in story.paths] == whole(folder)
    assert len(story.paths) == 3


@pytest.mark.real
def test_a_full_disk_gets_the_clips_when_it_has_room(tmp_path: Path, mount: Mount) -> None:
    """Nothing of them is to be seen before all have room; then they land as ever."""
    disk = mount("size=4m")
    with daemon(tmp_path, "--folder", str(disk)) as running, running.client() as client:
        (disk / ".filler").write_bytes(b"x" * 3_900_000)
        client.send("/bridge/generate", *ASK)
        warned(client, disk)
        assert [path.name for path in disk.iterdir() if not path.name.endswith(".part")] == [".filler"]
        (disk / ".filler").unlink()
        landed(follow(client, "job"), disk)
        assert kept(running) == []


@pytest.mark.real
def test_a_disk_that_is_read_only_for_a_while_gets_the_clips_later(tmp_path: Path, mount: Mount) -> None:
    """As soon as it can be written to."""
    disk = mount("size=20m")
    with daemon(tmp_path, "--folder", str(disk)) as running, running.client() as client:
        mount("remount,ro")
        client.send("/bridge/generate", *ASK)
        warned(client, disk)
        assert len(kept(running)) == 6
        mount("remount,rw")
        landed(follow(client, "job"), disk)
        assert kept(running) == []


def test_a_folder_that_vanishes_and_returns_gets_the_clips(own: Running) -> None:
    """It is not made anew in the meantime: a disk may be about to be mounted there."""
    away = own.folder.with_name("away")
    own.folder.rename(away)
    with own.client() as client:
        client.send("/bridge/generate", *ASK)
        warned(client, own.folder)
        assert not own.folder.exists()
        away.rename(own.folder)
        landed(follow(client, "job"), own.folder)
    assert kept(own) == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_waits_outlives_the_daemon(tmp_path: Path, how: signal.Signals) -> None:
    """Killed or stopped: the next life lands what was made, without making it again, be it in another folder."""
    port = free_port()
    with Client("127.0.0.1", port) as client:
        with daemon(tmp_path, *at(port)) as running:
            running.folder.rmdir()
            client.send("/bridge/generate", *ASK)
            warned(client, running.folder)
            made = {path.read_bytes() for path in kept(running)}
            running.process.send_signal(how)
            running.process.wait(PATIENCE)
        other = tmp_path / "other"
        with daemon(tmp_path, *at(port), "--folder", str(other)) as running:
            story = follow(client, "job")
            landed(story, other)
            stages = {each.arguments[2] for each in story.heard if each.address == "/bridge/progress"}
            assert "write" not in stages
            assert {path.read_bytes() for path in other.iterdir()} == made
            assert kept(running) == []
            assert states(running) == {"done": 1}


def test_what_waits_can_be_cancelled(own: Running) -> None:
    """At once, and what was kept is gone."""
    own.folder.rmdir()
    with own.client() as client:
        client.send("/bridge/generate", *ASK)
        warned(client, own.folder)
        client.send("/bridge/cancel", "job")
        (heard,) = [each for each in client.hear(0.2) if each.address != "/bridge/progress"]
        assert heard.address == "/bridge/cancelled"
        assert kept(own) == []
        own.folder.mkdir()
        client.send("/bridge/generate", "pad", "bars", 1, "takes", 1)
        assert follow(client).ending.address == "/bridge/done"


@pytest.mark.real
def test_patience_has_an_end(tmp_path: Path, mount: Mount) -> None:
    """Then the job fails, with the folder and the remedy, and nothing of it is left anywhere."""
    disk = mount("size=64k")
    with (
        daemon(tmp_path, "--folder", str(disk), DAW_BRIDGE_FOLDER_PATIENCE="0.5") as running,
        running.client() as client,
    ):
        client.send("/bridge/generate", *ASK)
        ending = follow(client, "job").ending
        assert ending.arguments[:2] == ("job", "disk_full")
        assert f"no room for the clip in {disk}; free some space there" in str(ending.arguments[2])
        assert [*disk.iterdir(), *kept(running)] == []


@pytest.mark.real
def test_a_state_folder_without_room_refuses_jobs_aloud(tmp_path: Path, mount: Mount) -> None:
    """What cannot be written down is not accepted; when there is room again, it is."""
    disk = mount("size=24m")  # room for the journal of all that is asked below, and for clips beside it
    with daemon(tmp_path, "--state", str(disk)) as running, running.client() as client:
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4_096)
            except OSError:
                pass
        for number in range(200):
            client.send("/bridge/generate", "pad " * 400, "id", f"j{number}", "bars", 64, "takes", 16)
        heard = until(client, "/bridge/error")[-1]
        assert heard.arguments[:2] == ("/bridge/generate", "disk_full")
        assert "paths.state" in str(heard.arguments[2])
        filler.unlink()
        client.send("/bridge/cancel", "all")
        client.send("/bridge/generate", "pad", "id", "behind", "bars", 1, "takes", 2)
        follow_patiently(
            client, "behind"
        )  # what the workers still write of the cancelled ones takes the room, for a moment
        client.send("/bridge/generate", "pad", "id", "after", "bars", 1, "takes", 1)
        assert follow_patiently(client, "after") == "/bridge/done"


def test_a_limit_sends_the_oldest_into_the_trash(tmp_path: Path) -> None:
    """After each job; what is starred in the meantime stays, and so does what another program put there."""
    with daemon(tmp_path, DAW_BRIDGE_FOLDER_LIMIT_MB="1") as running, running.client() as client:
        theirs = running.folder / "theirs.wav"
        theirs.write_bytes(b"x" * 2_000_000)
        stories = []
        for number in range(4):
            client.send("/bridge/generate", "pad", "id", f"j{number}", "bars", 1, "takes", 1)
            stories.append(follow(client, f"j{number}"))
            if number == 0:
                history = History(running.state)
                history.star(history.clips("j0"), 1)
        trash = running.folder / NAME
        first, second, *_, last = [each.paths[0] for each in stories]
        assert first.exists()
        assert last.exists()
        assert theirs.exists()
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(PATIENCE) == 0  # which waits until nothing is being moved
        assert not second.exists()
        assert (trash / second.name).exists()


def follow_patiently(client: Client, job: str) -> str:
    """Return how `job` ended, whatever else is heard."""
    for heard in client.hear(PATIENCE):
        if heard.address in {"/bridge/done", "/bridge/failed"} and heard.arguments[0] == job:
            return heard.address
    return "nothing"
