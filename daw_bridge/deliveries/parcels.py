"""The way of a job's clips to their public names, such that a kill at any moment can be made good.

The files of a job are renamed one after the other, two for each clip. So the names are settled first (`addressed`), and
whoever keeps the journal writes them down before the first rename; `publish` then goes through all of them in order,
and may be called again by another process, however far an earlier one came: what was renamed already stays so. What
tells is the hidden part: as long as it is there, its rename is still to be done.
"""

import itertools
import os
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from daw_bridge.deliveries import atomic
from daw_bridge.deliveries.names import Name
from daw_bridge.deliveries.trouble import in_plain_words
from daw_bridge.errors import PartsLost

_BLOCK = 2**20  # bytes that are copied between two looks at whether the job is still wanted


class NameTaken(Exception):
    """Somebody took a name that had been settled; it says which."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A clip that lies somewhere whole, hidden and safe on the disk: its `sound`, and the `story` that goes beside it.

    `rank` and `score` are what its report will say. `stem` is the name that both files are to get, once it is settled;
    `made` is the time stamp of the sound in nanoseconds, by which it is known again: renaming does not change it.
    """

    rank: int
    score: float
    name: Name
    sound: Path
    story: Path
    stem: str = ""
    made: int = 0

    @property
    def wav(self) -> Path:
        """The public path of the sound, once the name is settled."""
        return self.sound.parent / f"{self.stem}.wav"

    @property
    def json(self) -> Path:
        """The public path of the story, once the name is settled."""
        return self.story.parent / f"{self.stem}.json"

    def publish(self) -> Path:
        """Give both files a public name that is free, and return the absolute path of the WAV.

        When it fails, neither is to be seen. Raises `FolderUnusable` or `DiskFull`.
        """
        taken: set[str] = set()
        while True:
            named = addressed([self], taken)
            try:
                return publish(named)[0]
            except NameTaken as error:
                taken.add(str(error))

    def discard(self) -> None:
        """Remove what is not published; nothing, where all is."""
        atomic.discard(self.sound)
        atomic.discard(self.story)

    def card(self) -> dict[str, Any]:
        """Write the parcel down in values that JSON has."""
        name = [self.name.title, self.name.rest]
        paths = {"sound": str(self.sound), "story": str(self.story)}
        return {"rank": self.rank, "score": self.score, "name": name, "stem": self.stem, "made": self.made, **paths}

    @classmethod
    def of(cls, card: dict[str, Any]) -> "Parcel":
        """Read what `card` wrote. Raises `LookupError`, `TypeError` or `ValueError` for anything else."""
        paths = {"sound": Path(card["sound"]), "story": Path(card["story"])}
        return cls(card["rank"], card["score"], Name(*card["name"]), stem=card["stem"], made=card["made"], **paths)


def brought(parcels: Sequence[Parcel], folder: Path, check: Callable[[], None]) -> list[Parcel]:
    """Copy what does not lie in `folder` yet into it, under hidden names, and return where all of it lies now.

    The originals are left to the caller. `check` is called every now and then; what it raises stops the copying. When it
    fails, `folder` is left as it was. Raises `FolderUnusable` or `DiskFull`; `PartsLost` when what lay there is gone.
    """
    fresh: list[Parcel] = []
    try:
        for parcel in parcels:
            _look_for(parcel)
            if parcel.stem or parcel.sound.parent == folder:  # what may be public in part stays where it is
                continue
            fresh.append(copy := replace(parcel, sound=atomic.part(folder), story=atomic.part(folder)))
            with in_plain_words(folder):
                _copy(parcel.sound, copy.sound, check)
                _copy(parcel.story, copy.story, check)
                fresh[-1] = replace(copy, made=copy.sound.stat().st_mtime_ns)
    except BaseException:
        for each in fresh:
            each.discard()
        raise
    moved = {each.rank: each for each in fresh}
    return [moved.get(each.rank, each) for each in parcels]


