"""MusicLDM as an engine: a plan goes in, takes come out, each as soon as it is decoded."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from plugin_host import __version__
from plugin_host.audio import Audio
from plugin_host.engine import Capabilities, Fact, Plan, Shape, Take, Watch
from plugin_host.engines.musicldm import defaults
from plugin_host.engines.musicldm.checkpoint import DEFAULT, LICENCES, Checkpoint, locate
from plugin_host.engines.musicldm.progress import Costs, Progress
from plugin_host.errors import BadValue, EngineUnavailable

if TYPE_CHECKING:
    import torch

    from plugin_host.engines.musicldm.asked import Call
    from plugin_host.engines.musicldm.clap import Clap
    from plugin_host.engines.musicldm.model import MusicLDM
    from plugin_host.engines.musicldm.sample import OnStep
    from plugin_host.engines.musicldm.schedulers import Generators

LONGEST = 120.0
"""Seconds of the longest clip. The model was trained on ten; beyond them it computes well and composes less well."""

TAIL = Fraction(1, 20)
"""Seconds made beyond the last bar, with which `fit` closes the seam: more than its longest crossfade."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The engine's own configuration.

    `checkpoint` is a folder or a hub id; `revision` a commit, None being the one fetched last. `device` and `precision`
    are words of `device.choose`; `offload` keeps the parts in ordinary memory from the start. `idle` is how many
    seconds without a job the model stays loaded, 0 meaning for ever; `preload` loads it before the first.
    """

    checkpoint: str = DEFAULT
    revision: str | None = None
    device: str = "auto"
    precision: str = "auto"
    offload: bool = False
    scheduler: str | None = None
    steps: int | None = None
    idle: float = 900.0
    preload: bool = False

    @classmethod
    def read(cls, settings: Mapping[str, Fact]) -> "Settings":
        """Read what the configuration says. Raises `BadValue` for a name that means nothing."""
        known = cls.__dataclass_fields__
        for name in settings:
            if name not in known:
                raise BadValue(f"musicldm.{name} is no setting; there is {', '.join(known)}")
        return cls(**settings)  # type: ignore[arg-type]  # values come typed from whoever read the configuration


@dataclass(slots=True)
class _Held:
    """The loaded model, and whether a job is using it. Whoever touches it holds the lock."""

    model: "MusicLDM | None" = None
    clap: "Clap | None" = None
    busy: bool = False
    timer: threading.Timer | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class MusicLdmEngine:
    """Generates takes with MusicLDM. Nothing is loaded before the first job. Thread: worker."""

    def __init__(self, settings: Mapping[str, Fact]) -> None:
        self._settings = Settings.read(settings)
        self._held = _Held()
        self._costs = Costs()

    @property
    def capabilities(self) -> Capabilities:
        """What this engine can do; the weights' revision and licence are told where they lie on this machine."""
        try:
            found = self.checkpoint()
        except EngineUnavailable:
            found = None
        return Capabilities(
            name="musicldm",
            version=__version__,
            channels=1,
            longest=LONGEST,
            uses=frozenset({"prompt", "negative", "steps", "guidance", "scheduler", "eta", "seed"}),
            rates=(found.rate,) if found else (),
            weights=self._settings.checkpoint,
            revision=found.revision if found else None,
            licence=found.licence if found else LICENCES.get(self._settings.checkpoint),
        )

    def checkpoint(self) -> Checkpoint:
        """Return the checkpoint that it works with. Raises `EngineUnavailable` when it is not on this machine."""
        return locate(self._settings.checkpoint, self._settings.revision)

    def takes(self, plan: Plan, watch: Watch) -> Iterator[Take]:
        """Yield the takes of `plan`. Raises `HostError` subclasses and lets `Cancelled` through. Thread: worker."""
        self._begin()
        try:
            yield from self._made(plan, watch)
        finally:
            self._end()

    def preload(self) -> None:
        """Load the model if the settings want it loaded beforehand. Raises `HostError` subclasses. Thread: worker."""
        if self._settings.preload:
            self._model(self.checkpoint())

    def close(self) -> None:
        """Let go of the model and its memory. Thread: worker."""
        with self._held.lock:
            self._forget()

    def words(self, text: str) -> NDArray[np.float32]:
        """Return CLAP's embedding of `text`, shape ``(dimensions,)``: the engine is an ear as well. Thread: any."""
        return self._clap().words(text)

    def sound(self, audio: Audio) -> NDArray[np.float32]:
        """Return CLAP's embedding of `audio`, shape ``(dimensions,)``. Thread: any."""
        return self._clap().sound(audio)

    @property
    def loaded(self) -> bool:
        """Whether the model is in memory."""
        return self._held.model is not None

    def _made(self, plan: Plan, watch: Watch) -> Iterator[Take]:
        """Make the takes of `plan`, step by step."""
        from plugin_host.engines.musicldm import asked, noise, schedulers

        # 1. What there is to do, for an honest fraction.
        found = self.checkpoint()
        frames = plan.grid.at_rate(found.rate).frames + int(TAIL * found.rate)
        seeds = [plan.take_seed(index) for index in range(plan.takes)]
        call = self._call(plan, noise.generators(seeds))
        progress = Progress(watch, self._costs, _units(call, frames, loads=0 if self.loaded else 1))
        progress.reach("load", 0.0)
        model = self._model(found)
        progress.reach("load", 1.0)

        # 2. The text, which CLAP reads once.
        words = asked.words(model.clap, call)
        progress.reach("text", 1.0)

        # 3. Noise, a seed for each take, and the way from there to latents, all takes side by side.
        shape = model.latent_shape(_whole(frames, model))
        start = noise.draw(shape, plan.takes, call.generator, model.placement.precision)
        latents = model.denoise(model.journey(words, start, call), _denoising(progress))

        # 4. Sound, take after take: the host judges one while the next is made.
        warnings = words.warnings + schedulers.warnings(call.scheduler)
        facts = {**_facts(call, found, model), **({"warning": "; ".join(warnings)} if warnings else {})}
        for index, each in enumerate(latents):
            sound = _sound(model, each, progress, index, plan.takes)[:frames, np.newaxis]
            yield Take(index, seeds[index], Audio(sound, model.rate), Shape.STRIP, facts)
            progress.resume()
        progress.finish()

    def _call(self, plan: Plan, chance: "Generators") -> "Call":
        """Return the plan as the model is called, what it leaves open filled in. Raises `OutOfRange`, `BadValue`."""
        from plugin_host.engines.musicldm.asked import Call

        steps = self._settings.steps if plan.steps is None else plan.steps
        return Call(
            prompt=plan.prompt,
            negative=plan.negative or None,
            steps=defaults.STEPS if steps is None else steps,
            guidance=defaults.GUIDANCE if plan.guidance is None else plan.guidance,
            waveforms=plan.takes,
            scheduler=plan.scheduler or self._settings.scheduler or defaults.SCHEDULER,
            eta=plan.eta or 0.0,
            generator=chance,
        )

    def _model(self, found: Checkpoint) -> "MusicLDM":
        """Return the model, loading it if need be. Raises `EngineUnavailable` where torch and its company are not."""
        with self._held.lock:
            if self._held.model is None:
                try:
                    from plugin_host.engines.musicldm import device
                    from plugin_host.engines.musicldm.model import MusicLDM
                except ImportError as error:
                    raise EngineUnavailable(
                        f"{error.name} is not installed; pip install 'daw-bridge[musicldm]'"
                    ) from None
                settings = self._settings
                placement = device.choose(settings.device, settings.precision)
                self._held.clap = None
                self._held.model = MusicLDM.of(found, replace(placement, offloaded=settings.offload))
            return self._held.model

    def _clap(self) -> "Clap":
        """Return CLAP: the model's, or loaded alone where takes of another engine are to be judged."""
        with self._held.lock:
            if self._held.model is not None:
                return self._held.model.clap
            if self._held.clap is None:
                from plugin_host.engines.musicldm import device, load

                placement = device.choose(self._settings.device, self._settings.precision)
                self._held.clap = load.clap(self.checkpoint(), placement)
            return self._held.clap

    def _begin(self) -> None:
        """Keep the model from being unloaded while a job runs."""
        with self._held.lock:
            self._held.busy = True
            if self._held.timer is not None:
                self._held.timer.cancel()

    def _end(self) -> None:
        """Give back what a job leaves behind, and let the model go when there is no other for a while."""
        with self._held.lock:
            self._held.busy = False
            if self._held.model is not None:
                self._held.model.tidy()
                if self._settings.idle:
                    self._held.timer = threading.Timer(self._settings.idle, self._unload)
                    self._held.timer.daemon = True
                    self._held.timer.start()

    def _unload(self) -> None:
        """Let the model go, unless a job has just begun. Thread: timer."""
        with self._held.lock:
            if not self._held.busy:
                self._forget()

    def _forget(self) -> None:
        """Drop the model and give its memory back; the lock is held."""
        if self._held.timer is not None:
            self._held.timer.cancel()
        model, self._held.model, self._held.clap = self._held.model, None, None
        if model is not None:
            placement = model.placement
            del model
            placement.free()


