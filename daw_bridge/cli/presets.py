"""``daw-bridge presets``: what there is to trigger, family by family; or one preset in full."""

from pathlib import Path
from typing import Any

from rich.table import Column

from daw_bridge.cli import screen
from daw_bridge.cli.settings import read
from daw_bridge.presets import Preset, PresetShelf, factory_folder
from daw_bridge.wires.osc_addresses import PRESET


def run(config_file: Path | None, name: str | None, *, as_json: bool) -> None:
    """List all presets, or show the one called `name`. Raises `UnknownPreset`, or `BadPreset` for one that is broken."""
    own = read(config_file).paths.presets
    shelf = PresetShelf([own, factory_folder()])
    if name is not None:
        _show_one(shelf.get(name), as_json=as_json)
        return
    presets, broken = shelf.all()
    if as_json:
        screen.write_json({"presets": [_card(each) for each in presets], "broken": [str(each) for each in broken]})
    else:
        _show_all(presets, own)
    for error in broken:
        screen.note(f"preset left out: {error}")


def _card(preset: Preset) -> dict[str, Any]:
    """Return a preset as JSON has it, in the keys of its file."""
    return {
        "name": preset.name,
        "family": preset.family,
        "about": preset.about,
        **preset.said,
        "armed": preset.armed,
        "weights": preset.weights,
        "hints": preset.hints,
        "path": preset.path,
    }


def _show_all(presets: list[Preset], own: Path) -> None:
    """Write a table, each family named once, and where the user's `own` presets belong."""
    shelf = screen.table(Column("family", no_wrap=True), Column("preset", no_wrap=True), "what for", "fixed")
    family = ""
    for preset in presets:
        if family and preset.family != family:
            shelf.add_row()
        shelf.add_row("" if preset.family == family else preset.family, preset.name, preset.about, _fixed(preset))
        family = preset.family
    paper = screen.out()
    if presets:
        paper.print(shelf)
        paper.print()
    paper.print(f"Your own presets belong in {screen.plain(own)}", soft_wrap=True)


def _fixed(preset: Preset) -> str:
    """Say what of the music a preset fixes, so that the session cannot change it."""
    said = preset.said
    fixed = [f"{said['bpm']} BPM"] if "bpm" in said else []
    fixed += [str(said["meter"])] if "meter" in said else []
    fixed += [str(said["key"] or "no key")] if "key" in said else []
    fixed += [screen.counted(said["bars"], "bar")] if "bars" in said else []
    fixed += ["one-shot"] if not said.get("loop", True) else []
    return ", ".join(fixed)


def _show_one(preset: Preset, *, as_json: bool) -> None:
    """Write all that a preset says, and how it is triggered."""
    if as_json:
        screen.write_json(_card(preset))
        return
    said = [(key, str(value if value is not None else "none")) for key, value in preset.said.items()]
    weights = [(f"weight {part}", f"{weight:g}") for part, weight in preset.weights.items()]
    hints = [(f"hint {name}", str(value)) for name, value in preset.hints.items()]
    paper = screen.out()
    paper.print(f"{preset.name}, {preset.family}", style="bold")
    paper.print(
        screen.rows(
            [
                ("about", preset.about),
                *said,
                *weights,
                *hints,
                ("file", str(preset.path)),
                ("over OSC", f"{PRESET}{preset.name}"),
                ("here", f"daw-bridge generate --preset {preset.name}"),
            ]
        )
    )
