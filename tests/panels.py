"""The panels for tablets, made from one description. ``python tests/panels.py`` writes TouchOSC's and Open Stage Control's.

py2tosc knows TouchOSC's file; a session of Open Stage Control is JSON with the names of its reference, and what is left out
has its default. What a panel does beyond that stands in a script of its own language.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path
from typing import Any

import py2tosc
from py2tosc import ui

from daw_bridge.presets import PresetShelf, factory_folder

SURFACES = Path(__file__).parents[1] / "daw_bridge" / "surfaces"
TOUCHOSC = SURFACES / "touchosc" / "daw-bridge.tosc"
STAGE = SURFACES / "open_stage_control" / "daw-bridge.json"

_IDS = uuid.UUID("1d6f4c1e-0c5b-5f0a-9f6e-5a8d1f0f7b10")  # so that the same panel is the same file
_ASK = (
    "function onValueChanged(key)\n  if key == 'x' and self.values.x == 1 then root:notify('ask', self.tag) end\nend\n"
)
_SHOW = "function onValueChanged(key)\n  if key == 'x' then root:notify('show', self.name) end\nend\n"


@dataclass(frozen=True, slots=True)
class Slider:
    """A fader that sends `address` with a number from `low` to `high`, `first` at the start."""

    name: str
    address: str
    low: float
    high: float
    first: float
    unit: str


@dataclass(frozen=True, slots=True)
class Button:
    """A button that sends `address`, with `word` if there is one. What `starts` a job hears its reports."""

    label: str
    address: str
    word: str = ""
    starts: str = ""


SLIDERS = (Slider("tempo", "/bridge/tempo", 60, 200, 120, "BPM"), Slider("gain", "/bridge/gain", -60, 6, 0, "dB"))
BUTTONS = (
    Button("Again", "/bridge/again", starts="a job"),
    Button("Cancel", "/bridge/cancel", word="all"),
    Button("Previous", "/bridge/prev"),
    Button("Play", "/bridge/play"),
    Button("Stop", "/bridge/stop"),
    Button("Next", "/bridge/next"),
)
BARS, TAKES = (0, 1, 2, 4, 8, 16), range(17)  # 0 leaves it to the preset
COLOURS = ("#c96f4a", "#4a8fc9", "#8a6fc9", "#4aa37a", "#c9a24a", "#c94a77", "#5f7fa8", "#7f9a4a", "#9a6a5f")


def families() -> Mapping[str, Sequence[str]]:
    """Return the names of the presets that come along, by family."""
    rows = groupby(PresetShelf([factory_folder()]).all()[0], lambda each: each.family)
    return {family: [each.name for each in presets] for family, presets in rows}


def caption(text: str, name: str = "", **properties: Any) -> py2tosc.Control:
    """Return a label of TouchOSC's."""
    values = [py2tosc.Value("text", default=text), py2tosc.Value("touch")]
    return py2tosc.label(name=name, values=values, background=False, outline=False, text_size=18, **properties)


def on(control: py2tosc.Control, text: str) -> py2tosc.Control:
    """Return `control` with a caption on it."""
    return ui.stack(control, caption(text))


def touched(button: Button, colour: str = "#555555") -> py2tosc.Control:
    """Return a button of TouchOSC's."""
    if button.starts:
        return on(py2tosc.button(name=button.label, tag=button.address, script=_ASK, color=colour), button.label)
    said = [ui.const(button.word)] if button.word else [ui.value("x")]
    message = ui.osc(button.address, args=said, on="RISE", receive=False)
    return on(py2tosc.button(name=button.label, messages=[message], color=colour), button.label)


def moved(slider: Slider) -> py2tosc.Control:
    """Return a fader of TouchOSC's, with what it says under it."""
    said = [ui.value("x", scale=(slider.low, slider.high))]
    messages = [ui.osc(slider.address, args=said, receive=False)] if slider.address else []
    at = (slider.first - slider.low) / (slider.high - slider.low)
    fader = py2tosc.fader(
        name=slider.name,
        tag=f"{slider.low:g} {slider.high:g} {slider.unit}",
        script=_SHOW,
        messages=messages,
        values=[py2tosc.Value("x", default=at), py2tosc.Value("touch")],
        orientation=py2tosc.Orientation.EAST,
    )
    return ui.column(fader, caption(f"{slider.name}", f"{slider.name} says"), sizes=(2, 1))


def layout() -> py2tosc.Document:
    """Return the layout of TouchOSC."""
    presets = [
        ui.tiles(
            *(touched(Button(name, f"/bridge/preset/{name}", starts="a job"), colour) for name in names),
            columns=3,
            gap=6,
            pad=6,
            name=family,
            tab_label=family,
        )
        for (family, names), colour in zip(families().items(), COLOURS, strict=True)
    ]
    left_to_presets = (Slider("bars", "", 0, 16, 0, "bars"), Slider("takes", "", 0, 16, 0, "takes"))
    listen = py2tosc.button(
        name="Hear all",
        button_type=py2tosc.ButtonType.TOGGLE_PRESS,
        messages=[ui.osc("/bridge/notify", args=[ui.value("x")], receive=False)],
    )
    root = ui.column(
        ui.row(
            ui.stack(
                py2tosc.fader(name="progress", interactive=False, orientation=py2tosc.Orientation.EAST),
                caption("", "stage"),
            ),
            caption("", "message"),
            gap=6,
        ),
        ui.row(*(touched(each) for each in BUTTONS), on(listen, "Hear all"), gap=6),
        ui.row(*(moved(each) for each in (*left_to_presets, *SLIDERS)), gap=6),
        ui.pager(*presets, name="presets"),
        sizes=(1, 1, 1.3, 6),
        gap=8,
        pad=8,
        frame=(0, 0, 1024, 768),
        name="daw-bridge",
        script=(SURFACES / "touchosc" / "panel.lua").read_text(),
    )
    document = py2tosc.Document(root=root)
    document.resolve()
    for number, control in zip(count(), document.walk()):
        object.__setattr__(control, "id", str(uuid.uuid5(_IDS, str(number))))
    return document


