"""The files of a checkpoint become models in memory. Nothing here touches the network, and nothing in a file can run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import diffusers
import transformers

from plugin_host.engines.musicldm import fast, lowrank, memory
from plugin_host.engines.musicldm.adapters import Adapter
from plugin_host.engines.musicldm.checkpoint import Checkpoint
from plugin_host.engines.musicldm.clap import Clap
from plugin_host.engines.musicldm.device import Placement, is_out_of_memory
from plugin_host.engines.musicldm.quiet import quietly
from plugin_host.errors import EngineUnavailable

_TEMPORARY = 1.2  # what loading takes at its height, in sizes of the weights


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The models of a checkpoint, ready to compute."""

    unet: Any
    vae: Any
    vocoder: Any
    clap: Clap
    scheduler_settings: Mapping[str, Any]
    beat: int | None = None


def parts(checkpoint: Checkpoint, placement: Placement) -> Parts:
    """Load all parts and put them where they compute.

    Raises `EngineUnavailable` for files that do not make a model, and `OutOfMemory` when there is no room.
    """
    half = 2 if placement.precision.itemsize == 2 else 1
    if not placement.offloaded:
        memory.check_room(int(checkpoint.size * _TEMPORARY / half), placement.device)
    return around(checkpoint, placement, unet(checkpoint, placement), clap(checkpoint, placement))


def around(checkpoint: Checkpoint, placement: Placement, unet: Any, clap: Clap) -> Parts:
    """Load the other parts of a checkpoint beside a `unet` and `clap` that are there. Raises as `parts` does."""
    with quietly():  # one model after the other: while they are prepared they are in memory twice
        vae = plain_vae(checkpoint, placement)
        fast.prepare(vae, placement)
        vocoder = _model(checkpoint, "vocoder", transformers.SpeechT5HifiGan, placement)
        fast.prepare(vocoder, placement)
    loaded = Parts(unet, vae, vocoder, clap, checkpoint.config("scheduler"), checkpoint.beat)
    _check_fit(loaded, checkpoint)
    return loaded


def unet(checkpoint: Checkpoint, placement: Placement, adapter: Adapter | None = None) -> Any:
    """Load the UNet alone, with what an `adapter` has learnt, ready to compute. Raises as `parts` does."""
    with quietly():
        made = plain_unet(checkpoint, placement)
        if adapter is not None:
            lowrank.merge(made, adapter)
        fast.prepare(made, placement)
    return made


def plain_unet(checkpoint: Checkpoint, placement: Placement) -> Any:
    """Load the UNet as it is: slower, and it can go on learning."""
    return _model(checkpoint, "unet", diffusers.UNet2DConditionModel, placement)


def plain_vae(checkpoint: Checkpoint, placement: Placement) -> Any:
    """Load the VAE alone, as it is."""
    return _model(checkpoint, "vae", diffusers.AutoencoderKL, placement)


def clap(checkpoint: Checkpoint, placement: Placement) -> Clap:
    """Load CLAP alone, to rank what another engine made."""
    with quietly():
        return _clap(checkpoint, placement)


def _clap(checkpoint: Checkpoint, placement: Placement) -> Clap:
    model = _model(checkpoint, "text_encoder", transformers.ClapModel, placement)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint.folder / "tokenizer", local_files_only=True)
        extractor = transformers.ClapFeatureExtractor.from_pretrained(checkpoint.folder / "feature_extractor")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineUnavailable(_damaged(checkpoint, "tokenizer or feature_extractor", error)) from error
    return Clap(model, tokenizer, extractor, placement)


def _model(checkpoint: Checkpoint, part: str, cls: Any, placement: Placement) -> Any:
    """Load one part; every one of its weights must come from the file, none may be left to chance."""
    weights = checkpoint.weights(part)
    options: dict[str, Any] = {
        "local_files_only": True,
        "use_safetensors": weights.suffix == ".safetensors",  # a .bin is then read as weights only: our torch insists
        "output_loading_info": True,
    }
    if cls.__module__.startswith("diffusers"):
        options |= {"torch_dtype": placement.precision, "low_cpu_mem_usage": False}
    else:
        options |= {"dtype": placement.precision}
    try:
        model, told = cls.from_pretrained(checkpoint.folder / part, **options)
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise EngineUnavailable(_damaged(checkpoint, part, error)) from error
    lost = [*told["missing_keys"], *(str(each) for each in told["mismatched_keys"])]
    if lost:
        raise EngineUnavailable(_damaged(checkpoint, part, f"{len(lost)} weights are missing or misshapen: {lost[0]}"))
    model.requires_grad_(requires_grad=False)
    model.eval()
    return model if placement.offloaded else model.to(placement.device)


def _damaged(checkpoint: Checkpoint, part: str, error: object) -> str:
    """Say which part of a checkpoint is wrong, and why, in one line."""
    reason = str(error).strip().splitlines()
    return (
        f"the {part} of {checkpoint.source} cannot be loaded ({reason[0][:200] if reason else type(error).__name__}); "
        f"fetch or copy the checkpoint again"
    )


def _check_fit(loaded: Parts, checkpoint: Checkpoint) -> None:
    """Raise `EngineUnavailable` when the parts are whole, but not of one another."""
    channels, bins = loaded.vae.config.latent_channels, loaded.vocoder.config.model_in_dim
    wanted = {
        "the UNet's channels and the VAE's": (loaded.unet.config.in_channels, channels),
        "the UNet's class embedding and CLAP's": (
            loaded.unet.config.projection_class_embeddings_input_dim,
            loaded.clap.dimensions,
        ),
        "the vocoder's bins and what the VAE can divide": (
            bins % 2 ** (len(loaded.vae.config.block_out_channels) - 1),
            0,
        ),
    }
    for what, (one, other) in wanted.items():
        if one != other:
            raise EngineUnavailable(
                f"{checkpoint.source} does not fit together: {what} are {one} and {other}; use a checkpoint of MusicLDM",
            )
