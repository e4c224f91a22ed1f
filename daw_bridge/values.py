"""Readers of single values: what came off a wire, out of a TOML file or the environment becomes a typed value.

Each reader is a small frozen object: called with a value it returns the typed one, or raises `BadRequest` (cannot
be understood) or `OutOfRange` (understood, not allowed) with a message that begins with the value; the caller puts
the name of the key before it. `allowed` says in words what it takes, for messages, help and the README.

Numbers are taken as int, float, text or truth value, since controllers mix them freely.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

from daw_bridge.errors import BadRequest, OutOfRange
from plugin_host import errors as host_errors

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")
Kind = Literal["number", "text"]
"""What a value looks like on a wire whose sender names no types."""


class Reader(Protocol[T_co]):
    """Turns any value into a typed one, or says why it cannot."""

    @property
    def allowed(self) -> str:
        """What is taken, in words."""

    @property
    def kind(self) -> Kind:
        """What the value looks like on a wire."""

    def __call__(self, value: object) -> T_co:
        """Read `value`."""


def shown(value: object) -> str:
    """Show `value` in a message: short, and with nothing in it that could upset a terminal."""
    try:
        text = repr(value)
        length = len(str(value))
    except (ValueError, RecursionError):  # thousands of digits, or of tables inside each other
        return "a value too large to be shown"
    if isinstance(value, float):
        return text.removesuffix(".0")
    return text if len(text) <= 48 else f"{text[:40]}… ({length} characters)"


def text_of(value: object) -> str | None:
    """Return the text or number `value` as a person would write it: 7.0 is 7. None for what nobody would write."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    whole = isinstance(value, float) and value.is_integer()
    try:
        return str(int(value) if whole else value)
    except ValueError:  # Python writes no more than some thousand digits
        return None