def _facts(call: "Call", found: Checkpoint, model: "MusicLDM") -> Mapping[str, Fact]:
    """Say how takes were made, with which weights, and where: for the sidecar."""
    return {
        "scheduler": call.scheduler,
        "steps": call.steps,
        "guidance": call.guidance,
        "eta": call.eta,
        "weights": found.source,
        "revision": found.revision,
        "licence": found.licence,
        "device": model.placement.words,
    }


def _sound(
    model: "MusicLDM", latents: "torch.Tensor", progress: Progress, index: int, takes: int
) -> NDArray[np.float32]:
    """Decode and vocode take `index` of so many, shape ``(frames,)``."""
    detail = f"{index + 1}/{takes}"
    progress.reach("decode", index / takes, detail)
    mel = model.decode(latents)
    progress.reach("decode", (index + 1) / takes, detail)
    progress.reach("vocode", index / takes, detail)
    sound: NDArray[np.float32] = model.vocode(mel).numpy()
    progress.reach("vocode", (index + 1) / takes, detail)
    return sound


def _whole(frames: int, model: "MusicLDM") -> int:
    """Return the frames of the next length that the UNet's deepest level divides evenly."""
    step = model.stride * model.frames_per_latent
    return -(-frames // step) * step


def _units(call: "Call", frames: int, loads: int) -> Mapping[str, float]:
    """Return how much there is to do of each stage."""
    work = call.waveforms * frames
    passes = 2 if call.guidance > 1 else 1
    return {
        "load": loads,
        "text": 1,
        "denoise": work * call.steps * passes,
        "decode": work,
        "vocode": work,
    }


def _denoising(progress: Progress) -> "OnStep":
    """Return what reports the steps of the diffusion."""

    def on_step(done: int, total: int, timestep: object, latents: object) -> None:
        """Report one step."""
        del timestep, latents
        progress.reach("denoise", done / total, f"{done}/{total}")

    return on_step
