"""What a take may start from instead of noise alone: a loop of the user's, or one that the sketch engine plays.

A guide brings the groove and the prompt brings the sound (SDEdit: Meng et al. 2022). It is laid on the ring beat by
beat: the mel is heard at moments that are even on the ring, wherever they lie in the guide, so that its tempo becomes
the session's without a change of pitch.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import soundfile
import soxr
import torch
from numpy.typing import NDArray

from plugin_host.audio import Audio
from plugin_host.engine import Fact, Form, Plan
from plugin_host.engines.musicldm import defaults, mel
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.engines.musicldm.layout import Layout
from plugin_host.engines.sketch import SketchEngine
from plugin_host.errors import BadValue, OutOfRange
from plugin_host.loops import riff
from plugin_host.rankers import onsets, spectrum, tempo

SKETCH = "sketch"
"""The word for a guide that the sketch engine plays from the same prompt, seed and session."""

LONGEST = 600.0
"""Seconds of a user's guide at most."""

CHANNELS = 8
"""Channels of a user's guide at most."""

RATES = (1_000, 768_000)
"""Sample rates of a user's guide in Hz."""

SILENT = 1e-3
"""A guide whose peak is below this (−60 dB) holds nothing to follow."""

WHOLE = 0.03
"""A loop whose length is so near to whole beats, in beats, is meant to be exactly those."""

