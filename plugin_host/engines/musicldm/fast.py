"""The same results with less work: channels side by side in memory, and convolutions with fewer products.

Only what can be swapped one for one is swapped, when a model was just loaded; whoever computes with it notices nothing.
"""

from typing import Any

import torch
from diffusers.models.upsampling import Upsample2D
from torch import nn
from torch.nn.functional import conv2d, interpolate

from plugin_host.engines.musicldm.device import Placement
from plugin_host.engines.musicldm.winograd import (
    DOUBLED,
    FEW_WEIGHTS,
    FOUR,
    FOUR_OF_FOUR,
    TWO,
    PictureConvolution,
    SoundConvolution,
)

WORTHWHILE = 64
"""With fewer channels than this, a convolution spends its time on reading the picture, and tiling reads it oftener."""

MOST_WEIGHTS = 512 * 512 * 9
"""With more weights than this, what is made of them takes more memory than the time that it saves is worth."""

WORTHWHILE_SOUND = 128
"""The same for sounds."""


class UpsampleOnce(nn.Module):
    """Does what `Upsample2D` does, on the picture before it is doubled."""

    def __init__(self, plain: Upsample2D) -> None:
        super().__init__()
        self.doubled = PictureConvolution(plain.conv, DOUBLED)

    def forward(self, picture: torch.Tensor, output_size: Any = None) -> torch.Tensor:
        """Return the doubled and convolved `picture`, shape ``(batch, channels, 2·height, 2·width)``.

        An `output_size` that is not exactly double, for a length that the UNet's levels do not divide evenly, is made
        as it would have been.
        """
        _, _, height, width = picture.shape
        if output_size is not None and tuple(output_size) != (2 * height, 2 * width):
            grown = interpolate(picture, size=output_size, mode="nearest")
            return conv2d(grown, self.doubled.plain, self.doubled.get_buffer("bias"), padding=self.doubled.padding)
        doubled: torch.Tensor = self.doubled(picture)
        return doubled


class Pixelwise(nn.Module):
    """Does what `nn.Linear` does, as a convolution of 1×1: the library that convolves is a sixth faster at it."""

    def __init__(self, plain: nn.Linear) -> None:
        super().__init__()
        self.weight = nn.Parameter(plain.weight[:, :, None, None], requires_grad=False)
        self.bias = plain.bias

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Return ``(…, out)`` for ``(…, in)``."""
        flat = rows.reshape(1, -1, 1, rows.shape[-1]).permute(0, 3, 1, 2)
        made = conv2d(flat, self.weight, self.bias).permute(0, 2, 3, 1)
        return made.reshape(*rows.shape[:-1], -1)


def prepare(model: nn.Module, placement: Placement) -> None:
    """Speed up a UNet or VAE that was just loaded, in place.

    Channels come last in memory, for that is the order in which convolutions on processors and tensor cores read them:
    otherwise each one would turn its picture around first. Every weight and buffer is copied, so that none keeps the
    file mapped that it came from: what was turned around would stay in memory twice.

    On a processor, products are what takes the time, and layers are swapped for those that take fewer. A GPU has
    products to spare; there, each layer is left to the vendor's library.
    """
    for small in model.buffers():
        small.data = small.data.clone()
    if placement.device.type == "cpu" and placement.precision == torch.float32:
        _swap(model)
    for weights in model.parameters():
        order = torch.channels_last if weights.ndim == 4 else torch.preserve_format
        weights.data = weights.data.clone(memory_format=order)


def _swap(parent: nn.Module) -> None:
    """Put the faster layer in the place of each one below `parent` that has one."""
    for name, child in list(parent.named_children()):
        if faster := _faster(child):
            setattr(parent, name, faster)
        else:
            _swap(child)


def _faster(layer: nn.Module) -> nn.Module | None:
    """Return what does the same as `layer` in less time, if there is anything."""
    if isinstance(layer, nn.Linear):
        return Pixelwise(layer)
    if isinstance(layer, Upsample2D) and _can_fold(layer):
        return UpsampleOnce(layer)
    if isinstance(layer, nn.Conv2d) and _is_plain(layer) and _is_worthwhile(layer):
        return PictureConvolution(layer, FOUR if layer.weight.numel() <= FEW_WEIGHTS else TWO)
    if isinstance(layer, nn.Conv1d) and _keeps_length(layer) and min(layer.weight.shape[:2]) >= WORTHWHILE_SOUND:
        return SoundConvolution(layer, FOUR if layer.kernel_size[0] == FOUR.weights else FOUR_OF_FOUR)
    return None


def _is_worthwhile(layer: nn.Conv2d) -> bool:
    """Whether a convolution has enough channels to gain, and not too many weights."""
    return min(layer.weight.shape[:2]) >= WORTHWHILE and layer.weight.numel() <= MOST_WEIGHTS


def _can_fold(module: Upsample2D) -> bool:
    """Whether the module is the plain kind: nearest neighbour, then 3×3, with nothing in between."""
    return (
        module.name == "conv"
        and module.use_conv
        and not module.use_conv_transpose
        and module.interpolate
        and module.norm is None
        and _is_plain(module.conv)
    )


def _is_plain(module: nn.Conv2d) -> bool:
    """Whether the module is an ordinary convolution of 3×3."""
    return (
        module.kernel_size == (3, 3)
        and module.stride == (1, 1)
        and module.padding == (1, 1)
        and module.dilation == (1, 1)
        and module.groups == 1
        and module.padding_mode == "zeros"
    )


def _keeps_length(module: nn.Conv1d) -> bool:
    """Whether the module is a convolution of a few weights that makes a sound as long as the one that it hears."""
    length = module.kernel_size[0]
    return (
        length > 1
        and module.stride == (1,)
        and module.padding == (module.dilation[0] * (length - 1) // 2,)
        and module.groups == 1
        and module.padding_mode == "zeros"
    )
