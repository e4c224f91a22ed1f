"""Checkpoints in the MusicLDM layout, built of the real classes with random weights: tiny for tests, full for benchmarks.

The tokenizer is a real one, trained here on a few captions. Nothing is downloaded, and equal seeds give equal files.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from tokenizers import ByteLevelBPETokenizer
from transformers import (
    ClapConfig,
    ClapFeatureExtractor,
    ClapModel,
    RobertaTokenizerFast,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
)

from plugin_host.engines.musicldm.geometry import Geometry

CAPTIONS = (
    "Techno music with a strong, upbeat tempo and high melodic riffs",
    "dusty breakbeat with a warm bass line",
    "dreamy ambient pad in A minor, no drums",
    "only drums: kick, snare, closed hats, 7/8",
)
LONGEST = 77
"""Tokens that the published checkpoint's text encoder takes."""

LAYOUT = {
    "_class_name": "MusicLDMPipeline",
    "_diffusers_version": "0.21.0",
    "feature_extractor": ["transformers", "ClapFeatureExtractor"],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "ClapModel"],
    "tokenizer": ["transformers", "RobertaTokenizerFast"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "vocoder": ["transformers", "SpeechT5HifiGan"],
}


@dataclass(frozen=True, slots=True)
class Size:
    """The configurations of a checkpoint's models."""

    unet: Mapping[str, Any]
    vae: Mapping[str, Any]
    vocoder: Mapping[str, Any]
    clap_text: Mapping[str, Any]
    clap_audio: Mapping[str, Any]
    projection: int


TINY = Size(
    unet={
        "sample_size": 32,
        "block_out_channels": (8, 16),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "layers_per_block": 1,
        "cross_attention_dim": (8, 16),
        "attention_head_dim": 4,
        "norm_num_groups": 4,
    },
    vae={"block_out_channels": (8, 8, 16), "layers_per_block": 1, "norm_num_groups": 4, "latent_channels": 4},
    vocoder={"model_in_dim": 16, "upsample_initial_channel": 32, "resblock_kernel_sizes": (3, 7)},
    clap_text={
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 32,
        "max_position_embeddings": 520,
    },
    clap_audio={
        "patch_embeds_hidden_size": 8,
        "hidden_size": 16,
        "depths": (1, 1),
        "num_attention_heads": (2, 2),
        "num_hidden_layers": 2,
    },
    projection=16,
)
"""Loads in a moment and computes a second of audio in milliseconds. Its VAE has 3 blocks, as the published one."""

FULL = Size(
    unet={
        "sample_size": 256,
        "block_out_channels": (128, 256, 384, 640),
        "down_block_types": ("DownBlock2D", *["CrossAttnDownBlock2D"] * 3),
        "up_block_types": (*["CrossAttnUpBlock2D"] * 3, "UpBlock2D"),
        "layers_per_block": 2,
        "cross_attention_dim": (128, 256, 384, 640),
    },
    vae={"block_out_channels": (128, 256, 512), "layers_per_block": 2, "latent_channels": 8},
    vocoder={"model_in_dim": 64, "upsample_initial_channel": 1024},
    clap_text={"hidden_size": 768, "max_position_embeddings": 514},
    clap_audio={"patch_embeds_hidden_size": 128, "hidden_size": 1024, "depths": (2, 2, 12, 2)},
    projection=512,
)
"""The architecture of the published checkpoint."""

PUBLISHED = Geometry(rate=16_000, hop=160, scale=4, bins=64, channels=8, stride=8, trained=256, context=25)
"""The measures that it has."""


def build(folder: Path, size: Size = TINY, seed: int = 0) -> Path:
    """Save a checkpoint of `size` with random weights into `folder`, and return it."""
    torch.manual_seed(seed)
    words = tokenizer(folder / "tokenizer")
    clap = ClapModel(
        ClapConfig(
            text_config={**size.clap_text, "vocab_size": len(words), "pad_token_id": 1},
            audio_config={**size.clap_audio, "enable_fusion": False},
            projection_dim=size.projection,
        ),
    )
    clap.save_pretrained(folder / "text_encoder")
    _unet(size).save_pretrained(folder / "unet")
    _vae(size).save_pretrained(folder / "vae")
    _vocoder(size).save_pretrained(folder / "vocoder")
    ClapFeatureExtractor(truncation="rand_trunc", padding="repeatpad").save_pretrained(folder / "feature_extractor")
    _scheduler().save_pretrained(folder / "scheduler")
    (folder / "model_index.json").write_text(json.dumps(LAYOUT, indent=2))
    return folder


def tokenizer(folder: Path) -> RobertaTokenizerFast:
    """Train a byte-level tokenizer on the captions, save it, and return it."""
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(
        CAPTIONS * 4,
        vocab_size=320,
        min_frequency=1,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        show_progress=False,
    )
    folder.mkdir(parents=True, exist_ok=True)
    trained.save_model(str(folder))
    words = RobertaTokenizerFast.from_pretrained(str(folder), model_max_length=LONGEST)
    words.save_pretrained(folder)
    return words


def _unet(size: Size) -> UNet2DConditionModel:
    """Make a UNet that listens: its random weights are scaled so that the text makes a difference."""
    channels = size.vae["latent_channels"]
    unet = UNet2DConditionModel(
        in_channels=channels,
        out_channels=channels,
        class_embed_type="simple_projection",
        projection_class_embeddings_input_dim=size.projection,
        class_embeddings_concat=True,
        **size.unet,
    )
    with torch.no_grad():
        unet.class_embedding.weight *= 20
        unet.conv_out.weight *= 4
    return unet


def _vae(size: Size) -> AutoencoderKL:
    blocks = len(size.vae["block_out_channels"])
    return AutoencoderKL(
        in_channels=1,
        out_channels=1,
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        scaling_factor=0.9,
        **size.vae,
    )


def _vocoder(size: Size) -> SpeechT5HifiGan:
    """Make a vocoder; its random weights are scaled so that what comes out is neither silent nor clipped nor offset."""
    vocoder = SpeechT5HifiGan(
        SpeechT5HifiGanConfig(
            sampling_rate=16_000,
            upsample_rates=(5, 4, 2, 2, 2),
            upsample_kernel_sizes=(16, 16, 8, 4, 4),
            resblock_dilation_sizes=((1, 3, 5),) * len(size.vocoder.get("resblock_kernel_sizes", (3, 7, 11))),
            normalize_before=False,
            **{"resblock_kernel_sizes": (3, 7, 11), **size.vocoder},
        ),
    )
    with torch.no_grad():
        for module in vocoder.modules():
            if isinstance(module, (torch.nn.Conv1d, torch.nn.ConvTranspose1d)):
                inputs = module.weight[0].numel() if isinstance(module, torch.nn.Conv1d) else module.in_channels * 2
                module.weight.normal_(std=1.1 / inputs**0.5)
        vocoder.conv_post.weight -= vocoder.conv_post.weight.mean(dim=-1, keepdim=True)
        vocoder.conv_post.bias.zero_()
    return vocoder


def _scheduler() -> DDIMScheduler:
    return DDIMScheduler(
        beta_start=0.0015,
        beta_end=0.0195,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )
