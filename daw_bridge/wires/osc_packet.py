"""OSC 1.0 packets: bytes become messages, and messages bytes.

Encoding is python-osc's. Decoding is done here, because python-osc 1.10 drops the tags ``c``, ``S`` and ``I`` without
skipping their bytes, so that every later argument is read from the wrong place, and because a float must be read as
the decimal that somebody wrote: 59.94 arrives as the binary32 number 59.939998…, and its shortest decimal is 59.94.

Source: Open Sound Control 1.0 Specification (Matt Wright, CNMAT, 2002).
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pythonosc.osc_message_builder import OscMessageBuilder

from daw_bridge.errors import BadRequest
from daw_bridge.values import Kind

Argument = str | int | float | bool | bytes | None

_BUNDLE = b"#bundle\0"
_IMMEDIATELY = 1
_LARGEST_FLOAT = 3.4028234663852886e38  # what 32 bits can say
_NTP_TO_UNIX = 2_208_988_800  # seconds from 1900 to 1970


class NotOsc(Exception):
    """The bytes are no OSC packet."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its address, the type tags and the bytes of its arguments, not yet read.

    `tags` is None for a sender so old that it sends none. `launch` is the time tag of the innermost bundle around it
    in Unix seconds; None without one, or for "immediately".
    """

    address: str
    tags: str | None
    data: bytes
    launch: float | None = None

    def read(self, kind: Callable[[Sequence[object]], Kind | None]) -> list[Argument]:
        """Read the arguments by their tags, and those of an old sender, who sends none, by `kind`."""
        return self.untagged(kind) if self.tags is None else self.arguments()

    def arguments(self) -> list[Argument]:
        """Read the arguments by their tags; arrays are laid flat, and nil is None.

        Raises `BadRequest` for a tag that OSC 1.0 does not have, for text that is no UTF-8, and for missing bytes.
        """
        read: list[Argument] = []
        at = 0
        for tag in self.tags or "":
            if tag in _CONSTANTS:
                read.append(_CONSTANTS[tag])
            elif tag in _READERS:
                value, at = _READERS[tag](self.data, at)
                read.append(value)
            elif tag not in "[]":
                raise BadRequest(f"type tag {tag!r} is not of OSC 1.0; send numbers as i or f, and text as s")
        return read

    def untagged(self, kind: Callable[[Sequence[object]], Kind | None]) -> list[Argument]:
        """Read the arguments of a sender that names no types; `kind` says what follows those already read.

        Where it cannot say, four bytes that begin like text are text. A number is an int where its four bytes make a
        small one, else a float: no musical float looks like that.
        """
        read: list[Argument] = []
        at = 0
        while at < len(self.data):
            value: Argument
            next_one = self.data[at : at + 4]
            if (kind(read) or ("text" if next_one[:1].isalnum() and next_one.isascii() else "number")) == "text":
                value, at = _text(self.data, at)
            else:
                whole, _ = _int32(self.data, at)
                value, at = (whole, at + 4) if abs(whole) < 2**20 else _float32(self.data, at)
            read.append(value)
        return read


def decode(packet: bytes) -> Iterator[Message]:
    """Yield the messages of a packet in order, out of however many bundles. Raises `NotOsc`.

    The packet is checked as a whole before the first message is yielded: a bundle is taken whole or not at all.
    """
    messages: list[Message] = []
    pending: list[tuple[bytes, float | None]] = [(packet, None)]
    while pending:  # a stack, not recursion: a packet of 64 KiB can nest some thousand bundles
        data, launch = pending.pop()
        if data.startswith(_BUNDLE):
            pending.extend(reversed(_elements(data)))
        else:
            messages.append(_message(data, launch))
    return iter(messages)


def encode(address: str, arguments: Sequence[Argument]) -> bytes:
    """Return the packet of one message. Numbers beyond 32 bits go out as ``h`` and ``d``, others as ``i`` and ``f``."""
    builder = OscMessageBuilder(address)
    for argument in arguments:
        if isinstance(argument, float) and _LARGEST_FLOAT < abs(argument) < float("inf"):
            builder.add_arg(argument, "d")
        else:
            builder.add_arg(_sendable(argument) if isinstance(argument, str) else argument)
    packet: bytes = builder.build().dgram
    return packet


def _sendable(text: str) -> str:
    """Return `text` without what OSC has no way to say: NULs, and bytes of file names that are no UTF-8."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _elements(data: bytes) -> list[tuple[bytes, float | None]]:
    """Return the elements of a bundle, each with the bundle's time."""
    if len(data) < 16:
        raise NotOsc
    (tag,) = struct.unpack_from(">Q", data, 8)
    launch = None if tag == _IMMEDIATELY else tag / 2**32 - _NTP_TO_UNIX
    elements: list[tuple[bytes, float | None]] = []
    at = 16
    while at < len(data):
        if at + 4 > len(data):
            raise NotOsc
        (size,) = struct.unpack_from(">i", data, at)
        at += 4
        if size <= 0 or size % 4 or at + size > len(data):
            raise NotOsc
        elements.append((data[at : at + size], launch))
        at += size
    return elements