_NAMED_TEMPO = re.compile(r"(?<![\d.])(\d{2,3}(?:\.\d+)?)[ _-]?bpm", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """A loop of the user's: `sound` of shape ``(frames,)`` at the model's rate, which is so many `beats`."""

    sound: NDArray[np.float32]
    beats: float
    facts: Mapping[str, Fact]


class Encodes(Protocol):
    """What turns the mel of a ring, shape ``(frames, bins)``, into latents."""

    def encode(self, mel: torch.Tensor) -> torch.Tensor:
        """Encode it."""


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide for a plan: `strength` is how far to go from it, 0 (not at all) to 1 (all the way)."""

    plan: Plan
    geometry: Geometry
    layout: Layout
    strength: float
    loop: Loop | None

    @classmethod
    def of(cls, plan: Plan, geometry: Geometry, layout: Layout) -> "Guide | None":
        """Return the guide of a plan, read from its file if it is one. Raises `BadValue` and `OutOfRange`."""
        if plan.guide is None:
            return None
        strength = defaults.STRENGTH if plan.strength is None else plan.strength
        loop = None if plan.guide == SKETCH else read(Path(plan.guide), geometry, float(plan.grid.tempo))
        return cls(plan, geometry, layout, strength, loop)

    def mel(self, seed: int) -> torch.Tensor:
        """Return the mel of the guide on the ring, shape ``(frames, bins)``. A sketch is played from `seed`."""
        frames = self.layout.latents * self.geometry.scale
        bars = self.layout.bars * self.layout.turns
        beats = np.arange(frames) * float(bars * self.plan.grid.meter.bar) / frames
        loop = self._played(seed) if self.loop is None else self.loop
        moments = (beats % loop.beats) * (len(loop.sound) / loop.beats)
        return mel.heard(loop.sound, moments, self.geometry)

    def latents(self, model: Encodes, seeds: Sequence[int]) -> list[torch.Tensor]:
        """Return the latents of the guide of each take, by their seeds, shape ``(channels, time, frequency)``.

        A loop of the user's is that of all takes, and encoded once.
        """
        if self.loop is not None:
            return [model.encode(self.mel(seeds[0]))] * len(seeds)
        return [model.encode(self.mel(seed)) for seed in seeds]

    def told(self, _seed: int) -> Mapping[str, Fact]:
        """Return what of it belongs in the sidecar, of any take alike."""
        told = {"guide": SKETCH} if self.loop is None else {"guide": Path(str(self.plan.guide)).name, **self.loop.facts}
        return {**told, "strength": self.strength}

    def _played(self, seed: int) -> Loop:
        """Return what the sketch engine plays in one tile."""
        grid = replace(self.plan.grid, bars=self.layout.bars, rate=self.geometry.rate)
        plan = replace(self.plan, grid=grid, seed=seed, takes=1, form=Form.LOOP, guide=None, strength=None)
        (take,) = SketchEngine({}).takes(plan, _Unwatched())
        return Loop(np.ascontiguousarray(take.audio.mono()), float(grid.beats), {})


class _Unwatched:
    """A watch that lets everything pass: a sketch takes milliseconds."""

    def step(self, stage: str, fraction: float) -> None:
        """Let it pass."""


def read(path: Path, geometry: Geometry, session: float) -> Loop:
    """Read a loop of the user's, in mono, and find its tempo near the `session`'s, in BPM.

    Its own is known from its `acid` chunk, from its name, or from what is heard, in this order; the half or the double
    of it counts where that is nearer to the session's. Raises `BadValue` for a file that is no sound or holds none, and
    `OutOfRange` for one that is too long.
    """
    audio = _sound(path, geometry.rate)
    found, source = _tempo(path, audio, session)
    while found > session * 2**0.5:
        found /= 2
    while found < session / 2**0.5:
        found *= 2
    beats = len(audio.samples) / audio.rate * found / 60
    whole = max(1, round(beats) if abs(beats - round(beats)) <= WHOLE else int(beats))
    frames = min(audio.frames, round(len(audio.samples) * whole / beats))
    sound = np.ascontiguousarray(audio.mono()[:frames])
    facts: dict[str, Fact] = {"guide_tempo_bpm": round(found, 3), "guide_tempo_from": source, "guide_beats": whole}
    return Loop(sound, float(whole) if beats >= 1 else beats, facts)


def _sound(path: Path, rate: int) -> Audio:
    """Return the sound of a file in mono at `rate`."""
    try:
        told = soundfile.info(path)
        if told.duration > LONGEST:
            raise OutOfRange(
                f"guide: {path.name} lasts {told.duration:.0f} s; a guide has at most {LONGEST:.0f} s: cut it to a loop"
            )
        if told.channels > CHANNELS or not RATES[0] <= told.samplerate <= RATES[1]:
            raise OutOfRange(
                f"guide: {path.name} has {told.channels} channels at {told.samplerate} Hz; a guide has at most {CHANNELS} "
                f"at {RATES[0]} to {RATES[1]} Hz: convert it"
            )
        samples, own = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError, TypeError) as error:
        raise BadValue(f"guide: {path.name} is no sound file that can be read ({error}); give a WAV") from None
    sound = Audio(samples, own).mono() if len(samples) else np.zeros(0, np.float32)
    if not len(sound) or not np.isfinite(sound).all() or np.abs(sound).max() < SILENT:
        held = "holds no sound" if len(sound) else "is empty"
        raise BadValue(f"guide: {path.name} {held}: nothing in it is louder than −60 dBFS; give a loop that is heard")
    if own != rate:
        sound = soxr.resample(sound, own, rate)
    return Audio(sound[:, np.newaxis].astype(np.float32), rate)


def _tempo(path: Path, audio: Audio, session: float) -> tuple[float, str]:
    """Return the tempo of a guide in BPM, and where it is known from."""
    written = _acid_tempo(path)
    if written is not None:
        return written, "acid chunk"
    if named := _NAMED_TEMPO.search(path.stem):
        return float(named[1]), "name"
    sound, rate = spectrum.coarse(audio)
    strong = onsets.find(sound, rate, spectrum.loudness(sound, rate, Form.LOOP), Form.LOOP)
    heard = tempo.track(strong, audio.frames / audio.rate, near=session)
    return (session, "the session: no beat is heard") if heard is None else (heard.bpm, "what is heard")


def _acid_tempo(path: Path) -> float | None:
    """Return the tempo in the `acid` chunk of a WAV, in BPM, None where there is none that can be meant."""
    try:
        acid = riff.read(path).acid
    except BadValue:  # no WAV, but a sound all the same
        return None
    found = float(acid.tempo) if acid is not None else 0.0
    return found if 20 <= found <= 999 else None
