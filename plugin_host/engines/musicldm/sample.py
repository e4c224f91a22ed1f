"""The diffusion loop: from noise to latents."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import torch

from plugin_host.engines.musicldm import ring, schedulers, windows
from plugin_host.engines.musicldm.ring import Course
from plugin_host.engines.musicldm.schedulers import Generators

OnStep = Callable[[int, int, Any, torch.Tensor], None]
"""Told after each call of the UNet: how many are done, of how many, the timestep, and the latents as they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Journey:
    """One way from noise to latents, settled.

    `noise` is of unit variance, shape ``(takes, channels, time, frequency)``. `text` and `negative` are embeddings,
    shape ``(takes, dimensions)``; without `negative` there is no guidance, and each step costs half.

    With `around`, time is a ring, of which the UNet sees at most so many frames at once, from multiples of `unit` on;
    without, a strip. With a `guide`, latents shaped as the noise, the way begins there, noised as far as `strength` (0–1)
    says, and has as much less to go (SDEdit: Meng et al. 2022).
    """

    noise: torch.Tensor
    text: torch.Tensor
    negative: torch.Tensor | None
    guidance: float
    scheduler: str
    scheduler_settings: Mapping[str, Any]
    steps: int
    eta: float = 0.0
    generators: Generators = None
    attention: Mapping[str, Any] | None = None
    around: int | None = None
    unit: int = 1
    guide: torch.Tensor | None = None
    strength: float = 1.0

    def part(self, which: slice) -> "Journey":
        """Return the same way for some of the takes."""
        chance = self.generators
        return replace(
            self,
            noise=self.noise[which],
            text=self.text[which],
            negative=None if self.negative is None else self.negative[which],
            guide=None if self.guide is None else self.guide[which],
            generators=chance[which] if isinstance(chance, Sequence) else chance,
        )


@torch.inference_mode()
def denoise(unet: Any, journey: Journey, on_step: OnStep) -> torch.Tensor:
    """Walk the whole way and return the latents, shaped as the noise. `on_step` may raise to stop."""
    # 1. The scheduler decides at which levels of noise the UNet is asked.
    scheduler = schedulers.create(journey.scheduler, journey.scheduler_settings)
    device = journey.noise.device
    timesteps = schedulers.set_steps(scheduler, journey.scheduler, journey.steps, device)
    extras = schedulers.extras(scheduler, journey.scheduler, journey.eta, journey.generators)

    # 2. The noise is brought to the level at which this scheduler begins, or the guide to the one that was asked for.
    latents, timesteps = _begin(scheduler, timesteps, journey)

    # 3. With guidance, every take is computed twice, in one batch: away from the negative, towards the text.
    guided = journey.negative is not None
    labels = journey.text if journey.negative is None else torch.cat([journey.negative, journey.text])

    with _course(unet, journey):
        for done, timestep in enumerate(timesteps, start=1):
            # 4. The UNet says what it takes for noise.
            seen = scheduler.scale_model_input(torch.cat([latents, latents]) if guided else latents, timestep)
            noise = _asked(unet, seen, timestep, labels, journey)

            # 5. Guidance goes further in the direction from the negative to the text.
            if guided:
                away, towards = noise.chunk(2)
                noise = away + journey.guidance * (towards - away)

            # 6. The scheduler takes that much of it away.
            latents = scheduler.step(noise, timestep, latents, **extras, return_dict=False)[0]
            on_step(done, len(timesteps), timestep, latents)
    return latents


def _begin(scheduler: Any, timesteps: torch.Tensor, journey: Journey) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the latents to begin with, and the timesteps that are left to go."""
    if journey.guide is None:
        return journey.noise * scheduler.init_noise_sigma, timesteps
    guide = journey.guide
    skipped = (journey.steps - round(journey.steps * journey.strength)) * scheduler.order
    left = timesteps[skipped:]
    if not len(left):
        return guide.clone(), left
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(skipped)
    return scheduler.add_noise(guide, journey.noise, left[:1]), left


def _course(unet: Any, journey: Journey) -> AbstractContextManager[None]:
    """Let time run in the UNet as it runs in what it sees at once."""
    shown = Course.STRIP if journey.around is None else windows.course(journey.noise, journey.around)
    return ring.along(shown, unet)


def _asked(unet: Any, seen: torch.Tensor, timestep: Any, labels: torch.Tensor, journey: Journey) -> torch.Tensor:
    """Return what the UNet takes for noise in what it sees."""

    def ask(latents: torch.Tensor) -> torch.Tensor:
        """Ask it once."""
        noise: torch.Tensor = unet(
            latents.contiguous(memory_format=torch.channels_last),
            timestep,
            encoder_hidden_states=None,
            class_labels=labels,
            cross_attention_kwargs=journey.attention,
            return_dict=False,
        )[0]
        return noise

    return ask(seen) if journey.around is None else windows.around(ask, seen, journey.around, unit=journey.unit)
