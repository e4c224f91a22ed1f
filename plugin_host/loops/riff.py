"""Reading what a WAV says beside its sound: tempo and meter (``acid``), loop (``smpl``), title and prompt (``INFO``).

Nothing in a foreign file is trusted: a chunk that is cut off, absurdly large or of another shape is passed over.
"""

import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from plugin_host.errors import BadValue

_LARGEST = 1 << 20  # bytes of a chunk that is read; tags are a page of text at most
_BLOCK = 1 << 20
_MOST = 10_000  # chunks of a file; more are no tags, but somebody's joke
_ACID = struct.Struct("<IHHfIHHf")
_SMPL = struct.Struct("<9I6I")
_ONE_SHOT = 0x01
_READ = frozenset({b"acid", b"smpl", b"LIST"})


@dataclass(frozen=True, slots=True)
class Acid:
    """The ``acid`` chunk: whether it is a one-shot, its beats, its meter as written, and its tempo as decimal text."""

    one_shot: bool
    beats: int
    meter: str
    tempo: str


@dataclass(frozen=True, slots=True)
class Riff:
    """What was found. `loop` is the first and last frame of the first loop; `sha256` is that of the sound alone."""

    sha256: str
    acid: Acid | None = None
    loop: tuple[int, int] | None = None
    info: Mapping[str, str] = field(default_factory=dict)


def read(path: Path) -> Riff:
    """Read the chunks of the WAV at `path`. Raises `BadValue` if it is none, and `OSError`."""
    bodies: dict[bytes, bytes] = {}
    sha256 = ""
    with path.open("rb") as file:
        _check_head(file, path)
        for name, size in _chunks(file):
            if name == b"data" and not sha256:
                sha256 = _digest(file, size)
            elif name in _READ and size <= _LARGEST and name not in bodies:
                bodies[name] = file.read(size)
    if not sha256:
        raise BadValue(f"{path} has no sound in it; it was cut off while it was copied, perhaps: copy it again")
    return Riff(
        sha256,
        _acid(bodies.get(b"acid", b"")),
        _loop(bodies.get(b"smpl", b"")),
        _info(bodies.get(b"LIST", b"")),
    )


def _check_head(file: BinaryIO, path: Path) -> None:
    """Raise `BadValue` unless `file` begins as a WAV does."""
    head = file.read(12)
    if not head:
        raise BadValue(f"{path} is empty; name a WAV, such as one that daw-bridge generate made")
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise BadValue(f"{path} is no WAV; name a WAV, such as one that daw-bridge generate made")


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield name and size of each chunk, with `file` at the start of its body."""
    place = file.tell()
    for _ in range(_MOST):
        if len(head := file.read(8)) < 8:
            return
        name, size = struct.unpack("<4sI", head)
        yield name, size
        place += 8 + size + size % 2
        file.seek(place)


def _digest(file: BinaryIO, size: int) -> str:
    """Return the SHA-256 of the next `size` bytes."""
    digest = hashlib.sha256()
    while size > 0 and (block := file.read(min(size, _BLOCK))):
        digest.update(block)
        size -= len(block)
    return digest.hexdigest()


def _acid(body: bytes) -> Acid | None:
    """Read an ``acid`` chunk. Its tempo is a binary32 number; the shortest decimal that has its bits is what is meant."""
    if len(body) < _ACID.size:
        return None
    flags, _, _, _, beats, denominator, numerator, tempo = _ACID.unpack_from(body)
    return Acid(bool(flags & _ONE_SHOT), beats, f"{numerator}/{denominator}", str(np.float32(tempo)))


def _loop(body: bytes) -> tuple[int, int] | None:
    """Read the first loop of a ``smpl`` chunk."""
    if len(body) < _SMPL.size:
        return None
    fields = _SMPL.unpack_from(body)
    loops, start, last = fields[7], fields[11], fields[12]
    return (start, last) if loops else None


def _info(body: bytes) -> Mapping[str, str]:
    """Read the texts of a ``LIST`` chunk of kind ``INFO`` by their four-letter names."""
    texts: dict[str, str] = {}
    at = 4
    while body[:4] == b"INFO" and at + 8 <= len(body):
        name, size = struct.unpack_from("<4sI", body, at)
        text = body[at + 8 : at + 8 + size].split(b"\0")[0]
        texts[name.decode("ascii", "replace")] = text.decode("utf-8", "replace")
        at += 8 + size + size % 2
    return texts
