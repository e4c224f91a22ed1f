"""The session follows the DAW: REAPER, Bitwig and Live, played by programs that speak their documented messages."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from daemons import PATIENCE, Running, daemon, follow, synced
from ports import free_port

from daw_bridge.client import Client
from daw_bridge.wires.osc_packet import Argument, decode, encode


def status(client: Client) -> dict[str, Argument]:
    """Return the daemon's status."""
    heard = client.ask("/bridge/status", "/bridge/status.reply", PATIENCE)
    assert heard is not None
    told = heard.arguments
    return {str(name): value for name, value in zip(told[::2], told[1::2], strict=True)}


def bundle(*messages: bytes) -> bytes:
    """Pack messages as one bundle for now, as REAPER sends its feedback."""
    parts = b"".join(struct.pack(">i", len(message)) + message for message in messages)
    return b"#bundle\0" + struct.pack(">Q", 1) + parts


def beats_since(begun: float, told: dict[str, Argument]) -> float:
    """Return how many beats can have passed since a moment, at the tempo that was told, and a little for rounding."""
    return (monotonic() - begun) * float(str(told["tempo"])) / 60 + 0.1


def test_reaper_leads_tempo_play_and_position(own: Running) -> None:
    """Its feedback comes as bundles of floats and strings; a job without a tempo is made for the project's."""
    with own.client() as client:
        client.send("/bridge/notify", 1)
        begun = monotonic()
        client.send_packet(
            bundle(
                encode("/tempo/raw", (93.5,)),
                encode("/play", (1.0,)),
                encode("/stop", (0.0,)),
                encode("/beat/str", ("3.1.00",)),
            )
        )
        synced(client)
        told = status(client)
        assert (told["tempo"], told["playing"], told["tempo_from"], told["beat_from"]) == (93.5, "yes", "daw", "daw")
        assert -0.1 <= float(str(told["beat"])) - 8.0 <= beats_since(begun, told)
        client.send("/bridge/generate", "drums", "takes", 1, "id", "reaper")
        assert "_93.5bpm_" in follow(client, "reaper").paths[0].name
        client.send_packet(bundle(encode("/play", (0.0,)), encode("/stop", (1.0,))))
        synced(client)
        assert status(client)["playing"] == "no"


def test_bitwig_leads_tempo_and_meter(own: Running) -> None:
    """Its signature is text, its position has sixteenths and ticks."""
    with own.client() as client:
        begun = monotonic()
        for address, value in (
            ("/tempo/raw", 140),
            ("/time/signature", "7 / 8"),
            ("/play", 1),
            ("/beat/str", "5.1.1:00"),
        ):
            client.send(address, value)
        assert not synced(client)
        told = status(client)
        assert (told["tempo"], told["meter"], told["playing"]) == (140.0, "7/8", "yes")
        assert -0.1 <= float(str(told["beat"])) - 14.0 <= beats_since(begun, told)


def test_a_nonsense_tempo_is_refused_by_name_and_the_last_good_one_stays(own: Running) -> None:
    """A host that says 3159345 is told the range."""
    with own.client() as client:
        client.send("/tempo/raw", 97.0)
        client.send("/tempo/raw", 3_159_345.0)
        (refusal,) = synced(client)
        assert refusal.address == "/bridge/error"
        assert "3159345" in str(refusal.arguments[2])
        assert "20 to 999" in str(refusal.arguments[2])
        assert status(client)["tempo"] == 97.0


def test_a_job_keeps_the_tempo_it_was_accepted_with_and_says_so(own: Running) -> None:
    """The session moves on while a long job runs: its report says what it was made for, and what the session is now."""
    with own.client() as client:
        client.send("/bridge/tempo", 120)
        client.send("/bridge/generate", "house drums", "bars", 64, "takes", 4, "id", "long")
        client.send("/bridge/tempo", 128)
        story = follow(client, "long")
        (warning,) = [each for each in story.heard if each.address == "/bridge/warning"]
        assert str(warning.arguments[1]) == (
            "made for tempo 120, as the session was when the job was accepted; now it is at tempo 128"
        )
        assert "_120bpm_" in story.paths[0].name


