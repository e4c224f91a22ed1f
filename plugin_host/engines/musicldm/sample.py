"""The diffusion loop: from noise to latents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from plugin_host.engines.musicldm import schedulers
from plugin_host.engines.musicldm.schedulers import Generators

OnStep = Callable[[int, int, Any, torch.Tensor], None]
"""Told after each call of the UNet: how many are done, of how many, the timestep, and the latents as they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Journey:
    """One way from noise to latents, settled.

    `noise` is of unit variance, shape ``(takes, channels, time, frequency)``. `text` and `negative` are embeddings,
    shape ``(takes, dimensions)``; without `negative` there is no guidance, and each step costs half.
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

    def part(self, which: slice) -> "Journey":
        """Return the same way for some of the takes."""
        chance = self.generators
        return replace(
            self,
            noise=self.noise[which],
            text=self.text[which],
            negative=None if self.negative is None else self.negative[which],
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

    # 2. The noise is brought to the level at which this scheduler begins.
    latents: torch.Tensor = journey.noise * scheduler.init_noise_sigma

    # 3. With guidance, every take is computed twice, in one batch: away from the negative, towards the text.
    guided = journey.negative is not None
    labels = journey.text if journey.negative is None else torch.cat([journey.negative, journey.text])

    for done, timestep in enumerate(timesteps, start=1):
        # 4. The UNet says what it takes for noise.
        seen = scheduler.scale_model_input(torch.cat([latents, latents]) if guided else latents, timestep)
        noise = unet(
            seen.contiguous(memory_format=torch.channels_last),
            timestep,
            encoder_hidden_states=None,
            class_labels=labels,
            cross_attention_kwargs=journey.attention,
            return_dict=False,
        )[0]

        # 5. Guidance goes further in the direction from the negative to the text.
        if guided:
            away, towards = noise.chunk(2)
            noise = away + journey.guidance * (towards - away)

        # 6. The scheduler takes that much of it away.
        latents = scheduler.step(noise, timestep, latents, **extras, return_dict=False)[0]
        on_step(done, len(timesteps), timestep, latents)
    return latents
