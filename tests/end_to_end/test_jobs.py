"""What happens to jobs in a real daemon: every one ends once, and what ends badly leaves nothing behind."""

import json
import os
import select
import signal
from pathlib import Path

import pytest
import soundfile
from daemons import ENDINGS, PATIENCE, Running, daemon, endings, follow, synced, until

from daw_bridge.client import Heard
from plugin_host.musictime import Grid, Meter, Tempo

LONG = ("bars", 64, "takes", 16)
"""Enough work to be stopped in the middle of."""


def test_a_job_ends_in_ranked_files(own: Running) -> None:
    """As many WAVs as takes, each with its certificate, of exactly the promised length, best first."""
    with own.client() as client:
        client.send("/bridge/generate", "funk", "bars", 2, "takes", 4, "bpm", 133.7, "meter", "5/4", "rate", 44_100)
        story = follow(client)
    frames = Grid(Tempo.parse("133.7"), Meter(5, 4), 2, 44_100).frames
    scores = [float(str(each.arguments[2])) for each in story.heard if each.address == "/bridge/delivered"]
    assert scores == sorted(scores, reverse=True)
    assert sorted(story.paths) == own.wavs
    assert story.ending.arguments[1] == 4
    assert own.leftovers == []
    for rank, path in enumerate(story.paths, start=1):
        info = soundfile.info(path)
        assert (info.frames, info.samplerate, info.subtype) == (frames, 44_100, "PCM_24")
        story_of_clip = json.loads(path.with_name(path.name.removesuffix("wav") + "json").read_text())
        assert (story_of_clip["clip"]["rank"], story_of_clip["engine"]["name"]) == (rank, "sketch")
        assert story_of_clip["score"]["value"] == pytest.approx(scores[rank - 1], abs=1e-6)


@pytest.mark.parametrize(("bar", "warned"), [("1", True), ("0", False)])
def test_a_beat_below_the_bar_is_warned_of_before_the_clips(tmp_path: Path, bar: str, warned: bool) -> None:
    """With rank.warn at 1, a slurred bass line that is not perfect is told, once, with its numbers; with 0 nothing is."""
    with daemon(tmp_path, DAW_BRIDGE_RANK_WARN=bar) as running, running.client() as client:
        client.send("/bridge/preset/acid-line", "bars", 4, "takes", 1, "seed", 11, "bpm", 120)
        story = follow(client)
    told = [each.address for each in story.heard]
    warnings = [str(each.arguments[1]) for each in story.heard if each.address == "/bridge/warning"]
    assert len(warnings) == (1 if warned else 0)
    assert all("the beat of the best take is off" in each for each in warnings)
    assert not warned or told.index("/bridge/warning") < told.index("/bridge/delivered")


def test_the_certificate_is_enough_to_make_the_clip_again(own: Running) -> None:
    """What the plan in the sidecar says, sent back with the seed of one take, gives the same sound."""
    with own.client() as client:
        client.send(
            "/bridge/generate", "dub with organ", "bars", 1, "takes", 3, "key", "Bbm", "pulse", 0.25, "shift", -2
        )
        path = follow(client).paths[-1]
        certificate = json.loads(path.with_name(path.name.removesuffix("wav") + "json").read_text())
        plan = certificate["plan"]
        keys = {"bars", "bpm", "meter", "key", "rate", "engine", "variation", "pulse", "negative", "shift"}
        pairs = [each for key in keys for each in (key, plan[key])]  # what is open in a plan is null, and not sent back
        client.send("/bridge/generate", plan["prompt"], *pairs, "takes", 1, "seed", certificate["clip"]["seed"])
        (again,) = follow(client).paths
    assert (
        json.loads(again.with_name(again.name.removesuffix("wav") + "json").read_text())["file"] == certificate["file"]
    )


@pytest.mark.parametrize("moment", ["/bridge/queued", "/bridge/started", "drums", "mix", "rank", "write"])
def test_a_cancelled_job_leaves_nothing_and_the_next_runs(own: Running, moment: str) -> None:
    """Whenever it is cancelled: before it starts, in any stage, while its files are being written."""
    with own.client() as client:
        client.send("/bridge/generate", "full house", "id", "long", "bars", 64, "takes", 1)
        for heard in client.hear(PATIENCE):
            if moment in (heard.address, *heard.arguments[2:3]):
                break
        client.send("/bridge/cancel", "long")
        assert follow(client, "long").ending.address == "/bridge/cancelled"
        assert own.wavs == hidden(own) == []
        client.send("/bridge/generate", "pad", "id", "next", "bars", 1, "takes", 1)
        assert follow(client, "next").ending.address == "/bridge/done"
        assert own.leftovers == []


def hidden(running: Running) -> list[Path]:
    """Return what lies hidden in the watched folder."""
    return [path for path in running.folder.iterdir() if path.name.startswith(".")]


def test_a_worker_that_hangs_keeps_no_job_from_being_cancelled(own: Running) -> None:
    """The report comes at once, however often cancel is pressed, and once the worker goes on the next job runs."""
    with own.client() as client:
        client.send("/bridge/generate", "everything", "id", "stuck", *LONG)
        until(client, "/bridge/progress")
        workers = own.workers()
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        try:
            client.send("/bridge/cancel", "stuck")
            assert follow(client, "stuck").ending.address == "/bridge/cancelled"
            for _ in range(1_000):
                client.send("/bridge/cancel", "stuck")
            assert {each.arguments[1] for each in synced(client)} == {"unknown_job"}
        finally:
            for worker in workers:
                os.kill(worker, signal.SIGCONT)
        client.send("/bridge/generate", "pad", "id", "next", "bars", 1, "takes", 1)
        assert follow(client, "next").ending.address == "/bridge/done"