_STARTS = """\
var said = []
if (get("bars") > 0) said.push("bars", {type: "i", value: get("bars")})
if (get("takes") > 0) said.push("takes", {type: "i", value: get("takes")})
send(getProp("this", "address"), ...said)
"""
_HEARS = {
    "/bridge/queued": 'set("progress", 0); set("stage", "waiting, about " + Math.round(value[2]) + " s")',
    "/bridge/progress": 'set("progress", value[1]); set("stage", value[2])',
    "/bridge/done": 'set("progress", 1); set("stage", value[1] + " clips in " + value[2].toFixed(1) + " s")',
    "/bridge/cancelled": 'set("progress", 0); set("stage", "cancelled")',
    "/bridge/failed": 'set("progress", 0); set("stage", value[1]); set("message", value[2])',
    "/bridge/error": 'set("progress", 0); set("stage", value[1]); set("message", value[2])',
    "/bridge/warning": 'set("message", value[1])',
    "/bridge/delivered": 'if (value[1] == 1) set("message", value[3].split(/[\\\\/]/).pop())',
    "/bridge/playing": 'set("message", "playing " + value[0] + ", take " + value[1])',
    "/bridge/stopped": 'set("message", "stopped " + value[0] + ", take " + value[1])',
}
"""What each report does, in Open Stage Control's JavaScript."""


def panel(name: str, layout: str, widgets: Sequence[Mapping[str, Any]], **more: Any) -> Mapping[str, Any]:
    """Return a panel of Open Stage Control."""
    return {"type": "panel", "id": name, "layout": layout, "bypass": True, "scroll": False, **more, "widgets": widgets}


def pressed(button: Button) -> Mapping[str, Any]:
    """Return a button of Open Stage Control."""
    row = {"type": "button", "id": button.label, "label": button.label, "address": button.address, "expand": True}
    if button.word:
        return {**row, "mode": "tap", "on": button.word}
    return {**row, "mode": "momentary"}


def session() -> Mapping[str, Any]:
    """Return the session of Open Stage Control."""
    presets = [
        {
            "type": "tab",
            "id": family,
            "layout": "grid",
            "gridTemplate": 3,
            "colorWidget": colour,
            "bypass": True,
            "widgets": [
                {**pressed(Button(name, f"/bridge/preset/{name}")), "wrap": "soft", "bypass": True, "onValue": _STARTS}
                for name in names
            ],
        }
        for (family, names), colour in zip(families().items(), COLOURS, strict=True)
    ]
    sliders = [
        {
            "type": "fader",
            "id": each.name,
            "address": each.address,
            "html": f"{each.name}, {each.unit}",
            "horizontal": True,
            "design": "compact",
            "expand": True,
            "range": {"min": each.low, "max": each.high},
            "default": each.first,
            "typeTags": "f",
            "decimals": 1,
        }
        for each in SLIDERS
    ]
    bars = {"type": "switch", "id": "bars", "layout": "horizontal", "default": 0, "bypass": True, "expand": True}
    takes = {"type": "fader", "id": "takes", "html": "takes", "horizontal": True, "design": "compact", "expand": True}
    progress = {"type": "fader", "id": "progress", "horizontal": True, "design": "compact", "expand": True}
    text = {"type": "text", "expand": True, "wrap": "soft", "bypass": True}
    listen = {**pressed(Button("Hear all", "/bridge/notify")), "mode": "toggle", "on": 1, "off": 0, "typeTags": "i"}
    content = {
        "type": "root",
        "id": "root",
        "layout": "vertical",
        "bypass": True,
        "widgets": [
            panel(
                "reports",
                "horizontal",
                [
                    {**progress, "interaction": False, "bypass": True},
                    {**text, "id": "stage"},
                    {**text, "id": "message"},
                    *(
                        {"type": "variable", "id": path[1:], "address": path, "bypass": True, "onValue": script}
                        for path, script in _HEARS.items()
                    ),
                ],
                height=70,
            ),
            panel("buttons", "horizontal", [*(pressed(each) for each in BUTTONS), listen], height=80),
            panel(
                "choices",
                "horizontal",
                [
                    {**bars, "values": {f"{each} bars" if each else "bars of the preset": each for each in BARS}},
                    {**takes, "range": {"min": 0, "max": TAKES[-1]}, "steps": len(TAKES), "default": 0, "bypass": True},
                ],
                height=70,
            ),
            panel("session", "horizontal", sliders, height=70),
            {"type": "panel", "id": "presets", "expand": True, "bypass": True, "tabs": presets},
        ],
    }
    return {"createdWith": "Open Stage Control", "version": "1.26.0", "type": "session", "content": content}


def written(value: Mapping[str, Any]) -> str:
    """Return a session as it stands in its file."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    layout().save(TOUCHOSC, validate=True)
    STAGE.write_text(written(session()))
