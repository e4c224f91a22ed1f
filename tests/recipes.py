"""A recipe that makes a whole model in seconds: every stage runs as it does for the real one, and nothing is learnt."""

from dataclasses import replace

from plugin_host.training.recipe import MINI, Course, Recipe

TINY: Recipe = replace(
    MINI,
    name="tiny",
    loops=replace(MINI.loops, count=12, kept_back=4, sounding=6, shard=8, styles=("house", "dub"), tempi=(118, 124)),
    tokens=300,
    text={**MINI.text, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16},
    hearing={**MINI.hearing, "patch_embeds_hidden_size": 8, "hidden_size": 16, "depths": (1, 1), "num_attention_heads": (2, 2), "num_hidden_layers": 2},
    projection=8,
    vae={**MINI.vae, "block_out_channels": (8, 8, 8, 8), "latent_channels": 4, "norm_num_groups": 4},
    vocoder={**MINI.vocoder, "upsample_initial_channel": 32, "resblock_kernel_sizes": (3,), "resblock_dilation_sizes": ((1,),)},
    unet={**MINI.unet, "block_out_channels": (8, 8, 16), "cross_attention_dim": (8, 8, 16), "norm_num_groups": 4, "attention_head_dim": 2},
    courses={
        "clap": Course(steps=4, batch=4, rate=1e-3),
        "vae": Course(steps=4, batch=1, rate=1e-3),
        "vocoder": Course(steps=4, batch=1, rate=1e-3),
        "unet": Course(steps=8, batch=128, rate=1e-3),
    },
)  # fmt: skip
"""Four of its kind at a time; its latents are as long as the real one's."""
