"""What the system says of a folder, in words that tell what to do about it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daw_bridge.errors import DiskFull, FolderUnusable

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_IN_PLAIN_WORDS = {
    errno.ENOENT: "is not there; make it and the folders above it",
    errno.ENOTDIR: "is no folder; move the file of that name away",
    errno.EEXIST: "is no folder; move the file of that name away",
    errno.EACCES: "may not be written to; give this account the right to",
    errno.EPERM: "may not be written to; give this account the right to",
    errno.EROFS: "is on a read-only disk; make that writable",
}


ELSEWHERE = ", or choose another folder with --folder"
"""What can be done as well where the folder is one's choice."""


@contextmanager
def in_plain_words(folder: Path, otherwise: str = ELSEWHERE) -> Iterator[None]:
    """Turn whatever the system says into what is wrong with `folder` and what to do about it, or `otherwise`."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise DiskFull(f"no room for the clip in {folder}; free some space there{otherwise}") from error
        system = f"cannot be used ({error.strerror or error}); check its disk"
        trouble = _IN_PLAIN_WORDS.get(error.errno or 0, system)
        raise FolderUnusable(f"the folder {folder} {trouble}{otherwise}") from error