def a_number(value: object) -> float | int:
    """Read any number, finite or not. Raises `BadRequest` for what is none."""
    if isinstance(value, (bool, int)):
        return int(value)
    if isinstance(value, float):
        return value
    if isinstance(value, str) and len(value) <= 64:
        for read in (int, float):
            try:
                return read(value.strip())
            except ValueError:
                continue
    raise BadRequest(f"{shown(value)} is not a number")


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `low` to `high`; 4.0 and "4" are 4."""

    low: int
    high: int
    kind: Kind = "number"

    @property
    def allowed(self) -> str:
        """The range in words."""
        return f"a whole number from {self.low} to {self.high}"

    def __call__(self, value: object) -> int:
        """Read `value`."""
        try:
            number = a_number(value)
        except BadRequest as error:
            raise BadRequest(f"{error}; give {self.allowed}") from None
        if not self.low <= number <= self.high or number != int(number):  # the range first: NaN has no int
            raise OutOfRange(f"{shown(value)} is not allowed; give {self.allowed}")
        return int(number)


@dataclass(frozen=True, slots=True)
class Number:
    """A number from `low` to `high`, both included; never NaN."""

    low: float
    high: float
    kind: Kind = "number"

    @property
    def allowed(self) -> str:
        """The range in words."""
        return f"a number from {self.low:g} to {self.high:g}"

    def __call__(self, value: object) -> float:
        """Read `value`."""
        try:
            number = a_number(value)
        except BadRequest as error:
            raise BadRequest(f"{error}; give {self.allowed}") from None
        if not self.low <= number <= self.high:  # NaN is in no range; an int too large for a float is in none of ours
            raise OutOfRange(f"{shown(value)} is not allowed; give {self.allowed}")
        return float(number)


@dataclass(frozen=True, slots=True)
class Text:
    """Text of at most `longest` characters, without NULs."""

    longest: int
    kind: Kind = "text"

    @property
    def allowed(self) -> str:
        """The length in words."""
        return f"text of at most {self.longest} characters"

    def __call__(self, value: object) -> str:
        """Read `value`; a number becomes its text."""
        text = text_of(value)
        if text is None:
            raise BadRequest(f"{shown(value)} is not text; give {self.allowed}")
        if len(text) > self.longest:
            raise OutOfRange(f"{shown(text)} is too long; give {self.allowed}")
        if "\0" in text:
            raise BadRequest(f"{shown(text)} has a NUL in it; give plain text")
        return text


@dataclass(frozen=True, slots=True)
class Word:
    """A name of 1 to `longest` characters A–Z a–z 0–9 _ -: safe in a file name, an address and a log.

    The words `reserved` mean something else where the name is used, and are no names.
    """

    longest: int = 64
    reserved: tuple[str, ...] = ()
    kind: Kind = "text"

    @property
    def allowed(self) -> str:
        """The characters in words."""
        but = f", but not the word {' or '.join(self.reserved)}" if self.reserved else ""
        return f"1 to {self.longest} characters of A–Z a–z 0–9 _ -{but}"

    def __call__(self, value: object) -> str:
        """Read `value`; a whole number becomes its digits."""
        text = text_of(value)
        if text is None or (isinstance(value, float) and not math.isfinite(value)):
            raise BadRequest(f"{shown(value)} is no name; give {self.allowed}")
        if not 1 <= len(text) <= self.longest:
            raise OutOfRange(f"{shown(text)} has {len(text)} characters; give {self.allowed}")
        if re.fullmatch(r"[A-Za-z0-9_-]+", text) is None:
            raise BadRequest(f"{shown(text)} has other characters; give {self.allowed}")
        if text in self.reserved:
            raise OutOfRange(f"{shown(text)} means something else here; give {self.allowed}")
        return text


@dataclass(frozen=True, slots=True)
class Pair:
    """Two clips, each named by its job's id, or by that, a colon and a rank: "k3xq81ab p9d0aa7c:2"."""

    kind: Kind = "text"

    @property
    def allowed(self) -> str:
        """How they are written."""
        return "two jobs' ids with a blank between, each with :rank if another clip than its best is meant"

    def __call__(self, value: object) -> str:
        """Read `value`; what comes back has one blank in it."""
        names = (text_of(value) or "").replace(",", " ").split()
        if len(names) != 2:
            raise BadRequest(f"{shown(value)} does not name two clips; give {self.allowed}")
        for name in names:
            job, colon, rank = name.partition(":")
            Word()(job)
            if colon:
                Whole(1, 16)(rank)
        return " ".join(names)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words; case does not matter."""

    words: tuple[str, ...]
    kind: Kind = "text"

    @property
    def allowed(self) -> str:
        """The words."""
        return f"one of {', '.join(self.words)}"

    def __call__(self, value: object) -> str:
        """Read `value`."""
        text = text_of(value)
        if text is None or text.lower() not in self.words:
            raise BadRequest(f"{shown(value)} is unknown; give {self.allowed}")
        return text.lower()


@dataclass(frozen=True, slots=True)
class Switch:
    """On or off: 1 or 0, true or false."""

    kind: Kind = "number"

    @property
    def allowed(self) -> str:
        """The words."""
        return "1 or 0"

    def __call__(self, value: object) -> bool:
        """Read `value`."""
        if isinstance(value, str) and value.lower() in {"true", "false"}:
            return value.lower() == "true"
        return bool(Whole(0, 1)(value))


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """A value that `plugin_host` knows how to read; its errors become this package's, under the same code.

    `span` is the lowest and the highest of what is a number.
    """

    parse: Callable[[str], T]
    allowed: str
    kind: Kind = "text"
    span: tuple[float, float] | None = None

    def __call__(self, value: object) -> T:
        """Read `value`."""
        text = text_of(value)
        if text is None:
            raise BadRequest(f"{shown(value)} is not {self.allowed}")
        try:
            return self.parse(text)
        except host_errors.OutOfRange as error:
            raise OutOfRange(str(error)) from None
        except host_errors.BadValue as error:
            raise BadRequest(str(error)) from None
