"""Surfaces as a version of ours could bring them along, for the tests of what installs them."""

from pathlib import Path

PAGE = """
title = "REAPER"
about = "Fills a track"
clicks = ["Actions → Load", "Run it"]
settings = "told.lua"

[[files]]
file = "go.lua"
where = "reaper.scripts"
runs = "REAPER 6, Lua"
does = "Makes a clip"
uses = ["/bridge/generate"]
keys = ["bars"]

[[files]]
file = "more/"
where = "reaper.scripts"
runs = "REAPER 6, Lua"
does = "Helps it"

[[files]]
file = "tempo.ReaperOSC"
where = "reaper.osc"
runs = "REAPER 6"
does = "Says the tempo"
uses = ["/tempo/raw"]

[[files]]
file = "notes.txt"
runs = "you"
does = "Is read"
"""


def ship(folder: Path, version: str = "1", page: str = PAGE, name: str = "reaper") -> Path:
    """Write a surface for REAPER into `folder`, in a version of its own, and return the folder."""
    own = folder / name
    for file in ("go.lua", "more/inner/deep.lua", "more/two.py", "tempo.ReaperOSC", "notes.txt", "more/.hidden"):
        (own / file).parent.mkdir(parents=True, exist_ok=True)
        (own / file).write_text(f"-- version {version} of {file}\n")
    (own / "surface.toml").write_text(page)
    return folder


INSTALLED = {
    "Scripts/daw-bridge": None,
    "Scripts/daw-bridge/told.lua": "told",
    "Scripts/daw-bridge/go.lua": "go.lua",
    "Scripts/daw-bridge/inner": None,
    "Scripts/daw-bridge/inner/deep.lua": "more/inner/deep.lua",
    "Scripts/daw-bridge/two.py": "more/two.py",
    "OSC/tempo.ReaperOSC": "tempo.ReaperOSC",
}
"""What lies under REAPER's resource folder afterwards, and which of our files it is."""
