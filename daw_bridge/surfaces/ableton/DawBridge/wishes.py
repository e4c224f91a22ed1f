"""What a name asks for.

::

    db: dusty breakbeat 4                  four bars of it (1 to 64; "4 bars" is the same)
    db: dusty breakbeat                    as many bars as the daemon's configuration says
    db: preset:dub-techno-chords 8         a preset of the daemon's
    db: again                              the last wish once more, with the next seed

A number at the end is the bars, up to 64: "drums like an 808" keeps its number, "trio of 3" says three bars.
"""

from __future__ import annotations

import re
import time

_NAME = re.compile(r"\s*db\s*:\s*(.*?)\s*", re.IGNORECASE | re.DOTALL)
_BARS = re.compile(r"(.*?)[\s,]+(\d{1,2})(?:\s*bars?)?", re.IGNORECASE | re.DOTALL)
_PRESET = re.compile(r"preset\s*:\s*([A-Za-z0-9_-]{1,64})", re.IGNORECASE)
_MOST_BARS = 64
_LONGEST = 60  # characters of a clip's name


class Wish:
    """One request on its way. `words` are what it is called, briefly, and `place` is where its clip is to land.

    `address` and `arguments` are what is sent, `since` the moment, and `answered` whether the daemon took it.
    """

    def __init__(self, id: str, words: str, place: object, address: str, arguments: tuple) -> None:  # noqa: A002
        self.id = id
        self.words = words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
        self.place = place
        self.address = address
        self.arguments = arguments
        self.since = time.monotonic()
        self.answered = False
        self.scolded = False


def said(name: str) -> str | None:
    """Return what a name asks for; None for a name that asks for nothing."""
    match = _NAME.fullmatch(name)
    return match.group(1) if match else None


def wish_of(text: str, place: object, id: str, last: Wish | None) -> Wish | None:  # noqa: A002
    """Make a wish of what a name said; `last` is the wish before. Returns None where nothing is asked for."""
    bars = ()
    match = _BARS.fullmatch(text)
    if match and 1 <= int(match.group(2)) <= _MOST_BARS:
        text, bars = match.group(1), ("bars", int(match.group(2)))
    preset = _PRESET.fullmatch(text)
    if preset:
        return Wish(id, preset.group(1), place, "/bridge/preset/" + preset.group(1), ("id", id, *bars))
    if text.lower() == "again":
        return last and Wish(id, last.words, place, "/bridge/again", (last.id, "id", id, *bars))
    return Wish(id, text, place, "/bridge/generate", (text, "id", id, *bars)) if text else None
