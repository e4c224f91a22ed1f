"""MusicLDM at full size with random weights, beside the stock pipeline of diffusers, in one process, on one seed.

The stock pipeline is given embeddings, since it can no longer make them; its ranking, which it skips when it is given
embeddings and otherwise gets wrong, is repaired here, so that both do the same work. On a machine with a CUDA device
the GPU's promises are measured, otherwise those for two cores.
"""

import contextlib
import itertools
import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import answers
import checkpoints
import figures
import librosa
import numpy as np
import psutil
import torch
from daemons import daemon
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, MusicLDMPipeline
from numpy.typing import NDArray

from plugin_host.engine import Plan
from plugin_host.engines.musicldm import MusicLdmEngine, device
from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.engines.musicldm.quiet import quietly
from plugin_host.errors import Cancelled
from plugin_host.host import Host
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.rankers.clap import ClapRanker
from plugin_host.rankers.library import Library
from plugin_host.rankers.signal import SignalRanker

PAIRS = 5
PROMPT = "Techno music with a strong, upbeat tempo and high melodic riffs"
SCHEDULERS = {"ddim": DDIMScheduler, "dpm++": DPMSolverMultistepScheduler, "euler": EulerDiscreteScheduler}
TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of both, and what share of the stock pipeline's time is promised."""

    takes: int
    seconds: float
    steps: int
    share: float


CPU = Load(takes=4, seconds=4.0, steps=10, share=0.85)
GPU = Load(takes=4, seconds=8.0, steps=20, share=1 / 3)
ON_DISK_MS = 150.0


class Stock:
    """The stock pipeline, made to run."""

    def __init__(self, folder: Path, placement: device.Placement) -> None:
        with quietly():
            self.pipe = MusicLDMPipeline.from_pretrained(
                folder, torch_dtype=placement.precision, low_cpu_mem_usage=False
            ).to(placement.device)
        self.pipe.set_progress_bar_config(disable=True)
        self.settings = self.pipe.scheduler.config

    def __call__(
        self, text: torch.Tensor, negative: torch.Tensor | None, *, scheduler: str, guidance: float, load: Load
    ) -> NDArray[np.float32]:
        """Make sound; return it in the order in which it was made, though it was ranked."""
        with quietly():
            self.pipe.scheduler = SCHEDULERS[scheduler].from_config(self.settings)
        audio = self.pipe(
            prompt_embeds=text,
            negative_prompt_embeds=negative,
            num_inference_steps=load.steps,
            guidance_scale=guidance,
            num_waveforms_per_prompt=load.takes,
            audio_length_in_s=load.seconds,
            generator=torch.Generator().manual_seed(1),
        ).audios
        if load.takes > 1:
            self.rank(text, audio)
        sound: NDArray[np.float32] = audio
        return sound

    def rank(self, text: torch.Tensor, audio: NDArray[np.float32]) -> torch.Tensor:
        """Do what the pipeline's own `score_waveforms` means to do."""
        pipe = self.pipe
        resampled = librosa.resample(audio, orig_sr=16_000, target_sr=pipe.feature_extractor.sampling_rate)
        features = pipe.feature_extractor(list(resampled), return_tensors="pt", sampling_rate=48_000).input_features
        with torch.no_grad():
            heard = pipe.text_encoder.get_audio_features(features.to(text.device, text.dtype)).pooler_output
        return torch.argsort(heard @ text[0], descending=True)


def ours(
    model: MusicLDM, text: torch.Tensor, negative: torch.Tensor | None, *, scheduler: str, guidance: float, load: Load
) -> NDArray[np.float32]:
    """Make the same sound with our model, likewise ranked, and return it in the order in which it was made."""
    sound = model(
        prompt_embeds=text,
        negative_embeds=negative,
        steps=load.steps,
        guidance=guidance,
        waveforms=load.takes,
        seconds=load.seconds,
        scheduler=scheduler,
        generator=torch.Generator().manual_seed(1),
    )
    audios: NDArray[np.float32] = sound.audios
    return audios[np.argsort(sound.order)] if sound.order else audios


@contextlib.contextmanager
def full_checkpoint() -> Iterator[Path]:
    """Build the published architecture with random weights; 1.8 GB, gone when the block ends."""
    with tempfile.TemporaryDirectory() as folder, quietly():
        yield checkpoints.build(Path(folder) / "full", checkpoints.FULL)


