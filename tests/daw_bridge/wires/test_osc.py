"""Laws of the OSC wire: who may ask, that the table is whole, and that nothing makes it deaf."""

import asyncio
from pathlib import Path

import pytest

from daw_bridge.client import Client
from daw_bridge.config import load
from daw_bridge.daemon import running
from daw_bridge.parts import built
from daw_bridge.presets import PresetShelf
from daw_bridge.reports import CODES
from daw_bridge.requests import Asker, Request, Said
from daw_bridge.wires.osc import may_ask
from daw_bridge.wires.osc_addresses import REPORTS, REQUESTS
from daw_bridge.wires.osc_calls import CALLS


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1", "192.0.2.7", "::ffff:192.0.2.7"])
def test_this_machine_and_those_listed_may_ask(host: str) -> None:
    """However the system writes their address."""
    assert may_ask(host, ("192.0.2.7",))


@pytest.mark.parametrize("host", ["192.0.2.8", "::ffff:192.0.2.8", "2001:db8::1", "fe80::1%eth0"])
def test_strangers_may_not(host: str) -> None:
    """Everyone else is counted and not answered."""
    assert not may_ask(host, ("192.0.2.7",))


@pytest.mark.parametrize(("host", "here"), [("127.0.0.1", "127.0.0.1"), ("192.0.2.7", "127.0.0.1"), ("::1", "::1")])
def test_a_port_that_a_file_names_can_be_sent_to(tmp_path: Path, host: str, here: str) -> None:
    """It is one of this machine, of the kind that the wire's own is."""
    wire = built(load(None, {}, {"osc.host": host, "osc.allow": ("192.0.2.8",), "paths.state": tmp_path})).osc
    request = Request(Said(reply_port=9_999), Asker("exchange me", "me", "exchange"), "/bridge/generate", 0.0)
    assert list(wire.hearers(request)) == [(here, 9_999)]


def test_every_address_of_the_table_is_served() -> None:
    """By a function of its own, but for the one that is the wire's."""
    assert CALLS.keys() | {"/bridge/notify"} == REQUESTS.keys()


def test_reports_have_addresses_of_their_own() -> None:
    """No two alike, none that is also a request, and every code is a word."""
    assert len(set(REPORTS.values())) == len(REPORTS)
    assert not set(REPORTS.values()) & REQUESTS.keys()
    assert all(code.replace("_", "").isalpha() for code in CODES)


def test_what_breaks_inside_costs_one_packet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of presets that cannot be read is said to whoever asked, and the next packet is worked off."""

    def unreadable(_shelf: PresetShelf) -> list[str]:
        raise PermissionError(13, "Permission denied", "presets")

    async def law() -> None:
        settings = {
            "osc.port": 0,
            "osc.announce": 0,
            "folder.path": tmp_path / "clips",
            "paths.state": tmp_path / "state",
        }
        async with running(load(None, {}, settings)) as daemon:
            monkeypatch.setattr(PresetShelf, "names", unreadable)
            with Client(*daemon.osc.address) as client:
                for address, answer in (
                    ("/bridge/preset/*", "/bridge/error"),
                    ("/bridge/version", "/bridge/version.reply"),
                ):
                    heard = await asyncio.to_thread(client.ask, address, answer, 10)
                    assert heard is not None
                    assert heard.address == answer

    asyncio.run(law())
