"""Laws of ``generate``: one job, by whichever daemon there is, and told as it went."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import soundfile
from commands import Command
from daemons import PATIENCE, Running, daemon, until

from daw_bridge.cli import checks, daemons, jobs
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.cli.jobs import follow, wish
from daw_bridge.client import Client, Heard
from daw_bridge.config import load
from daw_bridge.errors import BadRequest, OutOfRange, UnknownKey
from daw_bridge.wires.osc_packet import encode

GARBAGE = (
    b"",
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"#bundle\0",
    b"/bridge/version.reply\0\0\0,s\0\0\xff\xff\xff\0",  # a text that is no UTF-8
    encode("/bridge/version.reply", ()),
    encode("/status.reply", ("dead", "beef")),
)
"""Packets that some other program might send."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Lend a daemon with one preset of its user's."""
    base = tmp_path_factory.mktemp("generate")
    presets = base / "presets"
    presets.mkdir()
    (presets / "my-beat.toml").write_text('prompt = "house drums"\nbars = 1\ntakes = 1\n')
    with daemon(base, DAW_BRIDGE_PATHS_PRESETS=str(presets)) as started:
        yield started


@pytest.fixture
def osc(running: Running) -> str:
    """Lend the address of the daemon as the command line wants it."""
    return f"{running.host}:{running.port}"


def test_a_running_daemon_does_the_job(command: Command, running: Running, osc: str) -> None:
    """The clips land in the daemon's folder, as they were asked for, and are listed best first."""
    ended = command(
        "generate", "house drums", "--osc", osc, "--bars", 1, "--bpm", 140, "--meter", "7/8", "--key", "Bbm",
        "--takes", 2, "--seed", 7, "--rate", 8000, "--set", "id=mine", "--json",
    )  # fmt: skip
    assert ended.status == 0, ended.err
    told = json.loads(ended.out)
    assert told["job"] == "mine"
    assert [each["rank"] for each in told["files"]] == [1, 2]
    for each in told["files"]:
        assert Path(each["path"]).parent == running.folder
        assert (each["tempo"], each["meter"], each["key"], each["bars"]) == (140, "7/8", "Bb minor", 1)
        assert soundfile.info(each["path"]).frames == each["frames"] == round(3.5 * 60 / 140 * 8000)


def test_people_get_a_table(command: Command, running: Running, osc: str) -> None:
    """Names stand in rank order with their scores, under what they have in common; the folder stands below."""
    page = command("generate", "warm pad", "--osc", osc, "--bars", 1, "--takes", 2).out
    assert "warm pad  120 BPM, 4/4, 1 bar, 2.000 s" in page
    rows = [line.split() for line in page.splitlines() if line.endswith(".wav")]
    assert [(row[0], row[2][-7:]) for row in rows] == [("1", "_r1.wav"), ("2", "_r2.wav")]
    assert f"in {running.folder}, after " in page
    assert all((running.folder / row[2]).is_file() for row in rows)


