"""What an adapter has learnt is added to the weights of a UNet that was just loaded: afterwards it costs no time at all.

An adapter has two small matrices for a layer, `A` and `B`, and the layer's weights become ``W + scale · B·A``. Of a
convolution, `A` is one to few channels and `B` one of 1×1 from these, and their product is a convolution again.

So nothing of an adapter can be taken off again to the last bit, and nothing has to: the UNet is loaded anew.
"""

from collections.abc import Mapping
from typing import Any

import safetensors
import safetensors.torch
import torch

from plugin_host.engines.musicldm.adapters import Adapter
from plugin_host.errors import EngineUnavailable

DOWN, UP = ".lora_A.weight", ".lora_B.weight"
"""What the two matrices of a layer are called behind its name, as peft saves them."""


@torch.no_grad()
def merge(unet: Any, adapter: Adapter) -> None:
    """Add `adapter` to the weights of a plain UNet, in place. Raises `EngineUnavailable` where it is none of this UNet."""
    try:
        found = safetensors.torch.load_file(adapter.weights)
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        raise EngineUnavailable(_broken(adapter, str(error))) from None
    layers = {key.removesuffix(DOWN) for key in found if key.endswith(DOWN)}
    if not layers or found.keys() != {f"{layer}{end}" for layer in layers for end in (DOWN, UP)}:
        raise EngineUnavailable(_broken(adapter, "its matrices are no pairs"))
    for layer in sorted(layers):
        _add(unet, layer, found, adapter)


def _add(unet: Any, layer: str, found: Mapping[str, torch.Tensor], adapter: Adapter) -> None:
    """Add what was learnt of one layer."""
    try:
        weight = unet.get_parameter(f"{layer}.weight")
        down, up = found[layer + DOWN].float(), found[layer + UP].float()
        learnt = (up.flatten(1) @ down.flatten(1)).reshape(weight.shape)
    except (AttributeError, RuntimeError) as error:
        raise EngineUnavailable(_broken(adapter, f"{layer}: {str(error).splitlines()[0]}")) from None
    weight.copy_(weight.float() + adapter.scale * learnt.to(weight.device))


def _broken(adapter: Adapter, reason: str) -> str:
    """Say that an adapter does not fit, and why, in one line."""
    return f"adapter: '{adapter.name}' is no adapter of this UNet ({reason}); remove {adapter.folder}, and train anew"
