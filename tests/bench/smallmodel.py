"""A small checkpoint in the MusicLDM layout that has learned drums: what the benchmarks of pulse and guide play.

Random weights make noise, and the published ones are neither small nor free. This one is trained within half an hour on
one thread of a processor, on drum loops of the `sketch` engine of many tempi, and kept in a folder. What it has learned
is texture and rhythm, not tempo: nothing tells it one. Its classes, its mel and its betas are those of the published
checkpoint, its sizes are not; only the deeper half of its UNet has attention.

Unlike the published one, its UNet tells the velocity and not the noise, as its scheduler's settings say. The way from
noise to sound is the same; but where nearly all is noise, and rhythm is decided, a UNet that tells the noise must be
exact to one part in a hundred before what it says of the sound is better than nothing, and minutes are too short for it.

Its vocoder is random, like its CLAP: `listen` makes sound of a mel by Griffin and Lim's algorithm instead. All texts are
one to its CLAP, within rounding, so that no prompt and no guidance changes anything; leave guidance at 1.

It is trained on rings, as it is used: most batches are loops of whole bars, rolled at will, with UNet and loop closed in
time; the others are cuts between zeros, so that it knows what the published checkpoint knows as well. So that the mel of
a loop is a ring without being resampled, the loops have only tempi whose bars are whole numbers of latent frames.

Train it beforehand with ``PYTHONPATH=tests python tests/bench/smallmodel.py FOLDER``.
"""

import contextlib
import dataclasses
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from time import perf_counter
from typing import Any

import checkpoints
import librosa
import numpy as np
import torch
from checkpoints import PUBLISHED
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.optim.lr_scheduler import OneCycleLR
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from plugin_host.audio import Audio
from plugin_host.engine import Plan
from plugin_host.engines import create
from plugin_host.engines.musicldm import mel as melody
from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.engines.musicldm.quiet import quietly
from plugin_host.engines.musicldm.ring import closed
from plugin_host.musictime import Grid, Meter, Tempo

RATE = 16_000
HOP = 160
WINDOW = 1024
BINS = 64
PER_LATENT = 4
"""Mel frames of one latent frame, which is 40 ms."""

STYLES = ("house", "techno", "breakbeat", "hip-hop", "drum and bass")
METERS = ("4/4", "4/4", "4/4", "4/4", "3/4", "7/8")
TEMPI = (80.0, 170.0)
WHOLE = 8
"""The latent frames of a loop are a multiple of it: what the UNet's deepest level sees as one."""

PROMPT = "drum loop"
LOOPS = 320
KEPT_BACK = 16
"""Loops beyond those, on which the VAE is tried."""

SMALL = dataclasses.replace(
    checkpoints.TINY,
    unet={
        "sample_size": 128,
        "block_out_channels": (32, 64, 96, 128),
        "down_block_types": (*["DownBlock2D"] * 2, *["CrossAttnDownBlock2D"] * 2),
        "up_block_types": (*["CrossAttnUpBlock2D"] * 2, *["UpBlock2D"] * 2),
        "layers_per_block": 1,
        "cross_attention_dim": (32, 64, 96, 128),
        "attention_head_dim": 4,
        "norm_num_groups": 16,
    },
    vae={"block_out_channels": (16, 32, 64), "layers_per_block": 1, "norm_num_groups": 8, "latent_channels": 8},
    vocoder={**checkpoints.TINY.vocoder, "model_in_dim": BINS},
)
"""Four levels as the published UNet, three as its VAE."""

CROP = 128
"""Mel frames of an example for the VAE, and latent frames of one for the UNet that is no ring."""

CROPS = 4
AT_ONCE = 512
"""Latent frames in a batch for the UNet."""

RINGS = 0.75
"""The share of its batches that are rings."""

DIVERGENCE = 0.01
"""How much it counts that latents are unlike Gaussian noise, against the error of the mel."""

MARGIN = 64
"""Mel frames by which a ring is wrapped where a model or an algorithm sees ends."""


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """A drum loop: what was asked for, and the sound, exactly as long as its grid, a ring at 16 kHz."""

    plan: Plan
    audio: Audio


