"""Which loops a step is shown.

Loops that lie on rings of one length have bars of one length and their first downbeat on frame 0: they are aligned, and
may be laid over each other beat by beat. That is what a `Mix` does, if one is given: beat-synchronous mixup (Chen et al.
2023) for one, in the latents.
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

As many come out as go in. All are of one length and of as many bars, and begin on a downbeat.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Rings:
    """Rings by length and number of bars: `numbers` of the loops in each group, and the share of all frames it has."""

    groups: Sequence[Sequence[int]]
    lengths: Sequence[int]

    @classmethod
    def of(cls, lengths: Sequence[int], bars: Sequence[int]) -> "Rings":
        """Sort loops, given the latent frames and the bars of each."""
        found: Mapping[tuple[int, int], list[int]] = defaultdict(list)
        for number, group in enumerate(zip(lengths, bars, strict=True)):
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
