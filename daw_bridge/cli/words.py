"""What a producer asks first about a clip, in words: for the terminal, the picture and the table alike."""

from daw_bridge.cli.clipfile import ClipFile
from daw_bridge.cli.screen import counted


def music(clip: ClipFile) -> list[str]:
    """Return tempo, meter, key and bars, as far as they are known."""
    known = clip.known
    said = []
    if "tempo" in known:
        said.append(f"{known['tempo']} BPM")
    if "meter" in known:
        said.append(str(known["meter"]))
    if known.get("key") is not None:
        said.append(str(known["key"]))
    if "bars" in known:
        said.append(counted(known["bars"], "bar"))
    return said
