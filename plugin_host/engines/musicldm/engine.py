"""MusicLDM as an engine: a plan goes in, takes come out, each as soon as it is decoded."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from plugin_host import __version__
from plugin_host.audio import Audio
from plugin_host.engine import Capabilities, Fact, Form, Plan, Take, Watch
from plugin_host.engines.musicldm import defaults
from plugin_host.engines.musicldm.adapters import NONE, Adapter, named
from plugin_host.engines.musicldm.checkpoint import DEFAULT, LICENCES, Checkpoint, at_hand
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.engines.musicldm.progress import Costs, Progress
from plugin_host.errors import BadValue, EngineUnavailable

if TYPE_CHECKING:
    from plugin_host.engines.musicldm.asked import Call
    from plugin_host.engines.musicldm.clap import Clap
    from plugin_host.engines.musicldm.loop import Loop
    from plugin_host.engines.musicldm.model import MusicLDM
    from plugin_host.engines.musicldm.schedulers import Generators

_T = TypeVar("_T")

LONGEST = 600.0
"""Seconds of the longest clip. The model was trained on ten; what is longer it makes in windows, or tile by tile."""


_USES = frozenset(
    (
        *("prompt", "negative", "steps", "guidance", "scheduler", "eta", "seed", "variation", "pulse"),
        *("guide", "strength", "mix", "balance", "adapter"),
    )
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The engine's own configuration.

    `checkpoint` is a folder or a hub id; `revision` a commit, None being the one fetched last. `device` and `precision`
    are words of `device.choose`; `offload` keeps the parts in ordinary memory from the start. `correction` is by how
    much a loop's tempo may be corrected, as a part. `adapters` is the folder of adapters, and `adapter` the one that is
    used where a plan names none. `idle` is how many seconds without a job the model stays loaded, 0 meaning for ever;
    `preload` loads it before the first.
    """

    checkpoint: str = DEFAULT
    revision: str | None = None
    device: str = "auto"
    precision: str = "auto"
    offload: bool = False
    scheduler: str | None = None
    steps: int | None = None
    correction: float = defaults.CORRECTION
    adapter: str | None = None
    adapters: str | Path | None = None
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
    found: Checkpoint | None = None  # what either was loaded from
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
            uses=_USES,
            rates=(found.rate,) if found else (),
            weights=found.source if found else self._settings.checkpoint,
            revision=found.revision if found else None,
            licence=found.licence if found else LICENCES.get(self._settings.checkpoint),
        )

    def checkpoint(self) -> Checkpoint:
        """Return the checkpoint that it works with: for as long as a job runs, that of the job.

        Raises `EngineUnavailable` where none is on this machine.
        """
        used = self._held.found if self._held.busy else None
        return used or at_hand(self._settings.checkpoint, self._settings.revision)[0]

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
            self._model(self.checkpoint(), self._adapter(self._settings.adapter))

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
        found, stands_in = at_hand(self._settings.checkpoint, self._settings.revision)
        with _libraries():
            from plugin_host.engines.musicldm import asked, noise, schedulers
            from plugin_host.engines.musicldm.strip import Strip

        # 1. What there is to do, for an honest fraction.
        if plan.mix is not None and plan.form is Form.ONE_SHOT:
            raise BadValue("mix: the latents of loops are mixed around a ring; leave loop out, or say blend audio")
        geometry = Geometry.of(found)
        form = self._loop(plan, found, geometry) if plan.form is Form.LOOP else Strip(plan, geometry)
        seeds = [plan.take_seed(index) for index in range(plan.takes)]
        call = self._call(plan, found, noise.generators(seeds))
        self._give_up_others(found)
        progress = Progress(watch, self._costs, _units(call, form.work(), loads=0 if self.loaded else 1))
        progress.reach("load", 0.0)
        model = self._model(found, self._adapter(plan.adapter or self._settings.adapter))
        progress.reach("load", 1.0)

        # 2. The text, which CLAP reads once.
        words = asked.words(model.clap, call)
        progress.reach("text", 1.0)

        # 3. The takes, each told about as it is there.
        remarks = tuple(filter(None, (stands_in, "" if model.adapter else found.unheard(plan.prompt))))
        warnings = remarks + words.warnings + schedulers.warnings(call.scheduler)
        facts = {**_facts(plan, call, found, model), **({"warning": "; ".join(warnings)} if warnings else {})}
        for index, (sound, told) in enumerate(form.sounds(model, words, call, progress)):
            audio = Audio(sound[:, np.newaxis], model.rate)
            yield Take(index, seeds[index], audio, form.shape, {**facts, **told})
            progress.resume()
        progress.finish()

    def _call(self, plan: Plan, found: Checkpoint, chance: "Generators") -> "Call":
        """Return the plan as the model is called, what it leaves open as the settings, the checkpoint or we have it.

        Raises `OutOfRange` and `BadValue`.
        """
        from plugin_host.engines.musicldm.asked import Call

        return Call(
            prompt=found.asked(plan.prompt, plan.grid.tempo),
            negative=plan.negative or None,
            steps=_first(plan.steps, self._settings.steps, found.steps, defaults.STEPS),
            guidance=_first(plan.guidance, found.guidance, defaults.GUIDANCE),
            waveforms=plan.takes,
            scheduler=plan.scheduler or self._settings.scheduler or defaults.SCHEDULER,
            eta=plan.eta or 0.0,
            generator=chance,
        )

    def _loop(self, plan: Plan, found: Checkpoint, geometry: Geometry) -> "Loop":
        """Return a plan laid out on a ring. Raises `OutOfRange` and `BadValue`."""
        from plugin_host.engines.musicldm.loop import Loop

        return Loop.of(plan, geometry, self._settings.correction, _first(found.pulse, defaults.PULSE))

    def _adapter(self, name: str | None) -> Adapter | None:
        """Return the adapter that is called so, None for none. Raises `BadValue` and `EngineUnavailable`."""
        if not name or name == NONE:
            return None
        if self._settings.adapters is None:
            raise BadValue(f"adapter: there is no '{name}': no folder of adapters is told; set musicldm.adapters")
        return named(name, Path(self._settings.adapters))

    def _model(self, found: Checkpoint, adapter: Adapter | None) -> "MusicLDM":
        """Return the model, its UNet with an `adapter` or without, loading what is not loaded.

        Raises `EngineUnavailable` where torch and its company are not, and for an adapter of other weights.
        """
        with self._held.lock:
            if adapter is not None and (self._held.model is None or self._held.model.adapter != adapter):
                adapter.check(found)
            if self._held.model is None:
                with _libraries():
                    from plugin_host.engines.musicldm import device
                    from plugin_host.engines.musicldm.model import MusicLDM
                settings = self._settings
                placement = device.choose(settings.device, settings.precision)
                self._held.clap, self._held.found = None, found
                self._held.model = MusicLDM.of(found, replace(placement, offloaded=settings.offload))
            self._held.model.wear(found, adapter)
            return self._held.model

    def _clap(self) -> "Clap":
        """Return CLAP: the model's, or loaded alone where takes of another engine are to be judged."""
        found = self.checkpoint()
        self._give_up_others(found)
        with self._held.lock:
            if self._held.model is not None:
                return self._held.model.clap
            if self._held.clap is None:
                with _libraries():
                    from plugin_host.engines.musicldm import device, load
                placement = device.choose(self._settings.device, self._settings.precision)
                self._held.clap, self._held.found = load.clap(found, placement), found
            return self._held.clap

    def _give_up_others(self, found: Checkpoint) -> None:
        """Let go of what was loaded from anything but `found`: a model may be fetched while this one is in use."""
        with self._held.lock:
            if self._held.found not in {None, found}:
                self._forget()

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
        model, self._held.model, self._held.clap, self._held.found = self._held.model, None, None, None
        if model is not None:
            placement = model.placement
            del model
            placement.free()


