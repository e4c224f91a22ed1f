"""A call that cannot be carried out is refused before any work, with the value, what is allowed and what to do."""

from typing import Any

import pytest
import torch

from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.errors import BadValue, HostError, OutOfRange

REFUSED: dict[str, tuple[dict[str, Any], type[HostError], str]] = {
    "no text": ({"prompt": None}, BadValue, "give a prompt or prompt_embeds"),
    "text and embeddings": ({"prompt_embeds": torch.zeros(1, 16)}, BadValue, "one of the two"),
    "two negatives": ({"negative": "a", "negative_embeds": torch.zeros(1, 16)}, BadValue, "not both"),
    "a prompt that is a number": ({"prompt": [7]}, BadValue, "give a text"),
    "no prompts": ({"prompt": []}, BadValue, "give a text"),
    "embeddings of the wrong width": (
        {"prompt": None, "prompt_embeds": torch.zeros(1, 7)},
        BadValue,
        r"has shape \(1, 7\); give \(prompts, 16\)",
    ),
    "embeddings without a batch": ({"prompt": None, "prompt_embeds": torch.zeros(16)}, BadValue, r"\(prompts, 16\)"),
    "negatives for other prompts": ({"negative": ["a", "b"]}, BadValue, "2 negatives for 1 prompts"),
    "latents of the wrong length": ({"latents": torch.zeros(1, 4, 9, 4)}, BadValue, r"this call needs \(1, 4, 10, 4\)"),
    "latents for other takes": ({"latents": torch.zeros(2, 4, 10, 4)}, BadValue, r"\(takes, channels, time"),
    "an unknown scheduler": ({"scheduler": "warp"}, BadValue, "give one of ddim, ddpm"),
    "a scheduler without eta": (
        {"scheduler": "euler", "eta": 0.5},
        BadValue,
        "takes no eta; leave eta out, or use ddim",
    ),
    "no steps": ({"steps": 0}, OutOfRange, "steps is 0; give 1 to 1000"),
    "more steps than training had": ({"steps": 1001}, OutOfRange, "give 1 to 1000"),
    "no waveforms": ({"waveforms": 0}, OutOfRange, "give 1 to 64"),
    "no length": ({"seconds": 0.0}, OutOfRange, "more than 0"),
    "a length that is no number": ({"seconds": float("nan")}, OutOfRange, "more than 0"),
    "an endless length": ({"seconds": 601.0}, OutOfRange, "at most 600"),
    "guidance beyond sense": ({"guidance": 31.0}, OutOfRange, "give 0 to 30"),
    "guidance that is no number": ({"guidance": float("nan")}, OutOfRange, "give 0 to 30"),
    "too few generators": ({"waveforms": 2, "generator": [torch.Generator()]}, BadValue, "1 generators for 2 takes"),
    "an unknown output": ({"output": "mp3"}, BadValue, "give one of np, pt, latent"),
    "a callback every no steps": ({"callback_steps": 0}, BadValue, "give 1 or more"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_done_is_refused(model: MusicLDM, what: str) -> None:
    """One row of the table above: the arguments, the kind of error, and what its message says."""
    changes, error, message = REFUSED[what]
    with pytest.raises(error, match=message):
        model(**{"prompt": "a", "seconds": 0.4, "steps": 1, **changes})
