"""Bytes become events: whatever comes, nothing breaks, and what is dropped is counted."""

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daw_bridge.midi.event import Event, Kind, Light
from daw_bridge.midi.outbox import Outbox
from daw_bridge.midi.reading import Ear, bytes_of


def events(ear: Ear) -> list[tuple[Kind, int, int, int]]:
    """Return what the ear has heard, without port and time; something must have come."""
    return [(each.kind, each.channel, each.number, each.value) for each in ear.outbox.take()[0]]


def fed(*chunks: bytes) -> list[tuple[Kind, int, int, int]]:
    """Return what bytes mean that come in these chunks, a tick behind them."""
    ear = Ear()
    for chunk in (*chunks, b"\xf8"):
        ear.feed("peer", chunk)
    return events(ear)[:-1]


@pytest.mark.parametrize(
    ("raw", "heard"),
    [
        (b"\x99\x24\x64", (Kind.NOTE, 10, 36, 100)),
        (b"\x89\x24\x40", (Kind.NOTE, 10, 36, 0)),
        (b"\x90\x24\x00", (Kind.NOTE, 1, 36, 0)),
        (b"\xb0\x14\x7f", (Kind.CONTROL, 1, 20, 127)),
        (b"\xcf\x05", (Kind.PROGRAM, 16, 5, 127)),
        (b"\xe0\x00\x00", (Kind.BEND, 1, 0, -8192)),
        (b"\xf2\x20\x00", (Kind.POSITION, 0, 0, 32)),
        (b"\xfa", (Kind.START, 0, 0, 0)),
        (b"\xf0\x7f\x7f\x06\x02\xf7", (Kind.MMC, 0, 2, 127)),
    ],
)
def test_a_message_is_read(raw: bytes, heard: tuple[Kind, int, int, int]) -> None:
    """Channels are counted from one, and a note that is let go has no force, whichever way it was said."""
    assert fed(raw) == [heard]


def test_running_status_is_understood() -> None:
    """A status byte holds for the pairs that follow, also from one packet to the next."""
    assert fed(b"\x90\x24\x64\x25", b"\x65\x26\x66") == [(Kind.NOTE, 1, 36 + n, 100 + n) for n in range(3)]


def test_a_message_inside_another_is_heard() -> None:
    """Clock ticks come between the bytes of whatever else is on its way."""
    assert (Kind.CLOCK, 0, 0, 0) in fed(b"\x90\x24\xf8\x64")


def test_a_sysex_that_is_cut_off_keeps_nothing_from_being_heard() -> None:
    """The next status byte ends it."""
    assert fed(b"\xf0\x7f\x7f\x06", b"\x90\x24\x64") == [(Kind.NOTE, 1, 36, 100)]


def test_what_is_of_no_use_is_let_be() -> None:
    """Aftertouch, other SysEx and active sensing mean nothing here."""
    assert fed(b"\xa0\x24\x64\xd0\x10\xf0\x01\x02\xf7\xfe") == []


@given(st.lists(st.binary(max_size=64), max_size=8))
def test_bytes_at_random_break_nothing(chunks: list[bytes]) -> None:
    """Afterwards a note is heard as ever."""
    ear = Ear()
    for chunk in chunks:
        ear.feed("peer", chunk)
    ear.feed("peer", b"\xf7\x90\x24\x64")
    assert (Kind.NOTE, 1, 36, 100) in events(ear)


@given(st.lists(st.integers(0, 255), max_size=8))
def test_a_message_of_a_driver_is_heard_or_counted(message: list[int]) -> None:
    """What is no MIDI is lost for that reason; what is, is heard, or of no use."""
    ear = Ear()
    ear.message("port", message)
    ear.message("port", [0xF8])
    heard, lost = ear.outbox.take()
    assert heard[-1].kind is Kind.CLOCK
    assert set(lost) <= {"no MIDI"}


def test_a_flood_of_a_knob_is_drawn_together() -> None:
    """Of a thousand values the last of each side of the half is kept, so that a button misses no edge."""
    box = Outbox()
    for value in [*range(128)] * 8:
        box.put(Event("port", Kind.CONTROL, 1, 20, value, 0.0))
    heard, lost = box.take()
    assert sorted(each.value for each in heard) == [63, 127]
    assert not lost


def test_a_flood_of_notes_is_bounded_and_counted() -> None:
    """What does not fit is lost aloud; memory stays bounded."""
    box = Outbox()
    for _ in range(10_000):
        box.put(Event("port", Kind.NOTE, 1, 36, 100, 0.0))
    heard, lost = box.take()
    assert len(heard) + lost["flood"] == 10_000
    assert len(heard) == 4_096


def test_a_light_is_a_message_that_mido_reads_back() -> None:
    """Channel 1 to a person is 0 on the wire."""
    note = mido.Message.from_bytes(bytes_of(Light("port", Kind.NOTE, 3, 36, 21)))
    assert (note.type, note.channel, note.note, note.velocity) == ("note_on", 2, 36, 21)
    knob = mido.Message.from_bytes(bytes_of(Light("port", Kind.CONTROL, 16, 91, 5)))
    assert (knob.type, knob.channel, knob.control, knob.value) == ("control_change", 15, 91, 5)
