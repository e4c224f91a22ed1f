"""The schedulers by name: every member of the family that diffusers lets take each other's place.

All are built from the checkpoint's own scheduler settings (its betas and what it predicts), as diffusers means it.
"""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import diffusers
import torch

from plugin_host.engines.musicldm import defaults
from plugin_host.engines.musicldm.quiet import quietly
from plugin_host.errors import BadValue, EngineUnavailable, OutOfRange

Generators = torch.Generator | Sequence[torch.Generator] | None
"""One source of chance for all, or one for each take."""


def listed(source: Generators) -> Sequence[torch.Generator]:
    """Return the generators of a call, however many."""
    if source is None:
        return ()
    return source if isinstance(source, Sequence) else (source,)


@dataclass(frozen=True, slots=True)
class Kind:
    """A scheduler of diffusers: its class, and what must be known before it is used here."""

    cls: str
    note: str = ""


KINDS: Mapping[str, Kind] = {
    "ddim": Kind("DDIMScheduler"),
    "ddpm": Kind("DDPMScheduler"),
    "deis": Kind("DEISMultistepScheduler"),
    "dpm++": Kind("DPMSolverMultistepScheduler"),
    "dpm++-sde": Kind("DPMSolverSDEScheduler"),
    "dpm++-single": Kind("DPMSolverSinglestepScheduler"),
    "edm-euler": Kind(
        "EDMEulerScheduler", "it is made for models trained with the scaling of EDM, and MusicLDM is not"
    ),
    "euler": Kind("EulerDiscreteScheduler"),
    "euler-a": Kind("EulerAncestralDiscreteScheduler"),
    "heun": Kind("HeunDiscreteScheduler"),
    "kdpm2": Kind("KDPM2DiscreteScheduler"),
    "kdpm2-a": Kind("KDPM2AncestralDiscreteScheduler"),
    "lms": Kind("LMSDiscreteScheduler"),
    "pndm": Kind("PNDMScheduler"),
    "unipc": Kind("UniPCMultistepScheduler"),
}


def create(name: str, settings: Mapping[str, Any]) -> Any:
    """Build the scheduler called `name` from the checkpoint's scheduler settings.

    Raises `BadValue` for an unknown name, and `EngineUnavailable` where it needs a library that is not there.
    """
    if name not in KINDS:
        raise BadValue(f"scheduler is '{name}'; give one of {', '.join(KINDS)}")
    cls = getattr(diffusers, KINDS[name].cls)
    known = set(inspect.signature(cls.__init__).parameters) & set(settings)
    try:
        return cls.from_config({key: settings[key] for key in known})
    except ImportError as error:
        missing = str(error).strip().splitlines()[0]
        raise EngineUnavailable(
            f"scheduler {name} cannot be used here: {missing}; install that, or use {defaults.SCHEDULER}"
        ) from None


def warnings(name: str) -> tuple[str, ...]:
    """Return what a user of the scheduler called `name` should be told."""
    note = KINDS[name].note if name in KINDS else ""
    return (f"scheduler {name}: {note}; expect nonsense",) if note else ()


def extras(scheduler: Any, name: str, eta: float, generators: Generators) -> Mapping[str, Any]:
    """Return what the scheduler's step takes beyond the usual: `eta`, and its source of chance.

    Raises `BadValue` for an `eta` that the scheduler would not use.
    """
    takes = inspect.signature(scheduler.step).parameters
    if eta and "eta" not in takes:
        raise BadValue(f"scheduler {name} takes no eta; leave eta out, or use ddim")
    given: dict[str, Any] = {"eta": eta} if "eta" in takes else {}
    if "generator" in takes:
        given["generator"] = generators
    if hasattr(scheduler, "noise_sampler_seed"):  # it draws by itself, and would take chance from anywhere
        seeds = [each.initial_seed() for each in listed(generators)]
        scheduler.noise_sampler_seed = seeds if isinstance(generators, Sequence) else next(iter(seeds), None)
    return given


def set_steps(scheduler: Any, name: str, steps: int, device: torch.device) -> torch.Tensor:
    """Lay out `steps` steps and return the timesteps, of which some schedulers make more than one a step.

    Raises `OutOfRange` for fewer or more than the scheduler can do.
    """
    most = int(scheduler.config.num_train_timesteps)
    if not 1 <= steps <= most:
        raise OutOfRange(f"steps is {steps}; give 1 to {most}, for example {defaults.STEPS}")
    try:
        with quietly():
            scheduler.set_timesteps(steps, device=device)
    except (ValueError, IndexError, ZeroDivisionError) as error:
        raise OutOfRange(f"scheduler {name} cannot do {steps} steps ({error}); try {defaults.STEPS}") from None
    timesteps: torch.Tensor = scheduler.timesteps
    return timesteps
