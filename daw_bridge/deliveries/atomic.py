"""How a file comes into a folder that someone is watching: whole, under a name that was free, or not at all.

A file is written under a hidden name of its own (`part`) and then renamed to its public one (`move_new`): watchers
see a file arrive, complete. A plain rename would silently replace a file that is already there, and so each system
is asked for the rename that refuses: ``renameat2`` with RENAME_NOREPLACE on Linux, ``renamex_np`` with RENAME_EXCL on
macOS; Windows always refuses. A hard link would refuse as well, but folder watchers listen for moves.
"""

import ctypes
import errno
import os
import re
import secrets
import sys
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

from plugin_host.spool import runs

_PART = re.compile(r"\.daw-bridge-([0-9]{1,10})-[0-9a-f]{16}\.part")
_HERE = -100  # AT_FDCWD of Linux: paths are as they stand
_NO_REPLACE_LINUX = ctypes.c_uint(1)
_NO_REPLACE_MACOS = ctypes.c_uint(4)
_NOT_SUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})


def part(folder: Path) -> Path:
    """Return the path of a hidden file in `folder` that nobody else has.

    The file is the caller's to create, so that it gets the permissions of any new file there. (The files of
    `tempfile` are their owner's alone, and a sampler on another account could not read the clip.)
    """
    return folder / f".daw-bridge-{os.getpid()}-{secrets.token_hex(8)}.part"


def discard(path: Path) -> None:
    """Remove a part if it is still there.

    It raises nothing: that would hide the error that brought us here. What cannot be removed is left to `sweep`.
    """
    with suppress(OSError):
        path.unlink(missing_ok=True)


def sweep(folder: Path, spared: Container[str] = ()) -> int:
    """Remove the parts in `folder` that killed processes left behind but those named in `spared`; return how many.

    Call it before the first clip is staged: a part under this process's own number is then that of an earlier life (in
    a container every life has the same number). Nobody else's files are touched. Raises `OSError`.
    """
    left = [path for path in folder.iterdir() if path.name not in spared and _is_left_behind(path.name)]
    removed = 0
    for path in left:
        # What another account owns stays its own; what goes before we come is gone.
        with suppress(PermissionError, FileNotFoundError):
            path.unlink()
            removed += 1
    return removed


def move_new(source: Path, target: Path) -> None:
    """Rename `source` to `target` in one step. Raises `FileExistsError` if there is one, `OSError` otherwise.

    Some file systems (network shares, above all) cannot refuse: there a look comes before the rename, and between
    the two another writer could slip in; the job's id in our names makes that a thing of theory.
    """
    if sys.platform == "win32":
        source.rename(target)
        return
    code = _rename_if_free(os.fsencode(source), os.fsencode(target))
    if code in _NOT_SUPPORTED:
        _look_and_rename(source, target)
    elif code:
        raise OSError(code, os.strerror(code), str(source), None, str(target))


def _rename_if_free(source: bytes, target: bytes) -> int:
    """Ask the system for a rename that refuses to replace; return 0 or the number of the error."""
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        if sys.platform == "darwin":
            failed = libc.renamex_np(source, target, _NO_REPLACE_MACOS)
        else:
            failed = libc.renameat2(_HERE, source, _HERE, target, _NO_REPLACE_LINUX)
    except AttributeError:  # a C library older than the call, or another system
        return errno.ENOSYS
    return ctypes.get_errno() if failed else 0


def _look_and_rename(source: Path, target: Path) -> None:
    """Rename `source` to `target` unless there is one."""
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    source.rename(target)


def _is_left_behind(name: str) -> bool:
    """Whether a file called `name` is a part that nobody is going to publish."""
    match = _PART.fullmatch(name)
    if match is None:
        return False
    process = int(match.group(1))
    return process == os.getpid() or not runs(process)
