"""The sound of a WAV, by libsndfile: its format, its outline, its samples."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from daw_bridge.cli.errors import CommandFailed
from plugin_host.audio import Audio

_DEPTHS = {"PCM_U8": "8 bit", "PCM_16": "16 bit", "PCM_24": "24 bit", "PCM_32": "32 bit", "FLOAT": "32-bit float"}


@dataclass(frozen=True, slots=True)
class Sound:
    """The format of a file's sound; `rate` in Hz, `depth` in words."""

    frames: int
    rate: int
    channels: int
    depth: str

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.frames / self.rate


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """The lowest and highest sample of each of so many stretches, shape ``(stretches, channels)``.

    `peak` is the largest absolute sample, `level` the RMS of all, both 1 at full scale. Samples that are no number
    count as 0, and `finite` is False.
    """

    lows: NDArray[np.float32]
    highs: NDArray[np.float32]
    peak: float
    level: float
    finite: bool


def measure(path: Path) -> Sound:
    """Read the format. Raises `CommandFailed` for what cannot be played."""
    try:
        info = soundfile.info(path)
    except soundfile.SoundFileError as error:
        raise CommandFailed(f"{path} is no WAV that can be played ({error}); export it anew as PCM") from None
    if info.frames == 0:
        raise CommandFailed(f"{path} has no sound in it; it was cut off while it was copied, perhaps: copy it again")
    return Sound(info.frames, info.samplerate, info.channels, _DEPTHS.get(info.subtype, info.subtype_info))


def outline(path: Path, stretches: int) -> Outline:
    """Read the WAV at `path` in so many equal stretches; never more than one of them is in memory."""
    with soundfile.SoundFile(path) as file:
        edges = np.linspace(0, file.frames, stretches + 1).astype(int)
        lows = np.zeros((stretches, file.channels), np.float32)
        highs = np.zeros((stretches, file.channels), np.float32)
        power, finite = 0.0, True
        for place, count in enumerate(np.diff(edges)):
            samples = file.read(count, dtype="float32", always_2d=True)
            numbers = np.nan_to_num(samples, posinf=0.0, neginf=0.0)
            finite = finite and bool(np.array_equal(samples, numbers))
            power += float(np.square(numbers, dtype=np.float64).sum())
            if len(numbers):
                lows[place], highs[place] = numbers.min(axis=0), numbers.max(axis=0)
            elif place:  # a clip of fewer frames than stretches
                lows[place], highs[place] = lows[place - 1], highs[place - 1]
        peak = float(max(highs.max(), -lows.min()))
        return Outline(lows, highs, peak, (power / (file.frames * file.channels)) ** 0.5, finite)


def load(path: Path, longest: float) -> Audio:
    """Read the sound at `path`, or its first `longest` seconds; samples that are no number become 0."""
    with soundfile.SoundFile(path) as file:
        samples = file.read(int(longest * file.samplerate), dtype="float32", always_2d=True)
        return Audio(np.nan_to_num(samples, posinf=0.0, neginf=0.0), file.samplerate)
