"""Who is mixed with whom, in which proportion, and what the mixture is called."""

import math
from collections.abc import Hashable, Sequence

import numpy as np

BETA = (5.0, 5.0)
"""The share of the first of a pair is drawn from Beta(5, 5), as in the paper: mostly near a half, rarely near the ends."""

GROUP_WIDTH = 0.05
"""Tempi of one group differ by this part at most: what plain mixing bears over the few bars of a training example."""

BETWEEN = " and "
"""What stands between two captions."""


def share(chance: np.random.Generator) -> float:
    """Draw how much of the first of a pair is in the mixture, 0–1; the rest is the other's. Thread: any."""
    return float(chance.beta(*BETA))


def tempo_group(bpm: float, width: float = GROUP_WIDTH) -> int:
    """Return the number of the tempo group of a tempo: two tempi of one group differ by `width` at most, as a part.

    Groups are equally wide to the ear, and do not depend on which loops there are.
    """
    return math.floor(math.log(bpm) / math.log1p(width))


def pairs(groups: Sequence[Hashable], chance: np.random.Generator) -> list[int | None]:
    """Return for each loop the index of one of the same group, never itself; None for one that is alone in its group.

    A group is anything that is equal where mixing makes sense: a tempo group, or that and the meter.
    """
    members: dict[Hashable, list[int]] = {}
    places = []
    for index, group in enumerate(groups):
        alike = members.setdefault(group, [])
        places.append(len(alike))
        alike.append(index)
    partners: list[int | None] = []
    for group, place in zip(groups, places, strict=True):
        alike = members[group]
        further = 1 + int(chance.integers(len(alike) - 1)) if len(alike) > 1 else 0
        partners.append(alike[(place + further) % len(alike)] if further else None)
    return partners


def joined(one: str, other: str) -> str:
    """Return the caption of a mixture: both, or one of two that are the same."""
    first, second = one.strip(), other.strip()
    if not first or not second or first.casefold() == second.casefold():
        return first or second
    return f"{first}{BETWEEN}{second}"
