"""How a loop sounds, in words: from a file of captions, or out of its name.

A folder may hold ``captions.csv``: a row ``file,caption`` at its head, then a row for each loop, named by its path from
that folder. CSV, because every spreadsheet and every script can write it, and because it takes no time to read.
"""

import csv
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from plugin_host.errors import BadValue, HostError
from plugin_host.key import Key

CAPTIONS = "captions.csv"
"""What the file of captions is called."""

HEAD = ("file", "caption")
"""What stands in its first row."""

LONGEST = 2_000
"""Characters of a caption at most: those of a prompt."""

_LARGEST = 1 << 24  # bytes of a file of captions: a hundred thousand loops

# Names such as "Amin", "F#m" and "Bb" are keys; "A" and "am" are words of a language.
_KEY = re.compile(
    r"(?<![A-Za-z0-9])([A-G](?:(?:#|b|sharp|flat)[ _-]?(?:major|maj|minor|min|m)?|maj|min|m))(?![A-Za-z0-9#])"
)
_TEMPO = re.compile(r"[0-9]{2,3}(?:[.,][0-9]{1,3})?[ _-]?bpm", re.IGNORECASE)
_OURS = re.compile(r"_[0-9.]+bpm(?:_[A-Za-z]+)?_[0-9]{1,2}bars_[A-Za-z0-9_-]+_r[0-9]{1,2}$")
_NO_WORD = re.compile(r"[^A-Za-z']+")


def read_captions(folder: Path) -> Mapping[str, str]:
    """Return the captions of a folder by path from it, with ``/`` between its parts; none where there is no such file.

    Raises `BadValue` for a file that is none of captions, naming the row.
    """
    path = folder / CAPTIONS
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        raise BadValue(f"{path} cannot be read ({error.strerror}); mend that, or move it elsewhere") from None
    if len(raw) > _LARGEST:
        raise BadValue(f"{path} is larger than {_LARGEST >> 20} MB; no folder has so many loops: split it")
    try:
        rows = list(csv.reader(raw.decode("utf-8-sig").splitlines(keepends=True), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadValue(f"{path} is no CSV in UTF-8 ({error}); save it anew as one") from None
    if not rows or tuple(cell.strip().lower() for cell in rows[0]) != HEAD:
        raise BadValue(f"{path} does not begin with the row {','.join(HEAD)}; put that above its rows")
    return dict(_row(path, number, cells) for number, cells in enumerate(rows[1:], 2) if any(cells))


def _row(path: Path, number: int, cells: list[str]) -> tuple[str, str]:
    """Read one row."""
    if len(cells) != len(HEAD) or not cells[0].strip() or not 0 < len(cells[1].strip()) <= LONGEST:
        raise BadValue(
            f"{path} has no file and caption in row {number}; write both, the caption in at most {LONGEST} characters, "
            'and in quotes where it has commas: beat.wav,"dusty, slow drums"'
        )
    return cells[0].strip().replace("\\", "/"), cells[1].strip()


def words_of(path: Path) -> str:
    """Return what the name of a loop says of its sound, without tempo, key, numbers and our own marks.

    Where that is nothing, the name of its folder has to do; "" where that says nothing either.
    """
    for name in (path.name.removesuffix(path.suffix), path.parent.name):
        stem = _KEY.sub(" ", _TEMPO.sub(" ", _OURS.sub("", name)))
        if found := _NO_WORD.sub(" ", stem).strip():
            return found.lower()[:LONGEST]
    return ""


def key_of(path: Path) -> Key | None:
    """Return the key that stands in a loop's name, if one does."""
    match = _KEY.search(path.name.removesuffix(path.suffix))
    if match is None:
        return None
    with suppress(HostError):
        return Key.parse(match[1])
    return None
