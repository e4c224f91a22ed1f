"""Reading RIFF files as their specification has it, strictly: the tests' own eyes for what a writer wrote."""

import struct


def chunks_of(data: bytes) -> dict[bytes, bytes]:
    """Return the bodies of a WAV's chunks by name, in their order; every length and pad byte must be right."""
    name, length, form = struct.unpack_from("<4sI4s", data)
    assert (name, form) == (b"RIFF", b"WAVE")
    assert length == len(data) - 8
    return inner_chunks(data[12:])


def inner_chunks(data: bytes) -> dict[bytes, bytes]:
    """Return the bodies of the chunks that `data` is made of."""
    chunks: dict[bytes, bytes] = {}
    place = 0
    while place < len(data):
        name, length = struct.unpack_from("<4sI", data, place)
        body = data[place + 8 : place + 8 + length]
        assert len(body) == length, f"{name!r} is cut off"
        assert name not in chunks, f"{name!r} is there twice"
        pad = data[place + 8 + length : place + 8 + length + length % 2]
        assert pad == b"\0" * (length % 2), f"{name!r} has a wrong pad byte"
        chunks[name] = body
        place += 8 + length + length % 2
    return chunks
