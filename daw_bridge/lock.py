"""One daemon for each state folder, one process for each training.

A lock says so that the system lets go when its process is gone, however it went.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from daw_bridge.errors import AlreadyRunning, JournalUnusable

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FILE = "daemon.lock"
"""Its name in the state folder. It holds the number of the process, for people and for the message."""

_LOCKED_AT = 2**30  # where Windows locks: beyond what the other one reads


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Have `folder` to this process alone for as long as the block runs.

    Raises `AlreadyRunning`, with the number of the other's process, or `JournalUnusable` for a folder that cannot be
    written. The file stays when the lock goes: to remove it would let two in, one by the old file and one by the new.
    """
    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            other = held.enter_context(taken(folder / FILE))
        except OSError as error:
            raise JournalUnusable(
                f"{folder} cannot be used: {error.strerror or error}; set paths.state to a folder that can be written"
            ) from None
        if other:
            raise AlreadyRunning(
                f"the state folder {folder} belongs to another daemon, process {other}; "
                "stop that one, or give this one a folder of its own with --state DIR"
            )
        yield


@contextmanager
def taken(path: Path) -> Iterator[str]:
    """Take the lock of a file for as long as the block runs: "" where it is ours, else the number of who has it.

    Raises `OSError` for a file that cannot be written.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if _locked(handle):
            with suppress(OSError):  # a full disk: the lock holds without the number
                os.ftruncate(handle, 0)
                os.write(handle, f"{os.getpid()}\n".encode())
            other = ""
        else:
            told = os.pread(handle, 20, 0) if hasattr(os, "pread") else os.read(handle, 20)
            other = told.decode("ascii", "replace").strip() or "of unknown number"
        yield other
    finally:
        os.close(handle)


def _locked(handle: int) -> bool:
    """Try to lock an open file, without waiting; return whether it worked."""
    try:
        if sys.platform == "win32":
            os.lseek(handle, _LOCKED_AT, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