@dataclass(frozen=True, slots=True)
class Course:
    """How a model is trained: so many steps, at most at such a rate, its state kept in a file."""

    name: str
    state: Path
    steps: int
    rate: float


class Quiet:
    """A watch that never stops anything."""

    def step(self, stage: str, fraction: float) -> None:
        """Let it go on."""


def trained(folder: Path, vae_steps: int = 800, unet_steps: int = 2_000) -> Path:
    """Return the checkpoint in `folder`, trained there if need be; what was interrupted is taken up again.

    A checkpoint that is there is taken as it is: for another recipe, give another folder.
    """
    finished = folder / "checkpoint"
    if finished.exists():
        return finished
    begun = folder / "begun"
    with quietly():
        checkpoints.build(begun, SMALL)
        text = MusicLDM.load(str(begun)).clap.text([PROMPT])
    print(f"{LOOPS} loops", flush=True)
    (*mels,) = (mel(loop.audio) for loop in loops(LOOPS))
    vae = _vae(begun, mels, Course("vae", folder / "vae.pt", vae_steps, 2e-3))
    print(f"vae, round trip of new loops: {round_trip(vae):.3f} standard deviations", flush=True)
    _unet(begun, latents(vae, mels), text, Course("unet", folder / "unet.pt", unet_steps, 1e-3))
    return begun.rename(finished)


def loops(count: int, first: int = 0) -> Iterator[Loop]:
    """Yield drum loops of 2 or 4 bars, of chance styles, meters and tempi; loop number n is always the same."""
    engine = create("sketch", {})
    for number in range(first, first + count):
        chance = np.random.default_rng(number)
        bars = int(chance.choice((2, 4)))
        meter = Meter.parse(str(chance.choice(METERS)))
        grid = Grid(near(float(chance.uniform(*TEMPI)), meter, bars), meter, bars, RATE)
        plan = Plan(f"only drums, {chance.choice(STYLES)}", grid, seed=number, takes=1)
        (take,) = engine.takes(plan, Quiet())
        yield Loop(plan, take.audio)


def near(tempo: float, meter: Meter, bars: int) -> Tempo:
    """Return the tempo nearest to `tempo` BPM at which so many bars are a multiple of `WHOLE` latent frames."""
    frames_at_one = meter.bar * bars * 60 * RATE / (HOP * PER_LATENT)
    wholes = max(1, round(frames_at_one / WHOLE / Fraction(tempo)))
    return Tempo(frames_at_one / (wholes * WHOLE))


def mel(audio: Audio) -> Tensor:
    """Return the engine's mel of a ring at 16 kHz, brought to half of full scale: shape ``(frames, bins)``."""
    wave = audio.mono() - audio.mono().mean()
    wave *= 0.5 / max(1e-8, float(np.abs(wave).max()))
    return melody.heard(wave, np.arange(0, len(wave), HOP, dtype=np.float64), PUBLISHED)


def listen(spectrum: Tensor) -> Audio:
    """Return the sound of a ring's mel, shape ``(frames, bins)``, as mono, 160 samples a frame.

    The mel is turned into magnitudes by the pseudo-inverse of its bank, and these are given phases by Griffin and Lim.
    It sounds hollow, but what is loud when, and how high, is as the mel says.
    """
    magnitudes = (torch.linalg.pinv(bank()) @ spectrum.float().exp().T).clamp(min=0).numpy()
    wrapped = np.pad(magnitudes, ((0, 0), (MARGIN, MARGIN)), mode="wrap")
    wave = librosa.griffinlim(wrapped, n_iter=32, hop_length=HOP, n_fft=WINDOW, random_state=0)
    sound = wave[MARGIN * HOP : (MARGIN + len(spectrum)) * HOP]
    return Audio(sound.astype(np.float32)[:, np.newaxis], RATE)


@cache
def bank() -> Tensor:
    """Return the mel bank, shape ``(bins, frequencies)``."""
    return torch.from_numpy(melody.bank(PUBLISHED).T)


