"""What is made: the sizes of the models, how long each learns, and on what. Data, not code; it needs no torch.

Sizes of `MINI` were chosen for two cores of a processor. Its VAE divides by eight in time and frequency, not by four as
the published one: a bar at 120 BPM is 25 × 8 places for the UNet, and not 50 × 16. It keeps the musician's time: a quarter
note is eight latent frames at any tempo, so that every sixteenth begins with a latent frame, and rhythm is the same
picture at 70 BPM and at 180. Its CLAP hears 8 s at 16 kHz, where the published one hears 10 s at 48.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STAGES = ("corpus", "clap", "vae", "vocoder", "latents", "unet", "model")
"""Every stage of the work, in an order in which each finds what it needs."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a model learns: `steps` of `batch` examples (for the UNet: of so many latent frames), at most at `rate`.

    The rate rises over the first steps, and falls to nothing over the last `fall` (a part of all). The weights that are
    kept are a moving average over about ``1 / (1 - average)`` steps.
    """

    steps: int
    batch: int
    rate: float
    average: float = 0.999
    fall: float = 0.4


@dataclass(frozen=True, slots=True)
class Loops:
    """The corpus: so many loops to learn from, and so many kept back; `sounding` of them keep their sound.

    A shard is a file of `shard` loops. `styles` are names of the sketch engine's, and `tempi` in BPM.
    """

    count: int
    kept_back: int
    sounding: int
    shard: int
    styles: tuple[str, ...]
    tempi: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what a model becomes. The configurations are those of diffusers and transformers.

    It is best sampled in `steps`, led by its prompt with `guidance`, with so much `pulse`. A quarter note is `beat` latent
    frames at any tempo. A caption has at most `longest` tokens, of `tokens` that there are.
    """

    name: str
    seed: int
    loops: Loops
    tokens: int
    longest: int
    beat: int
    text: Mapping[str, Any]
    hearing: Mapping[str, Any]
    projection: int
    extractor: Mapping[str, Any]
    vae: Mapping[str, Any]
    vocoder: Mapping[str, Any]
    unet: Mapping[str, Any]
    scheduler: Mapping[str, Any]
    steps: int
    guidance: float
    pulse: float
    courses: Mapping[str, Course]


SCHEDULER: Mapping[str, Any] = {
    "beta_start": 0.0015,
    "beta_end": 0.0195,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "prediction_type": "v_prediction",
}
"""The betas are the published ones. What is told is the velocity (Salimans and Ho 2022), not the noise: where nearly all
is noise, and rhythm is decided, a UNet that tells the noise must be exact to one part in a hundred to be of use."""

EXTRACTOR: Mapping[str, Any] = {
    "sampling_rate": 16_000,
    "hop_length": 512,
    "max_length_s": 8,
    "fft_window_size": 1024,
    "frequency_min": 50,
    "frequency_max": 8_000,
    "truncation": "rand_trunc",
    "padding": "repeatpad",
}

MINI = Recipe(
    name="musicldm-mini",
    seed=2308_01546,
    loops=Loops(
        count=8_000,
        kept_back=512,
        sounding=1_600,
        shard=64,
        styles=("house", "techno", "drum and bass", "hip-hop", "trap", "dub", "funk", "synthwave"),
        tempi=(70, 180),
    ),
    tokens=1_024,
    longest=48,
    beat=8,
    text={
        "hidden_size": 128,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "intermediate_size": 256,
        "max_position_embeddings": 50,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    },
    hearing={
        "spec_size": 128,
        "patch_embeds_hidden_size": 32,
        "hidden_size": 128,
        "depths": (1, 1, 2),
        "num_attention_heads": (2, 4, 8),
        "num_hidden_layers": 3,
        "hidden_dropout_prob": 0.0,
    },
    projection=64,
    extractor=EXTRACTOR,
    vae={
        "block_out_channels": (16, 32, 64, 96),
        "layers_per_block": 1,
        "norm_num_groups": 8,
        "latent_channels": 8,
    },
    vocoder={
        "model_in_dim": 64,
        "sampling_rate": 16_000,
        "upsample_initial_channel": 128,
        "upsample_rates": (5, 4, 4, 2),
        "upsample_kernel_sizes": (11, 8, 8, 4),
        "resblock_kernel_sizes": (3, 7),
        "resblock_dilation_sizes": ((1, 3, 5), (1, 3, 5)),
        "normalize_before": True,
    },
    unet={
        "sample_size": 176,
        "block_out_channels": (48, 96, 192),
        "down_block_types": ("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        "layers_per_block": 1,
        "cross_attention_dim": (48, 96, 192),
        "attention_head_dim": 4,
        "norm_num_groups": 16,
    },
    scheduler=SCHEDULER,
    steps=16,
    guidance=3.0,
    pulse=0.0,
    courses={
        "clap": Course(steps=1_400, batch=64, rate=1e-3, average=0.99),
        "vae": Course(steps=4_800, batch=4, rate=2e-3, average=0.99),
        "vocoder": Course(steps=10_000, batch=12, rate=1e-3, average=0.995),
        "unet": Course(steps=10_000, batch=768, rate=8e-4, average=0.998),
    },
)
"""The small model that comes with the project."""

RECIPES: Mapping[str, Recipe] = {"mini": MINI}
"""Every recipe by the word that the command knows it by."""
