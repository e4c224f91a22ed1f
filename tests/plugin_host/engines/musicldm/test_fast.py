"""The faster layers do what the plain ones do, for every size, and take their place only where they can."""

import pytest
import torch
from diffusers.models.upsampling import Upsample2D
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from plugin_host.engines.musicldm import fast
from plugin_host.engines.musicldm.device import Placement
from plugin_host.engines.musicldm.winograd import (
    DOUBLED,
    FOUR,
    FOUR_OF_FOUR,
    TWO,
    PictureConvolution,
    SoundConvolution,
    Tiling,
    tiling,
)

PROCESSOR = Placement(torch.device("cpu"), torch.float32)
NEAR = 1e-4
"""Parts of the RMS by which a sum in another order may differ."""


def difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the largest difference in parts of the RMS of `one`."""
    assert one.shape == other.shape
    return float((one - other).abs().max() / one.square().mean().sqrt())


@settings(max_examples=25, deadline=None)
@given(
    batch=st.integers(1, 3), height=st.integers(1, 40), width=st.integers(1, 20), algorithm=st.sampled_from((TWO, FOUR))
)
@torch.inference_mode()
def test_a_picture_is_convolved_as_by_the_plain_layer(batch: int, height: int, width: int, algorithm: Tiling) -> None:
    """Whatever the size of the picture, whether tiles fill it or not."""
    torch.manual_seed(height)
    plain = nn.Conv2d(12, 20, 3, padding=1)
    picture = torch.randn(batch, 12, height, width)
    assert difference(plain(picture), PictureConvolution(plain, algorithm)(picture)) < NEAR


@settings(max_examples=25, deadline=None)
@given(batch=st.integers(1, 3), height=st.integers(1, 20), width=st.integers(1, 20))
@torch.inference_mode()
def test_a_picture_is_doubled_and_convolved_as_by_the_plain_layers(batch: int, height: int, width: int) -> None:
    """The large picture is never made, and every pixel is what it would be."""
    torch.manual_seed(width)
    plain = Upsample2D(8, use_conv=True)
    picture = torch.randn(batch, 8, height, width)
    assert difference(plain(picture), fast.UpsampleOnce(plain)(picture)) < NEAR


@torch.inference_mode()
def test_a_picture_that_is_not_exactly_doubled_is_what_the_plain_layer_makes() -> None:
    """An odd size on the way down asks for an odd size on the way up."""
    plain = Upsample2D(8, use_conv=True)
    picture = torch.randn(1, 8, 5, 4)
    made = fast.UpsampleOnce(plain)(picture, (9, 8))
    assert difference(plain(picture, (9, 8)), made) < NEAR


@settings(max_examples=40, deadline=None)
@given(
    batch=st.integers(1, 2),
    frames=st.integers(1, 300),
    length=st.sampled_from((3, 5, 7, 11)),
    dilation=st.sampled_from((1, 3, 5)),
)
@torch.inference_mode()
def test_a_sound_is_convolved_as_by_the_plain_layer(batch: int, frames: int, length: int, dilation: int) -> None:
    """Whatever its length, the filter's and how far that is spread, even where the filter is longer than the sound."""
    torch.manual_seed(frames)
    plain = nn.Conv1d(6, 10, length, padding=dilation * (length - 1) // 2, dilation=dilation)
    sound = torch.randn(batch, 6, frames)
    algorithm = FOUR if length == FOUR.weights else FOUR_OF_FOUR
    assert difference(plain(sound), SoundConvolution(plain, algorithm)(sound)) < NEAR


def test_an_algorithm_needs_a_point_for_each_product_but_one() -> None:
    """A wrong number of points is refused with the right one."""
    with pytest.raises(ValueError, match="give 3"):
        tiling(2, 3, (0, 1))
    assert (TWO.window, FOUR.window, FOUR_OF_FOUR.window, DOUBLED.window) == (4, 6, 7, 3)


@torch.inference_mode()
def test_only_layers_that_gain_are_swapped_and_only_on_a_processor_in_full_precision() -> None:
    """A narrow layer, one with strides or groups, and every layer of a GPU stay what they were."""

    def made() -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(64, 64, 3, padding=1),
            nn.Conv2d(8, 64, 3, padding=1),
            nn.Conv2d(64, 64, 3, padding=1, stride=2),
            nn.Conv2d(64, 64, 3, padding=1, groups=2),
            nn.Conv1d(128, 128, 7, padding=3),
            nn.Conv1d(8, 8, 7, padding=3),
            nn.Linear(4, 4),
        )

    swapped, whole = made(), made()
    fast.prepare(swapped, PROCESSOR)
    fast.prepare(whole, Placement(torch.device("cpu"), torch.bfloat16))
    names = ["PictureConvolution", *["Conv2d"] * 3, "SoundConvolution", "Conv1d", "Pixelwise"]
    assert [type(layer).__name__ for layer in swapped] == names
    assert not {type(layer).__name__ for layer in whole} & {"PictureConvolution", "SoundConvolution", "Pixelwise"}


@settings(max_examples=10, deadline=None)
@given(shape=st.lists(st.integers(1, 5), min_size=1, max_size=3))
@torch.inference_mode()
def test_a_linear_layer_is_the_same_as_a_convolution_of_one_pixel(shape: list[int]) -> None:
    """For rows laid out in any number of dimensions."""
    plain = nn.Linear(6, 3)
    rows = torch.randn(*shape, 6)
    assert torch.allclose(plain(rows), fast.Pixelwise(plain)(rows), atol=1e-5)
