"""The sound of a file that somebody else may have made: read within bounds, and refused in words."""

from pathlib import Path

import numpy as np

from plugin_host.audio import Audio
from plugin_host.errors import BadValue, OutOfRange
from plugin_host.musictime import RATE_RANGE

LONGEST = 600.0
"""Seconds of a loop at most."""

CHANNELS = 8
"""Channels of a loop at most."""

SILENT = 1e-3
"""A sound whose peak is below this (−60 dB) holds nothing that could be learnt or mixed."""


def read_sound(path: Path) -> Audio:
    """Return the sound at `path` as it is. Thread: any.

    Raises `BadValue` for what is no sound, holds none, or has samples that are no numbers, and `OutOfRange` for what is
    too long or has too many channels or an odd rate: the header is looked at before anything else is read.
    """
    import soundfile  # a daemon that reads no loops does not load it

    try:
        path.stat()
        told = soundfile.info(path)
        _check_size(path, told.duration, told.channels, told.samplerate)
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (FileNotFoundError, NotADirectoryError):
        raise BadValue(f"{path} is not there; name a sound that is") from None
    except (soundfile.SoundFileError, OSError, TypeError) as error:
        raise BadValue(f"{path.name} is no sound file that can be read ({error}); export it anew as a WAV") from None
    if not len(samples) or not np.isfinite(samples).all() or np.abs(samples).max() < SILENT:
        raise BadValue(f"{path.name} {_emptiness(samples.size)}; give a loop that is heard")
    return Audio(np.ascontiguousarray(samples), rate)


def _check_size(path: Path, seconds: float, channels: int, rate: int) -> None:
    """Raise `OutOfRange` for a file that is larger than any loop."""
    if seconds > LONGEST:
        raise OutOfRange(f"{path.name} lasts {seconds:.0f} s; a loop has at most {LONGEST:.0f} s: cut it")
    low, high = RATE_RANGE
    if channels > CHANNELS or not low <= rate <= high:
        raise OutOfRange(
            f"{path.name} has {channels} channels at {rate} Hz; a loop has at most {CHANNELS}, at {low} to {high} Hz: "
            "convert it"
        )


def _emptiness(samples: int) -> str:
    """Say why there is nothing to hear in a file of so many `samples`."""
    return "holds no sound: nothing in it is louder than −60 dBFS, or it is no number" if samples else "is empty"
