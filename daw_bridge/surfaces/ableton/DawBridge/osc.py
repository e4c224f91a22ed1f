"""OSC 1.0, as much of it as the daemon and this script say to each other: messages of int, float and text.

Live's Python has no OSC library and none may be installed into it, so the few types are read and written here. A packet
that cannot be read is nothing: `decode` returns no message for it.
"""

from __future__ import annotations

import struct

_CONSTANTS = {"T": True, "F": False, "N": None}
_NUMBERS = {"i": ">i", "f": ">f", "h": ">q", "d": ">d"}


def encode(address: str, arguments: tuple) -> bytes:
    """Return the packet of one message: text goes out as ``s``, whole numbers as ``i``, all others as ``f``."""
    tags, data = ",", b""
    for argument in arguments:
        if isinstance(argument, str):
            tags, data = tags + "s", data + _text(argument)
        elif isinstance(argument, int):
            tags, data = tags + "i", data + struct.pack(">i", argument)
        else:
            tags, data = tags + "f", data + struct.pack(">f", argument)
    return _text(address) + _text(tags) + data


def decode(packet: bytes) -> tuple[str, list] | None:
    """Return address and arguments of a packet of one message (the daemon sends no bundles); None if it is no such."""
    try:
        address, at = _read_text(packet, 0)
        tags, at = _read_text(packet, at)
        arguments = []
        for tag in tags[1:]:
            if tag == "s":
                value, at = _read_text(packet, at)
            elif tag in _CONSTANTS:
                value = _CONSTANTS[tag]
            else:
                (value,) = struct.unpack_from(_NUMBERS[tag], packet, at)
                at += struct.calcsize(_NUMBERS[tag])
            arguments.append(value)
    except (ValueError, KeyError, struct.error):
        return None
    return (address, arguments) if address.startswith("/") and tags.startswith(",") else None


def _text(text: str) -> bytes:
    """Write text as UTF-8, ended by a NUL, and filled up to a multiple of four bytes."""
    raw = text.replace("\0", "").encode("utf-8", "replace")
    return raw + b"\0" * (4 - len(raw) % 4)


def _read_text(packet: bytes, at: int) -> tuple[str, int]:
    """Return the text at `at`, and where what follows begins. Raises `ValueError` where none is."""
    end = packet.index(b"\0", at)
    return packet[at:end].decode("utf-8"), end + 4 - (end - at) % 4
