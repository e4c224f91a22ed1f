"""Circular time: while a ring is closed, convolutions see the end of a clip before its start, and the start after it.

UNet and VAE know where a frame is only by its neighbours: they have no positional encoding, and their attention and
normalisation see all frames alike. So it is their zero padding alone that gives a clip two ends. Without it, shifting
the input around the ring shifts the output, and a clip has no seam, by construction. (Circular padding is how images
are made that tile a plane; here one axis only is a circle: frequency keeps its ends.)

Nothing in a model is changed for good: each convolution is handed its wrapped input by a hook, and told to add no
border in time, for as long as the block runs.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import Enum
from functools import partial
from typing import Any

import torch
from diffusers.models.downsampling import Downsample2D
from torch import nn

from plugin_host.engines.musicldm.winograd import PictureConvolution


class Course(Enum):
    """How time runs in a clip: from one end to the other, or around."""

    STRIP = "strip"
    RING = "ring"


def along(course: Course, *models: nn.Module) -> AbstractContextManager[None]:
    """Let time run so in `models` while the block runs."""
    return closed(*models) if course is Course.RING else nullcontext()


@contextmanager
def closed(*models: nn.Module) -> Iterator[None]:
    """Let time, the second-last axis, wrap around in every convolution of `models` while the block runs.

    Thread: whichever computes with the models; one at a time.
    """
    opened: list[Any] = []
    borders: list[tuple[Any, Any]] = []
    try:
        for model in models:
            for layer in model.modules():
                if isinstance(layer, (nn.Conv2d, PictureConvolution)) and _border(layer) > 0:
                    opened.append(layer.register_forward_pre_hook(partial(_wrap, _border(layer))))
                    borders.append((layer, layer.padding))
                    layer.padding = (0, *layer.padding[1:])
                elif isinstance(layer, Downsample2D) and _pads_by_itself(layer):
                    opened.append(layer.conv.register_forward_pre_hook(_wrap_end))
        yield
    finally:
        for hook in opened:
            hook.remove()
        for layer, padding in borders:
            layer.padding = padding


def wrapped(picture: torch.Tensor, reach: int) -> torch.Tensor:
    """Return `picture`, ``(batch, channels, time, frequency)``, with `reach` frames of its other end at each end.

    Channels stay last in memory if they were. A ring shorter than `reach` goes round more than once.
    """
    rows = picture.permute(0, 2, 3, 1)
    length = rows.shape[1]
    if reach <= length:
        return torch.cat((rows[:, length - reach :], rows, rows[:, :reach]), dim=1).permute(0, 3, 1, 2)
    around = torch.arange(-reach, length + reach, device=picture.device) % length
    return rows[:, around].permute(0, 3, 1, 2)


def _border(layer: "nn.Conv2d | PictureConvolution") -> int:
    """Return how many frames of border a convolution adds at each end of time."""
    return int(layer.padding[0]) if not isinstance(layer.padding, str) else 0


def _pads_by_itself(layer: Downsample2D) -> bool:
    """Whether a layer adds a border before it calls its convolution, at the end of both axes: the VAE's encoder does."""
    return bool(layer.use_conv and layer.padding == 0)


def _wrap(reach: int, layer: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Hand a convolution its input wrapped."""
    del layer
    return (wrapped(given[0], reach), *given[1:])


def _wrap_end(layer: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Put the first frame where a row of zeros was added behind the last one."""
    del layer
    picture: torch.Tensor = given[0].clone()
    picture[:, :, -1] = picture[:, :, 0]
    return (picture, *given[1:])
