"""Which loops a step is shown.

Loops that lie on rings of one length have bars of one length and their first downbeat on frame 0: they are aligned, and
may be laid over each other beat by beat. That is what a `Mix` does, if one is given (see `mixtures`).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

_T = TypeVar("_T")

Mix = Callable[[Tensor, Sequence[str], torch.Generator], tuple[Tensor, Sequence[str]]]
"""What becomes of rings, shape ``(rings, channels, time, frequency)``, and of their captions.

As many come out as go in. All are of one length and of as many beats, and begin on a downbeat. Where nothing is mixed
at a step, the rings that come out are the very ones that went in.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Rings:
    """Rings by length and number of bars or beats: the loops of each of the `groups`, and the length of its rings."""

    groups: Sequence[Sequence[int]]
    lengths: Sequence[int]

    @classmethod
    def of(cls, lengths: Sequence[int], counts: Sequence[float]) -> "Rings":
        """Sort loops, given the latent frames of each, and how many bars it has, or beats where they are to be mixed."""
        found: Mapping[tuple[int, float], list[int]] = defaultdict(list)
        for number, group in enumerate(zip(lengths, counts, strict=True)):
            found[group].append(number)
        alike = sorted(found)
        return cls([found[group] for group in alike], [length for length, _ in alike])

    def drawn(self, frames: int, chance: torch.Generator) -> list[int]:
        """Return loops of one group, about so many latent frames of them in all; every loop is as likely as another."""
        weights = torch.tensor(
            [float(len(group) * length) for group, length in zip(self.groups, self.lengths, strict=True)]
        )
        which = int(torch.multinomial(weights, 1, generator=chance))
        count = max(1, round(frames / self.lengths[which]))
        return some(self.groups[which], count, chance)


def some(values: Sequence[_T], count: int, chance: torch.Generator) -> list[_T]:
    """Pick so many of `values`, with repetition."""
    return [values[int(index)] for index in torch.randint(len(values), (count,), generator=chance)]


def cut(ring: Tensor, frames: int, chance: torch.Generator) -> Tensor:
    """Cut so many frames out of a ring, shape ``(time, …)``, from anywhere on, and around it if it is shorter."""
    start = int(torch.randint(len(ring), (), generator=chance))
    return ring[(start + torch.arange(frames)) % len(ring)]