def addressed(parcels: Sequence[Parcel], taken: Container[str] = ()) -> list[Parcel]:
    """Settle the names of all that is still hidden: each the first of its kind that is free, and not one of `taken`."""
    return [_addressed(each, taken) if each.sound.exists() else each for each in parcels]


def publish(parcels: Sequence[Parcel]) -> list[Path]:
    """Rename all that is still hidden, best first, and return the paths of the WAVs. Thread: delivery.

    The story goes first: who sees the WAV finds its story beside it. No file is ever replaced. Raises `NameTaken` if
    somebody took a name in the meantime: settle the names anew and call again. Raises `FolderUnusable` or `DiskFull`,
    and `PartsLost` when not one of the files is there, hidden or public: some may have been taken away by whoever
    watches, but all together look like a disk that is not there.
    """
    for folder in {parcel.sound.parent for parcel in parcels}:
        with in_plain_words(folder):
            folder.stat()
    if not any(path.exists() for each in parcels for path in (each.sound, each.story, each.wav, each.json)):
        raise PartsLost(f"nothing is left of these clips in {parcels[0].sound.parent}, where they lay hidden")
    for parcel in parcels:
        with in_plain_words(parcel.sound.parent):
            _publish(parcel)
    return [parcel.wav for parcel in parcels]


def take_back(parcels: Sequence[Parcel]) -> list[Parcel]:
    """Hide again what was published, the last first, after a failure that may last: half a job is not to be seen.

    Returns the parcels, those that are hidden again without a name. Raises `FolderUnusable` or `DiskFull`.
    """
    for parcel in reversed(parcels):
        if parcel.stem:
            with in_plain_words(parcel.sound.parent):
                _hide(parcel.wav, parcel.sound)
                _hide(parcel.json, parcel.story)
    return [replace(each, stem="") if each.sound.exists() and each.story.exists() else each for each in parcels]


def _look_for(parcel: Parcel) -> None:
    """Raise `FolderUnusable` if the folder of a part is gone, `PartsLost` if only the part is."""
    folder = parcel.sound.parent
    with in_plain_words(folder):
        folder.stat()
        if not parcel.stem and not (parcel.sound.exists() and parcel.story.exists()):
            raise PartsLost(f"the hidden files of a finished clip were removed from {folder}")


def _copy(source: Path, target: Path, check: Callable[[], None]) -> None:
    """Copy a file, and return when the copy is safe on the disk."""
    with source.open("rb") as old, target.open("xb") as new:
        while block := old.read(_BLOCK):
            check()
            new.write(block)
        new.flush()
        os.fsync(new.fileno())


def _addressed(parcel: Parcel, taken: Container[str]) -> Parcel:
    """Return `parcel` with a name that is free; where its story alone has been renamed, that is hidden again."""
    if parcel.stem and not parcel.story.exists():
        _hide(parcel.json, parcel.story)
    copies = (replace(parcel, stem=parcel.name.stem(copy)) for copy in itertools.count(1))
    return next(
        each
        for each in copies
        if each.stem not in taken and not os.path.lexists(each.wav) and not os.path.lexists(each.json)
    )


def _publish(parcel: Parcel) -> None:
    """Rename what of `parcel` is still hidden. Where the WAV cannot be, its story is hidden again."""
    if not parcel.sound.exists():
        if os.path.lexists(parcel.wav) or not parcel.story.exists():
            return  # it is done, and whoever watches may have taken it away already
        raise FileNotFoundError(2, "its sound is gone", str(parcel.sound))
    try:
        if parcel.story.exists():
            atomic.move_new(parcel.story, parcel.json)
        try:
            atomic.move_new(parcel.sound, parcel.wav)
        except BaseException:
            _hide(parcel.json, parcel.story)
            raise
    except FileExistsError:
        raise NameTaken(parcel.stem) from None


def _hide(public: Path, hidden: Path) -> None:
    """Give a file its hidden name back, if it is there and that is free."""
    with suppress(FileNotFoundError, FileExistsError):
        atomic.move_new(public, hidden)
