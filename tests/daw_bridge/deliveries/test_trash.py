"""Laws of the trash: clips go there whole, come back whole, and nothing is lost in it."""

from pathlib import Path

import pytest
from clips import a_clip, an_order

from daw_bridge.deliveries.folder import FolderDelivery
from daw_bridge.deliveries.trash import NAME, put_away, take_out
from daw_bridge.errors import ClipGone


def test_a_clip_goes_and_comes_back_with_its_story(tmp_path: Path) -> None:
    """Byte for byte; in the meantime the folder shows nothing of it, and its trash is hidden."""
    wav = FolderDelivery(tmp_path).deliver(a_clip(), an_order())
    story = wav.with_name(f"{wav.name.removesuffix('.wav')}.json")
    before = wav.read_bytes(), story.read_bytes()
    trashed = put_away(wav)
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert NAME.startswith(".")
    assert trashed == tmp_path / NAME / wav.name
    assert take_out(trashed, wav.name.removesuffix(".wav")) == wav
    assert (wav.read_bytes(), story.read_bytes()) == before
    assert list((tmp_path / NAME).iterdir()) == []


def test_names_that_are_taken_are_varied(tmp_path: Path) -> None:
    """Neither in the trash nor on the way back is anything replaced."""
    wavs = []
    for _ in range(2):
        wav = FolderDelivery(tmp_path).deliver(a_clip(), an_order())
        wavs.append(put_away(wav))
    assert len({*wavs}) == 2
    back = [take_out(each, "clip") for each in wavs]
    assert [path.name for path in back] == ["clip.wav", "clip-2.wav"]
    assert sorted(path.name for path in tmp_path.glob("*.json")) == ["clip-2.json", "clip.json"]


def test_a_clip_that_is_gone_is_said(tmp_path: Path) -> None:
    """Its folder is not to blame, unless that is gone too; and a sound whose story somebody removed goes alone."""
    with pytest.raises(ClipGone, match=r"^gone\.wav is no longer in its folder$"):
        put_away(tmp_path / "gone.wav")
    with pytest.raises(ClipGone, match=r"^gone\.wav is no longer in the trash$"):
        take_out(tmp_path / NAME / "gone.wav", "gone")
    with pytest.raises(ClipGone, match=r"no longer in its folder: .*away is not there$"):
        put_away(tmp_path / "away" / "gone.wav")
    assert list(tmp_path.iterdir()) == []
    wav = FolderDelivery(tmp_path).deliver(a_clip(), an_order())
    wav.with_name(f"{wav.name.removesuffix('.wav')}.json").unlink()
    assert put_away(wav).exists()