class Live:
    """AbletonOSC in a set: answers to its fixed port, whoever asks, and tells changes to what is listened to."""

    def __init__(self, hears: int, answers: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", hears))
        self._socket.settimeout(PATIENCE)
        self._to = ("127.0.0.1", answers)
        self.song: dict[str, Argument] = {
            "tempo": 87.25,
            "signature_numerator": 7,
            "signature_denominator": 8,
            "root_note": 9,
            "scale_name": "Dorian",
            "is_playing": False,
        }
        self.listened: set[str] = set()
        self.asked: set[str] = set()

    def answer_until(self, listened: str) -> None:
        """Answer questions until all was asked for, and `listened` is listened to.

        A set that is opened in the middle of the first questions misses some: they are asked again a second later.
        """
        while not (listened in self.listened and self.song.keys() <= self.asked):
            for message in decode(self._socket.recv(65_536)):
                _, _, _, verb, name = message.address.split("/")
                if verb == "get":
                    self.tell(name)
                    self.asked.add(name)
                elif verb == "start_listen":
                    self.listened.add(name)

    def tell(self, name: str, *value: Argument) -> None:
        """Tell a property."""
        self._socket.sendto(encode(f"/live/song/get/{name}", value or (self.song[name],)), self._to)

    def close(self) -> None:
        """Close the set."""
        self._socket.close()


@contextmanager
def with_live(base: Path, asks: int, hears: int) -> Iterator[Running]:
    """Run a daemon that follows Live."""
    environment = {
        "DAW_BRIDGE_CLOCK_LIVE": "1",
        "DAW_BRIDGE_CLOCK_LIVE_ASK": str(asks),
        "DAW_BRIDGE_CLOCK_LIVE_HEAR": str(hears),
    }
    with daemon(base, **environment) as running:
        yield running


def told_at_last(client: Client, **wanted: Argument) -> dict[str, Argument]:
    """Ask for the status until it has what is wanted; a test that waits too long is ended from outside."""
    told = status(client)
    while any(told[name] != value for name, value in wanted.items()):
        told = status(client)
    return told


def test_live_leads_tempo_meter_key_and_play(tmp_path: Path) -> None:
    """All of it is asked for and listened to; a job that says nothing has the set's tempo, meter and key."""
    asks, hears = free_port(), free_port()
    with with_live(tmp_path, asks, hears) as running, running.client() as client:
        client.send("/bridge/notify", 1)
        live = Live(asks, hears)
        live.answer_until("beat")
        told = told_at_last(client, tempo=87.25, meter="7/8", key="A minor", playing="no")
        assert told["tempo_from"] == "live"
        live.tell("is_playing", True)
        begun = monotonic()
        live.tell("beat", 21)
        told = told_at_last(client, playing="yes", beat_from="live")
        assert -0.1 <= float(str(told["beat"])) - 21.0 <= beats_since(begun, told)
        live.tell("tempo", 3_159_345.0)
        live.tell("tempo", 99.0)
        told_at_last(client, tempo=99.0)
        client.send("/bridge/generate", "chords", "takes", 1, "id", "live")
        assert "_99bpm_Amin_" in follow(client, "live").paths[0].name
        live.close()


def test_live_may_be_started_later_and_again(tmp_path: Path) -> None:
    """Nobody answers at first; a set that is opened is found, and so is the next one."""
    asks, hears = free_port(), free_port()
    with with_live(tmp_path, asks, hears) as running, running.client() as client:
        for tempo in (101.0, 102.0):
            live = Live(asks, hears)
            live.song["tempo"] = tempo
            live.answer_until("beat")
            assert told_at_last(client, tempo=tempo)["tempo_from"] == "live"
            live.close()
            told_at_last(client, tempo=tempo, tempo_from="configuration")


def test_a_port_that_is_taken_leaves_the_daemon_alive(tmp_path: Path) -> None:
    """Another program has AbletonOSC's answers: that is said, with the setting, and all else works."""
    asks, hears = free_port(), free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", hears))
        with with_live(tmp_path, asks, hears) as running, running.client() as client:
            assert status(client)["tempo_from"] == "configuration"
    assert f"UDP port {hears} is taken" in (tmp_path / "log").read_text()
    assert "clock.live_hear" in (tmp_path / "log").read_text()