@contextmanager
def _libraries() -> Iterator[None]:
    """Import torch and its company inside. Raises `EngineUnavailable` with the command that installs what is missing."""
    try:
        yield
    except ImportError as error:
        raise EngineUnavailable(f"{error.name} is not installed; pip install 'daw-bridge[musicldm]'") from None


def _first(*values: _T | None) -> _T:
    """Return the first value that somebody gave; the last is always one."""
    return next(each for each in values if each is not None)


def _facts(plan: Plan, call: "Call", found: Checkpoint, model: "MusicLDM") -> Mapping[str, Fact]:
    """Say how takes were made, with which weights, and where: for the sidecar."""
    return {
        **({"caption": str(call.prompt)} if call.prompt != plan.prompt else {}),
        "scheduler": call.scheduler,
        "steps": call.steps,
        "guidance": call.guidance,
        "eta": call.eta,
        "weights": found.source,
        "revision": found.revision,
        "licence": found.licence,
        "device": model.placement.words,
        **({"adapter": model.adapter.name, "adapter_print": model.adapter.print} if model.adapter else {}),
    }


def _units(call: "Call", work: Mapping[str, float], loads: int) -> Mapping[str, float]:
    """Return how much there is to do of each stage, from how much `work` a take is."""
    passes = 2 if call.guidance > 1 else 1
    takes = {stage: call.waveforms * amount for stage, amount in work.items()}
    return {"load": loads, "text": 1, **takes, "denoise": takes["denoise"] * call.steps * passes}
