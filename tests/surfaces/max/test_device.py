"""The Max for Live device: its script drives the real daemon in a model of Max, and its patcher is whole."""

import json
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dukpy
import pytest
import soundfile
from daemons import PATIENCE, Running, daemon

from daw_bridge.wires.osc_packet import decode, encode

ROOT = Path(__file__).parents[3]
HERE = ROOT / "daw_bridge" / "surfaces" / "max"
PATCHER = json.loads((HERE / "daw-bridge.maxpat").read_text())["patcher"]

UI = {"comment": (1, 0), "textedit": (1, 4), "umenu": (1, 3), "number": (1, 2), "textbutton": (1, 3), "message": (2, 1)}
UI |= {"slider": (1, 1), "bpatcher": (0, 0)}
OBJECTS = {
    "js": (1, 4),
    "udpsend": (1, 0),
    "udpreceive": (1, 1),
    "prepend": (1, 1),
    "t": (1, 2),
    "midiin": (1, 1),
    "midiout": (1, 0),
}
"""How many inlets and outlets Max gives to each kind of box, by its reference pages; those of js are the script's own."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One daemon for all."""
    with daemon(tmp_path_factory.mktemp("max")) as one:
        yield one


class Device:
    """The script in a model of Max, between two UDP ports as the patcher has them."""

    def __init__(self, port: int, daws: dict[str, Any], guess: float = 1.0) -> None:
        self._ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ear.bind(("127.0.0.1", 0))
        self._ear.settimeout(PATIENCE)
        self._daemon = ("127.0.0.1", port)
        self._js = dukpy.JSInterpreter()
        self._given = {"port": self._ear.getsockname()[1], "set": daws, "guess": guess, "files": {}}
        model = (ROOT / "tests" / "maxmodel.js").read_text()
        script = (HERE / "daw_bridge.js").read_text()
        self._js.evaljs(f"{model}\n{script}\nvar all = this; 0", **self._given)
        self.lines: list[str] = []
        self.progress: list[int] = []
        self.menu: list[str] = []

    def close(self) -> None:
        """Close the port."""
        self._ear.close()

    def come(self, name: str, *atoms: object) -> None:
        """Let something come into the script, and pass on what goes out."""
        given = {**self._given, "name": name, "atoms": atoms}
        for outlet, said in self._js.evaljs("come(all, dukpy.name, dukpy.atoms)", **given):
            if outlet == 0:
                self._ear.sendto(encode(said[0], said[1:]), self._daemon)
            elif outlet == 1:
                self.lines.append(said[1])
            elif outlet == 2:
                self.progress.append(said[0])
            else:
                self.menu = [] if said == ["clear"] else [*self.menu, said[1]]

    def hear(self, ending: str) -> None:
        """Let what the daemon says come in until something comes at `ending`."""
        address = ""
        while address != ending:
            (message,) = decode(self._ear.recv(65_536))
            address = message.address
            if address == "/bridge/delivered":
                path = str(message.arguments()[3])
                story = json.loads(Path(path).with_suffix(".json").read_text())["clip"]
                info = soundfile.info(path)
                self._given["files"][path] = {
                    "frames": info.frames,
                    "rate": info.samplerate,
                    "beats": float(story["beats"]),
                }
            self.come(address, *message.arguments())

    def clip(self, track: int, slot: int) -> dict[str, Any] | None:
        """Return the clip in a slot; None where none is."""
        path = f"live_set tracks {track} clip_slots {slot} clip"
        found: dict[str, Any] | None = self._js.evaljs(f"set.objects[{path!r}] || null", **self._given)
        return found


