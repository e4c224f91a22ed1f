"""The spool: finished clips on their way from the worker's process to the daemon's, as files of bare samples.

A file is read back as a memory map, so that a clip of five minutes costs the daemon no memory, and nothing has to be
copied through a pipe. It has no header: several are read at a time, and NumPy reads its own with Python's parser, which
fails in one thread when another is let in half-way (CPython 3.11, issue 106905). Every daemon has a folder of its own in the spool, named by the number of its process; what a
killed one leaves behind is swept by the next that starts.
"""

import ctypes
import errno
import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plugin_host.audio import Audio
from plugin_host.clip import Clip, ClipFacts
from plugin_host.errors import SpoolFull, SpoolUnusable

_SUFFIX = ".f32"
_FORMER = ".npy"  # what a daemon before this one may have left
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_SYNCHRONIZE, _ACCESS_DENIED = 0x0010_0000, 5  # the least that a process of Windows can be opened for; ERROR_…


@dataclass(frozen=True, slots=True)
class SpooledClip:
    """A clip whose sound, of shape ``(frames, channels)``, lies in a file of the spool."""

    facts: ClipFacts
    path: Path
    shape: tuple[int, ...]

    def load(self) -> Clip:
        """Return the clip, its samples mapped from the file: it stays valid after `discard` where the system allows."""
        samples = np.memmap(self.path, np.float32, "r", shape=self.shape)
        return Clip(self.facts, Audio(samples, self.facts.grid.rate))

    def discard(self) -> None:
        """Delete the file; it is no error if it is gone."""
        self.path.unlink(missing_ok=True)


def spool(clip: Clip, folder: Path, name: str) -> SpooledClip:
    """Write `clip` into `folder` under `name`. Raises `SpoolFull` when the disk has no room, else `SpoolUnusable`."""
    path = folder / f"{name}{_SUFFIX}"
    samples = np.ascontiguousarray(clip.audio.samples, np.float32)
    try:
        # Not by NumPy: it writes past Python's file, and its error does not say that the disk is full.
        with path.open("wb") as file:
            file.write(samples.data)
    except OSError as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        raise _in_plain_words(folder, error) from error
    return SpooledClip(clip.facts, path, samples.shape)


def forget(folder: Path, order: int) -> None:
    """Delete what the worker of an order has written by the time it died; that it told of all of it is not said."""
    with suppress(OSError):
        for path in folder.glob(f"{order}-*{_SUFFIX}"):
            path.unlink(missing_ok=True)


def own_folder(base: Path) -> Path:
    """Return the folder of this process in the spool `base`, made and empty, and remove those of processes that ended.

    A folder under this process's own number is that of an earlier life: in a container every life has the same number.
    Raises `SpoolFull` or `SpoolUnusable`.
    """
    folder = base / str(os.getpid())
    sweep(folder)
    try:
        others = [other for other in base.iterdir() if re.fullmatch("[0-9]{1,10}", other.name)]
    except OSError as error:
        raise _in_plain_words(base, error) from None
    for other in others:
        if not runs(int(other.name)):
            with suppress(OSError):  # another account's, or just being removed by a daemon that starts beside us
                _empty(other)
                other.rmdir()
    return folder


def sweep(folder: Path) -> None:
    """Make `folder` and empty it of what an earlier run left behind. Raises `SpoolFull` or `SpoolUnusable`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _empty(folder)
    except OSError as error:
        raise _in_plain_words(folder, error) from None


def runs(process: int) -> bool:
    """Whether there is a process of that number."""
    if sys.platform == "win32":  # where `os.kill` would end it
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        handle = kernel.OpenProcess(_SYNCHRONIZE, False, process)
        if not handle:
            return ctypes.get_last_error() == _ACCESS_DENIED
        kernel.CloseHandle(handle)
        return True
    try:
        os.kill(process, 0)  # signal 0 is never sent; it only asks
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # another account's, or no number of a process at all
        return True
    return True


def _empty(folder: Path) -> None:
    """Delete the clips in `folder`, and nothing else that lies there."""
    for path in folder.iterdir():
        if path.suffix in {_SUFFIX, _FORMER}:
            path.unlink(missing_ok=True)


def _in_plain_words(folder: Path, error: OSError) -> SpoolFull | SpoolUnusable:
    """Return what `error` means for whoever set the spool's place."""
    if error.errno in _NO_ROOM:
        return SpoolFull(f"no room in {folder}; free some space there, or set paths.state to another disk")
    reason = error.strerror or str(error)
    return SpoolUnusable(f"{folder} cannot be used: {reason}; set paths.state to a folder that can be written")
