"""What a prompt asks for: words become a style, parts, moods and sounds. What is not understood is let be."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from plugin_host.engines.sketch.kits import KITS
from plugin_host.engines.sketch.moods import MOODS
from plugin_host.engines.sketch.style import DRUMS
from plugin_host.engines.sketch.styles import STYLES
from plugin_host.engines.sketch.timbres import TIMBRES
from plugin_host.key import Key

PART_WORDS: Mapping[str, tuple[str, ...]] = {
    "drums": ("drum", "drumloop", "drum beat", "drum kit"),
    "kick": ("kicks", "kick drum", "bass drum"),
    "snare": ("snares", "clap", "claps", "rimshot", "rim"),
    "hats": ("hat", "hi hat", "hi hats", "hihat", "hihats", "cymbal", "cymbals", "ride"),
    "percussion": ("percussions", "perc", "percs", "conga", "congas", "bongo", "bongos", "shaker", "shakers", "tambourine", "cowbell", "tom", "toms"),
    "bass": ("bassline", "basslines", "bass line", "bass lines", "low end"),
    "chords": ("chord", "chord progression", "harmony", "harmonies"),
    "pad": ("pads",),
    "lead": ("leads", "melody", "melodies", "topline", "hook", "riff", "motif"),
    "arp": ("arps", "arpeggio", "arpeggios", "arpeggiated", "arpeggiator", "sequence"),
    "texture": ("textures", "noise", "vinyl noise", "vinyl crackle", "crackle", "atmosphere", "field recording"),
    "drone": ("drones",),
    "riser": ("risers", "uplifter", "build up", "buildup", "build", "sweep"),
    "impact": ("impacts", "boom", "stinger", "braam", "crash"),
    "fill": ("fills", "drum fill", "drum fills"),
}  # fmt: skip
"""Other names of the parts (and of "drums", which stands for several)."""

NO = frozenset({"no", "without", "minus", "not", "except", "remove"})
WITH = frozenset({"with", "plus", "featuring", "feat", "over", "under", "add"})
ONLY = frozenset({"only", "just", "solo", "isolated", "nothing"})
FULL = frozenset({"full", "beat", "beats", "track", "song", "instrumental", "arrangement", "everything", "all"})
JOINING = frozenset({"and", "or", "any", "the", "a", "an", "&", "some"})
SWINGS: Mapping[str, Fraction] = {
    "straight": Fraction(50, 100),
    "swung": Fraction(60, 100),
    "swing": Fraction(60, 100),
    "swinging": Fraction(60, 100),
    "shuffle": Fraction(66, 100),
    "shuffled": Fraction(66, 100),
}

_KEY = re.compile(r"\b([A-G](?:#|b|♯|♭)?)\s*[- ]?\s*(minor|major|min|maj)\b", re.IGNORECASE)
_TOKEN = re.compile(r"[a-z0-9&']+|[,;.:!?\n]")
_LONGEST = 4


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for; None or empty where nothing was. `parts` are all that may play, `added` go beside them."""

    style: str | None = None
    parts: frozenset[str] | None = None
    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    moods: tuple[str, ...] = ()
    kit: str | None = None
    timbres: Mapping[str, str] = field(default_factory=dict)
    swing: Fraction | None = None
    degrees: tuple[int, ...] | None = None
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """A word that is understood: its `kind` (style, part, mood, kit, timbre, swing, or what kind of small word)."""

    kind: str
    name: str


def listen(prompt: str, negative: str = "") -> Wish:
    """Return what `prompt` asks for, less what `negative` (words of what is not wanted) forbids."""
    ear = _Ear()
    for word in understood(prompt):
        ear.hear(word)
    for word in understood(negative):
        ear.refuse(word)
    return replace(ear.wish(), key=_key_in(prompt))