@torch.inference_mode()
def round_trip(vae: Any) -> float:
    """Return by how much loops that the VAE has never seen change in it: mean error, in standard deviations."""
    errors, values = [], []
    for loop in loops(KEPT_BACK, first=LOOPS):
        seen = mel(loop.audio)
        wrapped = pad(encode(vae, seen)[None], (0, 0, *[MARGIN // PER_LATENT] * 2), mode="circular")
        again = vae.decode(wrapped, return_dict=False)[0][0, 0, MARGIN:-MARGIN]
        errors.append((again - seen).abs().flatten())
        values.append(seen.flatten())
    return float(torch.cat(errors).mean() / torch.cat(values).std())


@torch.inference_mode()
def encode(vae: Any, ring: Tensor) -> Tensor:
    """Return the latents of a ring's mel, not scaled: shape ``(channels, time, frequency)``."""
    wrapped = pad(ring[None, None], (0, 0, MARGIN, MARGIN), mode="circular")
    encoded: Tensor = vae.encode(wrapped).latent_dist.mode()[0]
    edge = MARGIN // PER_LATENT
    return encoded[:, edge:-edge]


def latents(vae: Any, mels: Sequence[Tensor]) -> list[Tensor]:
    """Return the scaled latents of each ring, as it is and half a latent frame later: ``(2, channels, time, frequency)``."""
    begin, scale = perf_counter(), vae.config.scaling_factor
    rolled = [torch.stack([encode(vae, ring.roll(by, 0)) for by in (0, PER_LATENT // 2)]) * scale for ring in mels]
    print(f"latents: {perf_counter() - begin:.0f} s", flush=True)
    return [each.clone() for each in rolled]


def _vae(folder: Path, mels: Sequence[Tensor], course: Course) -> Any:
    """Train the VAE of the checkpoint in `folder`, save and return it."""
    values = torch.cat(list(mels))
    mean, deviation = float(values.mean()), float(values.std())
    vae = AutoencoderKL.from_pretrained(folder / "vae", low_cpu_mem_usage=False)
    with torch.no_grad():  # it begins as if mels were of mean 0 and variance 1
        entry, end = vae.encoder.conv_in, vae.decoder.conv_out
        entry.weight /= deviation
        entry.bias -= entry.weight.sum(dim=(1, 2, 3)) * mean
        end.weight *= deviation
        end.bias.mul_(deviation).add_(mean)

    def loss_at(step: int) -> Tensor:
        """Return the error of a round trip in standard deviations, and a little for latents unlike noise."""
        chance = torch.Generator().manual_seed(step)
        seen = torch.stack([_cut(ring, CROP, chance) for ring in _some(mels, CROPS, chance)])[:, None]
        posterior = vae.encode(seen).latent_dist
        sample = posterior.sample(generator=chance)
        error = (vae.decode(sample).sample - seen).abs().mean() / deviation
        loss: Tensor = error + DIVERGENCE * posterior.kl().sum() / sample.numel()
        return loss

    best = _fit(vae, loss_at, course)
    with torch.inference_mode():
        spread = torch.cat([encode(best, ring).flatten() for ring in mels[::8]]).std()
    best.register_to_config(scaling_factor=1 / float(spread))
    best.save_pretrained(folder / "vae")
    return best


def _unet(folder: Path, rings: Sequence[Tensor], text: Tensor, course: Course) -> None:
    """Train the UNet of the checkpoint in `folder` on latents under the embedding of a text, and save it."""
    torch.manual_seed(1)
    config = UNet2DConditionModel.load_config(folder / "unet")
    unet = UNet2DConditionModel.from_config(config)  # the one that was built listens too hard to learn from
    scheduler = DDIMScheduler.from_pretrained(folder / "scheduler", prediction_type="v_prediction")
    scheduler.save_pretrained(folder / "scheduler")
    alike: Mapping[int, list[Tensor]] = defaultdict(list)
    for ring in rings:
        alike[ring.shape[2]].append(ring)

    def loss_at(step: int) -> Tensor:
        """Return the error of what the UNet tells, for rings or for cuts."""
        chance = torch.Generator().manual_seed(step)
        hold: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
        if float(torch.rand((), generator=chance)) < RINGS:
            length = _some(rings, 1, chance)[0].shape[2]
            cut, hold = partial(_cut, frames=length), closed(unet)
            chosen = _some(alike[length], max(1, round(AT_ONCE / length)), chance)
        else:
            cut = partial(_cut, frames=CROP)
            chosen = _some(rings, AT_ONCE // CROP, chance)
        clean = torch.stack([_rolled(each, cut, chance) for each in chosen])
        noise = torch.randn(clean.shape, generator=chance)
        levels = (torch.arange(len(clean)) + torch.rand((), generator=chance)) / len(clean)  # evenly: less chance
        timesteps = (levels * scheduler.config.num_train_timesteps).long()
        seen = scheduler.add_noise(clean, noise, timesteps)
        with hold:
            told = unet(seen, timesteps, encoder_hidden_states=None, class_labels=text.expand(len(clean), -1)).sample
        loss: Tensor = (told - scheduler.get_velocity(clean, noise, timesteps)).square().mean()
        return loss

    _fit(unet, loss_at, course).save_pretrained(folder / "unet")


def _some(values: Sequence[Tensor], count: int, chance: torch.Generator) -> list[Tensor]:
    """Pick so many of `values`."""
    return [values[int(index)] for index in torch.randint(len(values), (count,), generator=chance)]


def _cut(ring: Tensor, frames: int, chance: torch.Generator) -> Tensor:
    """Cut so many frames out of a ring, shape ``(time, …)``, from anywhere on."""
    start = int(torch.randint(len(ring), (), generator=chance))
    return ring[(start + torch.arange(frames)) % len(ring)]


def _rolled(ring: Tensor, cut: Callable[..., Tensor], chance: torch.Generator) -> Tensor:
    """Cut latents, shape ``(channels, time, frequency)``, out of one of the rolls of a ring."""
    (roll,) = _some(list(ring), 1, chance)
    return cut(roll.transpose(0, 1), chance=chance).transpose(0, 1)


def _fit(model: Any, loss_at: Callable[[int], Tensor], course: Course) -> Any:
    """Train `model` on the loss at each step, and return it with the moving average of its weights.

    The state is kept every 100 steps, and training goes on from there. A step draws its chance from its own number.
    """
    model.train()
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.99))  # type: ignore[no-untyped-call]
    optimiser = torch.optim.AdamW(model.parameters(), lr=course.rate, betas=(0.9, 0.99))
    schedule = OneCycleLR(optimiser, course.rate, course.steps, pct_start=0.06, cycle_momentum=False)
    kept: Mapping[str, Any] = {"model": model, "average": average, "optimiser": optimiser, "schedule": schedule}
    losses = _taken_up(course.state, kept)
    for step in range(len(losses), course.steps):
        loss = loss_at(step)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        schedule.step()
        average.update_parameters(model)
        losses.append(loss.item())
        if len(losses) % 50 == 0:
            print(f"{course.name} {len(losses)}/{course.steps}: {np.mean(losses[-50:]):.4f}", flush=True)
        if len(losses) % 100 == 0 or len(losses) == course.steps:
            _keep(course.state, kept, losses)
    return average.module.eval()


def _taken_up(state: Path, kept: Mapping[str, Any]) -> list[float]:
    """Bring all that is `kept` to where it was, and return the losses so far."""
    if not state.exists():
        return []
    saved = torch.load(state, weights_only=True)
    for name, each in kept.items():
        each.load_state_dict(saved[name])
    return list(saved["losses"])


def _keep(state: Path, kept: Mapping[str, Any], losses: list[float]) -> None:
    """Write down where all that is `kept` is; whoever is interrupted finds the state before."""
    beside = state.with_suffix(".new")
    torch.save({"losses": losses, **{name: each.state_dict() for name, each in kept.items()}}, beside)
    beside.replace(state)


if __name__ == "__main__":
    print(json.dumps(str(trained(Path(sys.argv[1])))))
