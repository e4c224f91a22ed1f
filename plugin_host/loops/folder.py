"""A folder of loops, read whole: each file becomes a loop, or is named with the reason why not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from plugin_host.errors import BadValue, HostError
from plugin_host.loops.loop import Loop, read_loop
from plugin_host.loops.words import CAPTIONS, read_captions

BESIDE = frozenset(
    {".asd", ".cfg", ".csv", ".jpeg", ".jpg", ".json", ".md", ".pdf", ".png", ".reapeaks", ".toml", ".txt"}
)
"""What lies beside loops and is no sound: sidecars, a DAW's notes, pictures, words."""

MOST = 100_000
"""So many files of a folder are looked at."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is no loop for us, and why, as a sentence with the remedy."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Folder:
    """The loops of a folder in order of their paths, and all other sounds in it. Nothing is left out in silence."""

    path: Path
    loops: tuple[Loop, ...]
    refused: tuple[Refused, ...]


def read_folder(folder: Path, told: Callable[[int, int], None] | None = None) -> Folder:
    """Read all loops in `folder` and below. `told` hears how many files are done, of how many. Thread: any.

    Hidden files and folders are passed over, as every browser does. Raises `BadValue` where there is no such folder,
    too much in it, or its captions cannot be read.
    """
    if folder.is_file():
        raise BadValue(f"{folder} is a file; name the folder that holds it")
    if not folder.is_dir():
        raise BadValue(f"there is no folder {folder}; name one that holds loops")
    captions = dict(read_captions(folder))
    files = sorted(_sounds(folder))
    if len(files) > MOST:
        raise BadValue(f"{folder} holds more than {MOST} files; name a smaller folder")
    loops, refused = [], []
    for done, path in enumerate(files, 1):
        try:
            loops.append(_captioned(path, captions.pop(path.relative_to(folder).as_posix(), None)))
        except HostError as error:
            refused.append(Refused(path, str(error)))
        if told is not None:
            told(done, len(files))
    absent = [Refused(folder / name, f"{CAPTIONS} names {name}, and there is no such sound") for name in captions]
    return Folder(folder, tuple(loops), (*refused, *absent))


def _captioned(path: Path, caption: str | None) -> Loop:
    """Read a loop. Raises `BadValue` for one that nothing says of how it sounds, too."""
    loop = read_loop(path, caption)
    if not loop.caption:
        raise BadValue(f"{path.name} has no words in its name; say in {CAPTIONS} how it sounds, or name it so")
    return loop


def _sounds(folder: Path) -> Iterator[Path]:
    """Yield all files that might be sounds, each once."""
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.suffix.lower() not in BESIDE and path.is_file():
            yield path