def test_a_preset_needs_no_prompt(command: Command, osc: str) -> None:
    """A preset's own prompt is used, and one that is given takes its place."""
    for arguments, title in (([], "my-beat"), (["deep bass"], "my-beat")):
        ended = command("generate", *arguments, "--preset", "my-beat", "--osc", osc, "--json")
        (file,) = json.loads(ended.out)["files"]
        assert (file["title"], file["bars"]) == (title, 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x", "--preset", "my-bat"], "did you mean my-beat? (unknown_preset)"),
        (["x", "--engine", "nope"], "there is no engine 'nope'"),
        (["x", "--set", "deliver=device"], "(device_unavailable)"),
        (["x", "--bpm", "20", "--bars", "64", "--meter", "32/1"], "(out_of_range)"),
    ],
)
def test_a_refusal_is_told_in_the_daemons_words(command: Command, osc: str, arguments: list[str], words: str) -> None:
    """What the daemon refuses ends with 1, its message and its code, and no clip is listed."""
    ended = command("generate", *arguments, "--osc", osc)
    assert (ended.status, ended.out) == (1, "")
    assert words in ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the prompt is missing"),
        (["   "], "the prompt is missing"),
        (["dusty", "breakbeat", "--bars", "2"], "put it in quotes: daw-bridge generate 'dusty breakbeat'"),
        (["x", "--bars", "65"], "bars: '65' is not allowed; give a whole number from 1 to 64"),
        (["x", "--bpm", "fast"], "bpm: 'fast' is not a number"),
        (["x", "--key", "H"], "key: key is 'H'"),
        (["x", "--set", "steps"], "write it like --set steps=20"),
        (["x", "--set", "tempo=3"], "'tempo' is no key of a job; there is id, preset, bars"),
        (["x", "--set", "eta=nan"], "eta: 'nan' is not allowed"),
        (["x" * 2_001], "prompt: 'xxx"),
    ],
)
def test_what_no_daemon_would_take_ends_with_2(command: Command, arguments: list[str], words: str) -> None:
    """A value that cannot be is named with its key and range before anything is started."""
    ended = command("generate", *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert words in ended.err


def test_without_a_daemon_it_works_alone(home: Path) -> None:
    """A daemon of its own makes the clips, over OSC as any other, and nothing of it stays."""
    flags = ["--folder", str(home / "mine"), "--bars", "1", "--takes", "2", "--rate", "8000", "--json"]
    command = [sys.executable, "-m", "daw_bridge", "generate", "house drums", *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    paths = [Path(each["path"]) for each in json.loads(done.stdout)["files"]]
    assert sorted(paths) == sorted((home / "mine").glob("*.wav"))
    assert len(paths) == 2
    assert not (home / "state").exists()
    assert done.stderr == ""


def test_a_folder_that_cannot_be_made_is_named(command: Command, home: Path) -> None:
    """A daemon of one's own that cannot start says why."""
    ended = command("generate", "x", "--folder", home / "no" / "where")
    assert ended.status == 1
    assert f"{home / 'no' / 'where'} is not there" in ended.err


def test_a_daemon_that_delivers_elsewhere_is_not_asked(
    command: Command, home: Path, running: Running, osc: str
) -> None:
    """Whoever names a folder gets the clips there, and is told that the daemon was left out of it."""
    ended = command("generate", "x", "--osc", osc, "--folder", home / "no" / "where")
    assert f"the daemon that is running delivers into {running.folder}; working without it" in ended.err
    ended = command("generate", "x", "--osc", osc, "--folder", running.folder, "--bars", 1, "--takes", 1, "--json")
    assert ended.err == ""
    assert Path(json.loads(ended.out)["files"][0]["path"]).parent == running.folder


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
def test_ctrl_c_cancels_the_job(running: Running, osc: str) -> None:
    """The daemon is told, the job ends as cancelled, and the command with 130 and without a word."""
    flags = ["--bars", "64", "--takes", "16", "--set", "id=long", "--osc", osc]
    with running.client() as client:
        client.send("/bridge/notify", 1)
        command = [sys.executable, "-m", "daw_bridge", "generate", "techno", *flags]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            until(client, "/bridge/progress")
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)
        assert until(client, "/bridge/cancelled")[-1].arguments == ("long",)
        client.send("/bridge/notify", 0)
    assert (process.returncode, out, err) == (130, "", "")


@pytest.fixture
def mute() -> Iterator[socket.socket]:
    """Lend a UDP port that somebody has, and never answers on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        yield opened


def test_a_port_that_does_not_answer_is_no_daemon(mute: socket.socket) -> None:
    """Some other program at the port is not taken for a daemon."""
    port = mute.getsockname()[1]
    assert daemons.find(load(None, {}, {"osc.port": port})) is None


@pytest.fixture(params=GARBAGE, ids=repr)
def chatterer(request: pytest.FixtureRequest) -> Iterator[int]:
    """Lend the UDP port of a program that answers everything with something that we never say."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened, socket.socket(type=socket.SOCK_DGRAM) as ours:
        opened.bind(("127.0.0.1", 0))
        ours.bind(("127.0.0.1", 0))

        def answer() -> None:
            while (peer := opened.recvfrom(65_536)[1]) != ours.getsockname():
                opened.sendto(request.param, peer)

        with ThreadPoolExecutor(1) as pool:
            chatting = pool.submit(answer)
            yield opened.getsockname()[1]
            ours.sendto(b"enough", opened.getsockname())
            chatting.result()


def test_a_port_that_answers_garbage_is_no_daemon(chatterer: int) -> None:
    """What is no OSC, or no answer of ours, is passed over, and the port is told as somebody else's."""
    config = load(None, {}, {"osc.port": chatterer})
    assert daemons.find(config) is None
    assert checks.osc_port(config).state is checks.State.PROBLEM


@pytest.mark.parametrize("garbage", GARBAGE[:4], ids=repr)
def test_garbage_hides_no_answer(mute: socket.socket, garbage: bytes) -> None:
    """An answer that comes after it is heard."""
    with Client(*mute.getsockname()) as client:
        client.send("/bridge/sync", 1)
        peer = mute.recvfrom(65_536)[1]
        for packet in (garbage, garbage, encode("/bridge/synced", (1,))):
            mute.sendto(packet, peer)
        assert next(client.hear(PATIENCE)) == Heard("/bridge/synced", (1,))


def test_a_daemon_that_falls_silent_is_given_up(mute: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing comes, the daemon is asked whether it is there; when it does not answer, that is said."""
    monkeypatch.setattr(jobs, "_QUIET", 0.05)
    heard: list[tuple[float, str]] = []
    with Client(*mute.getsockname()) as client, pytest.raises(CommandFailed, match="does not answer any more"):
        follow(client, wish("x", {}), lambda fraction, stage: heard.append((fraction, stage)))
    addresses = [mute.recv(65_536).split(b"\0")[0] for _ in range(2)]
    assert addresses == [b"/bridge/generate", b"/bridge/sync"]
    assert heard == []


def test_a_wish_carries_an_id_of_its_own() -> None:
    """So that it can be cancelled before a word was heard; one that is given is kept."""
    first, second = wish("x", {}), wish("x", {"bars": "2"})
    assert first.id != second.id
    assert second.arguments == ("x", "id", second.id, "bars", "2")
    assert wish(None, {"preset": "beat", "id": "mine"}) == jobs.Wish("mine", "/bridge/preset/beat", ("id", "mine"))


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"bars": "0"}, OutOfRange),
        ({"bars": "x"}, BadRequest),
        ({"bar": "1"}, UnknownKey),
        ({"preset": "../x"}, BadRequest),
    ],
)
def test_a_wish_that_cannot_be_is_refused(said: dict[str, str], error: type[Exception]) -> None:
    """The table of keys reads what the command line says before it is sent."""
    with pytest.raises(error):
        wish("x", said)
