"""Rings longer than what the model was trained on: overlapping windows, blended wherever they overlap.

The windows stand evenly around the ring, and each is computed as a strip of the length that the model knows. Where two
overlap, their results are averaged, the weights falling towards the ends, where a strip knows least. Done at every
step of the diffusion, neighbours agree ever more, and the whole stays one ring (MultiDiffusion: Bar-Tal et al. 2023,
"Fusing Diffusion Paths for Controlled Image Generation").
"""

from collections.abc import Callable
from fractions import Fraction
from math import lcm

import torch

from plugin_host.engines.musicldm.ring import Course

OVERLAP = 0.25
"""The part of a window that it shares with its neighbour, at least."""


def starts(length: int, size: int, unit: int = 1) -> list[int]:
    """Return where windows of `size` frames begin that cover a ring of `length`, evenly, each on a multiple of `unit`."""
    count = -(-length // round(size * (1 - OVERLAP)))
    return [unit * round(index * length / (count * unit)) for index in range(count)]


def around(
    compute: Callable[[torch.Tensor], torch.Tensor],
    ring: torch.Tensor,
    size: int,
    scale: Fraction = Fraction(1),
    unit: int = 1,
) -> torch.Tensor:
    """Return what `compute` makes of `ring`, ``(batch, channels, time, frequency)``, window by window.

    It must make `scale` frames of each. Windows begin on multiples of `unit`, so that time is counted in each as all
    around. A ring that is no longer than `size` is computed at once, as it is.
    """
    length = ring.shape[2]
    if length <= size:
        return compute(ring)
    places = starts(length, size, lcm(unit, scale.denominator))
    made = [compute(ring[:, :, _circle(start, size, length, ring)]) for start in places]
    weights = _weights(made[0].shape[2], made[0])
    total = made[0].new_zeros(*made[0].shape[:2], int(length * scale), made[0].shape[3])
    shares = weights.new_zeros(total.shape[2])
    for start, piece in zip(places, made, strict=True):
        where = _circle(int(start * scale), len(weights), len(shares), ring)
        total.index_add_(2, where, piece * weights[:, None])
        shares.index_add_(0, where, weights)
    return total / shares[:, None]


def computed(length: int, size: int) -> int:
    """Return how many frames are computed for a ring of `length`: more than that where windows overlap."""
    return length if length <= size else len(starts(length, size)) * size


def course(ring: torch.Tensor, size: int) -> Course:
    """Return how time runs in what `around` computes at a time: all around, or along a window."""
    return Course.RING if ring.shape[2] <= size else Course.STRIP


def _circle(start: int, count: int, length: int, like: torch.Tensor) -> torch.Tensor:
    """Return the places of `count` frames of a ring from `start` on."""
    return torch.arange(start, start + count, device=like.device) % length


def _weights(size: int, like: torch.Tensor) -> torch.Tensor:
    """Return a trapezium that rises over the overlap and never is zero, shape ``(size,)``."""
    steps = torch.arange(1, size + 1, device=like.device, dtype=torch.float32)
    rise = torch.minimum(steps, steps.flip(0)) / (OVERLAP * size)
    return rise.clamp(max=1).to(like.dtype)
