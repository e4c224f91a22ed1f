"""The tempo lock at full size, with random weights: what a ring costs, what a tile saves, and how exact both are.

Exactness is shown on four bars of 48 latent frames (125 BPM), beside the same without a ring. Times are those of one
take, guided, ten steps, turn and turn about.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TypeVar

import figures
import torch
from musicldm import full_checkpoint

from plugin_host.engine import Plan
from plugin_host.engines.musicldm import MusicLdmEngine, device
from plugin_host.engines.musicldm.asked import Call, words
from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.engines.musicldm.ring import Course
from plugin_host.musictime import Grid, Meter, Tempo

T = TypeVar("T")

PAIRS = 5
ROUNDS = 3
LONG = (16, 1.0)
STEPS = 10
BAR = 48
PROMISED = {"near": 1e-4, "ring": 1.10, "tile": 0.35, "bars": 1.15}


class Quiet:
    """A watch that lets everything pass."""

    def step(self, stage: str, fraction: float) -> None:
        """Let it pass."""


def run() -> None:
    """Measure and record."""
    with full_checkpoint() as folder:
        model = MusicLDM.load(str(folder), placement=device.choose())
        settings = {"placement": model.placement.words, "threads": torch.get_num_threads(), "torch": torch.__version__}
        figures.record("lock exact", {**settings, "bars": 4, "bar in latent frames": BAR}, exact(model))
        figures.record("lock ring", {**settings, "latent frames": 4 * BAR}, ring(model))
        del model
        figures.record("lock tile", {**settings, "bpm": 120, "steps": STEPS, "takes": 1}, tiles(folder))


def exact(model: MusicLDM) -> Mapping[str, object]:
    """Return deviations, each the largest difference in parts of the RMS."""
    geometry = model.geometry
    shape = (1, geometry.channels, BAR, geometry.widths)
    bar = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    fresh = torch.randn((*shape[:2], 4 * BAR, shape[3]), generator=torch.Generator().manual_seed(2))
    found: dict[str, object] = {}
    for course in (Course.RING, Course.STRIP):
        alone, four = made(model, bar, course), made(model, bar.repeat(1, 1, 4, 1), course)
        rolled = made(model, fresh.roll(8, dims=2), course)
        plain = made(model, fresh, course)
        for stage in ("latent", "mel", "wave"):
            turn = 8 * len(plain[stage]) // (4 * BAR)
            length = len(alone[stage])
            found[f"{course.value}: {stage}, bar against bar"] = far(
                four[stage][:length], four[stage][length : 2 * length]
            )
            found[f"{course.value}: {stage}, tile against bar of four"] = far(alone[stage], four[stage][:length])
            found[f"{course.value}: {stage}, rolled by 8 latent frames"] = far(
                plain[stage].roll(turn, 0), rolled[stage]
            )
    kept = all(float(str(value)) <= PROMISED["near"] for name, value in found.items() if name.startswith("ring"))
    return {**found, "kept": kept}


def made(model: MusicLDM, noise: torch.Tensor, course: Course) -> Mapping[str, torch.Tensor]:
    """Return latents, mel and wave, each with time first."""
    call = Call("techno", steps=4, scheduler="ddim", generator=[torch.Generator()])
    journey = model.journey(words(model.clap, call), noise, call)
    around = model.geometry.trained if course is Course.RING else None
    latents = model.denoise(replace(journey, around=around), lambda *_: None)[0]
    mel = model.decode(latents, course)
    return {"latent": latents.transpose(0, 1), "mel": mel, "wave": model.vocode(mel, course)}


def far(one: torch.Tensor, other: torch.Tensor) -> str:
    """Return the largest difference in parts of the RMS."""
    return f"{float((one - other).abs().max() / one.float().square().mean().sqrt()):.1e}"


def ring(model: MusicLDM) -> Mapping[str, object]:
    """Return what UNet and decoder take on a ring, as a part of what they take on a strip."""
    geometry = model.geometry
    noise = torch.randn((1, geometry.channels, 4 * BAR, geometry.widths), generator=torch.Generator().manual_seed(1))
    call = Call("techno", steps=2, scheduler="ddim", generator=[torch.Generator()])
    journey = model.journey(words(model.clap, call), noise, call)

    def denoised(course: Course) -> object:
        """Walk two steps."""
        around = geometry.trained if course is Course.RING else None
        return model.denoise(replace(journey, around=around), lambda *_: None)

    def decoded(course: Course) -> object:
        """Decode once."""
        return model.decode(noise[0], course)

    found = {"unet: ring over strip": ringed(denoised), "decode: ring over strip": ringed(decoded)}
    return {**found, "kept": all(each <= PROMISED["ring"] for each in found.values())}


def ringed(work: Callable[[Course], object]) -> float:
    """Return the median of what `work` takes on a ring over what it takes on a strip, in turn."""
    pairs = [(timed(work, Course.RING), timed(work, Course.STRIP)) for _ in range(PAIRS)]
    return round(median(one / other for one, other in pairs), 3)


def tiles(folder: Path) -> Mapping[str, object]:
    """Return what clips cost beside each other."""
    engine = MusicLdmEngine({"checkpoint": str(folder)})
    asked = {(bars, variation): clip(bars, variation) for bars in (4, 16) for variation in (0.0, 1.0)}
    list(engine.takes(clip(1, 0.0), Quiet()))
    times: dict[tuple[int, float], list[float]] = {}
    for which, plan in [*asked.items()] * ROUNDS:
        if which != LONG or LONG not in times:  # minutes: it is promised nothing, and told once
            times.setdefault(which, []).append(timed(lambda each: list(engine.takes(each, Quiet())), plan))
    engine.close()

    def share(one: tuple[int, float], other: tuple[int, float]) -> float:
        """Return the median of the ratios, round by round."""
        return round(median(a / b for a, b in zip(times[one], times[other], strict=False)), 3)

    tile, bars = share((4, 0.0), (4, 1.0)), share((16, 0.0), (4, 0.0))
    return {
        **{f"{bars} bars, variation {v:g}, median s": round(median(each), 2) for (bars, v), each in times.items()},
        "4 bars: variation 0 over 1": tile,
        "variation 0: 16 bars over 4": bars,
        "variation 1: 16 bars (in windows) over 4": share(LONG, (4, 1.0)),
        "kept": tile <= PROMISED["tile"] and bars <= PROMISED["bars"],
    }


def clip(bars: int, variation: float) -> Plan:
    """Return a plan at 120 BPM."""
    return Plan("techno", Grid(Tempo.parse(120), Meter(4, 4), bars, 48_000), 1, 1, steps=STEPS, variation=variation)


def timed(work: Callable[[T], object], what: T) -> float:
    """Return the seconds that `work` takes for `what`."""
    begun = perf_counter()
    work(what)
    return perf_counter() - begun
