"""MusicLDM for Python: text in, sound out, every step at hand.

::

    from plugin_host.engines.musicldm.model import MusicLDM
    model = MusicLDM.load("ucsd-reach/musicldm")
    audio = model("Techno music with a strong, upbeat tempo and high melodic riffs", steps=10, seconds=5.0).audios[0]
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from plugin_host.audio import Audio
from plugin_host.engines.musicldm import (
    asked,
    checkpoint,
    decode,
    device,
    load,
    memory,
    noise,
    sample,
    schedulers,
)
from plugin_host.engines.musicldm.adapters import Adapter
from plugin_host.engines.musicldm.asked import Call, Callback
from plugin_host.engines.musicldm.clap import Clap
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.engines.musicldm.ring import Course
from plugin_host.engines.musicldm.sample import Journey, OnStep


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """What a call made.

    `audios` has shape ``(takes, frames)``, full scale ±1, at `rate` Hz: an array, a tensor, or the latents, as asked.
    The takes of a prompt lie side by side, best first where they were ranked. `scores` are their cosines to the prompt
    and `order` tells which each was before ranking; both are empty where nothing was ranked.
    """

    audios: Any
    rate: int
    scores: tuple[float, ...] = ()
    order: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()


class MusicLDM:
    """A loaded checkpoint. `load` makes one. Thread: one at a time; `clap` may be used from others beside it.

    `adapter` is what its UNet has learnt beyond the checkpoint, None for nothing; `wear` changes it.
    """

    def __init__(self, parts: load.Parts, placement: device.Placement) -> None:
        self._parts = parts
        self.adapter: Adapter | None = None
        self.placement = placement
        self.geometry = Geometry.read(parts.unet.config, parts.vae.config, _told(parts.vocoder), parts.beat)

    @classmethod
    def load(
        cls,
        source: str = checkpoint.DEFAULT,
        *,
        revision: str | None = None,
        placement: device.Placement | None = None,
    ) -> "MusicLDM":
        """Load a folder, or a hub id that ``daw-bridge model fetch`` has brought here, onto the best device.

        A `placement` from `device.choose` says otherwise: another device or precision, or offloading. Raises
        `EngineUnavailable`, `OutOfMemory` and `BadValue`, each with what would help.
        """
        return cls.of(checkpoint.locate(source, revision), placement or device.choose())

    @classmethod
    def of(cls, found: checkpoint.Checkpoint, placement: device.Placement) -> "MusicLDM":
        """Load a checkpoint that was located before. When it does not fit on the device, it is offloaded."""
        if placement.can_offload:
            size = found.size
            room = memory.available(placement.device)
            if room is not None and room < size:
                placement = dataclasses.replace(placement, offloaded=True)
        return cls(load.parts(found, placement), placement)

    def wear(self, found: checkpoint.Checkpoint, adapter: Adapter | None) -> None:
        """Have the UNet of `found`, which this model is of, with what an `adapter` has learnt, or as it was published.

        It is loaded anew unless it is that already, so that nothing of another adapter is left. Raises as `load` does;
        the model is then as it was.
        """
        if adapter != self.adapter:
            self._parts = dataclasses.replace(self._parts, unet=load.unet(found, self.placement, adapter))
            self.adapter = adapter

    @property
    def rate(self) -> int:
        """The sample rate of what it makes, in Hz."""
        return self.geometry.rate

    @property
    def clap(self) -> Clap:
        """The checkpoint's own sense of what sounds like which words."""
        return self._parts.clap

    def latent_shape(self, frames: int) -> tuple[int, int, int]:
        """Return ``(channels, time, frequency)`` of latents for at least so many frames of sound."""
        return self.geometry.channels, -(-frames // self.geometry.frames_per_latent), self.geometry.widths

    def __call__(self, prompt: str | Sequence[str] | None = None, **wishes: Any) -> Sound:
        """Make sound: takes of each prompt, ranked by CLAP where there are several. `wishes` are the fields of `Call`.

        Nothing is stretched here: a checkpoint that counts time in beats plays at its own tempo (see `geometry`), whatever
        the prompt tells; the engine plays it at any. Raises `BadValue` and `OutOfRange` for what cannot be done, and `OutOfMemory`.
        """
        # 1. Check what was asked, and embed the text.
        call = Call(prompt, **wishes)
        words = asked.words(self.clap, call)
        takes = len(words.text)
        length = self.natural_seconds if call.seconds is None else call.seconds
        frames = int(length * self.rate)
        source = asked.generator(call.generator, takes)

        # 2. Draw the noise, unless it was given.
        shape = self.latent_shape(frames)
        start = noise.draw(shape, takes, source, self.placement.precision) if call.latents is None else call.latents

        # 3. Take it away, step by step.
        journey = self.journey(words, asked.latents(start, shape, takes), call)
        latents = self.denoise(journey, _every(call.callback, call.callback_steps))
        warnings = words.warnings + schedulers.warnings(call.scheduler)
        if call.output == "latent":
            return Sound(latents, self.rate, warnings=warnings)

        # 4. Decode, one take at a time, and rank the takes of each prompt among themselves.
        sounds = torch.stack([self.vocode(self.decode(each))[:frames] for each in latents])
        scores, order = self._rank(sounds, words) if call.waveforms > 1 else ((), ())
        ranked = sounds[list(order)] if order else sounds
        return Sound(ranked.numpy() if call.output == "np" else ranked, self.rate, scores, order, warnings)

    @property
    def natural_seconds(self) -> float:
        """How long the sounds are that it was trained on, in seconds (10.24 as published)."""
        return self.geometry.trained * self.geometry.frames_per_latent / self.rate

    def denoise(self, journey: Journey, on_step: OnStep) -> torch.Tensor:
        """Walk from noise to latents, in one batch if memory allows. `on_step` may raise to stop.

        When the batch had to be halved, the latents that `on_step` is shown are those of the part that is running.
        """
        chance = [(each, each.get_state()) for each in schedulers.listed(journey.generators)]

        def walk(batch: int) -> torch.Tensor:
            """Walk with so many takes at a time, from the same chance whenever it is tried."""
            for each, state in chance:
                each.set_state(state)
            starts = range(0, len(journey.noise), batch)
            with self.placement.visiting(self._parts.unet):
                return torch.cat(
                    [
                        sample.denoise(
                            self._parts.unet,
                            journey.part(slice(start, start + batch)),
                            _in_part(on_step, index, len(starts)),
                        )
                        for index, start in enumerate(starts)
                    ],
                )

        return memory.attempt(walk, len(journey.noise), self.placement, self._offload)

    def decode(self, latents: torch.Tensor, course: Course = Course.STRIP) -> torch.Tensor:
        """Decode the latents of one take, shape ``(channels, time, frequency)``, to a mel, ``(frames, bins)``."""

        def work(_: int) -> torch.Tensor:
            """Decode."""
            with self.placement.visiting(self._parts.vae):
                return decode.mel(self._parts.vae, latents, course, self.geometry)

        return memory.attempt(work, 1, self.placement, self._offload)

    def encode(self, mel: torch.Tensor) -> torch.Tensor:
        """Encode the mel of a ring, ``(frames, bins)``, to latents, shape ``(channels, time, frequency)``."""
        given = mel.to(self.placement.device, self.placement.precision)

        def work(_: int) -> torch.Tensor:
            """Encode."""
            with self.placement.visiting(self._parts.vae):
                return decode.latents(self._parts.vae, given, self.geometry)

        return memory.attempt(work, 1, self.placement, self._offload)

    def vocode(self, mel: torch.Tensor, course: Course = Course.STRIP) -> torch.Tensor:
        """Make the sound of one take's mel: float32, shape ``(frames,)``, in ordinary memory."""

        def work(_: int) -> torch.Tensor:
            """Vocode."""
            with self.placement.visiting(self._parts.vocoder):
                return decode.wave(self._parts.vocoder, mel, course, self.geometry)

        return memory.attempt(work, 1, self.placement, self._offload)

    def journey(self, words: asked.Words, start: torch.Tensor, call: Call) -> Journey:
        """Return the way from the noise `start` under `words`, as `call` wants it walked."""
        return Journey(
            noise=start.to(self.placement.device, self.placement.precision),
            text=words.text,
            negative=words.negative,
            guidance=call.guidance,
            scheduler=call.scheduler,
            scheduler_settings=self._parts.scheduler_settings,
            steps=call.steps,
            eta=call.eta,
            generators=call.generator,
            attention=call.cross_attention_kwargs,
        )

    def tidy(self) -> None:
        """Give back the memory that a finished or broken job has left behind."""
        self.placement.free()

    def _offload(self) -> None:
        """From now on, let the parts rest in ordinary memory and visit the device one at a time."""
        self.placement = dataclasses.replace(self.placement, offloaded=True)
        self.clap.placement = self.placement
        for part in (self._parts.unet, self._parts.vae, self._parts.vocoder, self.clap.model):
            part.to("cpu")
        device.free(self.placement.device)

    def _rank(self, sounds: torch.Tensor, words: asked.Words) -> tuple[tuple[float, ...], tuple[int, ...]]:
        """Return the cosines of the takes to their own prompts, best first within each prompt, and which they were."""
        heard = np.stack([self.clap.sound(Audio(each.numpy()[:, np.newaxis], self.rate)) for each in sounds])
        cosines = (heard * words.text.float().cpu().numpy()).sum(axis=1)
        takes = len(sounds) // words.prompts
        order = [
            first + int(index)
            for first in range(0, len(sounds), takes)
            for index in np.argsort(-cosines[first : first + takes], kind="stable")
        ]
        return tuple(float(cosines[index]) for index in order), tuple(order)


def _told(vocoder: Any) -> Mapping[str, Any]:
    """Return a vocoder's configuration as its file has it."""
    settings: Mapping[str, Any] = vocoder.config.to_dict()
    return settings


def _every(callback: Callback | None, steps: int) -> OnStep:
    """Return what tells `callback` of every `steps`-th step, counted from the first."""

    def on_step(done: int, total: int, timestep: Any, latents: torch.Tensor) -> None:
        """Tell of one step, if it is its turn."""
        del total
        if callback is not None and (done - 1) % steps == 0:
            callback(done - 1, timestep, latents)

    return on_step


def _in_part(on_step: OnStep, part: int, parts: int) -> OnStep:
    """Return what tells `on_step` of the steps of one part of a batch as steps of the whole."""

    def of_whole(done: int, total: int, timestep: Any, latents: torch.Tensor) -> None:
        """Tell of one step of the whole."""
        on_step(part * total + done, parts * total, timestep, latents)

    return of_whole
