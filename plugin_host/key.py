"""The musical key: a tonic and major or minor, as musicians write it ("A minor", "F#", "Bbm")."""

import re
from dataclasses import dataclass
from enum import Enum

from plugin_host.errors import BadValue

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "b": -1}
_FILE_WORDS = {"": "", "#": "sharp", "b": "b"}
_WRITTEN = re.compile(r"([A-Ga-g])\s*(#|b|♯|♭|sharp|flat)?\s*[-_ ]?\s*(major|maj|minor|min|m|M)?")


class Mode(Enum):
    """Major or minor; the value is the word."""

    MAJOR = "major"
    MINOR = "minor"


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic, as spelled, and a mode. `str` writes it out ("F# minor"); `pitch_class` is 0 for C … 11 for B."""

    letter: str
    accidental: str
    mode: Mode

    @classmethod
    def parse(cls, text: str) -> "Key | None":
        """Read "A minor", "F#", "Bbm", "c# min"; "none" or nothing is no key. A bare note is major.

        Raises `BadValue` for anything else.
        """
        written = text.strip()
        if written.lower() in {"", "none"}:
            return None
        match = _WRITTEN.fullmatch(written) or _WRITTEN.fullmatch(written.lower())
        if match is None:
            raise BadValue(f"key is '{written[:40]}'; write it like A minor, F#, Bbm or none")
        letter, accidental, mode = match.groups()
        sign = {"♯": "#", "sharp": "#", "♭": "b", "flat": "b"}.get(accidental or "", accidental or "")
        minor = mode is not None and (mode == "m" or mode.startswith("min"))
        return cls(letter.upper(), sign, Mode.MINOR if minor else Mode.MAJOR)

    @property
    def pitch_class(self) -> int:
        """Semitones above C, 0 to 11."""
        return (_LETTERS[self.letter] + _ACCIDENTALS[self.accidental]) % 12

    @property
    def file_word(self) -> str:
        """The key in characters that every file system takes: "Amin", "Fsharpmaj", "Bbmin"."""
        return f"{self.letter}{_FILE_WORDS[self.accidental]}{self.mode.value[:3]}"

    def __str__(self) -> str:
        return f"{self.letter}{self.accidental} {self.mode.value}"
