"""Which loops a step is shown.

Loops that lie on rings of one length have their first downbeat on frame 0, and are shown together. Those that are of one
`kind` as well are aligned, and may be laid over each other beat by beat. That is what a `Mix` does, if one is given (see
`mixtures`).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from plugin_host.mixup import tempo_group

_T = TypeVar("_T")

Mix = Callable[[Tensor, Sequence[str], torch.Generator], tuple[Tensor, Sequence[str]]]
"""What becomes of rings, shape ``(rings, channels, time, frequency)``, and of their captions.

As many come out as go in. All are of one length and of as many beats, and begin on a downbeat. Where nothing is mixed
at a step, the rings that come out are the very ones that went in.
"""


APART = 0.1
"""Tempi of what is mixed differ by this part at most: a sound bears to be stretched by as much."""


def kind(beats: float, bpm: float, meter: str) -> tuple[float, int, str]:
    """Return what loops share that may be mixed: how many quarter notes they are, about which tempo, and the meter.

    The tempo does not follow from the length of a ring: a model that counts in beats is shown all tempi at one length.
    """
    return beats, tempo_group(bpm, APART), meter


@dataclass(frozen=True, slots=True, eq=False)
class Rings:
    """Rings by length and a further mark: the loops of each of the `groups`, and the length of its rings."""

    groups: Sequence[Sequence[int]]
    lengths: Sequence[int]

    @classmethod
    def of(cls, lengths: Sequence[int], marks: Sequence[Any]) -> "Rings":
        """Sort loops, given the latent frames of each, and how many bars it has, or its `kind` where they are to be mixed."""
        found: Mapping[tuple[int, Any], list[int]] = defaultdict(list)
        for number, group in enumerate(zip(lengths, marks, strict=True)):
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
