"""The session of Open Stage Control: it is what its description makes, and whatever it sends is understood."""

import json
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import panels
import pytest
from daemons import daemon, synced
from real import need

from daw_bridge.presets import PresetShelf, factory_folder
from daw_bridge.requests import JOB_KEYS
from daw_bridge.wires.osc_addresses import REPORTS, REQUESTS

SESSION = json.loads(panels.STAGE.read_text())

pytestmark = pytest.mark.real


def widgets(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield `row` and all below it."""
    yield row
    for each in (*row.get("widgets", ()), *row.get("tabs", ())):
        yield from widgets(each)


ALL = list(widgets(SESSION["content"]))
STARTING = [each for each in ALL if each["type"] == "button" and each.get("bypass")]
PLAIN = [each for each in ALL if each["type"] in {"button", "fader"} and not each.get("bypass")]


def played(*lines: dict[str, Any]) -> list[dict[str, Any]]:
    """Do what `lines` say under Node, and return what was written."""
    command = [need("node"), str(Path(__file__).with_name("model.js")), str(panels.STAGE)]
    words = "".join(f"{json.dumps(line)}\n" for line in lines)
    done = subprocess.run(command, input=words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_file_is_what_the_description_makes() -> None:
    """``python tests/panels.py`` would change nothing."""
    assert panels.STAGE.read_text() == panels.written(panels.session())


def test_a_container_sends_nothing() -> None:
    """A tab that is chosen, a switch or a text would otherwise send its value to an address that nobody knows."""
    silent = [each for each in ALL if each["type"] not in {"button", "fader"} or each["id"] in {"takes", "progress"}]
    assert silent
    assert all(each["bypass"] is True for each in silent)


def test_every_preset_has_a_button() -> None:
    """Of those that come along; on the tab of its family."""
    tabs = [each for each in ALL if each["type"] == "tab"]
    there = {(tab["id"], each["address"].removeprefix("/bridge/preset/")) for tab in tabs for each in tab["widgets"]}
    assert there == {(each.family, each.name) for each in PresetShelf([factory_folder()]).all()[0]}


def test_whatever_it_sends_is_understood(tmp_path: Path) -> None:
    """Every button and fader, its script under Node, over real UDP: each preset is a job, and all is taken.

    But what wants an audio device.
    """
    ends = [{"move": [each["id"], each["range"][end]]} for each in PLAIN if "range" in each for end in ("min", "max")]
    touches = [{"press": each["id"]} for each in (*STARTING, *PLAIN) if each["type"] == "button"]
    choices = [{"set": ["bars", 4]}, {"set": ["takes", 2]}]
    sent = [each["send"] for each in played(*choices, *touches, *ends, {"move": ["Hear all", 0]})]
    assert len(sent) == len(touches) + len(ends) + 1
    with daemon(tmp_path) as running, running.client() as hand:
        for path, *row in sent:
            hand.send(path, *(each["value"] if each["type"] == "i" else as_typed(each) for each in row))
        heard = synced(hand)
    queued = {each.arguments[0] for each in heard if each.address == "/bridge/queued"}
    refused = [each.arguments for each in heard if each.address == "/bridge/error"]
    assert len(queued) == len(STARTING) + 1  # again
    assert [row for row in refused if row[1] != "device_unavailable"] == []


def as_typed(argument: dict[str, Any]) -> float | str:
    """Return an argument as its type tag has it."""
    return float(argument["value"]) if argument["type"] == "f" else str(argument["value"])


def test_what_is_left_to_the_preset_is_not_said() -> None:
    """Until something is chosen, a preset has its own bars and takes."""
    (button, *_) = STARTING
    first, second = played({"press": button["id"]}, {"set": ["bars", 8]}, {"press": button["id"]})
    assert first["send"] == [button["address"]]
    assert second["send"] == [button["address"], {"type": "s", "value": "bars"}, {"type": "i", "value": 8}]


@pytest.mark.parametrize(
    ("report", "stage", "message"),
    [
        (["/bridge/queued", "k1", 0, 3.4], "waiting, about 3 s", ""),
        (["/bridge/progress", "k1", 0.5, "rank"], "rank", ""),
        (["/bridge/delivered", "k1", 1, 0.8, "C:\\clips\\dub_r1.wav"], "", "dub_r1.wav"),
        (["/bridge/done", "k1", 4, 2.26], "4 clips in 2.3 s", ""),
        (["/bridge/cancelled", "k1"], "cancelled", ""),
        (["/bridge/failed", "k1", "disk_full", "free some"], "disk_full", "free some"),
        (["/bridge/error", "/x", "bad_request", "why"], "bad_request", "why"),
        (["/bridge/warning", "k1", "the session moved on"], "", "the session moved on"),
        (["/bridge/playing", "k1", 2, 16.0, 0], "", "playing k1, take 2"),
        (["/bridge/stopped", "k1", 2, "over"], "", "stopped k1, take 2"),
    ],
)
def test_reports_are_shown(report: list[Any], stage: str, message: str) -> None:
    """Where a job is, what came of it, and what is wrong."""
    assert played({"hear": report}, {"read": "stage"}, {"read": "message"}) == [{"says": stage}, {"says": message}]


def test_the_manifest_names_what_it_uses() -> None:
    """Each address that it sends or hears, and each key, all of which there are."""
    (manifest,) = tomllib.loads((panels.STAGE.parent / "surface.toml").read_text())["files"]
    named = {each["address"] for each in ALL if each["type"] in {"button", "fader", "variable"} and "address" in each}
    fixed = {path for path in named if not path.startswith("/bridge/preset/")}
    assert {*manifest["uses"]} == fixed | {"/bridge/preset/<name>"}
    assert {*manifest["uses"]} <= {*REQUESTS, *REPORTS.values()}
    assert manifest["keys"] == [key for key in JOB_KEYS if f'"{key}"' in STARTING[0]["onValue"]]
