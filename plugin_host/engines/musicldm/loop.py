"""A loop: a take that is a ring from its first noise on, as long as its bars, its downbeat on frame 0."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray

from plugin_host.engine import Fact, Plan, Shape
from plugin_host.engines.musicldm import defaults, downbeat, mel, splice, tiles, windows
from plugin_host.engines.musicldm.asked import Call, Words
from plugin_host.engines.musicldm.blend import Blend
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.engines.musicldm.guide import Guide
from plugin_host.engines.musicldm.layout import Layout, lay_out
from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.engines.musicldm.progress import Progress, told_of_steps
from plugin_host.engines.musicldm.ring import Course
from plugin_host.engines.musicldm.sample import Journey
from plugin_host.engines.musicldm.schedulers import listed


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop on the model's frames, and what it starts from, if anything. `pulse` is the plan's, or what stands in for it."""

    plan: Plan
    geometry: Geometry
    layout: Layout
    guide: Guide | Blend | None
    pulse: float

    shape = Shape.RING

    @classmethod
    def of(cls, plan: Plan, geometry: Geometry, correction: float, pulse: float = defaults.PULSE) -> "Loop":
        """Lay out a plan; where it leaves the pulse open, `pulse` holds.

        Raises `OutOfRange` and `BadValue` for what cannot be made, and for an unusable guide.
        """
        pulse = pulse if plan.pulse is None else plan.pulse
        if plan.mix is not None:
            layout = lay_out(plan.grid, geometry, 1.0, correction)  # two loops have bars enough of their own
            return cls(plan, geometry, layout, Blend.of(plan, geometry, layout), pulse)
        layout = lay_out(plan.grid, geometry, plan.variation, correction)
        return cls(plan, geometry, layout, Guide.of(plan, geometry, layout), pulse)

    def work(self) -> Mapping[str, float]:
        """Return how many frames of sound each stage has to do for a take."""
        layout, geometry = self.layout, self.geometry
        ring = windows.computed(layout.latents, geometry.trained) * geometry.frames_per_latent
        share = 1.0 if self.guide is None else self.guide.strength
        return {"denoise": ring * share, "decode": ring, "vocode": layout.mel * geometry.hop}

    def sounds(
        self, model: MusicLDM, words: Words, call: Call, progress: Progress
    ) -> Iterator[tuple[NDArray[np.float32], Mapping[str, Fact]]]:
        """Yield the sound of each take, shape ``(frames,)``, and what there is to tell of it."""
        # 1. Noise that repeats as the music should, and the way from there, or from the guide, to latents.
        latents = model.denoise(self.journey(model, words, call), told_of_steps(progress))

        for index, each in enumerate(latents):
            # 2. The mel, and the same at the exact length.
            with progress.part("decode", index, len(latents)):
                exact = self.exact(model.decode(each, Course.RING))

            # 3. The sound, the downbeat first, laid out as often as the clip holds it.
            with progress.part("vocode", index, len(latents)):
                lap = self._lap(model.vocode(exact, Course.RING).numpy())
                first = self._downbeat(lap)
            sound = np.tile(np.roll(lap, -first), max(1, self.layout.tiles // self.layout.laps))
            rolled = {"pulse": self.pulse, "rolled_ms": 1e3 * first / self.geometry.rate}
            yield sound, {**self.layout.facts, **self._guided(index), **rolled}

    def journey(self, model: MusicLDM, words: Words, call: Call) -> Journey:
        """Return the way from noise, or from the guide, to latents, around the ring."""
        plan = self.plan
        pattern = tiles.Pattern.of(self.layout, plan.grid.meter)
        start = tiles.draw(pattern, self.geometry, plan.variation, self.pulse, listed(call.generator))
        seen, unit = self.geometry.trained, self.geometry.beat or self.geometry.stride
        journey = replace(model.journey(words, start, call), around=seen, unit=unit)
        if self.guide is None:
            return journey
        seeds = [plan.take_seed(index) for index in range(plan.takes)]
        guides = torch.stack(self.guide.latents(model, seeds))
        return replace(journey, guide=guides, strength=self.guide.strength)

    def exact(self, decoded: torch.Tensor) -> torch.Tensor:
        """Return a decoded mel, ``(frames, bins)``, stretched to the mel frames that are as long as the bars."""
        return mel.stretched(decoded, self.layout.mel, Fraction(self.layout.laps, self.layout.turns))

    def _lap(self, ring: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what is laid out to be the clip: the whole ring, or one clip of several."""
        return splice.clip(ring, self.layout.cut, self.geometry.rate) if self.layout.cut > 1 else ring

    def _downbeat(self, lap: NDArray[np.float32]) -> int:
        """Return the frame that becomes the first. A guide has its own first beat, and keeps it."""
        if self.guide is not None and self.guide.strength < 1:
            return 0
        meter = self.plan.grid.meter
        bars = min(self.layout.laps, self.layout.tiles) * self.layout.bars
        return downbeat.frame(lap, self.geometry.rate, bars, int(meter.bar / meter.tap))

    def _guided(self, index: int) -> Mapping[str, Fact]:
        """Return what there is to tell of what take `index` started from."""
        return {} if self.guide is None else self.guide.told(self.plan.take_seed(index))
