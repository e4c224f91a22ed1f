"""Musical time: tempo, meter, and the grid of a clip. The only module that rounds.

A *beat* is one quarter note, whatever the meter, as every DAW counts tempo. Positions are exact rationals of
beats. They become frames here, once, always counted from the origin: the third bar of a clip does not start at
three times a rounded bar. (Ableton Link keeps the same discipline with integer micro-beats.)
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext
from fractions import Fraction
from typing import NewType

from plugin_host.errors import BadValue, OutOfRange

Beats = NewType("Beats", Fraction)
"""A length or position in quarter notes, exact."""

Frames = NewType("Frames", int)
"""A length or position in frames (one sample for every channel) at a rate that is known from where it stands."""

TEMPO_RANGE = (20, 999)
"""Quarter notes per minute: what Ableton Live can be set to."""

METER_DENOMINATORS = (1, 2, 4, 8, 16, 32)
METER_NUMERATORS = range(1, 33)
BARS = range(1, 65)
RATE_RANGE = (8_000, 192_000)
"""Frames per second."""

_LONGEST_NUMBER = 40  # characters; what is longer is no tempo that a person wrote


def exact(value: str | float | Decimal | Fraction) -> Fraction:
    """Return the rational that `value` is as a person would write it: 92.5 and "92.5" are both 185/2.

    A float is read by its shortest decimal, so 59.94 means 2997/50 and not the nearest binary fraction.
    Raises `BadValue` for text that is no number, and `OutOfRange` for infinity, NaN and the absurdly long.
    """
    if isinstance(value, Fraction):
        return value
    text = str(value).strip()
    if len(text) > _LONGEST_NUMBER:
        raise OutOfRange(f"'{text[:_LONGEST_NUMBER]}…' has too many digits; write a number as a person would")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise BadValue(f"'{text}' is not a number; write it like 120 or 92.5") from None
    if not number.is_finite():
        raise OutOfRange(f"{text} is not a finite number; write it like 120 or 92.5")
    if abs(number.adjusted()) > _LONGEST_NUMBER:
        raise OutOfRange(f"{text} is beyond any musical number; write it like 120 or 92.5")
    return Fraction(number)


def decimal_text(value: Fraction, *, places: int = 6) -> str:
    """Write `value` as a person would: at most `places` decimals, no trailing zeros ("124", "92.5")."""
    with localcontext(prec=2 * _LONGEST_NUMBER):
        text = f"{round(Decimal(value.numerator) / Decimal(value.denominator), places):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True, order=True)
class Tempo:
    """Quarter notes per minute, kept exactly; 20 to 999. Raises `OutOfRange` beyond."""

    quarters_per_minute: Fraction

    def __post_init__(self) -> None:
        low, high = TEMPO_RANGE
        if not low <= self.quarters_per_minute <= high:
            raise OutOfRange(f"tempo is {decimal_text(self.quarters_per_minute)} BPM; it goes from {low} to {high}")

    @classmethod
    def parse(cls, value: str | float | Decimal | Fraction) -> "Tempo":
        """Read a tempo as written: 120, 92.5, "59.94"."""
        return cls(exact(value))

    def __str__(self) -> str:
        """Write the tempo exactly, as long as it is a decimal at all; `parse` reads it back."""
        return decimal_text(self.quarters_per_minute, places=_LONGEST_NUMBER)

    def __float__(self) -> float:
        return float(self.quarters_per_minute)


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature n/d; n 1–32, d one of 1 2 4 8 16 32. Raises `OutOfRange` beyond."""

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        if self.numerator not in METER_NUMERATORS or self.denominator not in METER_DENOMINATORS:
            raise OutOfRange(
                f"meter is {self.numerator}/{self.denominator}; "
                "its upper number goes from 1 to 32, its lower is one of 1, 2, 4, 8, 16, 32",
            )

    @classmethod
    def parse(cls, text: str) -> "Meter":
        """Read "7/8" or "7 / 8"."""
        upper, slash, lower = text.partition("/")
        if not (slash and _is_count(upper) and _is_count(lower)):
            raise BadValue(f"meter is '{text[:_LONGEST_NUMBER]}'; write it like 4/4 or 7/8")
        return cls(int(upper), int(lower))

    @property
    def bar(self) -> Beats:
        """The length of one bar: 4·n/d quarter notes."""
        return Beats(Fraction(4 * self.numerator, self.denominator))

    @property
    def tap(self) -> Beats:
        """What a listener taps, in quarter notes; a bar is a whole number of it.

        It is the quarter note in x/1, x/2 and x/4. In shorter units it is three of them where threes make up the bar (a
        compound meter: 6/8, 12/8), else one.
        """
        unit = Fraction(4, max(4, self.denominator))
        compound = self.denominator > 4 and self.numerator > 3 and self.numerator % 3 == 0
        return Beats(3 * unit if compound else unit)

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"


def _is_count(text: str) -> bool:
    """Whether `text` is a short row of plain digits, blanks around it allowed."""
    digits = text.strip()
    return len(digits) <= 4 and digits.isascii() and digits.isdigit()


@dataclass(frozen=True, slots=True)
class Grid:
    """So many bars of a meter at a tempo, laid on the frames of a sample rate.

    `frames` is the promise of DESIGN: ``round(bars · 4n/d · 60/tempo · rate)``, rounded from the total.
    Raises `OutOfRange` when bars or rate are beyond what the project promises.
    """

    tempo: Tempo
    meter: Meter
    bars: int
    rate: int

    def __post_init__(self) -> None:
        if self.bars not in BARS:
            raise OutOfRange(f"bars is {self.bars}; a clip has {BARS.start} to {BARS.stop - 1}")
        low, high = RATE_RANGE
        if not low <= self.rate <= high:
            raise OutOfRange(f"the sample rate is {self.rate} Hz; it goes from {low} to {high}")

    @property
    def beats(self) -> Beats:
        """The whole length in quarter notes."""
        return Beats(self.bars * self.meter.bar)

    @property
    def frames(self) -> Frames:
        """The whole length in frames: the number that a delivered clip has, exactly."""
        return self.frame_at(self.beats)

    @property
    def seconds(self) -> Fraction:
        """The whole length in seconds, exact."""
        return self.beats * 60 / self.tempo.quarters_per_minute

    def position(self, beats: Fraction) -> Fraction:
        """Return where `beats` quarter notes after the start lie, in frames, not rounded."""
        return beats * 60 * self.rate / self.tempo.quarters_per_minute

    def frame_at(self, beats: Fraction) -> Frames:
        """Return the frame nearest to `beats` quarter notes after the start, rounded from the origin."""
        return Frames(round(self.position(beats)))

    def lines(self, step: Fraction) -> list[Frames]:
        """Return the frames of all multiples of `step` quarter notes inside the clip: its beats for 1."""
        count = -(-self.beats // step)
        return [self.frame_at(k * step) for k in range(count)]

    def at_rate(self, rate: int) -> "Grid":
        """Return the same bars on another sample rate."""
        return Grid(self.tempo, self.meter, self.bars, rate)
