"""Pads start jobs, knobs set their keys, lights follow: over MIDI that needs no driver, with a real daemon."""

import os
import pty
import random
import re
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import mido
import pytest
from daemons import PATIENCE, Running, daemon, follow, private_home, synced
from ports import free_port

PAD = 36
FIRST = "four-on-the-floor"


class Pads:
    """A pad controller at the other end of a TCP connection."""

    def __init__(self, port: int) -> None:
        self._socket = connected(port)
        self._parser = mido.Parser()

    def send(self, *messages: mido.Message) -> None:
        """Send messages."""
        self.send_bytes(b"".join(bytes(message.bytes()) for message in messages))

    def send_bytes(self, raw: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(raw)

    def hit(self, note: int, velocity: int = 100) -> None:
        """Hit a pad and let it go."""
        self.send(mido.Message("note_on", note=note, velocity=velocity), mido.Message("note_on", note=note, velocity=0))

    def lights(self, note: int, last: int) -> list[int]:
        """Return how bright the light of `note` was until it was `last`."""
        seen: list[int] = []
        until = monotonic() + PATIENCE
        while last not in seen[-1:]:
            left = until - monotonic()
            assert left > 0, f"{note} showed {seen}, and never {last}"
            if select.select([self._socket], [], [], left)[0]:
                self._parser.feed(self._socket.recv(4_096))
                seen += [each.velocity for each in self._parser if each.type == "note_on" and each.note == note]
        return seen

    def close(self) -> None:
        """Pull the plug."""
        self._socket.close()


def connected(port: int) -> socket.socket:
    """Connect to a daemon's port as soon as it is open."""
    until = monotonic() + PATIENCE
    while monotonic() < until:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            select.select([], [], [], 0.02)
    raise AssertionError(f"nobody listens at {port}")


@contextmanager
def playing(base: Path, **environment: str) -> Iterator[tuple[Running, Pads]]:
    """Run a daemon, and connect a controller to it that has lit up."""
    port = free_port()
    with daemon(base, DAW_BRIDGE_MIDI_NETWORK=str(port), **environment) as running:
        pads = Pads(port)
        pads.lights(51, last=1)  # armed: the daemon has seen it
        yield running, pads
        pads.close()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[tuple[Running, Pads]]:
    """A daemon and a controller."""
    with playing(tmp_path) as both:
        yield both


def status(client: object) -> dict[str, object]:
    """Return the daemon's status."""
    heard = client.ask("/bridge/status", "/bridge/status.reply", PATIENCE)  # type: ignore[attr-defined]
    return dict(zip(heard.arguments[::2], heard.arguments[1::2], strict=True))


def test_a_pad_makes_clips_and_its_light_follows_the_job(stage: tuple[Running, Pads]) -> None:
    """Queued, running, done: the light grows, ends at full, and the WAVs have landed."""
    running, pads = stage
    with running.client() as client:
        client.send("/bridge/notify", 1)
        synced(client)
        pads.hit(PAD)
        story = follow(client)
    assert story.ending.address == "/bridge/done"
    assert {path.name.split("_")[0] for path in story.paths} == {FIRST}
    shown = [light for light in pads.lights(PAD, last=127) if light > 1]
    assert shown == sorted(shown)


def test_knobs_and_force_say_what_the_job_is(stage: tuple[Running, Pads]) -> None:
    """A knob for takes, a soft hit for little variation: both are in the sidecar."""
    running, pads = stage
    with running.client() as client:
        client.send("/bridge/notify", 1)
        synced(client)
        pads.send(mido.Message("control_change", control=22, value=18))  # two of eight takes
        pads.hit(PAD, velocity=1)
        story = follow(client)
    assert len(story.paths) == 2
    plan = re.sub(r"\s", "", story.paths[0].with_suffix(".json").read_text())
    assert '"variation":0.205' in plan
    assert '"takes":2' in plan


def test_a_program_change_turns_the_bank(stage: tuple[Running, Pads]) -> None:
    """The same pad in the second bank is another preset."""
    running, pads = stage
    with running.client() as client:
        client.send("/bridge/notify", 1)
        synced(client)
        pads.send(mido.Message("program_change", program=1))
        pads.hit(PAD)
        assert follow(client).paths[0].name.startswith("sub-bass-line")


def test_a_controller_that_comes_back_lights_up_and_works(tmp_path: Path) -> None:
    """Unplugged and plugged in again: its lights are sent anew, and a pad starts a job."""
    port = free_port()
    with daemon(tmp_path, DAW_BRIDGE_MIDI_NETWORK=str(port)) as running, running.client() as client:
        client.send("/bridge/notify", 1)
        for _ in range(2):
            pads = Pads(port)
            pads.lights(51, last=1)
            pads.hit(PAD)
            assert follow(client).ending.address == "/bridge/done"
            pads.close()
            while status(client)["midi_ports"] != "none":
                pass


def test_a_clock_leads_the_session_and_a_job_has_its_tempo(stage: tuple[Running, Pads]) -> None:
    """Start and a few bars of ticks: a job that names no tempo is made for the clock's; the hand is told who leads."""
    running, pads = stage
    with running.client() as client:
        client.send("/bridge/notify", 1)
        pads.send(mido.Message("start"))
        begun = monotonic()
        told: dict[str, object] = {}
        for tick in range(16 * 96):  # two bars are enough, unless this machine is too busy to tick in time
            select.select([], [], [], max(0.0, begun + tick * 60 / 140 / 24 - monotonic()))
            pads.send(mido.Message("clock"))
            if tick % 96 == 95:
                told = status(client)
                if told["tempo_from"] == "midi":
                    break
        assert (told["tempo_from"], told["beat_from"], told["playing"]) == ("midi", "midi", "yes")
        assert told["tempo"] == pytest.approx(140, abs=1.0)
        client.send("/bridge/tempo", 90)
        (refusal,) = synced(client)
        assert refusal.address == "/bridge/error"
        assert "follows midi" in str(refusal.arguments[2])
        pads.hit(PAD)
        assert follow(client).paths[0].name.startswith(f"{FIRST}_1")


def test_whatever_a_cable_brings_nothing_dies(stage: tuple[Running, Pads]) -> None:
    """Random bytes, a flood of notes, SysEx without an end, another peer that leaves in mid-message: a pad works after."""
    running, pads = stage
    dice = random.Random(1)
    with running.client() as client:
        pads.send_bytes(dice.randbytes(100_000).replace(b"\xf8", b""))
        pads.send_bytes(b"\xf0" + bytes(10_000) + b"\x9f\x01")
        pads.send(*(mido.Message("note_on", channel=15, note=127, velocity=1) for _ in range(10_000)))
        client.send("/bridge/cancel", "all")
        synced(client)
        while status(client)["running"] != "none" or status(client)["waiting"]:
            client.send("/bridge/cancel", "all")
        client.send("/bridge/notify", 1)
        synced(client)
        told = status(client)
        assert int(str(told["midi_received"])) > 1_000
        client.send("/bridge/generate", "drums", "id", "after", "takes", 1)
        assert follow(client, "after").ending.address == "/bridge/done"


def test_a_map_that_there_is_not_is_named(tmp_path: Path) -> None:
    """The daemon does not start, with exit status 2, and says which maps there are."""
    command = [sys.executable, "-m", "daw_bridge", "serve", "--osc", "127.0.0.1:0", "--folder", str(tmp_path)]
    environment = {**os.environ, **private_home(tmp_path), "DAW_BRIDGE_MIDI_MAP": "drumkit"}
    ended = subprocess.run(
        [*command, "--state", str(tmp_path), "--midi", "*"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert ended.returncode == 2
    assert re.search(r"midi\.map is 'drumkit'; there is auto, apc-mini, keyboard, launchpad, mpd, pads", ended.stderr)


class Terminal:
    """``daw-bridge learn`` at a terminal, as a person has it."""

    def __init__(self, running: Running, *arguments: str) -> None:
        ours, theirs = pty.openpty()
        self._screen = ours
        command = [sys.executable, "-m", "daw_bridge", "learn", *arguments]
        osc = ["--osc", f"{running.host}:{running.port}"]
        self.process = subprocess.Popen([*command, *osc], stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self._seen = ""

    def see(self, words: str) -> None:
        """Wait until `words` are on the screen."""
        until = monotonic() + PATIENCE
        while words not in " ".join(self._seen.split()):
            left = until - monotonic()
            assert left > 0, self._seen
            if select.select([self._screen], [], [], left)[0]:
                self._seen += os.read(self._screen, 4_096).decode()

    def type(self, keys: str) -> None:
        """Type something."""
        os.write(self._screen, keys.encode())

    def close(self) -> int:
        """Wait for the end and return the exit status."""
        status = self.process.wait(PATIENCE)
        os.close(self._screen)
        return status


def learn(running: Running, pads: Pads, deed: str, note: int, says: str) -> None:
    """Teach a pad to do something, at a terminal."""
    terminal = Terminal(running, deed)
    terminal.see("touch the control for")
    pads.hit(note)
    terminal.see(says)
    assert terminal.close() == 0


def test_three_controls_are_learnt_one_conflict_is_shown_and_one_undone(stage: tuple[Running, Pads]) -> None:
    """Name the thing, touch the control, done; one that is taken is asked about, and undo brings back what was."""
    running, pads = stage
    learn(
        running, pads, "preset dub-techno-chords", 100, "note 100 on channel 1 does this now: preset dub-techno-chords"
    )
    learn(running, pads, "again", 101, "does this now: again")
    terminal = Terminal(running, "cancel all")
    terminal.see("touch the control for")
    pads.hit(PAD)
    terminal.see(f"note 36 does this already: preset {FIRST}")
    terminal.see("[y/N]")
    terminal.type("y\n")
    terminal.see("does this now: cancel all")
    assert terminal.close() == 0
    with running.client() as client:
        client.send("/bridge/notify", 1)
        synced(client)
        pads.hit(100)
        assert follow(client).paths[0].name.startswith("dub-techno-chords")
        pads.hit(101)
        assert follow(client).paths[0].name.startswith("dub-techno-chords")
        undone = Terminal(running, "--undo")
        undone.see("undone")
        assert undone.close() == 0
        synced(client)
        pads.hit(PAD)
        assert follow(client).paths[0].name.startswith(FIRST)


def test_a_control_that_is_taken_stays_so_when_nobody_agrees(stage: tuple[Running, Pads]) -> None:
    """No is the answer unless somebody says yes."""
    running, pads = stage
    terminal = Terminal(running, "stop")
    terminal.see("touch the control for")
    pads.hit(PAD)
    terminal.see("[y/N]")
    terminal.type("\n")
    terminal.see("nothing was changed")
    assert terminal.close() == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["preset no-such"], "there is no preset 'no-such'"),
        (["explode"], "nothing to do; there is preset"),
        (["set key"], "has no natural range"),
    ],
)
def test_what_no_control_can_do_is_refused_at_once(
    stage: tuple[Running, Pads], arguments: list[str], reason: str
) -> None:
    """Before any control is touched."""
    terminal = Terminal(stage[0], *arguments)
    terminal.see(reason)
    assert terminal.close() == 1
