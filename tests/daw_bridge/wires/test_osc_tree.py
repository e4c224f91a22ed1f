"""Laws of the OSCQuery tree: it has every address, each where it stands, with as many types as ranges and values."""

from collections.abc import Iterator
from typing import Any

import pytest

from daw_bridge.requests import JOB_KEYS
from daw_bridge.session import SessionState
from daw_bridge.values import Choice, Number, Switch, Text, Whole
from daw_bridge.wires.osc_addresses import PRESET, REPORTS, REQUESTS, SYNCED
from daw_bridge.wires.osc_tree import Node, find, span, tag, tree
from plugin_host.key import Key
from plugin_host.musictime import Meter, Tempo

STATE = SessionState(Tempo.parse("92.5"), Meter(7, 8), Key.parse("A minor"), 44_100)
ROOT = tree({"dub": "chords in an echo", "pad": ""}, STATE)


def nodes(node: Node) -> Iterator[Node]:
    """Yield `node` and all below it."""
    yield node
    for each in node.get("CONTENTS", {}).values():
        yield from nodes(each)


def test_every_address_has_its_node() -> None:
    """What is understood, what is reported, and each preset; and nothing but these and what leads there."""
    there = {each["FULL_PATH"] for each in nodes(ROOT) if each["ACCESS"]}
    fixed = {path for path in REQUESTS if not path.startswith(PRESET)}
    assert there == fixed | {*REPORTS.values(), SYNCED, f"{PRESET}dub", f"{PRESET}pad"}


def test_a_node_stands_where_it_says() -> None:
    """It is found at its own path, a slash behind it or not; beside it nothing is."""
    for each in nodes(ROOT):
        assert find(ROOT, each["FULL_PATH"]) is find(ROOT, each["FULL_PATH"] + "/") is each
        assert find(ROOT, each["FULL_PATH"].rstrip("/") + "/nothing") is None


def test_types_ranges_and_values_are_as_many() -> None:
    """One range and one value for each tag; whoever can be read has a value or is a report; no description is empty."""
    for each in nodes(ROOT):
        assert each["DESCRIPTION"]
        for row in {"RANGE", "VALUE"} & each.keys():
            assert len(each[row]) == len(each["TYPE"]), each
        assert ("VALUE" in each) <= bool(each["ACCESS"] & 1)


def test_values_are_the_sessions() -> None:
    """Tempo, meter, key and rate, at each address that sets them."""
    told = {each["FULL_PATH"]: each["VALUE"] for each in nodes(ROOT) if "VALUE" in each}
    assert told.pop("/bridge/version")
    assert told == {
        "/bridge/tempo": [92.5],
        "/tempo/raw": [92.5],
        "/bridge/meter": [7, 8],
        "/time/signature": ["7 / 8"],
        "/bridge/key": ["A minor"],
        "/bridge/samplerate": [44_100],
    }


@pytest.mark.parametrize(
    ("read", "letter", "reach"),
    [
        (Whole(1, 16), "i", {"MIN": 1, "MAX": 16}),
        (Whole(0, 2**63 - 1), "h", {"MIN": 0, "MAX": 2**63 - 1}),
        (Number(0, 1), "f", {"MIN": 0, "MAX": 1}),
        (JOB_KEYS["bpm"].read, "f", {"MIN": 20, "MAX": 999}),
        (JOB_KEYS["meter"].read, "s", None),
        (Choice(("folder", "device")), "s", {"VALS": ["folder", "device"]}),
        (Switch(), "T", None),
        (Text(9), "s", None),
    ],
)
def test_a_reader_has_a_type_and_a_range(read: Any, letter: str, reach: object) -> None:
    """As OSC and OSCQuery write them."""
    assert (tag(read), span(read)) == (letter, reach)


def test_a_job_is_told_its_keys() -> None:
    """All of the table, where a job can be started."""
    for path in ("/bridge/generate", "/bridge/again", "/bridge/preset"):
        node = find(ROOT, path)
        assert node is not None
        assert node["KEYS"].keys() == JOB_KEYS.keys()


def test_a_preset_is_a_button_that_says_what_it_is_for() -> None:
    """It needs no argument; one that says nothing has the words of the table."""
    dub, pad = find(ROOT, f"{PRESET}dub"), find(ROOT, f"{PRESET}pad")
    assert dub is not None
    assert pad is not None
    assert dub["TYPE"] == pad["TYPE"] == "N"
    assert dub["DESCRIPTION"].startswith("chords in an echo (")
    assert pad["DESCRIPTION"].startswith("starts a job from a preset (")
