"""A one-shot: a take from one end to the other, with a little more than the bars that were asked for."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray

from plugin_host.engine import Fact, Plan, Shape
from plugin_host.engines.musicldm import mel, noise
from plugin_host.engines.musicldm.asked import Call, Words
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.engines.musicldm.progress import Progress, told_of_steps

TAIL = Fraction(1, 20)
"""Seconds made beyond the last bar: `fit` cuts there, and more than its longest fade remains."""


@dataclass(frozen=True, slots=True)
class Strip:
    """A one-shot on the model's frames."""

    plan: Plan
    geometry: Geometry

    shape = Shape.STRIP

    @property
    def frames(self) -> int:
        """How many frames of sound are made."""
        return self.plan.grid.at_rate(self.geometry.rate).frames + int(TAIL * self.geometry.rate)

    @property
    def pace(self) -> Fraction:
        """How much longer the sound is to a model that counts time in beats, as a factor."""
        seconds = Fraction(self.frames, self.geometry.rate)
        quarters = seconds * self.plan.grid.tempo.quarters_per_minute / 60
        return self.geometry.ring(seconds, quarters) / self.geometry.latents(seconds)

    def work(self) -> Mapping[str, float]:
        """Return how many frames of sound each stage has to do for a take."""
        seen = float(self.pace * self.frames)
        return {"denoise": seen, "decode": seen, "vocode": self.frames}

    def sounds(
        self, model: MusicLDM, words: Words, call: Call, progress: Progress
    ) -> Iterator[tuple[NDArray[np.float32], Mapping[str, Fact]]]:
        """Yield the sound of each take, shape ``(frames,)``, and what there is to tell of it."""
        # 1. Noise, a seed for each take, and the way from there to latents, all takes side by side.
        step = self.geometry.stride * self.geometry.frames_per_latent
        shape = model.latent_shape(math.ceil(self.pace * self.frames / step) * step)
        start = noise.draw(shape, call.waveforms, call.generator, model.placement.precision)
        latents = model.denoise(model.journey(words, start, call), told_of_steps(progress))

        # 2. Sound, take after take: the host judges one while the next is made.
        for index, each in enumerate(latents):
            with progress.part("decode", index, len(latents)):
                spectrum = self._in_time(model.decode(each))
            with progress.part("vocode", index, len(latents)):
                sound = model.vocode(spectrum).numpy()[: self.frames]
            yield sound, {}

    def _in_time(self, decoded: torch.Tensor) -> torch.Tensor:
        """Return a decoded mel, ``(frames, bins)``, as time passes."""
        if self.pace == 1:
            return decoded
        frames = -(-self.frames // self.geometry.hop)
        last, first = decoded[-1:], decoded[:1]
        held = torch.cat((decoded, last, last, first))  # curves between frames reach no further than to the nearest end
        return mel.stretched(held, frames, frames * self.pace / len(held))