def run() -> None:
    """Measure and record everything that this machine can."""
    placement = device.choose()
    load = GPU if placement.device.type == "cuda" else CPU
    with full_checkpoint() as folder:
        if placement.device.type != "cuda":
            figures.record("musicldm memory", settings_of(load, placement), peaks(folder))
        stock, model = Stock(folder, placement), MusicLDM.load(str(folder), placement=placement)
        text, negative = model.clap.text([PROMPT]), model.clap.text([""])
        figures.record("musicldm equal", settings_of(load, placement), equal(stock, model, text, negative))
        figures.record("musicldm pairs", settings_of(load, placement), pairs(stock, model, text, negative, load))
        if placement.device.type == "cuda":
            del stock, model
            figures.record("musicldm to disk", settings_of(load, placement), to_disk(folder, load))
        else:
            figures.record("musicldm example", settings_of(load, placement), example(model))
            del stock, model
            figures.record("musicldm cancel", settings_of(load, placement), cancels(folder))
            figures.record("musicldm answers", settings_of(load, placement), answered(folder))


def settings_of(load: Load, placement: device.Placement) -> Mapping[str, object]:
    """Return what was measured, for the record."""
    name = torch.cuda.get_device_name(placement.device) if placement.device.type == "cuda" else "processor"
    return {
        "takes": load.takes,
        "seconds": load.seconds,
        "steps": load.steps,
        "placement": placement.words,
        "device": name,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "promise": round(load.share, 3),
    }


def equal(stock: Stock, model: MusicLDM, text: torch.Tensor, negative: torch.Tensor) -> Mapping[str, object]:
    """Return by how much the waveforms differ, in parts of the stock pipeline's RMS."""
    found: dict[str, object] = {}
    for scheduler in SCHEDULERS:
        for guidance, takes in ((1.0, 1), (1.0, 3), (2.0, 1), (2.0, 3)):
            load = Load(takes, seconds=1.0, steps=4, share=1.0)
            against = negative if guidance > 1 else None
            reference = stock(text, against, scheduler=scheduler, guidance=guidance, load=load)
            sound = ours(model, text, against, scheduler=scheduler, guidance=guidance, load=load)
            worst = float(np.abs(reference - sound).max() / np.sqrt(np.mean(reference**2)))
            found[f"{scheduler} guidance {guidance:g} takes {takes}"] = f"{worst:.1e}"
            if model.placement.precision is torch.float32:
                assert worst < TOLERANCE, (scheduler, guidance, takes, worst)
    return found


