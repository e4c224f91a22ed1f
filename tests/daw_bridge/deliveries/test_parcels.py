"""Laws of publishing: whenever it is broken off, the next life brings it to its end, once and whole."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from clips import a_clip, an_order

from daw_bridge.deliveries import atomic
from daw_bridge.deliveries.folder import FolderDelivery
from daw_bridge.deliveries.parcels import NameTaken, Parcel, addressed, brought, publish, take_back
from daw_bridge.errors import FolderUnusable, PartsLost

RANKS = (1, 2, 3)
STEMS = [f"dusty-break_120bpm_1bars_job-1_r{rank}" for rank in RANKS]
ALL = sorted(f"{stem}.{end}" for stem in STEMS for end in ("json", "wav"))


class Killed(BaseException):
    """The process is gone: nothing of its own that would tidy up comes to run."""


def staged(folder: Path) -> list[Parcel]:
    """Stage three clips in `folder`."""
    folder.mkdir(exist_ok=True)
    return [FolderDelivery(folder).stage(a_clip(rank=rank), an_order()) for rank in RANKS]


def names(folder: Path) -> list[str]:
    """Return the names of all that is in `folder`."""
    return sorted(path.name for path in folder.iterdir())


def go_on() -> None:
    """Want it still."""


def as_another_life_reads(parcels: list[Parcel]) -> list[Parcel]:
    """Return what the journal gives to the next process."""
    return [Parcel.of(json.loads(json.dumps(each.card()))) for each in parcels]


def dying_after(moves: int) -> Callable[[Path, Path], None]:
    """Return a rename after which, `moves` later, the process is dead: it renames nothing any more."""
    done: list[Path] = []
    move = atomic.move_new

    def moved(source: Path, target: Path) -> None:
        """Rename, or be dead."""
        if len(done) >= moves:
            raise Killed
        move(source, target)
        done.append(target)

    return moved


@pytest.mark.parametrize("moves", range(7))
def test_a_kill_after_any_rename_is_made_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int) -> None:
    """All clips get the names that were settled, each once, and nothing hidden is left."""
    parcels = addressed(staged(tmp_path))
    with monkeypatch.context() as dying:
        dying.setattr(atomic, "move_new", dying_after(moves))
        if moves < 6:
            with pytest.raises(Killed):
                publish(parcels)
    again = addressed(as_another_life_reads(parcels))
    assert [path.stem for path in publish(again)] == STEMS
    assert names(tmp_path) == ALL
    assert publish(addressed(again)) == [tmp_path / f"{stem}.wav" for stem in STEMS]
    assert names(tmp_path) == ALL


@pytest.mark.parametrize("moves", range(1, 6))
def test_a_kill_and_a_name_that_was_taken_in_the_meantime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    """What is public already keeps its name; what is not gets another one, sound and story the same."""
    parcels = addressed(staged(tmp_path))
    with monkeypatch.context() as dying:
        dying.setattr(atomic, "move_new", dying_after(moves))
        with pytest.raises(Killed):
            publish(parcels)
    taken = tmp_path / f"{STEMS[2]}.wav"
    taken.write_text("theirs")
    paths = publish(addressed(as_another_life_reads(parcels)))
    assert [path.name for path in paths[:2]] == [f"{stem}.wav" for stem in STEMS[:2]]
    assert paths[2].name == "dusty-break-2_120bpm_1bars_job-1_r3.wav"
    assert paths[2].with_suffix("").with_name(paths[2].stem + ".json").exists()
    assert taken.read_text() == "theirs"
    assert len(names(tmp_path)) == 7


def test_a_name_that_is_lost_to_another_is_named(tmp_path: Path) -> None:
    """Nothing of that clip is to be seen then, and with another name it goes on."""
    parcels = addressed(staged(tmp_path))
    (tmp_path / f"{STEMS[1]}.json").write_text("theirs")
    with pytest.raises(NameTaken, match=STEMS[1]):
        publish(parcels)
    paths = publish(addressed(parcels, {STEMS[1]}))
    assert paths[1].name == "dusty-break-2_120bpm_1bars_job-1_r2.wav"
    assert len(names(tmp_path)) == 7


def test_what_was_published_can_be_hidden_again(tmp_path: Path) -> None:
    """And published once more, under the same names."""
    parcels = addressed(staged(tmp_path))
    hidden = names(tmp_path)
    publish(parcels)
    back = take_back(parcels)
    assert names(tmp_path) == hidden
    assert {each.stem for each in back} == {""}
    publish(addressed(back))
    assert names(tmp_path) == ALL


def test_what_somebody_took_away_is_not_brought_back(tmp_path: Path) -> None:
    """A clip that is public and then gone was delivered; the others still get their names."""
    parcels = addressed(staged(tmp_path))
    publish(parcels[:1])
    (tmp_path / f"{STEMS[0]}.wav").unlink()
    publish(addressed(as_another_life_reads(parcels)))
    assert names(tmp_path) == [name for name in ALL if name != f"{STEMS[0]}.wav"]


def test_when_nothing_is_left_it_is_said(tmp_path: Path) -> None:
    """A folder that is gone is one thing, one that is empty another; neither passes for a delivery."""
    folder = tmp_path / "clips"
    parcels = addressed(staged(folder))
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(PartsLost):
        publish(parcels)
    folder.rmdir()
    with pytest.raises(FolderUnusable, match="is not there"):
        publish(parcels)


def test_what_lies_elsewhere_is_brought_hidden(tmp_path: Path) -> None:
    """Byte for byte; the original is the caller's, and so it is when it cannot be brought."""
    clips, kept = tmp_path / "clips", tmp_path / "kept"
    parcels = staged(kept)
    with pytest.raises(FolderUnusable, match="clips is not there"):
        brought(parcels, clips, go_on)
    clips.mkdir()
    here = brought(parcels, clips, go_on)
    assert len(names(clips)) == len(names(kept)) == 6
    assert all(name.startswith(".") for name in names(clips))
    for old, new in zip(parcels, here, strict=True):
        assert new == replace(old, sound=new.sound, story=new.story, made=new.made)
        assert new.sound.read_bytes() == old.sound.read_bytes()
        assert new.sound.stat().st_mtime_ns == new.made
    assert brought(here, clips, go_on) == here


def test_bringing_stops_when_it_is_not_wanted(tmp_path: Path) -> None:
    """And leaves nothing in the folder."""

    def unwanted() -> None:
        """Want it no more."""
        raise Killed

    (tmp_path / "clips").mkdir()
    with pytest.raises(Killed):
        brought(staged(tmp_path / "kept"), tmp_path / "clips", unwanted)
    assert names(tmp_path / "clips") == []


def test_parts_that_somebody_removed_are_missed(tmp_path: Path) -> None:
    """Before they have a name, a clip without its file is no clip."""
    parcels = staged(tmp_path)
    parcels[1].sound.unlink()
    with pytest.raises(PartsLost, match="were removed from"):
        brought(parcels, tmp_path, go_on)