def understood(text: str) -> Iterator[Word]:
    """Yield the words of `text` in order, longest phrases first; those without a meaning here are of kind "other"."""
    tokens = _tokens(text)
    at = 0
    while at < len(tokens):
        size = next((n for n in range(_LONGEST, 1, -1) if " ".join(tokens[at : at + n]) in _VOCABULARY), 1)
        phrase = " ".join(tokens[at : at + size])
        yield from _VOCABULARY.get(phrase, (Word("other", phrase),))
        at += size


def widened(names: Iterable[str]) -> frozenset[str]:
    """Return the parts behind `names`: "drums" stands for several."""
    return frozenset(part for name in names for part in (DRUMS if name == "drums" else (name,)))


class _Ear:
    """Hears a prompt word by word, minding "no", "with" and "only"."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}
        self._refusing = False

    def hear(self, word: Word) -> None:
        """Take in the next word of the prompt."""
        if word.kind == "no":
            self._refusing = True
        elif self._refusing and word.kind in {"part", "mood"}:
            self.refuse(word)
        elif word.kind != "joining":
            self._refusing = False
            beside = word.kind == "part" and "with" in self._found
            self._found.setdefault("beside" if beside else word.kind, []).append(word.name)

    def refuse(self, word: Word) -> None:
        """Take in a word of what is not wanted."""
        if word.kind in {"part", "mood"}:
            self._found.setdefault(f"no {word.kind}", []).append(word.name)

    def wish(self) -> Wish:
        """Return all that was heard. Parts named outright are the only ones, unless it is a whole that was asked."""
        named, beside = widened(self._all("part")), widened(self._all("beside"))
        alone = bool(named) and ("only" in self._found or "full" not in self._found)
        moods = dict.fromkeys(mood for mood in self._all("mood") if mood not in self._all("no mood"))
        return Wish(
            style=next(iter(self._all("style")), None),
            parts=named | beside if alone else None,
            added=frozenset() if alone else named | beside,
            removed=widened(self._all("no part")),
            moods=tuple(moods),
            kit=next(iter(self._all("kit")), None),
            timbres={TIMBRES[name].part: name for name in self._all("timbre")},
            swing=next((SWINGS[name] for name in self._all("swing")), None),
        )

    def _all(self, kind: str) -> list[str]:
        """Return every name of a kind that was heard."""
        return self._found.get(kind, [])


def _tokens(text: str) -> list[str]:
    """Split a text into words and stops; letters of other scripts, emoji and the like are gaps between words."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).lower())


def _key_in(prompt: str) -> Key | None:
    """Return the key that a prompt mentions in full ("in F# minor"), or None."""
    match = _KEY.search(prompt)
    return Key.parse(f"{match[1]} {match[2].lower()}") if match else None


def _entries() -> Iterator[tuple[str, Word]]:
    """Yield every phrase that is understood with one of its meanings, parts last."""
    for kind, table in (("style", STYLES), ("mood", MOODS), ("kit", KITS), ("timbre", TIMBRES)):
        for row in table.values():
            yield from ((phrase, Word(kind, row.name)) for phrase in (row.name, *row.words))
    for timbre in TIMBRES.values():
        if timbre.part != "bass":
            yield from ((phrase, Word("part", timbre.part)) for phrase in (timbre.name, *timbre.words))
    yield from ((phrase, Word("part", part)) for part, words in PART_WORDS.items() for phrase in (part, *words))
    for kind, small in (("no", NO), ("with", WITH), ("only", ONLY), ("full", FULL), ("joining", JOINING)):
        yield from ((word, Word(kind, word)) for word in small)
    yield from ((word, Word("swing", word)) for word in SWINGS)


def _vocabulary() -> Mapping[str, tuple[Word, ...]]:
    """Return every phrase with its meanings; a phrase that stands in two tables means both."""
    words: dict[str, tuple[Word, ...]] = {}
    for phrase, word in _entries():
        written = " ".join(_tokens(phrase))
        if word not in words.get(written, ()):
            words[written] = (*words.get(written, ()), word)
    return words


_VOCABULARY = _vocabulary()
