"""OSC 1.0 address patterns: ``?`` one character, ``*`` any row of them, ``[a-z]`` ``[!a-z]`` a class, ``{one,two}`` a choice.

None of them crosses a slash. All places that a pattern may have reached are followed at once, so that its cost is its
length times the address's: there is no pattern that a sender could choke us with, as there is for regular expressions.
"""

import re
from collections.abc import Callable, Iterator

from daw_bridge.errors import BadRequest
from daw_bridge.values import shown

Part = Callable[[str, int], Iterator[int]]
"""A part of a pattern: from a place in an address, the places that may be reached."""

_PART = re.compile(r"\*+|\?|\[(?P<inverted>!?)(?P<members>[^\]]+)\]|\{(?P<choice>[^{}]*)\}|(?P<plain>[^*?\[\]{}])")


def is_pattern(address: str) -> bool:
    """Whether `address` has any of the characters that make a pattern of it."""
    return any(character in "*?[]{}" for character in address)


def parse(pattern: str) -> list[Part]:
    """Take a pattern apart. Raises `BadRequest` for brackets that do not close."""
    parts: list[Part] = []
    at = 0
    while at < len(pattern):
        match = _PART.match(pattern, at)
        if match is None:
            raise BadRequest(f"{shown(pattern)} is no OSC address pattern; close its brackets")
        parts.append(_part(match))
        at = match.end()
    return parts


def matches(parts: list[Part], address: str) -> bool:
    """Whether the pattern made of `parts` matches the whole of `address`."""
    places = {0}
    for part in parts:
        places = {reached for place in places for reached in part(address, place)}
    return len(address) in places


def _part(match: re.Match[str]) -> Part:
    """Return the part that was matched."""
    if match["choice"] is not None:
        words = match["choice"].split(",")
        return lambda address, at: (at + len(word) for word in words if address.startswith(word, at))
    if match["members"] is not None:
        members, inverted = _members(match["members"]), bool(match["inverted"])
        return _one(lambda character: (character in members) is not inverted)
    if match["plain"] is not None:
        plain = match["plain"]
        return lambda address, at: iter((at + 1,) if address.startswith(plain, at) else ())
    if match[0] == "?":
        return _one(lambda _: True)
    return _row


def _members(text: str) -> frozenset[str]:
    """Return the characters of a class; a minus between two stands for all from one to the other."""
    found = set(text)
    for low, high in re.findall(r"(.)-(.)", text):
        found.update(map(chr, range(ord(low), ord(high) + 1)))
    return frozenset(found)


def _one(fits: Callable[[str], bool]) -> Part:
    """Return the part that is one character which fits, and no slash."""
    return lambda address, at: iter((at + 1,) if at < len(address) and address[at] != "/" and fits(address[at]) else ())


def _row(address: str, at: int) -> Iterator[int]:
    """Reach every place up to the next slash."""
    end = address.find("/", at)
    return iter(range(at, (len(address) if end < 0 else end) + 1))
