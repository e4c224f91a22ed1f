"""File names that a person can read, every file system takes, and a DAW finds the tempo in.

``<title>_<bpm>bpm[_<key>]_<bars>bars_<job>_r<rank>``: most DAWs believe the number before "bpm" more than anything
inside the file, so a name speaks of one tempo only, the clip's; what the title says of another is left out.
"""

import re
import unicodedata
from dataclasses import dataclass

from daw_bridge.deliveries.order import Order
from plugin_host.clip import ClipFacts
from plugin_host.musictime import decimal_text

LONGEST_NAME = 120
"""Characters of a file name, its extension included."""

_LONGEST_STEM = LONGEST_NAME - len(".json")  # the longer of the two extensions: both files share one stem
_LONGEST_TITLE = 48  # what the browser of a DAW still shows; the whole prompt is inside the file
_TEMPO_PLACES = 3
_NAMELESS = "clip"

# Letters that Unicode does not take apart into a Latin letter and a mark; and apostrophes, which part no words.
_SPELLINGS = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L"}
    | {"đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "'": "", "’": ""},
)
# Counted repeats, not `+` and `*`: a prompt of 2 000 digits must not cost their square.
_TEMPO_WORD = re.compile(r"(?:[0-9]{1,4}(?:[.,][0-9]{1,4})?[\s_-]{0,3})?bpm", re.IGNORECASE)
_NOT_PORTABLE = re.compile(r"[^A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Name:
    """What a clip's files are called: `title`, which gives way when room is short, and `rest`, which stands in full."""

    title: str
    rest: str

    def stem(self, copy: int = 1) -> str:
        """Return the name without the extension; at most 115 characters of ``A–Z a–z 0–9 . _ -``.

        Where that name is taken, `copy` 2, 3 … gives others of the same pattern.
        """
        mark = f"-{copy}" if copy > 1 else ""
        room = min(_LONGEST_TITLE, _LONGEST_STEM - len(self.rest)) - len(mark)
        return f"{_slug(self.title, room)}{mark}{self.rest}"


def clip_name(order: Order, facts: ClipFacts) -> Name:
    """Return what the files of a clip are called: by title, tempo, key, bars, job and rank."""
    tempo = decimal_text(facts.grid.tempo.quarters_per_minute, places=_TEMPO_PLACES)
    words = [f"{tempo}bpm", f"{facts.grid.bars}bars", order.job, f"r{facts.rank}"]
    if order.key is not None:
        words.insert(1, order.key.file_word)
    return Name(order.title, "".join(f"_{word}" for word in words))


def clip_stem(order: Order, facts: ClipFacts, copy: int = 1) -> str:
    """Return the stem of a clip's files; see `Name`."""
    return clip_name(order, facts).stem(copy)


def _slug(title: str, room: int) -> str:
    """Write `title` in at most `room` portable small characters, whole words if possible; never nothing.

    It begins and ends with a letter or digit and has no dot, so it hides no file, leaves no folder, and cannot be
    one of the device names of Windows ("con.x" is one, "con_120bpm" is not).
    """
    spelled = unicodedata.normalize("NFKD", title.translate(_SPELLINGS))
    letters = "".join(sign for sign in spelled if not unicodedata.combining(sign))
    slug = _NOT_PORTABLE.sub("-", _TEMPO_WORD.sub(" ", letters)).strip("_-").lower()
    if len(slug) > room:
        whole_words = re.match(r".+(?=[_-])", slug[: room + 1])
        slug = (whole_words.group() if whole_words else slug[:room]).rstrip("_-")
    return slug or _NAMELESS
