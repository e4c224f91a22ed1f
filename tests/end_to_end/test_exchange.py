"""The exchange against a real daemon: files ask for what OSC asks for, and are told the same."""

import re
from pathlib import Path

import pytest
from daemons import PATIENCE, Running, daemon, synced
from exchanger import Exchanger
from mistakes import BAD

from daw_bridge.client import Heard
from daw_bridge.wires.osc_addresses import REQUESTS
from daw_bridge.wires.osc_packet import Argument

STORY = [
    "/bridge/queued",
    "/bridge/started",
    "/bridge/progress",
    "/bridge/delivered",
    "/bridge/delivered",
    "/bridge/done",
]


def drawn(story: list[Heard]) -> list[str]:
    """Return the addresses in order, rows of progress as one."""
    found: list[str] = []
    for each in story:
        if each.address != "/bridge/progress" or found[-1:] != ["/bridge/progress"]:
            found.append(each.address)
    return found


def test_a_file_starts_a_job_and_hears_its_whole_story(shared: Running) -> None:
    """Every report in order, with its paths; a prompt with a tab and a line end in it is one prompt."""
    client = Exchanger(shared, "story")
    asked = client.send("/bridge/generate", "dusty\tbreak\nbeat", "id", "file1", "bars", 1, "takes", 2, "bpm", 92.5)
    story = client.until("/bridge/done")
    assert drawn(story) == STORY
    assert {each.arguments[0] for each in story} == {"file1"}
    paths = [Path(str(each.arguments[3])) for each in story if each.address == "/bridge/delivered"]
    assert all(path.is_file() and "_92.5bpm_1bars_file1_r" in path.name for path in paths)
    assert not asked.exists()


@pytest.mark.parametrize(("address", "arguments", "code", "words"), BAD)
def test_what_osc_refuses_a_file_is_refused_alike(
    shared: Running, address: str, arguments: list[Argument], code: str, words: str
) -> None:
    """With the same code and message."""
    client = Exchanger(shared, f"bad{abs(hash((address, str(arguments))))}")
    client.send(address, *arguments)
    (heard,) = client.synced()
    assert heard.address == "/bridge/error"
    assert heard.arguments[:2] == (address, code)
    assert words in str(heard.arguments[2]) or b"blob" in arguments


def answers(heard: list[Heard]) -> list[tuple[object, ...]]:
    """Return what was told, without what differs from one moment to the next: numbers, and made-up ids."""
    made_up = re.compile(r"\b[a-z][a-z0-9]{7}\b")
    return [
        (
            each.address,
            *(made_up.sub("id", value) if isinstance(value, str) else type(value) for value in each.arguments),
        )
        for each in heard
        if each.address not in {"/bridge/started", "/bridge/progress", "/bridge/status.reply"}
    ]


@pytest.mark.parametrize("address", sorted(REQUESTS))
def test_each_address_of_the_table_does_the_same_by_file_and_by_osc(shared: Running, address: str) -> None:
    """Sent without arguments, and with one that none of them takes, it is answered alike."""
    address = address.replace("<name>", "no-such")
    client = Exchanger(shared, "same_" + re.sub(r"\W", "_", address.strip("/")))
    with shared.client() as other:
        for arguments in ((), ("no such thing",)):
            other.send(address, *arguments)
            client.send(address, *arguments)
            by_file, by_osc = answers(client.synced()), answers(synced(other))
            assert by_file == by_osc
        if address == "/bridge/generate":
            other.send("/bridge/cancel", "all")
            synced(other)


def test_a_subscriber_hears_of_the_jobs_of_others_until_it_has_enough(shared: Running) -> None:
    """Files hear of jobs that came by OSC, and the other way round."""
    client = Exchanger(shared, "listener")
    client.send("/bridge/notify", 1)
    client.synced()
    with shared.client() as other:
        other.send("/bridge/notify", 1)
        synced(other)
        other.send("/bridge/generate", "x", "id", "osc9", "bars", 1, "takes", 1)
        while client.until("/bridge/done")[-1].arguments[0] != "osc9":  # an earlier test's job may end meanwhile
            pass
        client.send("/bridge/generate", "x", "id", "file9", "bars", 1, "takes", 1)
        assert any(each.arguments[:1] == ("file9",) for each in other.hear(PATIENCE) if each.address == "/bridge/done")
        while client.until("/bridge/done")[-1].arguments[0] != "file9":
            pass
        client.send("/bridge/notify", 0)
        client.synced()
        other.send("/bridge/generate", "x", "bars", 1, "takes", 1, "id", "osc10")
        assert any(each.arguments[0] == "osc10" for each in other.hear(PATIENCE) if each.address == "/bridge/done")
    assert client.synced() == []


def test_a_port_that_a_file_names_hears_the_reports(shared: Running) -> None:
    """It is a port of this machine."""
    with shared.client() as other:
        synced(other)  # only now it has a port
        Exchanger(shared, "ported").send("/bridge/generate", "x", "bars", 1, "takes", 1, "reply_port", other.port)
        assert next(each.address for each in other.hear(PATIENCE)) == "/bridge/queued"


def test_what_is_no_request_is_answered_and_harms_nothing(shared: Running) -> None:
    """Bytes that are no text, too many of them, and lines that are no messages; what came with them is done."""
    client = Exchanger(shared, "evil")
    for text, words in (
        (b"\xff\xfe", "UTF-8"),
        (b"/x" * 40_000, "65536"),
        (b"/bridge/tempo\tfast\n", "write s and text"),
    ):
        client.send_text(text)
        (heard,) = client.synced()
        assert heard.address == "/bridge/error"
        assert words in str(heard.arguments[2])
    client.send_text(b"\r\n\n/bridge/version\r\n\n/bridge/sync\ti1\n")
    assert [each.address for each in client.until("/bridge/synced")] == ["/bridge/version.reply", "/bridge/synced"]


def test_a_flood_of_files_delays_nobody_else(shared: Running) -> None:
    """Thousands of lines are worked off in turn with what others ask."""
    flood, client = Exchanger(shared, "flood"), Exchanger(shared, "calm")
    for _ in range(40):
        flood.send_text("/no/such\n" * 1_500)
    with shared.client() as other:
        assert other.ask("/bridge/version", "/bridge/version.reply", 5) is not None
    assert client.synced() == []
    assert flood.synced()[0].address == "/bridge/error"


def test_a_job_that_a_kill_left_is_told_to_its_file_by_the_next_daemon(tmp_path: Path) -> None:
    """The replies go on in their numbers: whoever waits for them misses none."""
    with daemon(tmp_path) as running:
        client = Exchanger(running, "survivor")
        client.send("/bridge/generate", "everything", "id", "kept", "bars", 4, "takes", 2)
        client.until("/bridge/started")
        running.process.kill()
        running.process.wait()
    with daemon(tmp_path):
        assert client.until("/bridge/done")[-1].arguments[0] == "kept"


def test_a_folder_that_cannot_be_used_is_said_and_missed(tmp_path: Path) -> None:
    """A file lies where the exchange should be: the log says so, and OSC is answered."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "exchange").write_text("mine")
    with daemon(tmp_path) as running, running.client() as client:
        assert client.ask("/bridge/version", "/bridge/version.reply", PATIENCE) is not None
    assert "no exchange" in (tmp_path / "log").read_text()
    assert (tmp_path / "state" / "exchange").read_text() == "mine"
