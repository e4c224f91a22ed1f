"""OSCQuery and zeroconf with a real daemon: it is found, and its addresses are read, by what nobody here wrote."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import querypeer
from alone import alone
from daemons import PATIENCE, Running, daemon, synced
from pythonoscquery.osc_query_client import OSCQueryClient
from pythonoscquery.shared.osc_path_node import OSCPathNode
from talker import talker
from zeroconf import ServiceInfo

from daw_bridge.presets import PresetShelf, factory_folder
from daw_bridge.wires.osc_packet import Argument

OSCJSON, OSC = "_oscjson._tcp.local.", "_osc._udp.local."


def port_of(running: Running) -> int:
    """Return the port of OSCQuery: in tests, OSC's own may be somebody else's under TCP."""
    with running.client() as client:
        heard = client.ask("/bridge/status", "/bridge/status.reply", PATIENCE)
    assert heard is not None
    return int(str(dict(zip(heard.arguments[::2], heard.arguments[1::2], strict=True))["query_port"]))


def ask(running: Running, where: str) -> tuple[int, Any]:
    """Ask for `where`; return the status and what was told."""
    with closing(HTTPConnection(running.host, port_of(running), timeout=PATIENCE)) as connection:
        connection.request("GET", where)
        answer = connection.getresponse()
        body = answer.read()
        return answer.status, json.loads(body) if body else None


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield `node` and all below it."""
    yield node
    for each in node.get("CONTENTS", {}).values():
        yield from nodes(each)


def client_of(running: Running) -> OSCQueryClient:
    """Return python-oscquery's client of a daemon whose address is known."""
    address = [socket.inet_aton(running.host)]
    return OSCQueryClient(ServiceInfo(OSCJSON, f"daw-bridge.{OSCJSON}", port_of(running), addresses=address))


@pytest.mark.real
def test_python_oscquery_reads_the_session(own: Running) -> None:
    """Each value is what the session has at the moment, and where OSC is heard is told."""
    client = client_of(own)
    with own.client() as hand:
        for address, said in (("tempo", (92.5,)), ("meter", (7, 8)), ("key", ("F# minor",)), ("samplerate", (44_100,))):
            hand.send(f"/bridge/{address}", *said)
            assert synced(hand) == []
            node = client.query_node(f"/bridge/{address}")
            assert isinstance(node, OSCPathNode)
            assert (node.full_path, node.access, tuple(node.value)) == (f"/bridge/{address}", 3, said)
            assert node.description
    host = client.get_host_info()
    assert host is not None
    assert host.name == f"daw-bridge {own.port}"
    assert (host.osc_ip, host.osc_port, host.osc_transport) == (own.host, own.port, "UDP")
    assert host.extensions["VALUE"] is True
    assert client.query_node("/bridge/nothing") is None


def test_the_tree_has_each_preset_and_what_it_is_for(shared: Running) -> None:
    """As the shelf has them; and one attribute is told alone, or is not there."""
    status, root = ask(shared, "/")
    there = {each.name: each.about for each in PresetShelf([factory_folder()]).all()[0]}
    presets = root["CONTENTS"]["bridge"]["CONTENTS"]["preset"]["CONTENTS"]
    assert status == 200
    assert presets.keys() == there.keys()
    assert all(presets[name]["DESCRIPTION"].startswith(about) for name, about in there.items())
    assert ask(shared, "/bridge/tempo?RANGE") == (200, {"RANGE": [{"MIN": 20, "MAX": 999}]})
    assert ask(shared, "/bridge/generate?VALUE") == (204, None)
    assert ask(shared, "/bridge/tempo?NOTHING")[0] == 400
    assert ask(shared, "/bridge/nothing")[0] == 404


SAMPLES: dict[str, list[Argument]] = {
    "/time/signature": ["7 / 8"],
    "/beat/str": ["1.1.00"],
    "/bridge/key": ["A minor"],
    "/bridge/cancel": ["all"],
    "/bridge/generate": ["drums"],
}
"""What one may say where the tree only says that it is text."""


def plainest(node: dict[str, Any]) -> Iterator[list[Argument]]:
    """Yield what the tree says that a node takes: the least and the most of all ranges, or nil."""
    if node["FULL_PATH"] in SAMPLES:
        yield SAMPLES[node["FULL_PATH"]]
        return
    for end in ("MIN", "MAX"):
        row: list[Argument] = []
        for tag, reach in zip(node["TYPE"], node.get("RANGE", [None]), strict=True):
            row.append(True if tag == "T" else None if tag == "N" else float(reach[end]) if tag == "f" else reach[end])
        yield row


def test_what_the_tree_says_is_taken_is_taken(own: Running) -> None:
    """Each request at the ends of its range; what wants an audio device or a job is refused for that alone."""
    wanting = {"device_unavailable", "unknown_job"}
    others = ("/bridge/preset/", "/bridge/learn")  # dozens of jobs; and what wants a controller
    _, root = ask(own, "/")
    sent = [each for each in nodes(root) if each["ACCESS"] & 2 and not each["FULL_PATH"].startswith(others)]
    assert len(sent) > 15
    with own.client() as hand:
        for node in sent:
            for row in plainest(node):
                hand.send(node["FULL_PATH"], *row)
        hand.send("/bridge/cancel", "all")
        refused = [each.arguments for each in synced(hand) if each.address == "/bridge/error"]
    assert [row for row in refused if row[1] not in wanting] == []


def test_where_the_port_is_taken_another_is_told(tmp_path: Path) -> None:
    """OSCQuery answers there, and tells where OSC is; the log says why."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with daemon(tmp_path, "--osc", f"127.0.0.1:{port}") as running:
            assert port_of(running) != port
            assert ask(running, "/?HOST_INFO")[1]["OSC_PORT"] == port
    assert f"as {port} is taken" in (tmp_path / "log").read_text()


@pytest.mark.real
def test_a_program_finds_the_daemon_by_itself(tmp_path: Path) -> None:
    """Both services, on this machine alone; what OSCQuery tells through them is right; and they are withdrawn at the end."""
    with alone(), talker(querypeer.__file__) as peer:
        with daemon(tmp_path, "--osc", "127.0.0.1:9310", DAW_BRIDGE_OSC_ANNOUNCE="1"):  # in this network it is free
            for kind in (OSC, OSCJSON):
                peer.say(f"find {kind}")
                assert peer.words() == [f"daw-bridge.{kind}", "127.0.0.1", "9310"]
            peer.say("read")
            assert peer.words() == ["daw-bridge", "127.0.0.1", "9310", "120.0"]
        peer.say(f"gone daw-bridge.{OSCJSON}")
        assert peer.words() == ["gone"]
