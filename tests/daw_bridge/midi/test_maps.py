"""Maps are checked like the configuration: a good one is read, a bad one is named with its remedy."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daw_bridge.errors import BadMap
from daw_bridge.midi.binding import Control, Deed, Range, Verb
from daw_bridge.midi.event import Kind
from daw_bridge.midi.maps import LEARNED, factory_maps, read_map, read_maps
from daw_bridge.presets import PresetShelf, factory_folder

PRESETS = PresetShelf([factory_folder()]).names()
BIND = '[[bind]]\non = "note 36"\ndo = "preset jungle-break"\n'


def written(folder: Path, text: str) -> Path:
    """Write a map and return its path."""
    path = folder / "my-pads.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", sorted(factory_maps().glob("*.toml")), ids=lambda path: path.stem)
def test_every_map_that_comes_along_can_be_used(path: Path) -> None:
    """Each binds presets there are, says what it is for, and has its ports."""
    read = read_map(path, PRESETS)
    assert read.about
    assert read.ports
    assert any(binding.deed.verb is Verb.PRESET for binding in read.bindings)


def test_the_generic_pads_are_notes_36_to_51_in_three_banks() -> None:
    """Sixteen pads, each with a preset in every bank, as the README says."""
    read = read_map(factory_maps() / "pads.toml", PRESETS)
    for bank in (1, 2, 3):
        notes = {each.control.number for each in read.bindings if each.bank == bank and each.deed.verb is Verb.PRESET}
        assert notes == set(range(36, 52))


def test_a_binding_is_read_whole(tmp_path: Path) -> None:
    """Channel, bank, shift, force and curve arrive as they stand."""
    text = BIND + 'channel = 10\nbank = 2\nshift = "note 51"\nvelocity = ["guidance", 2, 5]\n'
    knob = '[[bind]]\non = "cc 20"\ndo = "set takes"\nrange = [1, 8]\ncurve = 2\n'
    pad, turned = read_map(written(tmp_path, text + knob), PRESETS).bindings
    assert pad.control == Control(Kind.NOTE, 36, 10)
    assert (pad.bank, pad.shift) == (2, Control(Kind.NOTE, 51, 10))
    assert pad.velocity == ("guidance", Range(2, 5))
    assert turned.range == Range(1, 8, 2)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[[bind]", "is no TOML"),
        ("pads = 3", "'pads' is no key of a map; there is about, ports"),
        ("ports = []", r'write ports = \["\*Launchpad\*"\]'),
        ("bind = 3", r"write \[\[bind\]\]"),
        (BIND + "chanel = 3", "bind 1: 'chanel' is no key of a binding"),
        (BIND + "channel = 17", "17 is not allowed; give a whole number from 1 to 16"),
        (BIND + "channel = 0", "from 1 to 16"),
        (BIND.replace("note 36", "note 128"), "128.* from 0 to 127"),
        (BIND.replace("note 36", "pad 3"), "'pad 3' is no control"),
        (BIND.replace("note 36", "mmc jump"), "'mmc jump' is no command; there is mmc stop"),
        (BIND.replace("jungle-break", "no-such"), "there is no preset 'no-such'; daw-bridge presets lists"),
        (BIND.replace("preset jungle-break", "explode"), "'explode' is nothing to do; there is preset"),
        (BIND.replace("preset jungle-break", "set colour"), "'colour' is no key that a control can set"),
        (BIND.replace("preset jungle-break", "set key"), r"range is missing: key takes .*write range = \[low, high\]"),
        (BIND.replace("preset jungle-break", "set takes") + "range = [1, 99]", "takes: 99.* from 1 to 16"),
        (BIND.replace("preset jungle-break", "cancel maybe"), "write cancel, or cancel all"),
        (BIND + 'velocity = "hard"', r'write velocity = \["variation", 0\.2, 0\.8\]'),
        (BIND + BIND, "bind 2: note 36 is bound already, to preset jungle-break; give it another bank or shift"),
        ("[lights]\nshining = 3", "'shining' is no key of a light; there is armed"),
        ("[lights]\narmed = 128", "128.* from 0 to 127"),
        ('[[bind]]\ndo = "again"', "on is missing"),
        ("about = '" + "x" * 300_000 + "'", "larger than"),
    ],
)
def test_a_bad_map_is_named(tmp_path: Path, text: str, reason: str) -> None:
    """The message has the file, the place, the value, and what to write."""
    path = written(tmp_path, text)
    with pytest.raises(BadMap, match=reason) as caught:
        read_map(path, PRESETS)
    assert str(path) in str(caught.value)


@given(st.binary(max_size=300))
def test_bytes_at_random_are_a_bad_map_or_an_empty_one(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    """Whatever lies in the folder, nothing but `BadMap` is raised."""
    path = tmp_path_factory.getbasetemp() / "random.toml"
    path.write_bytes(raw)
    try:
        read = read_map(path, PRESETS)
    except BadMap:
        return
    assert read.bindings == ()


def test_a_map_of_ones_own_takes_the_place_of_one_that_comes_along(tmp_path: Path) -> None:
    """By its name; a broken one is reported, and the one that comes along stays."""
    (tmp_path / "pads.toml").write_text('about = "mine"\n' + BIND)
    (tmp_path / "mpd.toml").write_text("nonsense")
    (tmp_path / LEARNED).write_text(BIND)
    maps, broken = read_maps(tmp_path, PRESETS)
    assert maps["pads"].about == "mine"
    assert maps["mpd"].about != "mine"
    assert [str(tmp_path / "mpd.toml") in str(each) for each in broken] == [True]
    assert "learned" not in maps


@pytest.mark.parametrize("text", ["note 36", "cc 20", "program", "program 3", "bend", "start", "stop", "mmc play"])
def test_a_control_reads_what_it_writes(text: str) -> None:
    """A control as text is that control again."""
    assert str(Control.parse(text)) == text
    assert Control.parse(str(Control.parse(text))) == Control.parse(text)


@pytest.mark.parametrize("text", ["preset a-b", "again", "cancel", "cancel all", "set takes", "bank 2", "bank", "gain"])
def test_a_deed_reads_what_it_writes(text: str) -> None:
    """A deed as text is that deed again."""
    assert str(Deed.parse(text)) == text


@given(st.floats(-10, 10), st.floats(-10, 10), st.floats(0.1, 10), st.floats(-1, 2))
def test_a_knob_stays_within_its_range(low: float, high: float, curve: float, way: float) -> None:
    """Its ends are the range's, whatever the curve, and it never goes beyond."""
    limits = Range(low, high, curve)
    assert limits.at(0) == low
    assert limits.at(1) == pytest.approx(high)
    assert min(low, high) - 1e-9 <= limits.at(way) <= max(low, high) + 1e-9
