"""Places: the folders in which a DAW looks for its users' scripts, patterns and devices, on macOS, Windows and Linux.

Each program has one base folder, and its places lie under that. A base is found where the program's makers document
it, or is told by the user, for a portable REAPER, say. Nothing here asks the system: what is found depends on a
`Machine` alone, and so a test can have any system's home. Live keeps the place of its User Library in its preferences
(``Library.cfg``, one for each version of Live; the newest counts).
"""

import html
import os
import platform
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_LARGEST = 4_194_304  # bytes of a Library.cfg: it lists all packs
_USER_LIBRARY = re.compile(r"<UserLibrary>(.*?)</UserLibrary>", re.DOTALL)
_VALUE = re.compile(r'<Project(Name|Path) Value="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Machine:
    """What the folders of a machine depend on: its `system` as `platform.system` calls it, a home, the environment."""

    system: str
    home: Path
    environment: Mapping[str, str]

    @classmethod
    def here(cls) -> "Machine":
        """Return this machine."""
        return cls(platform.system(), Path.home(), dict(os.environ))

    def folder(self, variable: str, otherwise: str) -> Path:
        """Return the folder that an environment variable names, or `otherwise`, from the home."""
        named = self.environment.get(variable, "")
        return Path(named) if named else self.home / otherwise


@dataclass(frozen=True, slots=True)
class Program:
    """A program that surfaces live in: its name, what its base folder is called, where that may be, what lies under it.

    `bases` yields candidates, the likeliest first.
    """

    name: str
    base: str
    bases: Callable[[Machine], Iterator[Path]]
    places: Mapping[str, str]

    def find(self, machine: Machine) -> Path | None:
        """Return the base folder on a machine, or None where the program is not, or was never started."""
        return next((each for each in self.bases(machine) if each.is_dir()), None)


def _reaper(machine: Machine) -> Iterator[Path]:
    """Yield REAPER's resource path; a portable REAPER has it where the program lies, and must be told."""
    if named := machine.environment.get("REAPER_RESOURCE_PATH"):
        yield Path(named)
    if machine.system == "Darwin":
        yield machine.home / "Library" / "Application Support" / "REAPER"
    elif machine.system == "Windows":
        yield machine.folder("APPDATA", "AppData/Roaming") / "REAPER"
    else:
        yield machine.folder("XDG_CONFIG_HOME", ".config") / "REAPER"


def _live(machine: Machine) -> Iterator[Path]:
    """Yield Live's User Library: where Live says it is, then where it is when nobody has moved it."""
    if machine.system == "Darwin":
        yield from _told_by_live(machine.home / "Library" / "Preferences" / "Ableton", "Library.cfg")
        yield machine.home / "Music" / "Ableton" / "User Library"
    elif machine.system == "Windows":
        yield from _told_by_live(machine.folder("APPDATA", "AppData/Roaming") / "Ableton", "Preferences/Library.cfg")
        for documents in (machine.folder("USERPROFILE", "."), machine.folder("OneDrive", "OneDrive")):
            yield documents / "Documents" / "Ableton" / "User Library"


def _told_by_live(preferences: Path, file: str) -> Iterator[Path]:
    """Yield the User Libraries that the preferences of each Live name, the newest Live first."""
    try:
        lives = [each for each in preferences.iterdir() if each.name.startswith("Live ")]
    except OSError:
        return
    for live in sorted(lives, key=lambda each: [int(part) for part in re.findall(r"\d+", each.name)], reverse=True):
        try:
            with (live / file).open("rb") as page:
                library = _USER_LIBRARY.search(page.read(_LARGEST).decode(errors="replace"))
        except OSError:
            continue
        said = {key: html.unescape(value) for key, value in _VALUE.findall(library[1])} if library else {}
        if said.get("Path"):
            yield Path(said["Path"]) / said.get("Name", "User Library")


def _ardour(machine: Machine) -> Iterator[Path]:
    """Yield Ardour's configuration folders; each version has its own, and the newest counts."""
    if machine.system == "Darwin":
        above, name = machine.home / "Library" / "Preferences", "Ardour"
    elif machine.system == "Windows":
        above, name = machine.folder("LOCALAPPDATA", "AppData/Local"), "Ardour"
    else:
        above, name = machine.folder("XDG_CONFIG_HOME", ".config"), "ardour"
    for version in range(9, 5, -1):
        yield above / f"{name}{version}"


PROGRAMS: Mapping[str, Program] = {
    "reaper": Program(
        "REAPER",
        "REAPER's resource folder (Options → Show REAPER resource path)",
        _reaper,
        {"scripts": "Scripts/daw-bridge", "osc": "OSC"},
    ),
    "live": Program(
        "Ableton Live",
        "Live's User Library (Settings → Library)",
        _live,
        {"remote_scripts": "Remote Scripts/DawBridge", "max": "Presets/MIDI Effects/Max MIDI Effect"},
    ),
    "ardour": Program(
        "Ardour",
        "Ardour's configuration folder (such as ~/.config/ardour8)",
        _ardour,
        {"scripts": "scripts"},
    ),
}
"""The programs by the word that begins their places, as in ``reaper.scripts``."""

PLACES: Mapping[str, str] = {
    f"{word}.{place}": folder for word, program in PROGRAMS.items() for place, folder in program.places.items()
}
"""The folder of each place under the base of its program."""


def program_of(place: str) -> Program:
    """Return the program to which a place belongs."""
    return PROGRAMS[place.partition(".")[0]]
