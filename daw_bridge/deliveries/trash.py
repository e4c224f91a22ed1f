"""The trash: a hidden folder inside the watched one. Nothing that was delivered is ever deleted, only moved there.

It lies inside, so that it is on the same disk: a move is one rename for each file, needs no room, and cannot be half
done. Its name begins with a dot, as browsers of DAWs skip such folders; on Windows, where that means nothing, it is
marked as hidden besides.
"""

import ctypes
import itertools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from daw_bridge.deliveries import atomic
from daw_bridge.deliveries.trouble import in_plain_words
from daw_bridge.errors import ClipGone, FolderUnusable

NAME = ".daw-bridge-trash"
"""The name of the trash in a folder of clips."""

_HIDDEN = 2  # FILE_ATTRIBUTE_HIDDEN of Windows


def put_away(wav: Path) -> Path:
    """Move a clip into the trash of its folder, its story with it, and return where the WAV is now.

    The WAV goes first: who sees one finds its story beside it. Raises `ClipGone`, `FolderUnusable` or
    `DiskFull`.
    """
    look(wav)
    with _at_work(wav):
        trash = wav.parent / NAME
        trash.mkdir(exist_ok=True)
        if sys.platform == "win32":
            ctypes.windll.kernel32.SetFileAttributesW(str(trash), _HIDDEN)
        target = trash / f"{_free(wav.stem, trash)}.wav"
        atomic.move_new(wav, target)
        with suppress(FileNotFoundError):  # somebody may have removed the story alone
            atomic.move_new(_story(wav), _story(target))
        return target


def take_out(trashed: Path, stem: str) -> Path:
    """Move a clip out of the trash and back to the name `stem`, or the next that is free; return where the WAV is now.

    Raises `ClipGone`, `FolderUnusable` or `DiskFull`.
    """
    look(trashed)
    folder = trashed.parent.parent
    with _at_work(trashed):
        target = folder / f"{_free(stem, folder)}.wav"
        with suppress(FileNotFoundError):
            atomic.move_new(_story(trashed), _story(target))
        try:
            atomic.move_new(trashed, target)
        except BaseException:
            with suppress(FileNotFoundError):
                atomic.move_new(_story(target), _story(trashed))
            raise
        return target


def look(wav: Path) -> None:
    """Raise `ClipGone` for a clip that is not there, in its folder or in the trash of that, and `FolderUnusable`."""
    folder = _folder(wav)
    try:
        with in_plain_words(folder, otherwise=""):
            wav.lstat()
    except FolderUnusable as error:
        if not isinstance(error.__cause__, (FileNotFoundError, NotADirectoryError)):
            raise
        where = "in its folder" if folder == wav.parent else "in the trash"
        why = "" if folder.is_dir() else f": {folder} is not there"
        raise ClipGone(f"{wav.name} is no longer {where}{why}") from None


@contextmanager
def _at_work(wav: Path) -> Iterator[None]:
    """Say in plain words why a clip could not be moved; where somebody took it meanwhile, its folder is not to blame."""
    try:
        with in_plain_words(_folder(wav), otherwise=""):
            yield
    except FolderUnusable:
        look(wav)
        raise


def _folder(wav: Path) -> Path:
    """Return the folder of a clip, be it in the trash of that or not."""
    return wav.parent.parent if wav.parent.name == NAME else wav.parent


def _story(wav: Path) -> Path:
    """Return the path of the story beside a WAV."""
    return wav.parent / f"{wav.name.removesuffix('.wav')}.json"


def _free(stem: str, folder: Path) -> str:
    """Return `stem`, or the first of its kind of which neither file is there."""
    stems = itertools.chain([stem], (f"{stem}-{copy}" for copy in itertools.count(2)))
    ends = (".wav", ".json")
    return next(each for each in stems if not any(os.path.lexists(folder / f"{each}{end}") for end in ends))
