"""What is to be learnt from a folder of loops, and how long that takes. Data, not code; it needs no torch."""

from collections.abc import Mapping
from dataclasses import dataclass

MIXUPS = ("none", "latents", "audio")
"""Whether loops are mixed beat on beat while learning, and what of them."""

RANK = 16
"""How much an adapter can hold, where nobody says."""

RATES: Mapping[str, float] = {"adapter": 1e-3, "all": 2e-4}
"""The highest rate where none is asked for: of an adapter, and where all weights learn."""

_FEWEST = 20  # steps, however little time there is


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be learnt, and how. A `rank` of None means that all weights learn, `rate` None the one that does well.

    `mixup` is one of `MIXUPS`.
    """

    name: str
    folder: str
    rank: int | None
    rate: float | None
    mixup: str
    seed: int

    @property
    def highest(self) -> float:
        """The highest rate."""
        return self.rate or RATES["all" if self.rank is None else "adapter"]


@dataclass(frozen=True, slots=True)
class Length:
    """How long a training is: so many `steps`, with a sample after every so many; 0 is none."""

    steps: int
    samples: int


@dataclass(frozen=True, slots=True)
class Pace:
    """What a step and a sample take on this machine, in seconds."""

    step: float
    sample: float

    def seconds(self, length: Length, done: int = 0) -> float:
        """Return how long the rest of a training takes."""
        left = length.steps - done
        return left * self.step + (left // length.samples if length.samples else 0) * self.sample

    def fitting(self, seconds: float, samples: int | None) -> int:
        """Return how many steps there are in so much time, with a sample after each `samples`, or four in all."""
        each = self.step + (self.sample / samples if samples else 0)
        free = seconds - (4 * self.sample if samples is None else 0)
        return max(_FEWEST, int(free / each))
