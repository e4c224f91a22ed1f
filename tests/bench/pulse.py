"""What noise and guide say of the beat: tempo by pulse, likeness of bars by variation, groove by strength.

Measured on a small model that was trained on drums. It is trained the first time, which takes half an hour (see `smallmodel`), and kept in the cache of this account,
or in the folder that SMALL_MODEL names. The tempo is read by librosa from the rises of the mel: no word of ours.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import figures
import librosa
import numpy as np
import platformdirs
import smallmodel
import torch
from numpy.typing import NDArray

from plugin_host.engine import Plan
from plugin_host.engines.musicldm import device
from plugin_host.engines.musicldm.asked import Call, words
from plugin_host.engines.musicldm.guide import Guide
from plugin_host.engines.musicldm.loop import Loop
from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.engines.musicldm.noise import generators
from plugin_host.engines.musicldm.ring import Course
from plugin_host.musictime import Grid, Meter, Tempo

PULSES = (0.0, 0.25, 0.5, 0.75, 1.0)
TEMPI = ("92", "110", "125", "150")
METERS = ("4/4", "3/4")
SEEDS = 6
STEPS = 10
VARIATION = 0.25
BARS = 2
RIGHT = 0.03
"""A tempo that is off by less than this part is the session's: librosa's steps are as wide at 180 BPM."""

VARIATIONS = (0.0, 0.25, 0.5, 0.75, 1.0)

STRENGTHS = (0.0, 0.3, 0.6, 1.0)


@dataclass(frozen=True, slots=True)
class Player:
    """The small model, and how it is asked."""

    model: MusicLDM

    def mel(self, plan: Plan) -> torch.Tensor:
        """Return the mel of the plan's one take, at its exact length, shape ``(frames, bins)``."""
        call = Call(plan.prompt, steps=STEPS, guidance=1.0, generator=generators([plan.seed]))
        loop = Loop.of(plan, self.model.geometry, 0.08)
        latents = self.model.denoise(loop.journey(self.model, words(self.model.clap, call), call), lambda *_: None)
        return loop.exact(self.model.decode(latents[0], Course.RING))


def run() -> None:
    """Measure and record both tables."""
    folder = Path(os.environ.get("SMALL_MODEL") or Path(platformdirs.user_cache_dir("daw-bridge")) / "small")
    player = Player(MusicLDM.load(str(smallmodel.trained(folder)), placement=device.choose("cpu")))
    settings = {"steps": STEPS, "bars": BARS, "torch": torch.__version__}
    figures.record("pulse", {**settings, "seeds": SEEDS, "variation": VARIATION}, pulses(player))
    figures.record("variation", {**settings, "seeds": SEEDS, "bpm": 125}, variations(player))
    figures.record("guide", {**settings, "seeds": SEEDS, "guide": "sketch"}, guides(player))


def pulses(player: Player) -> Mapping[str, object]:
    """Return the share of seeds whose measured tempo is the session's, for each pulse, and by tempo and meter."""
    right: dict[tuple[float, str, str], int] = {}
    for pulse, bpm, meter in product(PULSES, TEMPI, METERS):
        plans = (plan(bpm, meter, seed, pulse=pulse) for seed in range(SEEDS))
        right[pulse, bpm, meter] = sum(in_time(player.mel(each), float(bpm)) for each in plans)
    table = {
        f"pulse {pulse:g}": {
            **{f"{bpm} {meter}": f"{right[pulse, bpm, meter]}/{SEEDS}" for bpm, meter in product(TEMPI, METERS)},
            "share": round(
                sum(right[pulse, *each] for each in product(TEMPI, METERS)) / (SEEDS * len(TEMPI) * len(METERS)), 3
            ),
        }
        for pulse in PULSES
    }
    unlocked = [in_time(each, float(bpm)) for bpm, each in loose(player)]
    return {**table, "without the lock": round(sum(unlocked) / len(unlocked), 3)}


def variations(player: Player) -> Mapping[str, object]:
    """Return how different the mels of two bars are, beside those of two that have nothing in common."""
    apart = []
    for variation in VARIATIONS:
        halves = [
            torch.chunk(player.mel(plan("125", "4/4", seed, variation=variation or 1e-9)), 2) for seed in range(SEEDS)
        ]
        apart.append(np.mean([float((one - other).abs().mean()) for one, other in (each[:2] for each in halves)]))
    return {
        f"variation {variation:g}": round(float(each / apart[-1]), 3)
        for variation, each in zip(VARIATIONS, apart, strict=True)
    }


def loose(player: Player) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield mels as any other program would have them: fresh noise, no ring, cut at so many seconds."""
    model = player.model
    for bpm, meter, seed in product(TEMPI, METERS, range(SEEDS)):
        frames = plan(bpm, meter, seed).grid.at_rate(model.rate).frames
        call = Call("drum loop", steps=STEPS, guidance=1.0, generator=generators([seed]), output="latent")
        start = torch.randn((1, *model.latent_shape(frames)), generator=torch.Generator().manual_seed(seed))
        latents = model.denoise(model.journey(words(model.clap, call), start, call), lambda *_: None)[0]
        yield bpm, model.decode(latents)[: round(frames / model.geometry.hop)]


def guides(player: Player) -> Mapping[str, object]:
    """Return the correlation of onset envelopes of guide and result, for each strength."""
    found = {}
    for strength in STRENGTHS:
        likeness = []
        for bpm, seed in product(TEMPI, range(SEEDS)):
            asked = plan(bpm, "4/4", seed, guide="sketch", strength=strength, variation=1.0)
            loop = Loop.of(asked, player.model.geometry, 0.08)
            assert isinstance(loop.guide, Guide)
            wanted = loop.exact(loop.guide.mel(seed))
            likeness.append(float(np.corrcoef(rises(wanted), rises(player.mel(asked)))[0, 1]))
        found[f"strength {strength:g}"] = round(float(np.median(likeness)), 3)
    return {"onset envelopes, median correlation": found}


def plan(bpm: str, meter: str, seed: int, **changes: object) -> Plan:
    """Return a plan of one take."""
    grid = Grid(Tempo.parse(bpm), Meter.parse(meter), BARS, 16_000)
    base = Plan("only drums, house", grid, seed, takes=1, variation=VARIATION)
    return replace(base, **changes)  # type: ignore[arg-type]  # fields of a plan


def in_time(spectrogram: torch.Tensor, bpm: float) -> bool:
    """Whether the tempo that is heard, going round three times, is the one that was asked for."""
    envelope = np.tile(rises(spectrogram), 3)
    heard = librosa.feature.tempo(onset_envelope=envelope, sr=100, hop_length=1, max_tempo=320)
    return abs(float(heard[0]) / bpm - 1) <= RIGHT


def rises(spectrogram: torch.Tensor) -> NDArray[np.float32]:
    """Return how much louder a mel gets from frame to frame, all bands together."""
    steps = torch.relu(spectrogram - spectrogram.roll(1, 0)).sum(dim=1)
    envelope: NDArray[np.float32] = steps.numpy()
    return envelope