def a_set(*, places: str = "create_audio_clip") -> dict[str, Any]:
    """Return a set at 97.5 BPM: the device on a MIDI track, an audio track selected, whose second slot is taken."""
    objects: dict[str, Any] = {"live_set": {"tempo": 97.5, "signature_numerator": 4, "signature_denominator": 4}}
    for track, audio in enumerate((0, 1)):
        objects[f"live_set tracks {track}"] = {"has_audio_input": audio, "is_foldable": 0}
        for slot in range(4):
            taken = int(audio == 1 and slot == 1)
            objects[f"live_set tracks {track} clip_slots {slot}"] = {"has_clip": taken, "info": f"function {places}"}
    aliases = {
        "this_device canonical_parent": "live_set tracks 0",
        "live_set view selected_track": "live_set tracks 1",
        "live_set view selected_scene": "live_set scenes 1",
    }
    return {"objects": objects, "aliases": aliases}


@contextmanager
def device(running: Running, daws: dict[str, Any] | None = None, guess: float = 1.0) -> Iterator[Device]:
    """Open a device."""
    one = Device(running.port, daws or a_set(), guess)
    try:
        yield one
    finally:
        one.close()


def test_a_prompt_becomes_takes_and_a_clip(running: Running) -> None:
    """Typed, generated, heard of, chosen, landed below the taken slot: exact, looping and named, at the set's tempo."""
    with device(running) as one:
        one.come("text", "dusty", "breakbeat", 808)
        one.come("bars", 2)
        one.come("takes", 2)
        one.come("generate")
        one.hear("/bridge/done")
        assert len(one.menu) == 2
        assert one.progress == sorted(one.progress)
        assert one.progress[-1] == 100
        one.come("take", 1)
        one.come("land")
        clip = one.clip(1, 2)
        assert clip is not None
        assert (clip["name"], clip["looping"], clip["loop_end"]) == ("dusty breakbeat 808", 1, 8)
        assert "_97.5bpm_" in clip["file_path"]
        assert clip["file_path"].endswith("_r2.wav")
        assert one.lines[-1] == "landed: 8 beats"


def test_a_preset_again_and_cancel(running: Running) -> None:
    """A preset from the menu, the same with the next seed, and a job that is called back."""
    with device(running) as one:
        one.come("preset", "boom-bap-loop")
        one.come("bars", 1)
        one.come("takes", 1)
        one.come("generate")
        one.hear("/bridge/done")
        one.come("again")
        one.hear("/bridge/done")
        assert len(one.menu) == 1
        one.come("bars", 64)
        one.come("takes", 16)
        one.come("generate")
        one.come("cancel")
        one.hear("/bridge/cancelled")
        assert one.lines[-1] == "cancelled"


def test_what_goes_wrong_is_said(running: Running) -> None:
    """Nothing to ask for, a preset that is not there, nothing to land: each has its line, with what to do."""
    with device(running) as one:
        for button in ("generate", "again", "land", "cancel"):
            one.come(button)
        assert len(one.lines) == 3
        one.come("preset", "no-such-thing")
        one.come("generate")
        one.hear("/bridge/error")
        assert "unknown_preset" in one.lines[-1]


@pytest.mark.parametrize(
    ("places", "selected", "guess", "words"),
    [
        ("nothing", "live_set tracks 1", 1.0, "Places"),
        ("create_audio_clip", "live_set tracks 0", 1.0, "select an audio track"),
        ("create_audio_clip", "live_set tracks 1", 2.0, "set its BPM to 97.5"),
    ],
)
def test_a_take_that_cannot_land_as_it_should_is_told_of(
    running: Running, places: str, selected: str, guess: float, words: str
) -> None:
    """An older Live, no audio track, a tempo that Live took for another."""
    daws = a_set(places=places)
    daws["aliases"]["live_set view selected_track"] = selected
    with device(running, daws, guess) as one:
        one.come("text", "vinyl noise")
        one.come("bars", 1)
        one.come("takes", 1)
        one.come("generate")
        one.hear("/bridge/done")
        one.come("land")
        assert words in one.lines[-1]


def test_the_script_is_of_maxs_age() -> None:
    """What runs it here refuses what came after ECMAScript 5, as the [js] object does."""
    for later in ("var f = () => 1;", "let x = 1;", "`a`;", "class A {}", "var {a} = {};"):
        with pytest.raises(dukpy.JSRuntimeError, match="SyntaxError"):
            dukpy.evaljs(later)


