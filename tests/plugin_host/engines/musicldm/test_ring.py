"""On a ring, time has no ends: what is shifted before is shifted after, in latents, mel and sound."""

from collections.abc import Callable

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn

from plugin_host.engines.musicldm import decode, fast, ring
from plugin_host.engines.musicldm.device import Placement
from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.engines.musicldm.ring import Course
from plugin_host.engines.musicldm.winograd import FOUR, TWO, PictureConvolution

NEAR = 1e-4
"""Parts of the RMS: what sums in another order leave."""


def difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the largest difference in parts of the RMS of `one`."""
    assert one.shape == other.shape
    return float((one - other).abs().max() / one.square().mean().sqrt())


def deep_unet() -> UNet2DConditionModel:
    """Return a scaled copy of the published UNet: the same four levels, so that time is divided by 8."""
    torch.manual_seed(1)
    return UNet2DConditionModel(
        sample_size=256,
        in_channels=4,
        out_channels=4,
        block_out_channels=(8, 16, 24, 40),
        down_block_types=("DownBlock2D", *["CrossAttnDownBlock2D"] * 3),
        up_block_types=(*["CrossAttnUpBlock2D"] * 3, "UpBlock2D"),
        layers_per_block=2,
        cross_attention_dim=(8, 16, 24, 40),
        attention_head_dim=4,
        norm_num_groups=4,
        class_embed_type="simple_projection",
        projection_class_embeddings_input_dim=16,
        class_embeddings_concat=True,
    ).eval()


def noise_in(unet: UNet2DConditionModel, latents: torch.Tensor, course: Course) -> torch.Tensor:
    """Return what the UNet takes for noise."""
    labels = torch.ones(len(latents), 16)
    with torch.inference_mode(), ring.along(course, unet):
        found: torch.Tensor = unet(latents, torch.tensor(300), None, class_labels=labels, return_dict=False)[0]
    return found


def test_a_shift_by_the_stride_passes_through_the_unet() -> None:
    """Rolling the noise by 8 latent frames rolls the result on a ring; with zero padding it does not."""
    unet = deep_unet()
    latents = torch.randn(1, 4, 48, 4, generator=torch.Generator().manual_seed(2))
    rolled = latents.roll(8, dims=2)
    around = noise_in(unet, latents, Course.RING)
    along = noise_in(unet, latents, Course.STRIP)
    assert difference(around.roll(8, dims=2), noise_in(unet, rolled, Course.RING)) < NEAR
    assert difference(along.roll(8, dims=2), noise_in(unet, rolled, Course.STRIP)) > 100 * NEAR


def test_one_bar_on_its_own_ring_is_the_bar_of_four() -> None:
    """Noise that repeats every 16 frames becomes what repeats, and each bar is what one bar alone becomes."""
    unet = deep_unet()
    bar = torch.randn(1, 4, 16, 4, generator=torch.Generator().manual_seed(3))
    alone = noise_in(unet, bar, Course.RING)
    four = noise_in(unet, bar.repeat(1, 1, 4, 1), Course.RING)
    assert difference(alone.repeat(1, 1, 4, 1), four) < NEAR
    assert difference(alone.repeat(1, 1, 4, 1), noise_in(unet, bar.repeat(1, 1, 4, 1), Course.STRIP)) > 100 * NEAR


def test_a_shift_passes_through_the_decoder_and_the_encoder(model: MusicLDM) -> None:
    """By one latent frame, which is as many mel frames as the VAE says."""
    vae: AutoencoderKL = model._parts.vae
    geometry = model.geometry
    latents = torch.randn(geometry.channels, 20, geometry.widths, generator=torch.Generator().manual_seed(4))
    mel = decode.mel(vae, latents, Course.RING, geometry)
    shifted = decode.mel(vae, latents.roll(1, dims=1), Course.RING, geometry)
    assert difference(mel.roll(geometry.scale, dims=0), shifted) < NEAR
    found = decode.latents(vae, mel, geometry)
    again = decode.latents(vae, shifted, geometry)
    assert found.shape == latents.shape
    assert difference(found.roll(1, dims=1), again) < NEAR


@pytest.mark.parametrize("frames", [1, 3, 40])
def test_a_shift_passes_through_the_vocoder(model: MusicLDM, frames: int) -> None:
    """Whatever the length of the ring, even where the vocoder hears further than it goes round."""
    geometry = model.geometry
    mel = torch.randn(frames, geometry.bins, generator=torch.Generator().manual_seed(5))
    sound = model.vocode(mel, Course.RING)
    assert len(sound) == frames * geometry.hop
    assert difference(sound.roll(geometry.hop), model.vocode(mel.roll(1, dims=0), Course.RING)) < NEAR


def test_a_ring_made_piece_by_piece_is_the_ring_made_at_once(model: MusicLDM, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a piece sees beyond its ends is all that the vocoder hears, so that no join can be found."""
    mel = torch.randn(100, model.geometry.bins, generator=torch.Generator().manual_seed(6))
    whole = model.vocode(mel, Course.RING)
    monkeypatch.setattr(decode, "AT_ONCE", 7)
    assert difference(whole, model.vocode(mel, Course.RING)) < NEAR


@pytest.mark.parametrize(
    "make", [lambda plain: plain, lambda plain: PictureConvolution(plain, TWO), lambda p: PictureConvolution(p, FOUR)]
)
@torch.inference_mode()
def test_a_convolution_on_a_ring_is_that_of_what_repeats(make: Callable[[nn.Conv2d], nn.Module]) -> None:
    """Its result is the middle one of three turns; channels that lay last in memory still do."""
    torch.manual_seed(7)
    layer = nn.Sequential(make(nn.Conv2d(6, 8, 3, padding=1)))
    picture = torch.randn(2, 6, 10, 5).contiguous(memory_format=torch.channels_last)
    with ring.closed(layer):
        around = layer(picture)
    unrolled = layer(picture.repeat(1, 1, 3, 1))[:, :, 10:20]
    assert difference(unrolled, around) < NEAR
    assert ring.wrapped(picture, 1).is_contiguous(memory_format=torch.channels_last)


def test_a_model_is_as_it_was_when_the_ring_is_open_again() -> None:
    """No hook and no setting is left behind, even where the block breaks off."""
    unet = deep_unet()
    fast.prepare(unet, Placement(torch.device("cpu"), torch.float32))
    latents = torch.randn(1, 4, 16, 4, generator=torch.Generator().manual_seed(8))
    before = noise_in(unet, latents, Course.STRIP)
    with pytest.raises(KeyError), ring.closed(unet):
        raise KeyError
    assert not [layer for layer in unet.modules() if layer._forward_pre_hooks]
    assert torch.equal(before, noise_in(unet, latents, Course.STRIP))