def pairs(
    stock: Stock, model: MusicLDM, text: torch.Tensor, negative: torch.Tensor, load: Load
) -> Mapping[str, object]:
    """Return the medians of both, turn and turn about, warm."""
    calls: dict[str, Callable[[], object]] = {
        "stock": lambda: stock(text, negative, scheduler="ddim", guidance=2.0, load=load),
        "ours": lambda: ours(model, text, negative, scheduler="ddim", guidance=2.0, load=load),
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    if model.placement.device.type == "cuda":
        for call in calls.values():
            call()
    for _ in range(PAIRS):
        for name, call in calls.items():
            times[name].append(timed(call))
    ratios = [one / other for one, other in zip(times["ours"], times["stock"], strict=True)]
    return {
        **{f"{name} s": [round(each, 3) for each in seconds] for name, seconds in times.items()},
        **{f"{name} median s": round(median(seconds), 3) for name, seconds in times.items()},
        "share (median of pairs)": round(median(ratios), 3),
        "kept": median(ratios) <= load.share,
    }


def timed(call: Callable[[], object]) -> float:
    """Return the seconds that `call` takes, the device's work included."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    start = perf_counter()
    call()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return perf_counter() - start


def peaks(folder: Path) -> Mapping[str, object]:
    """Return the most memory that each took, in a process of its own that loads and makes one batch."""
    found: dict[str, object] = {}
    for who in ("stock", "ours"):
        command = [sys.executable, __file__, who, str(folder)]
        paths = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
        outcome = subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": paths}
        )
        found[f"{who} peak MB"] = round(float(outcome.stdout.split()[-1]))
    return found


def alone(who: str, folder: Path) -> None:
    """Load one of the two, make one batch, and print the peak of this process's memory in MB."""
    placement = device.choose("cpu")
    embeddings = torch.nn.functional.normalize(torch.randn(2, 512, generator=torch.Generator().manual_seed(1)))
    text, negative = embeddings[:1], embeddings[1:]
    if who == "stock":
        Stock(folder, placement)(text, negative, scheduler="ddim", guidance=2.0, load=CPU)
    else:
        model = MusicLDM.load(str(folder), placement=placement)
        ours(model, text, negative, scheduler="ddim", guidance=2.0, load=CPU)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def example(model: MusicLDM) -> Mapping[str, object]:
    """Return how the example of MusicLDM's own documentation went, text and all."""
    begun = perf_counter()
    audio = model(PROMPT, steps=10, seconds=5.0).audios[0]
    return {"frames": len(audio), "finite": bool(np.isfinite(audio).all()), "seconds": round(perf_counter() - begun, 2)}


class Canceller:
    """A watch on which somebody loses patience in the middle of step 4. It keeps the time of every step."""

    def __init__(self) -> None:
        self.steps: list[float] = []
        self.cancelled: float | None = None

    def step(self, stage: str, fraction: float) -> None:
        """Take the time, and pass on that the job is cancelled."""
        del fraction
        if self.cancelled is not None:
            raise Cancelled
        if stage.startswith("denoise"):
            self.steps.append(perf_counter())
            if stage.startswith("denoise 3/"):
                threading.Timer((self.steps[-1] - self.steps[-2]) / 2, self.lose_patience).start()

    def lose_patience(self) -> None:
        """Cancel. Thread: timer."""
        self.cancelled = perf_counter()


def cancels(folder: Path) -> Mapping[str, object]:
    """Return how many times a step's length a cancel took, and what memory it left behind. Promised: 1.5 steps."""
    engine, process = MusicLdmEngine({"checkpoint": str(folder), "device": "cpu"}), psutil.Process()
    plan = Plan(PROMPT, Grid(Tempo.parse(120), Meter(4, 4), 2, 48_000), 1, CPU.takes, steps=6)
    shares, resident = [], []
    for _ in range(PAIRS):
        watch = Canceller()
        with contextlib.suppress(Cancelled):
            list(engine.takes(plan, watch))
        assert watch.cancelled is not None
        took = perf_counter() - watch.cancelled
        shares.append(round(took / median(b - a for a, b in itertools.pairwise(watch.steps)), 2))
        resident.append(round(process.memory_info().rss / 1e6))
    engine.close()
    return {"steps until it was out": shares, "MB resident after each": resident, "kept": max(shares) <= 1.5}


def answered(folder: Path) -> Mapping[str, object]:
    """Return how soon the daemon says `queued` while the model runs on all cores. Promised: p99 at most 5 ms."""
    environment = {"DAW_BRIDGE_MUSICLDM_CHECKPOINT": str(folder), "DAW_BRIDGE_CLAP_RANK": "never"}
    load = (PROMPT, "engine", "musicldm", "bars", 2, "takes", 4, "steps", 500)
    with tempfile.TemporaryDirectory() as base, daemon(Path(base), "--engine", "sketch", **environment) as running:
        return {"queued_ms": figures.spread(answers.delays(running, load, 1_000))}


class Onlooker:
    """A watch that lets everything pass."""

    def step(self, stage: str, fraction: float) -> None:
        """Let it pass."""


def to_disk(folder: Path, load: Load) -> Mapping[str, object]:
    """Return how long it takes from a plan to ranked WAVs on disk, warm, through engine, host and rankers."""
    import soundfile  # noqa: PLC0415 - for this figure alone

    engine = MusicLdmEngine({"checkpoint": str(folder)})
    host = Host(engine, [SignalRanker(), ClapRanker(engine, Library())])
    grid = Grid(Tempo.parse(120), Meter(4, 4), int(load.seconds / 2), 48_000)
    times = []
    for seed in range(12):
        start = perf_counter()
        for clip in host.clips(Plan(PROMPT, grid, seed, load.takes, steps=load.steps), Onlooker()):
            soundfile.write(folder / f"{seed}_{clip.facts.rank}.wav", clip.audio.samples, 48_000, subtype="PCM_24")
        times.append(perf_counter() - start)
    engine.close()
    return {**figures.spread(times[2:]), "kept": median(times[2:]) * 1e3 <= ON_DISK_MS}


if __name__ == "__main__":
    alone(sys.argv[1], Path(sys.argv[2]))