def test_a_job_that_comes_while_the_daemon_stops_is_refused_or_ended(tmp_path: Path) -> None:
    """No job is accepted and then forgotten."""
    with daemon(tmp_path) as running, running.client() as client:
        client.send("/bridge/generate", "everything", "id", "long", *LONG)
        until(client, "/bridge/progress")
        running.process.send_signal(signal.SIGTERM)
        heard: list[Heard] = []
        for number in range(10_000):
            client.send("/bridge/generate", "pad", "id", f"late{number}", "bars", 1, "takes", 1)
            heard += client.hear(0.002)
            if running.process.poll() is not None:
                break
        heard += client.hear(0.1)
    accepted = {each.arguments[0] for each in heard if each.address == "/bridge/queued"} | {"long"}
    ended = [each.arguments[0] for each in heard if each.address in ENDINGS]
    assert sorted(map(str, ended)) == sorted(map(str, accepted))


def test_a_job_that_waits_is_cancelled_at_once(own: Running) -> None:
    """`all` ends what runs and what waits, each once; cancelling again finds nothing to cancel."""
    with own.client() as client:
        client.send("/bridge/generate", "everything", "id", "a", *LONG)
        client.send("/bridge/generate", "everything", "id", "b", *LONG)
        client.send("/bridge/generate", "everything", "id", "c", *LONG)
        client.send("/bridge/cancel", "b")
        client.send("/bridge/cancel", "all")
        ended = endings(client, ["a", "b", "c"])
        assert {each.address for each in ended.values()} == {"/bridge/cancelled"}
        client.send("/bridge/cancel", "a")
        (refused,) = synced(client)
        assert refused.arguments[1] == "unknown_job"
        client.send("/bridge/cancel", "all")
        assert synced(client) == []


def test_killed_workers_cost_one_job(own: Running) -> None:
    """The job fails with `internal` and says how; the next gets fresh ones."""
    with own.client() as client:
        client.send("/bridge/generate", "everything", "id", "doomed", *LONG)
        client.send("/bridge/generate", "pad", "id", "next", "bars", 1, "takes", 1)
        until(client, "/bridge/progress")
        victims = own.workers()  # all: one alone may not have begun, and would be replaced at no cost
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        ended = endings(client, ["doomed", "next"])
        assert ended["doomed"].address == "/bridge/failed"
        assert ended["doomed"].arguments[1] == "internal"
        assert "signal 9" in str(ended["doomed"].arguments[2])
        assert ended["next"].address == "/bridge/done"
        assert not set(victims) & set(own.workers())
        assert len(own.wavs) == 1
        assert own.leftovers == []


def test_a_worker_that_dies_while_idle_costs_nothing(own: Running) -> None:
    """The next job simply gets a fresh one."""
    with own.client() as client:
        client.send("/bridge/generate", "pad", "bars", 1, "takes", 1)
        follow(client)
        for worker in own.workers():
            os.kill(worker, signal.SIGKILL)
        client.send("/bridge/generate", "pad", "bars", 1, "takes", 1)
        assert follow(client).ending.address == "/bridge/done"


def test_a_folder_that_vanishes_fails_the_job_with_a_remedy(tmp_path: Path) -> None:
    """Without patience at once; and once it is back, the next job lands in it."""
    with daemon(tmp_path, DAW_BRIDGE_FOLDER_PATIENCE="0") as own, own.client() as client:
        own.folder.rmdir()
        client.send("/bridge/generate", "pad", "bars", 1, "takes", 2)
        ending = follow(client).ending
        assert ending.address == "/bridge/failed"
        assert str(own.folder) in str(ending.arguments[2])
        own.folder.mkdir()
        client.send("/bridge/generate", "pad", "bars", 1, "takes", 2)
        assert follow(client).ending.address == "/bridge/done"


def test_stopping_ends_every_job(tmp_path: Path) -> None:
    """What runs and what waits is told `interrupted`, and nothing is left in the folder or running."""
    with daemon(tmp_path) as running, running.client() as client:
        client.send("/bridge/generate", "everything", "id", "a", *LONG)
        client.send("/bridge/generate", "everything", "id", "b", *LONG)
        until(client, "/bridge/progress")
        workers = running.workers()
        running.process.send_signal(signal.SIGTERM)
        ended = endings(client, ["a", "b"])
        assert {(each.address, each.arguments[1]) for each in ended.values()} == {("/bridge/failed", "interrupted")}
        assert running.process.wait(PATIENCE) == 0
        assert running.wavs == running.leftovers == []
        assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


def test_a_worker_does_not_outlive_its_daemon(tmp_path: Path) -> None:
    """After a SIGKILL of the daemon in the middle of a job the worker goes too, and the folder holds no clip."""
    with daemon(tmp_path) as running:
        with running.client() as client:
            client.send("/bridge/generate", "everything", *LONG)
            until(client, "/bridge/progress")
        workers = [os.pidfd_open(worker) for worker in running.workers()]
        running.process.kill()
        for worker in workers:
            ended, _, _ = select.select([worker], [], [], PATIENCE)
            os.close(worker)
            assert ended
        assert running.wavs == []


def test_a_cancel_is_heard_whenever_it_comes(own: Running) -> None:
    """Right behind `queued`, while the pool gives way to the job: it is cancelled, and not made in spite of that."""
    with own.client() as client:
        for number in range(6):
            client.send("/bridge/generate", "dub", "id", f"j{number}", *LONG)
            until(client, "/bridge/queued")
            client.send("/bridge/cancel", f"j{number}")
            assert follow(client, f"j{number}").ending.address == "/bridge/cancelled"
    assert own.wavs == []
