"""Homes of three systems, with the folders of the DAWs as these make them, and something of the user's in each."""

from collections.abc import Mapping
from pathlib import Path

from daw_bridge.surfaces.places import Machine

BASES: Mapping[str, Mapping[str, str]] = {
    "Darwin": {
        "REAPER": "Library/Application Support/REAPER",
        "Ableton Live": "Music/Ableton/User Library",
        "Ardour": "Library/Preferences/Ardour8",
    },
    "Windows": {
        "REAPER": "AppData/Roaming/REAPER",
        "Ableton Live": "Documents/Ableton/User Library",
        "Ardour": "AppData/Local/Ardour8",
    },
    "Linux": {"REAPER": ".config/REAPER", "Ardour": ".config/ardour8"},
}
"""Where each program's folder is from the home, as its makers document it. Live does not run on Linux."""

OF_THE_USER: Mapping[str, tuple[str, ...]] = {
    "REAPER": ("reaper.ini", "Scripts/my_script.lua", "OSC/Default.ReaperOSC"),
    "Ableton Live": ("Remote Scripts/Other/__init__.py", "Presets/mine.adg"),
    "Ardour": ("config", "scripts/mine.lua"),
}


def machine(system: str, home: Path) -> Machine:
    """Return a machine of that system whose user has this home, and whose environment says no more than usual."""
    variables = {"APPDATA": "AppData/Roaming", "LOCALAPPDATA": "AppData/Local", "USERPROFILE": ""}
    told = {name: str(home / folder) for name, folder in variables.items()} if system == "Windows" else {}
    return Machine(system, home, told)


def furnished(system: str, home: Path) -> Machine:
    """Make such a home, in which every DAW that runs there was started once, and return its machine."""
    for program, base in BASES[system].items():
        for name in OF_THE_USER[program]:
            file = home / base / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"the user's own {name}")
    return machine(system, home)


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return all that is in a folder: files with their content, folders with None."""
    return {
        path.relative_to(folder).as_posix(): None if path.is_dir() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
    }
