"""The same results with less work: upsampling and convolution in one, and channels side by side in memory.

UNet and VAE double a picture by repeating every pixel and then convolve it with a kernel of 3×3. Of the nine products
behind a new pixel, several see the same old pixel; adding their weights beforehand leaves four. So each of the four
kinds of new pixels (even or odd row, even or odd column) is a convolution of 2×2 on the picture as it was: 16 products
for every 36, and the large picture is never made. (The rewriting is known from super-resolution as a sub-pixel
convolution: Shi et al. 2016.) The sums are those of the original in another order, so results agree to rounding.
"""

from typing import Any

import torch
from diffusers.models.upsampling import Upsample2D
from torch import nn
from torch.nn.functional import conv2d, pad

_ROWS = ((0, (0,)), (1, (1, 2))), ((0, (0, 1)), (1, (2,)))
"""For new pixels at an even and at an odd place: which of the three weights fall on which of the two old pixels."""


_PHASES = ((0, 0), (0, 1), (1, 0), (1, 1))


class UpsampleOnce(nn.Module):
    """Does what `Upsample2D` does, on the picture before it is doubled."""

    def __init__(self, plain: Upsample2D) -> None:
        super().__init__()
        self.plain = plain
        kernel = plain.conv.weight.detach()
        for row, column in _PHASES:
            self.register_buffer(f"kernel{row}{column}", _folded(kernel, row, column), persistent=False)

    def forward(self, picture: torch.Tensor, output_size: Any = None) -> torch.Tensor:
        """Return the doubled and convolved `picture`, shape ``(batch, channels, 2·height, 2·width)``.

        An `output_size` that is not exactly double, for a length that the UNet's levels do not divide evenly, is left
        to the original.
        """
        batch, _, height, width = picture.shape
        if output_size is not None and tuple(output_size) != (2 * height, 2 * width):
            plain: torch.Tensor = self.plain(picture, output_size)
            return plain
        bordered = pad(picture, (1, 1, 1, 1))
        bias = self.plain.conv.bias
        shape = (batch, self.plain.conv.out_channels, 2 * height, 2 * width)
        doubled = torch.empty(shape, dtype=picture.dtype, device=picture.device, memory_format=torch.channels_last)
        for row, column in _PHASES:
            seen = bordered[:, :, row : row + height + 1, column : column + width + 1]
            doubled[:, :, row::2, column::2] = conv2d(seen, self.get_buffer(f"kernel{row}{column}"), bias)
        return doubled


def prepare(model: nn.Module) -> None:
    """Speed up a UNet or VAE that was just loaded, in place.

    Channels come last in memory, for that is the order in which convolutions on processors and tensor cores read them:
    otherwise each one would turn its picture around first. Every weight is copied, so that none keeps the file mapped
    that it came from: the weights that were turned around would stay in memory twice.
    """
    for weights in model.parameters():
        order = torch.channels_last if weights.ndim == 4 else torch.preserve_format
        weights.data = weights.data.clone(memory_format=order)
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, Upsample2D) and _can_fold(child):
                setattr(parent, name, UpsampleOnce(child))


def _can_fold(module: Upsample2D) -> bool:
    """Whether the module is the plain kind: nearest neighbour, then 3×3, with nothing in between."""
    return (
        module.name == "conv"
        and module.use_conv
        and not module.use_conv_transpose
        and module.interpolate
        and module.norm is None
        and module.conv.kernel_size == (3, 3)
        and module.conv.padding == (1, 1)
    )


def _folded(kernel: torch.Tensor, row: int, column: int) -> torch.Tensor:
    """Return the 2×2 kernel for one of the four kinds of new pixels; `kernel` is ``(out, in, 3, 3)``."""
    folded = kernel.new_zeros((*kernel.shape[:2], 2, 2))
    for i, rows in _ROWS[row]:
        for j, columns in _ROWS[column]:
            folded[:, :, i, j] = sum(kernel[:, :, k, m] for k in rows for m in columns)
    return folded
