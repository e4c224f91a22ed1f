"""Who is heard: this machine, and those on the list; nobody else, and never by accident."""

import os
import socket
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from daemons import PATIENCE, daemon, private_home, synced

from daw_bridge.client import Client
from daw_bridge.wires.osc_packet import encode


def outer_address() -> str:
    """Return an address of this machine that is not loopback. Skips the test where there is none."""
    for addresses in psutil.net_if_addrs().values():
        for each in addresses:
            if each.family is socket.AF_INET and not each.address.startswith("127."):
                return str(each.address)
    pytest.skip("this machine has no network")


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - it must not
def test_a_daemon_is_not_opened_to_the_network_by_accident(tmp_path: Path, host: str) -> None:
    """The address alone ends it with 2, before anything is opened, and names the list."""
    command = [sys.executable, "-m", "daw_bridge", "serve", "--osc", f"[{host}]:0", "--state", str(tmp_path)]
    ended = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env={**os.environ, **private_home(tmp_path)},
    )
    assert ended.returncode == 2
    assert "list those that may ask in osc.allow" in ended.stderr


def test_a_stranger_is_counted_and_not_answered(tmp_path: Path) -> None:
    """Not even told that its address is unknown; once it is on the list, it is answered."""
    address = outer_address()
    for allowed, strangers in (("192.0.2.7", 3), (address, 0)):
        base = tmp_path / allowed
        base.mkdir()
        opened = daemon(base, "--osc", "0.0.0.0:0", DAW_BRIDGE_OSC_ALLOW=allowed)
        with opened as running, Client(address, running.port) as outer, Client("127.0.0.1", running.port) as inner:
            for packet in (encode("/bridge/version", []), encode("/nothing", []), b"no OSC"):
                outer.send_packet(packet)
            synced(inner)
            status = inner.ask("/bridge/status", "/bridge/status.reply", PATIENCE)
            assert status is not None
            told = dict(zip(status.arguments[::2], status.arguments[1::2], strict=True))
            assert told["strangers"] == strangers
            answer = outer.ask("/bridge/version", "/bridge/version.reply", 0.5 if strangers else PATIENCE)
            assert (answer is None) is bool(strangers)


def test_a_stranger_reads_nothing_either(tmp_path: Path) -> None:
    """A question by HTTP from who is not on the list is cut off without an answer, and counted; one from here is answered."""
    address = outer_address()
    opened = daemon(tmp_path, "--osc", "0.0.0.0:0", DAW_BRIDGE_OSC_ALLOW="192.0.2.7")
    with opened as running, Client("127.0.0.1", running.port) as inner:
        for host, answered in ((address, False), ("127.0.0.1", True)):
            with closing(HTTPConnection(host, int(str(told_of(inner)["query_port"])), timeout=PATIENCE)) as connection:
                connection.connect()
                try:
                    connection.request("GET", "/?HOST_INFO")
                    status = connection.getresponse().status
                except OSError:
                    status = 0
            assert status == (200 if answered else 0)
        told = told_of(inner)
        assert (told["query_strangers"], told["queries"]) == (1, 1)


def told_of(client: Client) -> dict[str, object]:
    """Return the status."""
    heard = client.ask("/bridge/status", "/bridge/status.reply", PATIENCE)
    assert heard is not None
    return {str(name): value for name, value in zip(heard.arguments[::2], heard.arguments[1::2], strict=True)}
