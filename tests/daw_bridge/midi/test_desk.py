"""The desk finds what a control does: banks, shifts, edges, and whose map counts."""

import sys
from pathlib import Path

import pytest

from daw_bridge.midi.binding import Binding, Control, Deed
from daw_bridge.midi.desk import Desk
from daw_bridge.midi.event import Event, Kind
from daw_bridge.midi.learned import Learned, on_port
from daw_bridge.midi.maps import Map, fits

PORT = "Pads:out"


def bound(on: str, do: str, *, bank: int = 0, shift: str = "") -> Binding:
    """Return a binding."""
    return Binding(Control.parse(on), Deed.parse(do), bank=bank, shift=Control.parse(shift) if shift else None)


def note(number: int, value: int = 100, port: str = PORT) -> Event:
    """Return a key that is struck, or let go."""
    return Event(port, Kind.NOTE, 1, number, value, 0.0)


def control(number: int, value: int) -> Event:
    """Return where a controller stands."""
    return Event(PORT, Kind.CONTROL, 1, number, value, 0.0)


def desk_of(folder: Path, *bindings: Binding, ports: tuple[str, ...] = ("Pads*",)) -> Desk:
    """Return a desk with one map."""
    return Desk([Map("test", "", ports, bindings)], None, (), Learned(folder / "learned.toml"))


def deed(desk: Desk, event: Event) -> str:
    """Return what `event` does, if it presses something; "" otherwise."""
    touch = desk.touch(event)
    return str(touch.pad.binding.deed) if touch is not None and touch.pressed else ""


def test_a_key_presses_when_it_is_struck_and_not_when_it_is_let_go(tmp_path: Path) -> None:
    """Velocity 0 lets go, as a note-off does."""
    desk = desk_of(tmp_path, bound("note 36", "again"))
    assert deed(desk, note(36)) == "again"
    assert deed(desk, note(36, 0)) == ""
    assert deed(desk, note(37)) == ""


def test_a_controller_presses_once_as_it_rises_through_the_half(tmp_path: Path) -> None:
    """A button that sends 127 and 0, or a knob that is turned up slowly: one press each."""
    desk = desk_of(tmp_path, bound("cc 20", "again"))
    values = [0, 127, 127, 0, 10, 63, 64, 65, 127, 64, 63, 64]
    assert [deed(desk, control(20, value)) != "" for value in values] == [
        False, True, False, False, False, False, True, False, False, False, False, True,
    ]  # fmt: skip


def test_a_shift_that_is_held_changes_what_a_pad_does(tmp_path: Path) -> None:
    """And what it did before, once it is let go; a pad that has no shifted meaning keeps its own."""
    desk = desk_of(
        tmp_path,
        bound("note 51", "shift"),
        bound("note 36", "again"),
        bound("note 36", "cancel", shift="note 51"),
        bound("note 37", "play"),
    )
    assert deed(desk, note(36)) == "again"
    desk.touch(note(51))
    assert deed(desk, note(36)) == "cancel"
    assert deed(desk, note(37)) == "play"
    desk.touch(note(51, 0))
    assert deed(desk, note(36)) == "again"


def test_a_shift_that_was_held_when_the_controller_went_is_let_go(tmp_path: Path) -> None:
    """An unplugged controller never says that its key came up."""
    desk = desk_of(tmp_path, bound("note 51", "shift"), bound("note 36", "cancel", shift="note 51"))
    desk.touch(note(51))
    desk.let_go(PORT)
    assert deed(desk, note(36)) == ""


def test_the_bank_that_is_up_counts(tmp_path: Path) -> None:
    """Bank 1 is up at first; what belongs to no bank is there in all."""
    desk = desk_of(
        tmp_path,
        bound("note 36", "preset a", bank=1),
        bound("note 36", "preset b", bank=2),
        bound("note 37", "again"),
    )
    assert deed(desk, note(36)) == "preset a"
    desk.turn_to(PORT, 2)
    assert deed(desk, note(36)) == "preset b"
    assert deed(desk, note(37)) == "again"
    desk.turn_to(PORT, 9)
    assert deed(desk, note(36)) == ""


def test_a_controller_without_a_map_made_for_it_does_nothing(tmp_path: Path) -> None:
    """A keyboard that is played in the DAW starts no jobs here; a port of our own gets the map for all."""
    learned = Learned(tmp_path / "learned.toml")
    pads = Map("pads", "", ("*",), (bound("note 36", "again"),))
    desk = Desk([pads], None, ("network *",), learned)
    assert deed(desk, note(36, port="Grand Piano:out")) == ""
    assert deed(desk, note(36, port="network 3")) == "again"
    assert deed(Desk([pads], pads, (), learned), note(36, port="Grand Piano:out")) == "again"


def test_what_was_learnt_counts_before_the_map_and_on_its_port_alone(tmp_path: Path) -> None:
    """It is found again by whoever reads the file anew; undo brings back what was."""
    learned = Learned(tmp_path / "maps" / "learned.toml")
    desk = Desk([Map("test", "", ("*",), (bound("note 36", "again"),))], None, ("*",), learned)
    learned.learn(on_port(Binding(Control(Kind.NOTE, 36, 1), Deed.parse("cancel all")), "Odd [name] *:out"))
    assert deed(desk, note(36, port="Odd [name] *:out")) == "cancel all"
    assert deed(desk, note(36, port="Other:out")) == "again"
    banked = Desk([Map("test", "", ("*",), (bound("note 36", "again", bank=1),))], None, ("*",), learned)
    assert deed(banked, note(36, port="Odd [name] *:out")) == "cancel all"
    later = Learned(tmp_path / "maps" / "learned.toml")
    later.load(())
    assert later.bindings == learned.bindings
    learned.undo()
    assert deed(desk, note(36, port="Odd [name] *:out")) == "again"
    assert not list((tmp_path / "maps").glob(".*"))


@pytest.mark.parametrize("kind", [Kind.PROGRAM, Kind.MMC])
def test_a_message_that_has_no_release_presses_each_time(tmp_path: Path, kind: Kind) -> None:
    """A program change and a command of machine control are presses."""
    text = "program" if kind is Kind.PROGRAM else "mmc play"
    desk = desk_of(tmp_path, bound(text, "again"))
    event = Event(PORT, kind, 1, 2, 127, 0.0)
    assert [deed(desk, event), deed(desk, event)] == ["again", "again"]


@pytest.mark.parametrize(
    ("learnt_at", "found_at"),
    [
        ("nanoPAD2:nanoPAD2 MIDI 1 24:0", "nanoPAD2:nanoPAD2 MIDI 1 28:0"),
        ("bridge:Pads [2] out", "bridge:Pads [2] out"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows numbers its ports otherwise")
def test_what_was_learnt_at_a_controller_holds_when_it_is_plugged_in_anew(learnt_at: str, found_at: str) -> None:
    """ALSA numbers a client at each plugging-in; the number is no part of the controller's name."""
    binding = on_port(bound("note 36", "again"), learnt_at)
    assert fits(found_at, binding.port)
    assert not fits(f"Other {found_at}", binding.port)
