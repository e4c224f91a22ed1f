"""Laws of pages: whatever lies in the folder of presets or maps, or is named as configuration, is read or refused at once."""

import os
import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daw_bridge.config import load
from daw_bridge.errors import BadMap, BadPreset, BadRequest, BadSetting
from daw_bridge.midi.maps import read_map, read_maps
from daw_bridge.pages import read_page, tables
from daw_bridge.presets import PresetShelf, read_preset

HOSTILE = {
    "a key of 20 000 parts": b".".join([b"a"] * 20_000) + b" = 1",
    "a quoted key of many parts": b" . ".join([b'"a"'] * 10_000) + b" = 1",
    "a table of many parts": b"[" + b".".join([b"a"] * 20_000) + b"]",
    "an inline table of many parts": b"a = {" + b".".join([b"b"] * 20_000) + b" = 1}",
    "brackets inside each other": b"a = " + b"[" * 20_000,
    "tables inside each other": b"a = " + b"{a = " * 10_000,
    "a number of 5 000 digits": b"a = " + b"9" * 5_000,
    "a text without an end": b'a = """' + b'\\"""' * 10_000,
    "quotes without an end": b"a = '''" + b'"""' * 10_000,
    "bytes that are no text": b"\xff\xfe",
    "a key twice": b"a = 1\na = 2",
    "a NUL": b"a\0 = 1",
}
"""Pages that cannot be read, some of which would hold a daemon for minutes; each is 40 KB at most."""

HARMLESS = {
    "many keys": b"".join(b"key%d = 1\n" % number for number in range(4_000)),
    "keys of as many parts as there may be": b"".join(
        b"a%d.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p = 1\n" % number for number in range(1_000)
    ),
    "many dots that are in no key": b"a = [" + b"0.5, " * 8_000 + b"]",
    "a text with all signs": b'a = """' + b'[{a.b.c."' * 4_000 + b' """',
    "a comment with all signs": b"# " + b"[{a.b.c." * 4_000 + b"\na = 1",
    "a date": b"a = 1979-05-27T07:32:00.999-07:00",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_page_is_refused_at_once(raw: bytes) -> None:
    """In a fraction of a second of the processor's time, with words that say what it is."""
    begun = time.process_time()
    with pytest.raises(BadRequest, match="is no TOML"):
        tables(raw)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("raw", HARMLESS.values(), ids=HARMLESS)
def test_what_looks_hostile_and_is_not_is_read(raw: bytes) -> None:
    """And as quickly."""
    begun = time.process_time()
    assert tables(raw) == tomllib.loads(raw.decode())
    assert time.process_time() - begun < 3


@given(st.text(alphabet="ab.'\"[]{}=,#\\ \n10", max_size=80) | st.text(max_size=40))
def test_bounds_change_nothing_about_what_toml_is(text: str) -> None:
    """What Python reads is read alike, what it does not is refused, and nothing else is ever raised."""
    try:
        expected = tomllib.loads(text)
    except (ValueError, RecursionError):
        with pytest.raises(BadRequest, match="is no TOML"):
            tables(text.encode("utf-8", "surrogatepass"))
    else:
        assert tables(text.encode()) == expected


def test_a_link_out_of_the_folder_is_refused_and_one_inside_is_followed(tmp_path: Path) -> None:
    """Nothing of what it leads to is read or told; the folder itself may be a link."""
    (tmp_path / "secret").write_text("word = 'swordfish'")
    real, folder = tmp_path / "real", tmp_path / "presets"
    real.mkdir()
    folder.symlink_to(real)
    (folder / "fine.toml").write_text("prompt = 'x'")
    (folder / "same.toml").symlink_to(folder / "fine.toml")
    (folder / "out.toml").symlink_to(tmp_path / "secret")
    (folder / "circle.toml").symlink_to(folder / "circle.toml")
    assert read_page(folder / "same.toml", 100) == {"prompt": "x"}
    shelf = PresetShelf([folder])
    for name, words in (("out", "leads out of its folder"), ("circle", "cannot be read")):
        with pytest.raises(BadPreset, match=words) as caught:
            shelf.get(name)
        assert "swordfish" not in str(caught.value)
    with pytest.raises(BadMap, match="leads out of its folder"):
        read_map(folder / "out.toml", [])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Nor is a folder read, or a file that is not there; each is told, and the others are used."""
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "fine.toml").write_text("prompt = 'x'")
    presets, broken = PresetShelf([tmp_path]).all()
    assert [each.name for each in presets] == ["fine"]
    assert sorted(str(each).split("; ")[0] for each in broken) == [
        f"{tmp_path}/folder.toml: cannot be read: Is a directory",
        f"{tmp_path}/pipe.toml: is no file",
    ]
    maps_broken = [str(each) for each in read_maps(tmp_path, [])[1]]
    assert any("pipe.toml: is no file" in each for each in maps_broken)
    with pytest.raises(BadPreset, match="No such file"):
        read_preset(tmp_path / "nothing.toml")


def test_a_configuration_has_bounds_too(tmp_path: Path) -> None:
    """Of size, and of what it takes to read it."""
    file = tmp_path / "config.toml"
    for raw, words in ((b"#" * 300_000, "larger than"), (HOSTILE["a key of 20 000 parts"], "more than 16 parts")):
        file.write_bytes(raw)
        with pytest.raises(BadSetting, match=words):
            load(file, {}, {})
