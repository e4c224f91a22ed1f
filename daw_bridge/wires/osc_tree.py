"""The tree of all addresses, as OSCQuery shows it: what there is, what it takes, what it does, and what it is now.

It is made from the table of addresses, the keys of a job and the presets that there are; nothing is said here twice. The
format is that of the OSCQueryProposal (Vidvox): a node is an object whose ``CONTENTS`` are the nodes below it. What
can be read is the session, as it is at the moment; what starts something can only be sent; and what we report can only
be listened for, so it has no value to be read. A button is of type N, nil: it needs no argument.

The proposal has no word for arguments that may or may not come. So the type of a request is that of its plainest message,
and the rest stands in its description and, as names, types and ranges, in an attribute of our own, ``KEYS``.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from daw_bridge import __version__, reports
from daw_bridge.requests import JOB_KEYS
from daw_bridge.session import SessionState
from daw_bridge.values import Choice, Number, Parsed, Reader, Switch, Whole
from daw_bridge.wires.osc_addresses import PRESET, REPORTS, REQUESTS, SYNC_NUMBER, SYNCED, Address, report_arguments

Node = dict[str, Any]
"""A node of the tree as JSON has it."""

ATTRIBUTES = ("FULL_PATH", "CONTENTS", "TYPE", "ACCESS", "RANGE", "DESCRIPTION", "VALUE", "KEYS")
"""What can be asked for by itself."""

EXTENSIONS = {"ACCESS": True, "VALUE": True, "RANGE": True, "DESCRIPTION": True, "KEYS": True, "LISTEN": False}
"""What of the proposal is kept beyond what must be: there is no stream of values; `/bridge/notify` is one of reports."""

_CONTAINER, _READ, _WRITE, _BOTH = range(4)  # the bits of ACCESS
_INT32 = range(-(2**31), 2**31)
_ROOM = "addresses that begin so"
_TAGS = {str: "s", int: "i", float: "f", Path: "s"}  # of the fields of reports, as the wire sends them

_VALUES: Mapping[str, Callable[[SessionState], list[Any]]] = {
    "/bridge/tempo": lambda state: [float(state.tempo)],
    "/tempo/raw": lambda state: [float(state.tempo)],
    "/bridge/meter": lambda state: [state.meter.numerator, state.meter.denominator],
    "/time/signature": lambda state: [f"{state.meter.numerator} / {state.meter.denominator}"],
    "/bridge/key": lambda state: [str(state.key or "none")],
    "/bridge/samplerate": lambda state: [state.rate],
}
"""What can be read, by address."""


def tree(presets: Mapping[str, str], state: SessionState) -> Node:
    """Return the root, with all that is below it. `presets` are names, each with what it is for."""
    root = _node("/", "all that can be sent to daw-bridge, and what it reports", _CONTAINER)
    for path, row in REQUESTS.items():
        if path.startswith(PRESET):
            _grow(root, PRESET.rstrip("/"), {"DESCRIPTION": row.does, "KEYS": keys()})
            for name, about in presets.items():
                _grow(root, PRESET + name, _taken(row, about or row.does))
        else:
            _grow(root, path, _taken(row, row.does, _VALUES.get(path), state))
    _grow(root, "/bridge/version", {"ACCESS": _READ, "TYPE": "s", "VALUE": [__version__]})
    for path, description, types in _told():
        _grow(root, path, {"DESCRIPTION": description, "ACCESS": _READ, "TYPE": types})
    return root


def find(root: Node, path: str) -> Node | None:
    """Return the node at `path`; None where there is none. A slash at the end is no mistake."""
    node: Node | None = root
    for name in path.strip("/").split("/") if path.strip("/") else ():
        node = node.get("CONTENTS", {}).get(name) if node is not None else None
    return node


def keys() -> dict[str, Node]:
    """Return what else a job may be told, by name."""
    return {
        key.name: {"TYPE": tag(key.read), "RANGE": [span(key.read)], "DESCRIPTION": f"{key.means}; {key.read.allowed}"}
        for key in JOB_KEYS.values()
    }


def tag(read: Reader[Any]) -> str:
    """Return the OSC type tag of what `read` takes. A switch is T: either of T and F is meant."""
    match read:
        case Switch():
            return "T"
        case Whole():
            return "i" if read.low in _INT32 and read.high in _INT32 else "h"
        case Number() | Parsed(kind="number"):
            return "f"
        case _:
            return "s"


def span(read: Reader[Any]) -> Node | None:
    """Return the range of what `read` takes; None for what has none."""
    match read:
        case Whole() | Number():
            return {"MIN": read.low, "MAX": read.high}
        case Parsed(span=(low, high)):
            return {"MIN": low, "MAX": high}
        case Choice():
            return {"VALS": list(read.words)}
        case _:
            return None


def _told() -> Iterable[tuple[str, str, str]]:
    """Yield what we say by ourselves: address, description and types."""
    for kind, path in REPORTS.items():
        yield path, f"reported: {report_arguments(kind)}", _types(kind)
    yield SYNCED, "answers `/bridge/sync` with its number", tag(SYNC_NUMBER)


def _types(kind: type[reports.Report]) -> str:
    """Return the type tags of a report."""
    return "".join(_TAGS[each.type] for each in fields(kind) if isinstance(each.type, type))


def _taken(
    row: Address,
    description: str,
    value: Callable[[SessionState], list[Any]] | None = None,
    state: SessionState | None = None,
) -> Node:
    """Return what a request has as a node, but its path."""
    node: Node = {
        "DESCRIPTION": f"{description} (arguments: {row.arguments})",
        "ACCESS": _WRITE,
        "TYPE": "".join(tag(read) for read in row.plain) or "N",
    }
    if row.plain:
        node["RANGE"] = [span(read) for read in row.plain]
    if row.path in {"/bridge/generate", "/bridge/again"}:
        node["KEYS"] = keys()
    if value is not None and state is not None:
        node.update(ACCESS=_BOTH, VALUE=value(state))
    return node


def _grow(root: Node, path: str, node: Node) -> None:
    """Put `node` into the tree at `path`, with the containers that lead there. What is there already gets it, too."""
    above, here = root, ""
    for name in path.strip("/").split("/"):
        here = f"{here}/{name}"
        above = above.setdefault("CONTENTS", {}).setdefault(name, _node(here, _ROOM, _CONTAINER))
    above.update(node)


def _node(path: str, description: str, access: int) -> Node:
    """Return a node with what every node has."""
    return {"FULL_PATH": path, "DESCRIPTION": description, "ACCESS": access}
