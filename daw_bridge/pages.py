"""Pages: the TOML that people write, and that somebody else may have written: presets, maps, the configuration.

Python's reader of TOML takes quadratic time and memory for a key of many parts: 40 KB of it held a daemon for half a
minute and took 1.7 GB. So a page has bounds, and they are looked at before it is read: its size, how many parts a key
has, how deep brackets lie. It must be a file, since a pipe would be waited for, and lie in its folder: a link out of it
could name any file of the account's.
"""

import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

from daw_bridge.errors import BadRequest

PARTS = 16
"""Parts of a dotted key, such as ``a.b.c``, at most."""

DEPTH = 32
"""How deep brackets may lie in each other."""

_TOKEN = re.compile(
    r"""(?P<skip>\#[^\n]*|[ \t]+)|(?P<long>\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}.*?'{3})|(?P<unended>\"{3}|'{3})"""
    r"""|(?P<word>"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[\w+:-]+)|(?P<dot>\.)|(?P<open>[\[{])|(?P<close>[\]}])|(?P<other>.)""",
    re.DOTALL,
)


def read_page(path: Path, largest: int) -> dict[str, Any]:
    """Read the TOML in a file of a folder. Raises `BadRequest`, to be said after its name, for one that is unfit.

    `largest` is in bytes.
    """
    try:
        if not path.resolve().is_relative_to(path.parent.resolve()):
            raise BadRequest("is a link that leads out of its folder; copy what it leads to into the folder")
        return tables(_bytes(path, largest))
    except (OSError, RuntimeError) as error:  # links in a circle
        reason = error.strerror if isinstance(error, OSError) else "its links go round in a circle"
        raise BadRequest(f"cannot be read: {reason}") from None


def read_any(path: Path, largest: int) -> dict[str, Any]:
    """Read the TOML in a file that the user has named, wherever it is; else as `read_page`. Raises `OSError`, too."""
    with path.open("rb") as file:
        return tables(_bounded(file.read(largest + 1), largest))


def tables(raw: bytes) -> dict[str, Any]:
    """Read TOML. Raises `BadRequest` for what is none, and for what would take too long to read."""
    try:
        text = raw.decode()
        _check_bounds(text)
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadRequest(f"is no TOML: {error}") from None
    except (ValueError, RecursionError):
        raise BadRequest("is no TOML that can be read: a number is too long, or brackets lie too deep") from None


def _bytes(path: Path, largest: int) -> bytes:
    """Return what is in a file, once it is known to be one: a pipe is opened and not waited for."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise BadRequest("is no file; a page of text is expected here")
        return _bounded(file.read(largest + 1), largest)


def _bounded(raw: bytes, largest: int) -> bytes:
    """Return `raw` if it is not too large."""
    if len(raw) > largest:
        raise BadRequest(f"is larger than {largest} bytes; a few pages of text are expected here")
    return raw


def _check_bounds(text: str) -> None:
    """Raise `BadRequest` for keys of too many parts, and for brackets that lie too deep. Its time is that of one look."""
    depth = dots = 0
    before: str | None = None
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "skip":
            continue
        if kind == "dot":
            dots += 1
        elif kind != "word" or before != "dot":
            dots = 0
        before = kind
        depth += (kind == "open") - (kind == "close")
        if kind == "unended":
            raise BadRequest("is no TOML: a text of several lines does not end")
        if dots >= PARTS or depth > DEPTH:
            line = text.count("\n", 0, token.start()) + 1
            what = f"a key has more than {PARTS} parts" if dots >= PARTS else f"brackets lie deeper than {DEPTH}"
            raise BadRequest(f"is no TOML that is read here: {what} (line {line})")
