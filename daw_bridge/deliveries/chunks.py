"""The chunks of a WAV that are not its sound: what DAWs and samplers read tempo, key and loop from.

``acid`` tells beats, meter and tempo (Live, REAPER, ACID, FL Studio, hosts built on JUCE). ``smpl`` tells samplers
where to loop. ``LIST/INFO`` tells people what it is. All numbers are little-endian.
"""

import struct
from dataclasses import dataclass

from plugin_host.engine import Form
from plugin_host.key import Key
from plugin_host.musictime import Grid

MIDDLE_C = 60
"""The MIDI note of a root that is not known, and at which a sampler plays a clip as it is."""

_ONE_SHOT, _ROOT_SET, _STRETCH = 0x01, 0x02, 0x04  # flags of the acid chunk
_ACID_CONSTANT = 0x8000  # nobody has told what for; every writer has it
_LONGEST_TEXT = 2_000  # bytes; libsndfile has a buffer of 2 048 for one, and gives up on INFO at what is longer
_PAD = b"\0"


@dataclass(frozen=True, slots=True)
class Tags:
    """What a clip's file says about itself. `software` is the name and version of what wrote it."""

    grid: Grid
    form: Form
    key: Key | None
    title: str
    prompt: str
    software: str


def chunk(name: bytes, body: bytes) -> bytes:
    """Return a RIFF chunk: a four-letter name, the length of `body`, `body`, and a pad byte if that is odd."""
    return struct.pack("<4sI", name, len(body)) + body + _PAD * (len(body) % 2)


def trailer(tags: Tags, frames: int, rate: int) -> bytes:
    """Return all chunks that follow the sound of a clip of `frames` at `rate` Hz."""
    chunks = [_acid(tags)]
    if tags.form is Form.LOOP:
        chunks.append(_smpl(frames, rate))
    return b"".join([*chunks, _info(tags)])


def _acid(tags: Tags) -> bytes:
    """Return the acid chunk: 24 bytes of flags, root note, two constants, beats, meter and tempo.

    Beats are whole quarter notes, at least one. In an odd meter a clip may have half a quarter more (one bar of 7/8
    has 3½): the nearest whole number is written, and the tempo, which is exact to a float, is what to go by.
    The denominator comes before the numerator, as libsndfile, ExifTool, GStreamer and JUCE read it.
    """
    flags = _ONE_SHOT if tags.form is Form.ONE_SHOT else _STRETCH
    root = MIDDLE_C
    if tags.key is not None:
        flags |= _ROOT_SET
        root += tags.key.pitch_class  # the octave from middle C up
    beats = max(1, round(tags.grid.beats))
    meter = tags.grid.meter
    tempo = float(tags.grid.tempo)
    fields = (flags, root, _ACID_CONSTANT, 0.0, beats, meter.denominator, meter.numerator, tempo)
    return chunk(b"acid", struct.pack("<IHHfIHHf", *fields))


def _smpl(frames: int, rate: int) -> bytes:
    """Return the smpl chunk: one forward loop without end over the whole file.

    A loop's end is its last frame, not the frame after it. The unity note stays middle C whatever the key: from
    there a sampler plays the clip at its own tempo, and a drum loop has no better note.
    """
    nanoseconds_per_frame = round(1_000_000_000 / rate)
    header = (0, 0, nanoseconds_per_frame, MIDDLE_C, 0, 0, 0, 1, 0)
    identifier, forward, start, fraction, endless = 0, 0, 0, 0, 0
    loop = (identifier, forward, start, frames - 1, fraction, endless)
    return chunk(b"smpl", struct.pack("<9I6I", *header, *loop))


def _info(tags: Tags) -> bytes:
    """Return the LIST/INFO chunk: software, title and prompt; what is empty is left out."""
    texts = ((b"ISFT", tags.software), (b"INAM", tags.title), (b"ICMT", tags.prompt))
    lines = (chunk(name, body) for name, text in texts if (body := _text(text)) != _PAD)
    return chunk(b"LIST", b"INFO" + b"".join(lines))


def _text(text: str) -> bytes:
    """Return `text` as readers of RIFF want it: not too long, a NUL at its end and none before.

    RIFF names no encoding; UTF-8 is ASCII where the text is, and loses nothing where it is not. Half a surrogate
    pair, which a broken sender can produce, becomes a question mark. What is cut off stands in the sidecar.
    """
    whole = text.replace("\0", "").encode("utf-8", "replace")
    return whole[:_LONGEST_TEXT].decode("utf-8", "ignore").encode() + _PAD
