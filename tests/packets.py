"""Packets that nobody should send: random bytes, and valid ones that were damaged. For a fuzz test and its long form."""

import random
import struct
from collections.abc import Iterator

from daw_bridge.wires.osc_addresses import OURS, PRESET, REQUESTS
from daw_bridge.wires.osc_packet import Argument, encode

_ROWS: tuple[tuple[Argument, ...], ...] = (
    (),
    (1,),
    (0.0,),
    (92.5,),
    ("x",),
    ("dusty breakbeat", "bars", 1, "takes", 1, "bpm", 92.5, "meter", "7/8", "key", "F#m", "seed", 2**62),
    ("x", "id", "a", "steps", 4, "guidance", 3.5, "negative", "hiss", "guide", "../loop.wav", "loop", 0),
    ("x", "replace", 1, "rate", 44_100, "shift", -2.5, "deliver", "folder", "engine", "sketch"),
    ("7/8",),
    (7, 8),
    ("A minor",),
    ("1.2.30",),
    ("preset dub-techno-chords",),
    ("all",),
    (True, False, None, b"blob", float("nan"), float("inf"), -(2**63)),
)
_PATTERNS = ("/bridge/*", "/{play,stop}", "/bridge/pr[a-z]*", "/bridge/preset/[!a-m]*", "/*/?????", "/[", "/{a,b")
_TAGS = b"ifsbhtdScrmTFNI[]zx\x00"
_INTERESTING = (b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"#bundle\0", b",", b"/", b"\xed\xa0\x80\0")


def valid() -> list[bytes]:
    """Return packets for every address of the table with every row of arguments, plain and in bundles."""
    paths = [*REQUESTS, f"{PRESET}vinyl-dust", *_PATTERNS, *sorted(OURS), "/track/1/vu"]
    plain = [encode(path, row) for path in paths for row in _ROWS if path != "/bridge/sync"]
    bundles = [bundle(one, other) for one, other in zip(plain[::5], plain[::-5], strict=True)]
    return [*plain, *bundles, *(bundle(each, each) for each in bundles[::4])]


def bundle(*packets: bytes, tag: int = 1) -> bytes:
    """Return a bundle of packets with a time tag."""
    elements = b"".join(struct.pack(">i", len(packet)) + packet for packet in packets)
    return b"#bundle\0" + struct.pack(">Q", tag) + elements


def damaged(count: int, seed: int) -> Iterator[bytes]:
    """Yield so many packets: some random, most of them valid ones with one to four things done to them."""
    dice, whole = random.Random(seed), valid()
    for _ in range(count):
        if dice.random() < 0.1:
            yield dice.randbytes(dice.randrange(200))
            continue
        packet = bytearray(dice.choice(whole))
        for _ in range(dice.choice((0, 1, 1, 2, 4))):
            dice.choice(_DAMAGES)(packet, dice, whole)
        yield bytes(packet[:60_000])


def _flip(packet: bytearray, dice: random.Random, _whole: list[bytes]) -> None:
    """Turn one bit."""
    if packet:
        packet[dice.randrange(len(packet))] ^= 1 << dice.randrange(8)


def _overwrite(packet: bytearray, dice: random.Random, _whole: list[bytes]) -> None:
    """Write something that means much over four bytes."""
    at = dice.randrange(len(packet) + 1) & ~3
    word = dice.choice(_INTERESTING)
    packet[at : at + len(word)] = word


def _insert(packet: bytearray, dice: random.Random, _whole: list[bytes]) -> None:
    """Put a few bytes in, so that all that follows is out of step."""
    at = dice.randrange(len(packet) + 1)
    packet[at:at] = dice.randbytes(dice.choice((1, 4, 16)))


def _cut(packet: bytearray, dice: random.Random, _whole: list[bytes]) -> None:
    """Take a piece out."""
    at = dice.randrange(len(packet) + 1)
    del packet[at : at + dice.choice((1, 4, 32))]


def _repeat(packet: bytearray, dice: random.Random, _whole: list[bytes]) -> None:
    """Say a piece many times."""
    at = dice.randrange(len(packet) + 1)
    piece = bytes(packet[at : at + dice.choice((4, 8, 64))])
    packet[at:at] = piece * dice.randrange(1, 40)


def _graft(packet: bytearray, dice: random.Random, whole: list[bytes]) -> None:
    """Go on as another packet does."""
    other = dice.choice(whole)
    at = dice.randrange(len(packet) + 1) & ~3
    packet[at:] = other[dice.randrange(len(other)) & ~3 :]


def _retag(packet: bytearray, dice: random.Random, _whole: list[bytes]) -> None:
    """Say that an argument is of another type."""
    comma = packet.find(b",")
    if 0 <= comma < len(packet) - 1:
        packet[comma + 1 + dice.randrange(min(8, len(packet) - comma - 1))] = dice.choice(_TAGS)


def _wrap(packet: bytearray, dice: random.Random, _whole: list[bytes]) -> None:
    """Put it into a bundle, or into many."""
    for _ in range(dice.choice((1, 2, 50))):
        packet[:] = bundle(bytes(packet), tag=dice.choice((1, 0, 2**64 - 1, dice.getrandbits(64))))


_DAMAGES = (_flip, _overwrite, _insert, _cut, _repeat, _graft, _retag, _wrap)
