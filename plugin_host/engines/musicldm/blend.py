"""Two loops become one in the latents: beat-synchronous latent mixup (BLM of Chen et al. 2023), as a guide.

Each loop is heard at moments that are even on the ring, from its first downbeat on, at whatever tempo it is; the VAE
encodes both, and the latents are added up. At strength 0 that is what sounds; beyond, the diffusion goes on from there
towards the prompt, which makes one music out of two where a plain sum is two musics at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from plugin_host.engine import Fact, Form, Plan
from plugin_host.engines.mix.engine import Parent, balance_of, parents_of
from plugin_host.engines.musicldm import mel
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.engines.musicldm.guide import Encodes
from plugin_host.engines.musicldm.layout import Layout
from plugin_host.mixup import counted, mixed, whole
from plugin_host.resample import converted

STRENGTH = 0.0
"""How far to go from the sum of the two where nothing is said: not at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of the two as a ring at the model's rate, shape ``(frames,)``, which is so many `beats` as it is counted."""

    sound: NDArray[np.float32]
    beats: float


@dataclass(frozen=True, slots=True, eq=False)
class Blend:
    """Two loops for a plan: `strength` is how far to go from their sum, 0 (not at all) to 1 (all the way)."""

    plan: Plan
    geometry: Geometry
    layout: Layout
    strength: float
    sides: tuple[Side, Side]
    facts: Mapping[str, Fact]

    @classmethod
    def of(cls, plan: Plan, geometry: Geometry, layout: Layout) -> "Blend":
        """Return the blend of a plan, its two loops read from their files. Raises `BadValue` and `OutOfRange`."""
        one, other = parents_of(plan)
        strength = STRENGTH if plan.strength is None else plan.strength
        facts = {"blend": "latents", "strength": strength, **one.facts("first"), **other.facts("second")}
        sides = (_side(one, plan, geometry.rate), _side(other, plan, geometry.rate))
        return cls(plan, geometry, layout, strength, sides, facts)

    def latents(self, model: Encodes, seeds: Sequence[int]) -> list[torch.Tensor]:
        """Return the latents of both added up, shape ``(channels, time, frequency)``, in the balance of each take.

        Each of the two is encoded once, however many takes there are: nobody can be cancelled in the meantime.
        """
        one, other = (model.encode(self._mel(side)) for side in self.sides)
        return [mixed(one, other, balance_of(self.plan, seed)) for seed in seeds]

    def told(self, seed: int) -> Mapping[str, Fact]:
        """Return what belongs in the sidecar of the take of that seed."""
        return {**self.facts, "balance": balance_of(self.plan, seed)}

    def _mel(self, side: Side) -> torch.Tensor:
        """Return the mel of one of the two on the ring, shape ``(frames, bins)``."""
        frames = self.layout.latents * self.geometry.scale
        bars = self.layout.bars * self.layout.turns
        beats = np.arange(frames) * float(bars * self.plan.grid.meter.bar) / frames
        return mel.heard(side.sound, (beats % side.beats) * (len(side.sound) / side.beats), self.geometry)


def _side(parent: Parent, plan: Plan, rate: int) -> Side:
    """Return one of the two in mono, as a ring at `rate`."""
    ring = whole(parent.audio, parent.beat)
    mono = ring.mono()[:, np.newaxis]
    sound = converted(mono, round(ring.frames * rate / ring.rate), Form.LOOP) if ring.rate != rate else mono
    times = counted(parent.beat, plan.grid.tempo) or 1
    return Side(np.ascontiguousarray(sound[:, 0]), float(parent.beat.bars * times * plan.grid.meter.bar))
