r"""The text of the exchange: OSC messages as lines, which a program without sockets can write and read.

One message is one line, ended by a line feed: its address, then its arguments, a tab before each. The first character of
an argument says what it is, the others are its value::

    s   text: UTF-8, with a backslash written \\, a tab \t, a line feed \n and a carriage return \r
    i   a whole number in decimal digits
    f   any other number, as Python and Lua write it: 92.5, 1e-3
    T   true      F   false      N   nothing (nil)

Floats are written with as many digits as it takes to read the same number back. So this starts a job
(``→`` is a tab)::

    /bridge/generate→sdusty breakbeat→sbars→i8→sbpm→f92.5

There are no blobs, bundles and time tags. Text has no NUL in it. A line that ends in a carriage return, as Windows writes
it, is read without. Empty lines mean nothing.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from daw_bridge.errors import BadRequest
from daw_bridge.values import shown
from daw_bridge.wires.osc_packet import Argument

_ESCAPES: Mapping[str, str] = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_MEANT: Mapping[str, str] = {escape: character for character, escape in _ESCAPES.items()}
_WHOLE = re.compile(r"-?[0-9]{1,19}")


def line_of(address: str, arguments: Sequence[Argument]) -> str:
    """Write one message as a line, its end included. A blob, which has no text, is nothing."""
    return "\t".join((address, *map(_written, arguments))) + "\n"


def split(line: str) -> tuple[str, list[str]]:
    """Take a line apart into its address and what stands behind each tab, not yet read."""
    address, *fields = line.rstrip("\r\n").split("\t")
    return address, fields


def read(fields: Sequence[str]) -> list[Argument]:
    """Read arguments. Raises `BadRequest` for what is none, naming it and what is."""
    return [_read(field) for field in fields]


def _written(argument: Argument) -> str:
    """Write one argument."""
    if isinstance(argument, bool):
        return "T" if argument else "F"
    if isinstance(argument, int):
        return f"i{argument}"
    if isinstance(argument, float):
        return f"f{argument!r}"
    if isinstance(argument, str):
        text = argument.replace("\0", "").encode("utf-8", "replace").decode()
        return "s" + "".join(_ESCAPES.get(character, character) for character in text)
    return "N"


def _read(field: str) -> Argument:
    """Read one argument."""
    kind, value = field[:1], field[1:]
    if kind in _CONSTANTS and not value:
        return _CONSTANTS[kind]
    try:
        return _READERS[kind](value)
    except (KeyError, ValueError):
        raise BadRequest(
            f"{shown(field)} is no argument; write s and text, i and a whole number, f and a number, T, F or N, "
            "a tab before each"
        ) from None


def _text(value: str) -> str:
    """Read text; a backslash before anything else than those four is a mistake."""
    return re.sub(r"\\.?", lambda match: _MEANT[match[0]], value)


def _whole(value: str) -> int:
    """Read a whole number that fits into 64 bits, near enough."""
    if _WHOLE.fullmatch(value) is None:
        raise ValueError(value)
    return int(value)


_CONSTANTS: Mapping[str, Argument] = {"T": True, "F": False, "N": None}
_READERS: Mapping[str, Callable[[str], Argument]] = {"s": _text, "i": _whole, "f": float}
