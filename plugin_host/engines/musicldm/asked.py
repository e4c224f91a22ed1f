"""What a call of the model asks for, checked before any work: a clear refusal beats a shape error from inside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from plugin_host.engines.musicldm import defaults
from plugin_host.engines.musicldm.clap import Clap
from plugin_host.engines.musicldm.schedulers import Generators
from plugin_host.errors import BadValue, OutOfRange

LONGEST = 600.0
"""Seconds of sound at most in one call."""

GUIDANCE = (0.0, 30.0)
WAVEFORMS = range(1, 65)
OUTPUTS = ("np", "pt", "latent")


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """What steers a batch: embeddings of shape ``(takes, dimensions)``, the takes of a prompt side by side.

    `negative` is None where nothing is guided. `warnings` are sentences for the user.
    """

    text: torch.Tensor
    negative: torch.Tensor | None
    prompts: int
    warnings: tuple[str, ...] = ()


Callback = Callable[[int, Any, torch.Tensor], None]
"""Told of a step: which, from 0, the timestep, and the latents as they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """All that a call of the model can say; what it leaves out is as here.

    `prompt` is one text or several, or `prompt_embeds` stand in their place, shape ``(prompts, dimensions)``; the same
    holds for `negative`. `waveforms` takes are made of each prompt, `seconds` long; without, as long as the sounds of
    the training. `guidance` of 1 or less is none. `generator` is one source of chance, or one for each take. `latents`
    is the noise to begin with, of unit variance, shape ``(takes, channels, time, frequency)``. `callback` is told of
    every `callback_steps`-th step. `cross_attention_kwargs` go to the attention processors as they are. `output` is "np" or "pt" for
    an array or tensor of sound, or "latent".
    """

    prompt: str | Sequence[str] | None = None
    seconds: float | None = None
    steps: int = defaults.STEPS
    guidance: float = defaults.GUIDANCE
    negative: str | Sequence[str] | None = None
    waveforms: int = 1
    scheduler: str = defaults.SCHEDULER
    eta: float = 0.0
    generator: Generators = None
    latents: torch.Tensor | None = None
    prompt_embeds: torch.Tensor | None = None
    negative_embeds: torch.Tensor | None = None
    callback: Callback | None = None
    callback_steps: int = 1
    cross_attention_kwargs: Mapping[str, Any] | None = None
    output: str = "np"

    def __post_init__(self) -> None:
        low, high = GUIDANCE
        if (self.prompt is None) == (self.prompt_embeds is None):
            raise BadValue("give a prompt or prompt_embeds, one of the two")
        if self.negative is not None and self.negative_embeds is not None:
            raise BadValue("give negative or negative_embeds, not both")
        if self.waveforms not in WAVEFORMS:
            raise OutOfRange(f"waveforms is {self.waveforms}; give {WAVEFORMS.start} to {WAVEFORMS.stop - 1}")
        if not low <= self.guidance <= high:  # NaN fails this too
            raise OutOfRange(f"guidance is {self.guidance}; give {low:g} to {high:g} (1 or less is none)")
        if self.seconds is not None and not 0 < self.seconds <= LONGEST:
            raise OutOfRange(f"seconds is {self.seconds}; give more than 0 and at most {LONGEST:g}")
        if not 0 <= self.eta <= 1:
            raise OutOfRange(f"eta is {self.eta}; give 0 to 1")
        if self.callback_steps < 1:
            raise BadValue(f"callback_steps is {self.callback_steps}; give 1 or more")
        if self.output not in OUTPUTS:
            raise BadValue(f"output is '{self.output}'; give one of {', '.join(OUTPUTS)}")


def words(clap: Clap, call: Call) -> Words:
    """Embed what steers a call. Raises `BadValue` for texts and embeddings that do not go together."""
    told: list[str] = []
    text = _embedded(clap, call.prompt, call.prompt_embeds, "prompt", told)
    against = None if call.guidance <= 1 else _against(clap, call.negative, call.negative_embeds, len(text), told)
    return Words(
        text.repeat_interleave(call.waveforms, dim=0),
        None if against is None else against.repeat_interleave(call.waveforms, dim=0),
        len(text),
        tuple(told),
    )


def _against(
    clap: Clap,
    negative: str | Sequence[str] | None,
    negative_embeds: torch.Tensor | None,
    prompts: int,
    told: list[str],
) -> torch.Tensor:
    """Return what guidance leads away from, one row for each prompt: nothing said means the empty text."""
    if negative is None and negative_embeds is None:
        return clap.text([""]).expand(prompts, -1)
    against = _embedded(clap, negative, negative_embeds, "negative", told)
    if len(against) == 1:
        return against.expand(prompts, -1)
    if len(against) != prompts:
        raise BadValue(f"there are {len(against)} negatives for {prompts} prompts; give one, or one for each")
    return against


def _embedded(
    clap: Clap,
    texts: str | Sequence[str] | None,
    embeds: torch.Tensor | None,
    name: str,
    told: list[str],
) -> torch.Tensor:
    """Return the embeddings of `texts`, or `embeds` where they were given, checked."""
    if embeds is not None:
        if embeds.ndim != 2 or embeds.shape[1] != clap.dimensions or not len(embeds):
            raise BadValue(
                f"{name}_embeds has shape {tuple(embeds.shape)}; give (prompts, {clap.dimensions})",
            )
        return embeds.to(clap.placement.device, clap.placement.precision)
    listed = [texts] if isinstance(texts, str) else list(texts or ())
    if not listed or not all(isinstance(each, str) for each in listed):
        raise BadValue(f"{name} is {texts!r:.60}; give a text, or a list of texts")
    for each in listed:
        if name == "prompt" and not each.strip():
            told.append("the prompt is empty: nothing steers this sound; say what to play, such as: dusty breakbeat")
        if dropped := clap.dropped(each):
            told.append(
                f"the {name} is longer than {clap.longest} tokens; the model does not hear its end: “{dropped}”"
            )
    return clap.text(listed)


def latents(value: torch.Tensor, shape: tuple[int, ...], takes: int) -> torch.Tensor:
    """Return given starting noise. Raises `BadValue` unless it has exactly the shape that the call needs."""
    if tuple(value.shape) != (takes, *shape):
        raise BadValue(
            f"latents has shape {tuple(value.shape)}; this call needs {(takes, *shape)}: "
            "(takes, channels, time, frequency); give another length, or other latents",
        )
    return value


def generator(value: Generators, takes: int) -> Generators:
    """Return the source of chance. Raises `BadValue` for a list of another length than there are takes."""
    if isinstance(value, Sequence) and len(value) != takes:
        raise BadValue(f"there are {len(value)} generators for {takes} takes; give one, or one for each")
    return value
