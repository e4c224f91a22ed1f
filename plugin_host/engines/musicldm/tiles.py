"""Tiled noise: the tempo is in what a take begins with.

On a ring the model commutes with shifts in time, so noise that repeats every bar becomes sound that repeats every bar,
and noise that repeats every beat becomes a beat. A take begins from a blend of three noises: one tile that is laid out
bar by bar, one that is laid out beat by beat, and fresh noise all around. The blend keeps the variance at 1, for the
model knows no other.

`variation` turns from tiled to fresh, and within the tiled part `pulse` turns from bar to beat. Both are angles between
independent noises, and both are bent so that what is heard changes evenly: measured on a model that was trained on
drums, a blend at an eighth of the right angle makes bars a quarter as different as they can be, one at a quarter half,
and one at half four fifths (``tests/bench/pulse.py``).

Bars and beats seldom are whole latent frames. Each begins at the frame nearest to where it should, counted from the
origin, so that the errors do not add up; one that is a frame shorter leaves out the last frame of its tile.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import torch

from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.engines.musicldm.layout import Layout
from plugin_host.musictime import Meter

EVEN = 2.2
"""The exponent that bends the angles."""

SHORTEST_BEAT = 3
"""Latent frames; of a faster pulse, every second beat is taken, or every fourth."""


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """Where each latent frame of a ring stands: how many frames after the start of its `turn`, its `bar`, its `beat`.

    All have shape ``(frames,)``.
    """

    turn: torch.Tensor
    bar: torch.Tensor
    beat: torch.Tensor

    @classmethod
    def of(cls, layout: Layout, meter: Meter) -> "Pattern":
        """Return the pattern of a ring."""
        turns = _starts(layout.latents, layout.turns)
        bars = _starts(layout.latents, layout.turns * layout.bars)
        beats = _starts(layout.latents, layout.turns * layout.bars * _beats(layout, meter))
        return cls(*(_after(each, layout.latents) for each in (turns, bars, beats)))


def draw(
    pattern: Pattern, geometry: Geometry, variation: float, pulse: float, chance: Sequence[torch.Generator]
) -> torch.Tensor:
    """Return noise of unit variance, shape ``(takes, channels, time, frequency)``, a take for each of `chance`.

    A take draws its beat, its bar, then what is fresh, so that with another variation or pulse it stays the same music.
    """
    return torch.stack([_take(pattern, geometry, variation, pulse, each) for each in chance])


def _take(
    pattern: Pattern, geometry: Geometry, variation: float, pulse: float, chance: torch.Generator
) -> torch.Tensor:
    """Return the noise of one take."""
    beat, bar, fresh = (_laid_out(each, geometry, chance) for each in (pattern.beat, pattern.bar, pattern.turn))
    tiled = _turned(beat, bar, 1 - pulse)
    return _turned(tiled, fresh, variation)


def _laid_out(after: torch.Tensor, geometry: Geometry, chance: torch.Generator) -> torch.Tensor:
    """Return a tile of fresh noise as it is laid out around the ring."""
    tile = torch.randn(
        (geometry.channels, int(after.max()) + 1, geometry.widths), generator=chance, device=chance.device
    )
    return tile.cpu()[:, after]


def _turned(one: torch.Tensor, other: torch.Tensor, turn: float) -> torch.Tensor:
    """Return the blend that turns from `one` (0) to `other` (1), evenly, and keeps the variance of both."""
    angle = (1 - (1 - turn) ** (1 / EVEN)) * math.pi / 2
    if turn in {0, 1}:
        return other if turn else one
    return math.cos(angle) * one + math.sin(angle) * other


def _beats(layout: Layout, meter: Meter) -> int:
    """Return how many beats a bar is divided into: those of the meter, or fewer where they would be too short."""
    beats = int(meter.bar / meter.tap)
    bar = layout.latents / (layout.turns * layout.bars)
    while beats > 1 and bar / beats < SHORTEST_BEAT:
        beats = next(fewer for fewer in range(beats - 1, 0, -1) if beats % fewer == 0)
    return beats


def _starts(length: int, parts: int) -> torch.Tensor:
    """Return the frames at which equal parts of a ring begin, each rounded from the origin."""
    return torch.tensor([round(Fraction(index * length, parts)) for index in range(parts)])


def _after(starts: torch.Tensor, length: int) -> torch.Tensor:
    """Return how many frames each frame of a ring comes after the last of `starts`, which begin with 0."""
    frames = torch.arange(length)
    return frames - starts[torch.searchsorted(starts, frames, right=True) - 1]