def _message(data: bytes, launch: float | None) -> Message:
    """Take a message apart into address, tags and argument bytes."""
    if not data.startswith(b"/") or len(data) % 4:
        raise NotOsc
    address, at = _padded(data, 0)
    if not address.isascii() or not address.decode("ascii").isprintable():
        raise NotOsc
    if data[at : at + 1] != b",":
        return Message(address.decode(), None, data[at:], launch)
    tags, at = _padded(data, at)
    if not tags.isascii():
        raise NotOsc
    return Message(address.decode(), tags[1:].decode(), data[at:], launch)


def _padded(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the NUL-terminated bytes at `at`, and where what follows their padding begins."""
    end = data.find(b"\0", at)
    if end < 0:
        raise NotOsc
    return data[at:end], end + 4 - end % 4


def _take(data: bytes, at: int, layout: str) -> tuple[int | float, int]:
    """Read one number of a fixed `layout`."""
    try:
        (value,) = struct.unpack_from(layout, data, at)
    except struct.error:
        raise BadRequest("the message ends before its last argument; send all that its type tags promise") from None
    number: int | float = value
    return number, at + struct.calcsize(layout)


def _int32(data: bytes, at: int) -> tuple[int, int]:
    """Read an ``i``."""
    value, at = _take(data, at, ">i")
    return int(value), at


def _float32(data: bytes, at: int) -> tuple[float, int]:
    """Read an ``f`` as the shortest decimal that has its bits."""
    value, end = _take(data, at, ">f")
    bits = data[at:end]
    for digits in (6, 7, 8):
        decimal = float(f"{value:.{digits}g}")
        try:
            if struct.pack(">f", decimal) == bits:
                return decimal, end
        except OverflowError:  # the largest floats round up to what no float is
            continue
    return value, end


def _char(data: bytes, at: int) -> tuple[str, int]:
    """Read a ``c``."""
    code, at = _int32(data, at)
    if not 0 < code < 0x110000 or 0xD800 <= code < 0xE000:
        raise BadRequest(f"{code} is no character; send text as s")
    return chr(code), at


def _text(data: bytes, at: int) -> tuple[str, int]:
    """Read an ``s`` or ``S``."""
    try:
        raw, at = _padded(data, at)
        return raw.decode(), at
    except NotOsc:
        raise BadRequest("a text does not end inside the message; send all that its type tags promise") from None
    except UnicodeDecodeError:
        raise BadRequest("a text is not UTF-8; send text as UTF-8") from None


def _blob(data: bytes, at: int) -> tuple[bytes, int]:
    """Read a ``b``."""
    size, at = _int32(data, at)
    if not 0 <= size <= len(data) - at:
        raise BadRequest(f"a blob of {size} bytes does not fit into the message; send all that its type tags promise")
    return data[at : at + size], at + size + -size % 4


def _number(layout: str) -> Callable[[bytes, int], tuple[Argument, int]]:
    """Return a reader of one fixed layout."""
    return lambda data, at: _take(data, at, layout)


_CONSTANTS: dict[str, Argument] = {"T": True, "F": False, "N": None, "I": True}  # I is an impulse: a button was hit

_READERS: dict[str, Callable[[bytes, int], tuple[Argument, int]]] = {
    "i": _int32,
    "f": _float32,
    "s": _text,
    "S": _text,
    "c": _char,
    "b": _blob,
    "h": _number(">q"),
    "d": _number(">d"),
    "t": _number(">Q"),
    "r": _number(">I"),
    "m": _number(">I"),
}
