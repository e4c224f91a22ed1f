"""The layout of TouchOSC: it is what its description makes, it is sound, and whatever it sends is understood."""

import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path

import panels
import py2tosc
import pytest
from daemons import daemon, synced
from real import need

from daw_bridge.presets import PresetShelf, factory_folder
from daw_bridge.requests import JOB_KEYS
from daw_bridge.wires.osc_addresses import REPORTS, REQUESTS
from daw_bridge.wires.osc_packet import Argument

HERE = panels.TOUCHOSC.parent
LAYOUT = py2tosc.load(panels.TOUCHOSC)
SCRIPTED = [each for each in LAYOUT.walk() if each.get("script") and "'ask'" in each.script and each is not LAYOUT.root]


def quoted(text: object) -> str:
    """Return text as Lua reads it."""
    return f"[==[\n{text or ''}]==]"


def played(*lines: str) -> list[list[str]]:
    """Run the scripts of the layout under Lua, do what `lines` say, and return what was written, in words."""
    rows = []
    for control in LAYOUT.walk():
        values = ", ".join(f"{each.key} = {lua(each.default)}" for each in control.values)
        name, tag, script = (quoted(control.get(key)) for key in ("name", "tag", "script"))
        rows.append(f"{{name = {name}, tag = {tag}, script = {script}, values = {{{values}}}}}")
    model = (Path(__file__).with_name("model.lua")).read_text()
    program = f"controls = {{{', '.join(rows)}}}\n{model}"
    command = [need("lua5.4"), "-e", program]
    done = subprocess.run(
        command, input="".join(f"{line}\n" for line in lines), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def lua(value: object) -> str:
    """Return a starting value as Lua reads it."""
    if isinstance(value, str):
        return quoted(value)
    return str(value).lower() if isinstance(value, bool) else repr(float(str(value)))


def sent(lines: Sequence[Sequence[str]]) -> list[tuple[str, list[Argument]]]:
    """Return the messages in what the scripts wrote."""
    messages: list[tuple[str, list[Argument]]] = []
    for verb, path, *words in lines:
        assert verb == "send"
        pairs = zip(words[::2], words[1::2], strict=True)
        messages.append((path, [int(word) if tag == "i" else word for tag, word in pairs]))
    return messages


def plain(x: float) -> list[tuple[str, list[Argument]]]:
    """Return what the controls without a script send when their value goes to `x`."""
    messages: list[tuple[str, list[Argument]]] = []
    for control in LAYOUT.walk():
        for message in control.messages:
            assert isinstance(message, py2tosc.OscMessage)
            assert message.send
            rises = all(str(each.condition) == "RISE" for each in message.triggers)
            if (rises and x == 0) or (control.control_type is py2tosc.ControlType.BUTTON and 0 < x < 1):
                continue
            row: list[Argument] = [
                each.scale_min + (each.scale_max - each.scale_min) * x if str(each.type) == "VALUE" else each.value
                for each in message.arguments
            ]
            messages.append(("".join(each.value for each in message.path), row))
    return messages


def test_the_file_is_what_the_description_makes() -> None:
    """``python tests/panels.py`` would change nothing."""
    assert LAYOUT.dumps() == panels.layout().dumps()


def test_the_layout_is_sound() -> None:
    """py2tosc finds nothing that TouchOSC would refuse or ignore."""
    assert LAYOUT.validate() == []


def test_every_preset_has_a_button() -> None:
    """Of those that come along; on the page of its family."""
    pager = LAYOUT.find("presets")
    assert pager is not None
    there = {(page.name, each.name) for page in pager.children for each in page.walk() if each.get("tag")}
    assert there == {(each.family, each.name) for each in PresetShelf([factory_folder()]).all()[0]}


@pytest.mark.real
def test_whatever_it_sends_is_understood(tmp_path: Path) -> None:
    """Every button and fader, by its script under a real Lua and over real UDP: each preset is a job, and all is taken.

    But what wants an audio device.
    """
    choices = ("touch\tbars\t0.6", "touch\ttakes\t0.125")
    asked = sent(played(*choices, *(f"touch\t{each.name}\t1" for each in SCRIPTED)))
    presets = [(path, row) for path, row in asked if path.startswith("/bridge/preset/")]
    assert len(presets) == len(asked) - 1 == len(PresetShelf([factory_folder()]).names())
    assert all(row[:4] == ["bars", 4, "takes", 2] for _, row in presets)
    with daemon(tmp_path) as running, running.client() as hand:
        for path, row in (*sorted(asked, key=str, reverse=True), *plain(0), *plain(0.5), *plain(1)):
            hand.send(path, *row)  # the presets before again
        hand.send("/bridge/notify", 0)
        heard = synced(hand)
    queued = {each.arguments[0] for each in heard if each.address == "/bridge/queued"}
    refused = [each.arguments for each in heard if each.address == "/bridge/error"]
    assert len(queued) == len(asked)
    assert [row for row in refused if row[1] != "device_unavailable"] == []


@pytest.mark.real
def test_what_is_left_to_the_preset_is_not_said() -> None:
    """With both faders down a preset has its own bars and takes; again never has others than its job."""
    name = SCRIPTED[1].name
    assert sent(played(f"touch\t{name}\t1")) == [(f"/bridge/preset/{name}", ["reply_port", 9311])]
    said = sent(played("touch\tbars\t1", "touch\ttakes\t1", f"touch\t{name}\t1", "touch\tAgain\t1"))
    assert said[0][1] == ["bars", 16, "takes", 16, "reply_port", 9311]
    assert said[1] == ("/bridge/again", ["reply_port", 9311])


@pytest.mark.real
@pytest.mark.parametrize(
    ("report", "stage", "message"),
    [
        ("/bridge/queued\ts\tk1\ti\t0\tf\t3.4", "waiting, about 3 s", ""),
        ("/bridge/progress\ts\tk1\tf\t0.5\ts\trank", "rank", ""),
        ("/bridge/delivered\ts\tk1\ti\t1\tf\t0.8\ts\t/clips/dub_r1.wav", "", "dub_r1.wav"),
        ("/bridge/delivered\ts\tk1\ti\t2\tf\t0.7\ts\t/clips/dub_r2.wav", "", ""),
        ("/bridge/done\ts\tk1\ti\t4\tf\t2.25", "4 clips in 2.2 s", ""),
        ("/bridge/cancelled\ts\tk1", "cancelled", ""),
        ("/bridge/failed\ts\tk1\ts\tdisk_full\ts\tfree some", "disk_full", "free some"),
        ("/bridge/error\ts\t/x\ts\tbad_request\ts\twhy", "bad_request", "why"),
        ("/bridge/warning\ts\tk1\ts\tthe session moved on", "", "the session moved on"),
        ("/bridge/playing\ts\tk1\ti\t2\tf\t16\ti\t0", "", "playing k1, take 2"),
        ("/bridge/stopped\ts\tk1\ti\t2\ts\tover", "", "stopped k1, take 2"),
    ],
)
def test_reports_are_shown(report: str, stage: str, message: str) -> None:
    """Where a job is, what came of it, and what is wrong."""
    assert played(f"hear\t{report}", "read\tstage", "read\tmessage") == [
        ["heard", "true"],
        ["says", stage],
        ["says", message],
    ]


@pytest.mark.real
def test_a_fader_says_what_it_means() -> None:
    """In its unit; and a report that nobody asked about is left to others."""
    lines = (
        "touch\ttempo\t0.5",
        "read\ttempo says",
        "touch\tbars\t0.2",
        "read\tbars says",
        "hear\t/bridge/synced\ti\t1",
    )
    assert played(*lines) == [["says", "130.0 BPM"], ["says", "1 bars"], ["heard", "false"]]


def test_the_manifest_names_what_it_uses() -> None:
    """Each address that it sends or hears, and each key, all of which there are."""
    manifest = tomllib.loads((HERE / "surface.toml").read_text())["files"][0]
    script = LAYOUT.root.script
    hears = {path for path in REPORTS.values() if f"'{path.removeprefix('/bridge/')}'" in script}
    sends = {path for path, _ in plain(1)} | {"/bridge/preset/<name>", "/bridge/again"}
    assert {*manifest["uses"]} == hears | sends
    assert {*manifest["uses"]} <= {*REQUESTS, *REPORTS.values()}
    assert [*manifest["keys"]] == [key for key in ("bars", "takes", "reply_port") if f"'{key}'" in script]
    assert {*manifest["keys"]} <= {*JOB_KEYS}
