"""A daemon under load: nobody is left without an answer, and nobody keeps others from theirs."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from daemons import PATIENCE, Running, daemon, synced, until

from daw_bridge.client import Client
from daw_bridge.wires.osc_packet import Argument, encode

BUSY = ("/bridge/generate", "everything", "bars", 64, "takes", 16)


def status(client: Client) -> dict[str, Argument]:
    """Ask for the status and return it by name."""
    heard = client.ask("/bridge/status", "/bridge/status.reply", PATIENCE)
    assert heard is not None
    return {str(name): value for name, value in zip(heard.arguments[::2], heard.arguments[1::2], strict=True)}


def test_fifty_jobs_of_one_do_not_delay_anothers_first(own: Running) -> None:
    """It is told that it runs next, and it does; the second of it comes after one of the other's."""
    with own.client() as many, own.client() as one:
        many.send(*BUSY, "id", "busy")
        until(many, "/bridge/started")
        for number in range(50):
            many.send("/bridge/generate", "pad", "id", f"many{number}", "bars", 1, "takes", 1)
        synced(many)
        one.send("/bridge/generate", "pad", "id", "one0", "bars", 1, "takes", 1)
        one.send("/bridge/generate", "pad", "id", "one1", "bars", 1, "takes", 1)
        assert [each.arguments[:2] for each in synced(one)] == [("one0", 0), ("one1", 2)]
        many.send("/bridge/cancel", "busy")
        started: list[object] = []
        one.send("/bridge/notify", 1)
        while len(started) < 4:
            started.append(until(one, "/bridge/started")[-1].arguments[0])
        assert started == ["one0", "many0", "one1", "many1"]


def test_a_sender_in_a_circle_is_told_when_to_come_again(tmp_path: Path) -> None:
    """Ten seconds' worth at once is taken, what is more is refused with the moment, and another sender is not."""
    slow = daemon(tmp_path, DAW_BRIDGE_JOBS_PER_MINUTE="60")
    with slow as running, running.client() as circle, running.client() as other:
        for _ in range(30):
            circle.send("/bridge/generate", "pad", "bars", 1, "takes", 1)
        refused = [each.arguments for each in synced(circle) if each.address == "/bridge/error"]
        assert 15 <= len(refused) <= 20
        assert {each[1] for each in refused} == {"queue_full"}
        assert all("come again in 0." in str(each[2]) or "come again in 1.0" in str(each[2]) for each in refused)
        other.send("/bridge/generate", "pad", "bars", 1, "takes", 1)
        assert next(each.address for each in synced(other)) == "/bridge/queued"
        other.send("/bridge/cancel", "all")


def test_a_pad_that_is_hit_repeatedly_keeps_one_job_waiting(own: Running) -> None:
    """With `replace` the latest counts; who waits for others, or for another preset, is left alone."""
    with own.client() as pad, own.client() as other:
        other.send(*BUSY, "id", "busy")
        until(other, "/bridge/started")
        other.send("/bridge/preset/dub-techno-chords", "id", "others")
        synced(other)
        pad.send("/bridge/preset/dub-techno-chords", "id", "kept")
        pad.send("/bridge/preset/vinyl-dust", "id", "unlike")
        for number in range(5):
            pad.send("/bridge/preset/jungle-break", "replace", 1, "id", f"hit{number}")
        heard = synced(pad)
        assert [each.arguments[0] for each in heard if each.address == "/bridge/cancelled"] == [
            f"hit{number}" for number in range(4)
        ]
        assert [each.arguments[0] for each in heard if each.address == "/bridge/queued"][-1] == "hit4"
        assert status(pad)["waiting"] == 4
        pad.send("/bridge/cancel", "all")


def test_a_pad_that_replaces_finds_room_in_a_full_queue(tmp_path: Path) -> None:
    """Its own older job makes it."""
    with daemon(tmp_path, DAW_BRIDGE_JOBS_QUEUE="1") as running, running.client() as pad:
        pad.send(*BUSY, "id", "busy")
        until(pad, "/bridge/started")
        for number in range(3):
            pad.send("/bridge/generate", "pad", "replace", 1, "id", f"hit{number}")
        assert [each.arguments[0] for each in synced(pad) if each.address == "/bridge/queued"] == [
            "hit0",
            "hit1",
            "hit2",
        ]
        pad.send("/bridge/cancel", "all")


def test_a_daw_that_sends_all_its_feedback_is_told_once_of_each(shared: Running) -> None:
    """A hundred unknown addresses over and over: a hundred errors, the rest is counted, and requests are answered."""
    with shared.client() as daw:
        before = int(str(status(daw)["hushed"]))
        heard = []
        for _ in range(10):
            for track in range(100):
                daw.send(f"/track/{track}/vu", 0.5)
            heard += synced(daw)
        assert sorted(str(each.arguments[0]) for each in heard) == sorted(f"/track/{track}/vu" for track in range(100))
        assert int(str(status(daw)["hushed"])) - before == 900
        daw.send("/bridge/tempo", "fast")
        daw.send("/bridge/tempo", "fast")
        assert [each.arguments[1] for each in synced(daw)] == ["bad_request"] * 2


@pytest.mark.undisturbed
def test_a_flood_does_not_delay_anothers_answer(own: Running) -> None:
    """Behind thousands of requests of one that wait to be answered, the other's one is answered among the first."""
    trigger = encode("/bridge/preset/dub-techno-chords", ["bars", 1])
    with own.client() as flood, own.client() as other:
        os.kill(own.process.pid, signal.SIGSTOP)
        for _ in range(3_000):
            flood.send_packet(trigger)
        other.send("/bridge/sync", 1)
        os.kill(own.process.pid, signal.SIGCONT)
        begun = time.monotonic()
        until(other, "/bridge/synced")
        seconds = time.monotonic() - begun
        flood.send("/bridge/sync", 1)
        until(flood, "/bridge/synced")
        assert seconds < (time.monotonic() - begun) / 2
        flood.send("/bridge/cancel", "all")


@pytest.mark.undisturbed
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what it has lost")
def test_what_the_system_has_lost_is_told(own: Running) -> None:
    """A daemon that is stopped while more comes than the system can keep says how much was lost, and goes on."""
    with own.client() as client:
        assert status(client)["lost"] == 0
        os.kill(own.process.pid, signal.SIGSTOP)
        for _ in range(40_000):
            client.send_packet(b"x")
        os.kill(own.process.pid, signal.SIGCONT)
        until_it_answers = [client.ask("/bridge/version", "/bridge/version.reply", 5.0) for _ in range(3)]
        assert any(until_it_answers)
        told = status(client)
    assert int(str(told["lost"])) > 1_000
    assert int(str(told["lost"])) + int(str(told["not_osc"])) + int(str(told["flooded"])) in range(
        39_990, 40_004
    )  # with our own
