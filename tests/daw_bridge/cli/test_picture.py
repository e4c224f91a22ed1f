"""Laws of ``inspect --plot``: a PNG where it was asked for, and plain words where there can be none."""

import json
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from clips import a_clip, an_order
from commands import Command

from daw_bridge.deliveries.folder import FolderDelivery


@pytest.fixture
def clip(home: Path) -> Path:
    """Lend a delivered clip."""
    return FolderDelivery(home).deliver(a_clip(channels=2), an_order())


def size_of(picture: Path) -> tuple[int, int]:
    """Return width and height of a PNG, as its header has them."""
    head = picture.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def test_the_picture_lies_beside_the_clip(command: Command, clip: Path) -> None:
    """Without a name for it, it has the clip's own; the tempo's dot in a name is no extension."""
    renamed = clip.rename(clip.parent / "loop_92.5bpm.wav")
    ended = command("inspect", renamed, "--plot")
    assert ended.status == 0, ended.err
    assert "picture: " in ended.out
    assert size_of(clip.parent / "loop_92.5bpm.png") > (1_200, 400)


def test_the_picture_is_where_it_was_asked_for(command: Command, clip: Path, home: Path) -> None:
    """A name may be given behind the clip; the flag may stand anywhere, or be left out then."""
    wanted: list[list[object]] = [["--plot", clip], [clip, "--plot"], [clip]]
    for number, arguments in enumerate(wanted):
        picture = home / f"{number}.png"
        ended = command("inspect", *arguments, picture, "--json")
        assert ended.status == 0, ended.err
        assert json.loads(ended.out)["picture"] == str(picture)
        assert size_of(picture) > (1_200, 400)


@pytest.mark.parametrize(("frames", "channels"), [(1, 1), (700, 12), (20_000, 1)])
def test_any_wav_can_be_drawn(command: Command, home: Path, frames: int, channels: int) -> None:
    """One frame or many, one channel or a dozen, no tempo: there is a picture."""
    soundfile.write(home / "$x$.wav", np.zeros((frames, channels)), 8_000)
    assert command("inspect", home / "$x$.wav", "--plot").status == 0
    assert size_of(home / "$x$.png") > (1_200, 400)


@pytest.mark.parametrize("name", ["other.wav", "picture", "clip.jpg"])
def test_only_a_png_is_written(command: Command, clip: Path, home: Path, name: str) -> None:
    """Whoever names a second clip by mistake does not lose it."""
    (home / name).write_text("precious")
    ended = command("inspect", clip, home / name, "--plot")
    assert ended.status == 1
    assert "let it end in .png" in ended.err
    assert (home / name).read_text() == "precious"


def test_a_place_that_cannot_be_written_is_named(command: Command, clip: Path, home: Path) -> None:
    """A picture in a folder that is not there is refused in words."""
    ended = command("inspect", clip, home / "nowhere" / "clip.png")
    assert ended.status == 1
    assert "cannot be written (No such file or directory); name another place" in ended.err


def test_without_matplotlib_the_remedy_is_named(command: Command, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra is not installed, its name is in the message, and the facts without a picture still work."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    ended = command("inspect", clip, "--plot")
    assert ended.status == 1
    assert "pip install 'daw-bridge[plot]'" in ended.err
    assert command("inspect", clip).status == 0
