"""Hints of a preset to this engine: words that win over what the prompt says."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction

from plugin_host.engine import Fact
from plugin_host.engines.sketch.kits import KITS
from plugin_host.engines.sketch.moods import MOODS
from plugin_host.engines.sketch.style import PARTS
from plugin_host.engines.sketch.styles import STYLES
from plugin_host.engines.sketch.timbres import TIMBRES
from plugin_host.engines.sketch.words import Wish, understood, widened
from plugin_host.errors import BadValue, OutOfRange
from plugin_host.musictime import exact

_DEGREES = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7}


def obey(wish: Wish, hints: Mapping[str, Fact]) -> Wish:
    """Return `wish` with every hint in it. Raises `BadValue` or `OutOfRange` for one that means nothing here."""
    for name, value in hints.items():
        if name not in HINTS:
            raise BadValue(f"sketch has no hint '{name}'; it has {', '.join(HINTS)}")
        wish = HINTS[name](wish, value)
    return wish


def _style(wish: Wish, value: Fact) -> Wish:
    """``style = "house"``: a style by any of its names."""
    return replace(wish, style=_names("style", value, "style", STYLES)[0])


def _parts(wish: Wish, value: Fact) -> Wish:
    """``parts = "drums, bass"``: these and no others; "full" for a whole arrangement."""
    if value == "full":
        return replace(wish, parts=None)
    return replace(wish, parts=widened(_names("parts", value, "part", ("drums", *PARTS, "full"))))


def _mood(wish: Wish, value: Fact) -> Wish:
    """``mood = "dark, dreamy"``: one mood or several, in the place of the prompt's."""
    return replace(wish, moods=tuple(dict.fromkeys(_names("mood", value, "mood", MOODS))))


def _swing(wish: Wish, value: Fact) -> Wish:
    """``swing = 0.6`` or ``60``: how far through a pair of steps the second one lies."""
    if isinstance(value, bool) or not re.fullmatch(r"\s*[0-9]*\.?[0-9]+\s*", str(value)):
        raise BadValue(f"the hint swing is '{value}'; write a number from 0.5 (straight) to 0.75")
    ratio = exact(str(value))
    ratio = ratio / 100 if ratio > 1 else ratio
    if not Fraction(1, 2) <= ratio <= Fraction(3, 4):
        raise OutOfRange(f"the hint swing is {value}; it goes from 0.5 (straight) to 0.75")
    return replace(wish, swing=ratio)


def _kit(wish: Wish, value: Fact) -> Wish:
    """``kit = "909"``: the drums."""
    return replace(wish, kit=_known("kit", str(value), KITS))


def _timbre(part: str) -> Callable[[Wish, Fact], Wish]:
    """Return what the hint named after `part` does: ``bass = "reese"`` chooses its sound."""

    def choose(wish: Wish, value: Fact) -> Wish:
        """Wish for that sound."""
        return replace(wish, timbres={**wish.timbres, part: _known(part, str(value), TIMBRES)})

    return choose


def _progression(wish: Wish, value: Fact) -> Wish:
    """``progression = "i VI III VII"`` or ``"1 6 3 7"``: a chord a bar, on degrees of the scale."""
    words = str(value).replace("-", " ").lower().split()
    degrees = tuple(_DEGREES.get(word) or (int(word) if word in "1234567" else 0) for word in words)
    if not degrees or len(degrees) > 16 or 0 in degrees:
        raise BadValue(f"the hint progression is {value!r}; write up to 16 degrees like i VI III VII or 1 6 3 7")
    return replace(wish, degrees=degrees)


def _names(hint: str, value: Fact, kind: str, known: Iterable[str]) -> list[str]:
    """Return all names of `kind` in a hint; every word of it has to be one, or `BadValue` says which there are."""
    words = [word for word in understood(str(value)) if word.name not in {",", ";", "and", "&"}]
    names = [word.name for word in words if word.kind == kind]
    if not names or any(word.kind == "other" for word in words):
        raise BadValue(f"the hint {hint} is '{value}'; there is {', '.join(known)}")
    return names


def _known(hint: str, value: str, table: Iterable[str]) -> str:
    """Return `value` if it is a name in `table`; raise `BadValue` with all that there is if not."""
    if value not in table:
        raise BadValue(f"the hint {hint} is '{value}'; there is {', '.join(table)}")
    return value


HINTS: Mapping[str, Callable[[Wish, Fact], Wish]] = {
    "style": _style,
    "parts": _parts,
    "mood": _mood,
    "swing": _swing,
    "kit": _kit,
    "bass": _timbre("bass"),
    "chords": _timbre("chords"),
    "pad": _timbre("pad"),
    "lead": _timbre("lead"),
    "arp": _timbre("arp"),
    "progression": _progression,
}
"""Every hint by its name, and what it does to a wish."""
