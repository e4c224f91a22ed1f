"""What becomes of accepted jobs when the daemon is killed, or stopped: each is finished or failed, once."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from daemons import PATIENCE, daemon, endings, follow, private_home, synced, until
from lives import at, journal_is_whole, killed, states, written
from ports import free_port

from daw_bridge.client import Client

LONG = ("bars", 64, "takes", 8)


def three(client: Client) -> None:
    """Ask for a long job and two short ones, at a tempo that the session forgets."""
    client.send("/bridge/tempo", "93.75")
    client.send("/bridge/generate", "everything", "id", "long", "bars", 16, "takes", 4)
    for name in ("b", "c"):
        client.send("/bridge/generate", "pad", "id", name, "bars", 1, "takes", 2, "key", "Bbm")


@pytest.mark.parametrize("moment", ["/bridge/queued", "/bridge/started", "/bridge/progress"])
def test_what_was_accepted_is_finished_once_by_the_next_life(tmp_path: Path, moment: str) -> None:
    """Under the plan that it was accepted with, in order, and told to whoever asked, who need not ask again."""
    port = free_port()
    heard = killed(tmp_path, port, three, moment)
    accepted = list(written(tmp_path / "state"))
    assert {str(each.arguments[0]) for each in heard if each.address == "/bridge/queued"} <= set(accepted)
    with daemon(tmp_path, *at(port)) as running, running.client() as other:
        other.send("/bridge/notify", 1)
        ended = endings(other, accepted)
        assert {each.address for each in ended.values()} == {"/bridge/done"}
        stories = [json.loads(path.read_text()) for path in running.folder.glob("*.json")]
        assert {each["plan"]["bpm"] for each in stories} == {"93.75"}
        assert len(stories) == len(running.wavs) == sum({"long": 4, "b": 2, "c": 2}[name] for name in ended)
        assert running.leftovers == []
        other.send("/bridge/generate", "pad", "id", "long")
        assert synced(other)[-1].arguments[1] == "duplicate_id"
    assert journal_is_whole(running)
    assert states(running) == {"done": len(ended)}


def test_whoever_asked_hears_the_end_from_the_next_life(tmp_path: Path) -> None:
    """The reports go to the port that the request came from, and are those of a job that was never interrupted."""
    port = free_port()
    with Client("127.0.0.1", port) as client:
        with daemon(tmp_path, *at(port)) as running:
            client.send("/bridge/generate", "everything", "id", "long", "bars", 16, "takes", 2)
            until(client, "/bridge/progress")
            running.process.kill()
            running.process.wait(PATIENCE)
        with daemon(tmp_path, *at(port)) as running:
            story = follow(client, "long")
            assert story.addresses[-3:] == ["/bridge/delivered", "/bridge/delivered", "/bridge/done"]
            assert float(str(story.ending.arguments[2])) > 0
            assert story.paths == running.wavs


def test_a_job_that_ran_at_two_deaths_is_given_up_and_named(tmp_path: Path) -> None:
    """It may be what kills the daemon; the one behind it runs."""
    port = free_port()

    def evil(client: Client) -> None:
        """Ask for a long job."""
        client.send("/bridge/generate", "x", "id", "evil", *LONG)

    def another(client: Client) -> None:
        """Ask for one more, and to hear of all."""
        client.send("/bridge/notify", 1)
        client.send("/bridge/generate", "x", "id", "next", "bars", 1, "takes", 1)

    killed(tmp_path, port, evil, "/bridge/progress")
    heard = killed(tmp_path, port, another, "/bridge/progress")
    assert {str(each.arguments[0]) for each in heard if each.address == "/bridge/progress"} == {"evil"}
    with daemon(tmp_path, *at(port)) as running, running.client() as client:
        client.send("/bridge/generate", "x", "id", "third", "bars", 1, "takes", 1)
        follow(client, "third")
        assert states(running) == {"failed": 1, "done": 2}
        assert {path.name.split("_")[-2] for path in running.wavs} == {"next", "third"}


def test_what_was_accepted_long_ago_is_failed(tmp_path: Path) -> None:
    """Whoever asked has gone on; how long that is, is a setting."""
    port = free_port()
    with Client("127.0.0.1", port) as client:
        with daemon(tmp_path, *at(port)) as running:
            client.send("/bridge/generate", "everything", "id", "old", *LONG)
            until(client, "/bridge/progress")
            running.process.kill()
            running.process.wait(PATIENCE)
        with daemon(tmp_path, *at(port), DAW_BRIDGE_JOBS_RESUME="0") as running:
            ending = follow(client, "old").ending
            assert ending.arguments[:2] == ("old", "interrupted")
            assert "ask again" in str(ending.arguments[2])
            assert running.wavs == running.leftovers == []


def test_what_a_clean_stop_ended_stays_so(tmp_path: Path) -> None:
    """It was told as interrupted; nothing of it is done again."""
    port = free_port()
    with daemon(tmp_path, *at(port)) as running, running.client() as client:
        three(client)
        until(client, "/bridge/progress")
        running.process.send_signal(signal.SIGTERM)
        ended = endings(client, ["long", "b", "c"])
        assert {each.arguments[1] for each in ended.values()} == {"interrupted"}
        assert running.process.wait(PATIENCE) == 0
    with daemon(tmp_path, *at(port)) as running, running.client() as client:
        client.send("/bridge/notify", 1)
        assert synced(client) == []
        assert running.wavs == []
    assert states(running) == {"failed": 3}


def test_a_second_signal_ends_it_at_once_and_loses_nothing(tmp_path: Path) -> None:
    """While the first is still at work, the second is as a kill; what was accepted is finished or failed later."""
    port = free_port()
    with daemon(tmp_path, *at(port)) as running, running.client() as client:
        three(client)
        until(client, "/bridge/progress")
        for worker in running.workers():
            os.kill(worker, signal.SIGSTOP)  # so that the clean stop has to wait
        running.process.send_signal(signal.SIGTERM)
        until(client, "/bridge/failed")
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(PATIENCE) == 1  # a clean stop would end with 0
    with daemon(tmp_path, *at(port)) as running:
        pass
    assert set(states(running)) <= {"failed", "done"}
    assert states(running).total() == 3


def test_a_state_folder_has_one_daemon(tmp_path: Path) -> None:
    """The second names the first one's process, ends with 1, and does no harm to it."""
    with daemon(tmp_path) as running, running.client() as client:
        flags = ["--osc", "127.0.0.1:0", "--folder", str(running.folder), "--state", str(running.state)]
        done = subprocess.run(
            [sys.executable, "-m", "daw_bridge", "serve", *flags],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            env={**os.environ, **private_home(tmp_path)},
        )
        assert (done.returncode, done.stdout) == (1, "")
        last = done.stderr.splitlines()[-1]
        assert f"belongs to another daemon, process {running.process.pid};" in last
        assert "--state DIR" in last
        client.send("/bridge/generate", "pad", "bars", 1, "takes", 1)
        assert follow(client).ending.address == "/bridge/done"


def test_a_port_has_one_daemon(tmp_path: Path) -> None:
    """The second names the first one's process."""
    with daemon(tmp_path / "a") as running:
        flags = [*at(running.port), "--folder", str(tmp_path), "--state", str(tmp_path / "b")]
        done = subprocess.run(
            [sys.executable, "-m", "daw_bridge", "serve", *flags],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            env={**os.environ, **private_home(tmp_path)},
        )
    assert done.returncode == 1
    assert f"process {running.process.pid}" in done.stderr.splitlines()[-1]


def test_a_damaged_journal_is_moved_aside_and_said(tmp_path: Path) -> None:
    """Never deleted: it lies beside the new one, byte for byte, and the daemon works."""
    journal = tmp_path / "state" / "journal.sqlite3"
    journal.parent.mkdir()
    journal.write_bytes(b"no database at all" * 1_000)
    with daemon(tmp_path) as running, running.client() as client:
        client.send("/bridge/generate", "pad", "bars", 1, "takes", 1)
        assert follow(client).ending.address == "/bridge/done"
    (aside,) = journal.parent.glob("*.damaged-1")
    assert aside.read_bytes() == b"no database at all" * 1_000
    assert str(aside) in (tmp_path / "log").read_text()
