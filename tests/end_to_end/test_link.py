"""Ableton Link, with a peer that nobody here wrote, in a network of this machine alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import monotonic

import linkpeer
import pytest
from alone import alone as network_alone
from daemons import PATIENCE, Running, daemon, synced
from real import missing
from talker import Talker, talker

from daw_bridge.client import Client
from daw_bridge.wires.osc_packet import Argument

pytestmark = pytest.mark.real


@pytest.fixture
def alone() -> Iterator[None]:
    """Put this thread, and what it starts, into a network that is this machine alone: Link speaks to all there is."""
    if find_spec("aalink") is None or find_spec("link") is None:
        missing("aalink or LinkPython is not installed")
    with network_alone():
        yield


@dataclass(frozen=True, slots=True)
class Told:
    """What the peer says of the session: how many it sees, tempo, phase of four beats, and when that was."""

    peers: int
    tempo: float
    phase: float
    moment: float


def tell(other: Talker) -> Told:
    """Ask the peer."""
    other.say("tell")
    peers, tempo, phase, moment = other.words()
    return Told(int(peers), float(tempo), float(phase), float(moment))


@contextmanager
def linked(base: Path, **settings: str) -> Iterator[tuple[Running, Client]]:
    """Run a daemon that follows Link."""
    with daemon(base, DAW_BRIDGE_CLOCK_LINK="1", **settings) as running, running.client() as client:
        yield running, client


def at_last(client: Client, **wanted: Argument) -> dict[str, Argument]:
    """Ask for the status until it has what is wanted; a test that waits too long is ended from outside."""
    while True:
        heard = client.ask("/bridge/status", "/bridge/status.reply", PATIENCE)
        assert heard is not None
        told = {str(name): value for name, value in zip(heard.arguments[::2], heard.arguments[1::2], strict=True)}
        if all(told[name] == value for name, value in wanted.items()):
            return told


@pytest.mark.undisturbed
@pytest.mark.usefixtures("alone")
def test_a_peer_keeps_its_tempo_and_leads_ours(tmp_path: Path) -> None:
    """The daemon was there first, and changes nothing: it takes tempo and phase from who comes, and follows changes."""
    with linked(tmp_path) as (_, client):
        at_last(client, tempo=120.0, tempo_from="configuration")
        with talker(linkpeer.__file__, "133.25") as other:
            at_last(client, tempo=133.25, tempo_from="link", beat_from="link")
            while tell(other).peers != 1:
                pass
            assert tell(other).tempo == 133.25
            said, before = tell(other), monotonic()
            told = at_last(client)
            passed = ((before + monotonic()) / 2 - said.moment) * said.tempo / 60
            off = (float(str(told["beat"])) - said.phase - passed + 2) % 4 - 2
            assert abs(off) < 0.02  # beats: nine milliseconds, most of them the two questions' own
            other.say("tempo 98.5")
            begun = monotonic()
            at_last(client, tempo=98.5)
            assert monotonic() - begun < 60 / 98.5
            other.say("play")
            at_last(client, playing="yes")
            client.send("/bridge/tempo", 77)
            (refusal,) = synced(client)
            assert "follows link" in str(refusal.arguments[2])
            assert tell(other).tempo == 98.5
        at_last(client, tempo=77.0, tempo_from="hand")


@pytest.mark.usefixtures("alone")
def test_who_asks_to_lead_leads(tmp_path: Path) -> None:
    """With clock.lead, a tempo that is set by hand is everyone's."""
    with linked(tmp_path, DAW_BRIDGE_CLOCK_LEAD="1") as (_, client), talker(linkpeer.__file__, "140") as other:
        at_last(client, tempo=140.0, tempo_from="link")
        client.send("/bridge/tempo", 104)
        assert synced(client) == []
        at_last(client, tempo=104.0)
        while tell(other).tempo != pytest.approx(104):  # it hears of it a moment later
            pass
