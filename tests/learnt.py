"""Folders of loops to learn from, and adapters that have learnt nothing in particular: random, but of the real format."""

import json
from pathlib import Path

import soundfile
import torch
from sounds import grid as grid_of
from sounds import groove, pad

from plugin_host.engines.musicldm.adapters import CARD, print_of
from plugin_host.engines.musicldm.checkpoint import locate
from plugin_host.engines.musicldm.device import choose
from plugin_host.training import pupil


def loops(folder: Path, rate: int = 16_000) -> Path:
    """Write three loops of a bar at 120 BPM and one of two, beside a file that is none; return `folder`."""
    folder.mkdir(parents=True)
    for name, bars in (("rock", 1), ("house", 1), ("pad", 1), ("techno", 2)):
        on = grid_of(120, bars=bars, rate=rate)
        sound = pad(on) if name == "pad" else groove(on, name)
        soundfile.write(folder / f"{name}_120bpm.wav", sound.samples, rate)
    (folder / "broken.wav").write_bytes(b"RIFF")
    return folder


def adapter(shelf: Path, name: str, source: Path, seed: int = 0) -> Path:
    """Put an adapter of random weights, made for the checkpoint in `source`, on `shelf`; return its folder."""
    found = locate(str(source))
    unet = pupil.with_adapter(found, choose("cpu"), rank=2, seed=seed)
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for key, weight in unet.named_parameters():
            if ".lora_B." in key:
                weight.normal_(std=0.3, generator=chance)
    folder = shelf / name
    folder.mkdir(parents=True)
    pupil.save_adapter(unet, folder)
    base = {"source": found.source, "revision": None, "unet": print_of(found.weights("unet")), "licence": "mit"}
    (folder / CARD).write_text(json.dumps({"name": name, "base": base, "scale": 1.0}))
    return folder
