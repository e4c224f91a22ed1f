"""Laws of packets: what others encode is read as they meant it; what nobody meant never does any harm."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from daw_bridge.errors import BadRequest
from daw_bridge.wires.osc_addresses import REQUESTS
from daw_bridge.wires.osc_packet import Argument, Message, NotOsc, decode, encode

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
arguments = st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), texts, st.booleans(), st.none()), max_size=6)


def only(packet: bytes) -> Message:
    """Return the one message of a packet."""
    (message,) = decode(packet)
    return message


@given(arguments)
def test_what_is_encoded_is_decoded(values: list[Argument]) -> None:
    """Our packets read back as they were written."""
    assert only(encode("/bridge/x", values)).arguments() == values


@given(arguments)
def test_python_osc_reads_our_packets(values: list[Argument]) -> None:
    """A decoder that nobody here wrote reads the same."""
    message = OscMessage(encode("/bridge/x", values))
    assert (message.address, list(message.params)) == ("/bridge/x", values)


@given(st.decimals("0.01", "99999", places=2, allow_nan=False, allow_infinity=False))
def test_a_float_is_the_decimal_that_was_written(written: object) -> None:
    """59.94 goes out as a 32-bit float and comes in as 59.94."""
    assert only(encode("/x", [float(str(written))])).arguments() == [float(str(written))]


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), 3.4028234663852886e38, 1e-45, -0.0])
def test_the_edges_of_floats_pass(value: float) -> None:
    """Infinite, largest and smallest floats are read, whatever becomes of them later."""
    (read,) = only(encode("/x", [value])).arguments()
    assert isinstance(read, float)
    assert struct.pack(">f", read) == struct.pack(">f", value)


@given(st.floats(min_value=3.5e38, allow_infinity=False), st.sampled_from((1, -1)))
def test_a_number_that_32_bits_cannot_say_goes_out_in_64(value: float, sign: int) -> None:
    """It is not infinite, and nothing is raised."""
    assert only(encode("/x", [sign * value])).arguments() == [sign * value]


def test_every_tag_of_the_specification_is_read() -> None:
    """Tags that python-osc skips do not move what follows them."""
    tags = b",ciShdTFNI[ii]bt\0\0\0\0"
    data = struct.pack(">ii4sqd", 65, 7, b"sym\0", 2**40, 0.5) + struct.pack(">ii", 1, 2)
    data += struct.pack(">i4s", 3, b"abc\0") + struct.pack(">Q", 1)
    expected = ["A", 7, "sym", 2**40, 0.5, True, False, None, True, 1, 2, b"abc", 1]
    assert only(b"/x\0\0" + tags[: len(tags) - len(tags) % 4] + data).arguments() == expected


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"/x\0\0,q\0\0", "type tag 'q'"),
        (b"/x\0\0,i\0\0", "ends before"),
        (b"/x\0\0,s\0\0\xff\xfe\0\0", "not UTF-8"),
        (b"/x\0\0,s\0\0abcd", "does not end"),
        (b"/x\0\0,b\0\0\0\0\0\x7f", "blob of 127"),
        (b"/x\0\0,b\0\0\xff\xff\xff\xff", "blob of -1"),
        (b"/x\0\0,c\0\0\0\0\0\0", "no character"),
    ],
)
def test_arguments_that_cannot_be_read_are_named(packet: bytes, reason: str) -> None:
    """The address is known, so that the sender can be told."""
    message = only(packet)
    assert message.address == "/x"
    with pytest.raises(BadRequest, match=reason):
        message.arguments()


@given(st.binary(max_size=200))
def test_random_bytes_are_no_osc_or_harmless(data: bytes) -> None:
    """Garbage raises `NotOsc`, or reads as a message whose arguments read or are refused. Nothing else happens."""
    for packet in (data, b"/x\0\0," + data, b"#bundle\0" + data):
        try:
            messages = list(decode(packet))
        except NotOsc:
            messages = []
        for message in messages:
            assert message.address.startswith("/")
            with suppress(BadRequest):
                assert len(message.arguments()) <= len(packet)


def bundle(elements: list[bytes], tag: int = 1) -> bytes:
    """Return a bundle as the specification lays it out."""
    sized = b"".join(struct.pack(">i", len(each)) + each for each in elements)
    return b"#bundle\0" + struct.pack(">Q", tag) + sized


def test_bundles_run_in_order_however_deep() -> None:
    """Fifty bundles inside each other are opened, and so are five hundred, in the order of their messages."""
    for depth in (50, 500):
        packet = encode("/last", [depth])
        for _ in range(depth):
            packet = bundle([encode("/first", []), packet])
        assert [message.address for message in decode(packet)] == ["/first"] * depth + ["/last"]


@pytest.mark.parametrize(
    "broken",
    [
        b"#bundle\0",
        bundle([b"/x\0\0"])[:-1],
        bundle([b"xxxx"]),
        bundle([b""]),
        bundle([b"/x\0\0"]) + b"\x7f\xff\xff\xff",
        bundle([encode("/good", []), b"bad!"]),
        b"",
        b"/",
        b"/x",
        b"/x\xc3\xa4\0\0\0\0",
        b"/x\n\0",
    ],
)
def test_a_packet_is_taken_whole_or_not_at_all(broken: bytes) -> None:
    """A bundle with one bad element has no good ones."""
    with pytest.raises(NotOsc):
        decode(broken)


def test_a_time_tag_is_read_as_a_time() -> None:
    """python-osc's bundle for a moment is read as that moment; "immediately" is none."""
    message = OscMessageBuilder("/x").build()
    moment = 1_800_000_000.25
    for tag, launch in ((moment, moment), (IMMEDIATELY, None)):
        builder = OscBundleBuilder(tag)
        builder.add_content(message)
        assert only(builder.build().dgram).launch == (None if launch is None else pytest.approx(launch, abs=1e-6))


@pytest.mark.parametrize(
    ("address", "data", "expected"),
    [
        ("/bridge/status", b"", []),
        ("/bridge/tempo", struct.pack(">f", 92.5), [92.5]),
        ("/bridge/tempo", struct.pack(">i", 120), [120]),
        ("/bridge/meter", struct.pack(">ii", 7, 8), [7, 8]),
        ("/bridge/key", b"Bbm\0", ["Bbm"]),
        ("/bridge/generate", b"dub\0bars\0\0\0\0" + struct.pack(">i", 2), ["dub", "bars", 2]),
        ("/bridge/generate", b"dub\0meter\0\0\0007/8\0", ["dub", "meter", "7/8"]),
        ("/bridge/generate", b"bars\0\0\0\0bars\0\0\0\0" + struct.pack(">i", 2), ["bars", "bars", 2]),
        ("/bridge/preset/<name>", struct.pack(">f", 1), [1.0]),
        ("/bridge/preset/<name>", struct.pack(">i", 1), [1]),
        ("/bridge/preset/<name>", b"takes\0\0\0" + struct.pack(">f", 2.5), ["takes", 2.5]),
        ("/bridge/cancel", b"all\0", ["all"]),
    ],
)
def test_an_old_sender_without_type_tags_is_understood(address: str, data: bytes, expected: list[Argument]) -> None:
    """What the table expects at an address tells how its bytes are read."""
    packet = b"/x\0\0" + data
    message = only(packet)
    assert message.tags is None
    assert message.untagged(REQUESTS[address].kind_after) == expected
