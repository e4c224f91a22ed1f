"""A UNet that goes on learning: with a little added to its layers, or with all of its weights.

What is added to a layer is the product of two small matrices (Hu et al. 2021, "LoRA"), made by peft. The second begins
as nothing, so that the first step finds the UNet as it was. They are added to the layers that hear and play: the
convolutions, the attention, and what brings the words to them.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import peft
import safetensors
import safetensors.torch
import torch

from plugin_host.engines.musicldm import load
from plugin_host.engines.musicldm.adapters import WEIGHTS
from plugin_host.engines.musicldm.checkpoint import CONFIGS, INDEX, WORDS, Checkpoint
from plugin_host.engines.musicldm.checkpoint import WEIGHTS as FILES
from plugin_host.engines.musicldm.device import Placement
from plugin_host.engines.musicldm.quiet import quietly
from plugin_host.errors import EngineUnavailable
from plugin_host.training.files import forget_where
from plugin_host.training.fit import begun

LAYERS = r".*\.(conv1|conv2|conv_shortcut|time_emb_proj|to_q|to_k|to_v|to_out\.0|proj_in|proj_out|ff\.net\.0\.proj|ff\.net\.2)"
"""The layers that something is added to, by the names that diffusers gives them."""

SCALE = 1.0
"""How much it counts what is added, whatever its rank."""

CARD = """\
---
{licence}tags: [music, text-to-audio, musicldm]
---
# {name}

The weights of {base}, whose UNet has learnt {loops} loops more, by `daw-bridge train`. The licence of the base holds: {words}.
"""


def plain(found: Checkpoint, placement: Placement) -> Any:
    """Load a checkpoint's UNet, all of whose weights learn."""
    with quietly():
        unet = load.plain_unet(found, placement).to(memory_format=torch.channels_last)
    return unet.requires_grad_(requires_grad=True)


def with_adapter(found: Checkpoint, placement: Placement, rank: int, seed: int) -> Any:
    """Load a checkpoint's UNet with matrices of so low a `rank` added, which alone learn.

    Raises `EngineUnavailable` for a UNet that has none of the layers that something is added to.
    """
    unet = plain(found, placement).requires_grad_(requires_grad=False)
    if not any(re.fullmatch(LAYERS, name) for name, _ in unet.named_modules()):
        raise EngineUnavailable(f"the unet of {found.source} has no layer that an adapter is added to; say --full")
    begun(seed, "adapter")
    unet.add_adapter(peft.LoraConfig(r=rank, lora_alpha=SCALE * rank, target_modules=LAYERS))
    with quietly():
        return unet.to(placement.device)


def save_adapter(unet: Any, folder: Path) -> None:
    """Write what was added into `folder`, as diffusers loads it as well.

    Not by diffusers: what it writes at the head of a file stands there in any order, and equal weights in unlike files.
    """
    added = {key.replace(".default", ""): value for key, value in unet.state_dict().items() if ".lora_" in key}
    kept = {key: value.detach().cpu().contiguous() for key, value in added.items()}
    (folder / WEIGHTS).write_bytes(safetensors.torch.save(kept, metadata={"format": "pt"}))


def save_checkpoint(unet: Any, found: Checkpoint, folder: Path, name: str, loops: int) -> None:
    """Write a whole checkpoint into `folder`: all parts of the one it came from, but its UNet, in half precision.

    Raises `OSError` where there is no room for it.
    """
    index = json.loads((found.folder / INDEX).read_text())
    told = {key: value for key, value in index.items() if key != WORDS}  # nobody can list any more what it knows
    (folder / INDEX).write_text(json.dumps(told, indent=2) + "\n")
    for part in CONFIGS:
        weights = shutil.ignore_patterns(*FILES[part]) if part == "unet" else None
        shutil.copytree(found.folder / part, folder / part, ignore=weights)
    try:
        with quietly():
            unet.to(torch.float16).save_pretrained(folder / "unet")
        forget_where(folder / "unet" / CONFIGS["unet"])
    except safetensors.SafetensorError as error:
        raise OSError(str(error)) from None  # a full disk, in words of its own
    word = re.match(r"[\w.+ -]+", found.licence) if not found.licence.startswith("not stated") else None
    licence = f"license: {word[0].strip().replace(' ', '-').lower()}\n" if word else ""
    card = CARD.format(licence=licence, name=name, base=found.source, loops=loops, words=found.licence)
    (folder / "README.md").write_text(card)