def _kind(box: dict[str, Any]) -> tuple[int, int]:
    """Return how many inlets and outlets a box should have."""
    return OBJECTS[box["text"].split()[0]] if box["maxclass"] == "newobj" else UI[box["maxclass"]]


def _device() -> dict[str, Any]:
    """Return the patcher in the device file: 32 bytes say what it is, the rest is JSON and a NUL."""
    data = (HERE / "daw-bridge.amxd").read_bytes()
    head = b"ampf" + struct.pack("<I", 4) + b"mmmm" + b"meta" + struct.pack("<II", 4, 0) + b"ptch"
    assert data.startswith(head)
    assert struct.unpack_from("<I", data, 28)[0] == len(data) - 32
    patcher: dict[str, Any] = json.loads(data[32:].rstrip(b"\0"))["patcher"]
    return patcher


@pytest.mark.parametrize("patcher", [PATCHER, _device()], ids=["maxpat", "amxd"])
def test_every_cord_has_its_ends(patcher: dict[str, Any]) -> None:
    """Each box has the inlets and outlets of its kind, each cord goes from one that is there to one that is there."""
    boxes = {row["box"]["id"]: row["box"] for row in patcher["boxes"]}
    assert len(boxes) == len(patcher["boxes"])
    for box in boxes.values():
        assert (box["numinlets"], box["numoutlets"]) == _kind(box), box["id"]
        assert len(box.get("outlettype", [])) == box["numoutlets"], box["id"]
    for line in patcher["lines"]:
        (source, outlet), (destination, inlet) = line["patchline"]["source"], line["patchline"]["destination"]
        assert 0 <= outlet < boxes[source]["numoutlets"]
        assert 0 <= inlet < boxes[destination]["numinlets"]


def test_every_control_reaches_the_script() -> None:
    """What the boxes say to the script is a function of its, and what is shown in Live fits into a device's height."""
    script = (HERE / "daw_bridge.js").read_text()
    functions = set(re.findall(r"^function (\w+)\(", script, re.MULTILINE)) - set(
        re.findall(r"^(\w+)\.local", script, re.MULTILINE)
    )
    boxes = {row["box"]["id"]: row["box"] for row in PATCHER["boxes"]}
    into = {row["patchline"]["source"][0] for row in PATCHER["lines"] if row["patchline"]["destination"][0] == "mind"}
    words = {boxes[each]["text"].split()[-1] for each in into if boxes[each]["maxclass"] in {"message", "newobj"}}
    words = (words - {"9312"}) | {"text", "anything"}
    assert words == functions
    assert "js daw_bridge.js 9312" in boxes["mind"]["text"]
    assert boxes["from-daemon"]["text"] == "udpreceive 9312"
    assert boxes["to-daemon"]["text"] == "udpsend 127.0.0.1 9310"
    for box in boxes.values():
        x, y, width, height = box.get("presentation_rect", [0, 0, 0, 0])
        assert x + width <= PATCHER["devicewidth"], box["id"]
        assert y + height <= 169, box["id"]  # pixels: what Live shows of a device


def test_the_menu_has_the_presets() -> None:
    """Those that come along, and a dash for none."""
    (menu,) = (row["box"]["items"] for row in PATCHER["boxes"] if row["box"]["id"] == "presets")
    assert menu[::2] == ["-", *sorted(path.stem for path in (ROOT / "presets").glob("*.toml"))]
    assert set(menu[1::2]) == {","}


def test_the_device_shows_the_patcher() -> None:
    """It lies beside the device under the name that the device asks for, and MIDI goes through."""
    shown = [row["box"]["name"] for row in _device()["boxes"] if row["box"]["maxclass"] == "bpatcher"]
    assert shown == ["daw-bridge.maxpat"]
    assert (HERE / shown[0]).is_file()
