"""Two sounds, or two latents, become one."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from plugin_host.audio import Audio, Samples
from plugin_host.engine import Fact
from plugin_host.errors import BadValue
from plugin_host.fit import level

MAKE_UP_DB = 6.0
"""So much the sum of two is raised at most to be as loud as they were: strangers at halves lose 3 dB."""

MATCH_DB = 30.0
"""By so much the other is made louder or softer at most to be as loud as the one."""

SILENT = 1e-4
"""What has no more RMS than this (−80 dBFS) is not heard, be it dither or a hum, and there is nothing to match."""

_QUIETEST = 1e-9


def mixed(one: Any, other: Any, part: float) -> Any:
    """Return `part` (0–1) of one and the rest of the other, as the paper adds them up: sounds (BAM) or latents (BLM).

    Arrays or tensors of the same shape, their downbeats in the same place. Raises `BadValue` for other shapes, which
    would be stretched over each other in silence.
    """
    if not 0 <= part <= 1:
        raise BadValue(f"the share of the first is {part:g}; it goes from 0 to 1")
    if tuple(one.shape) != tuple(other.shape):
        raise BadValue(f"{tuple(one.shape)} and {tuple(other.shape)} cannot be mixed; bring both to one length first")
    return part * one + (1 - part) * other


def blended(one: Audio, other: Audio, part: float) -> tuple[Audio, Mapping[str, Fact]]:
    """Return `part` of one and the rest of the other, and what was done, for the sidecar. Thread: any.

    For a listener: the other is first made as loud as the one, so that a half of each is a half to the ear, and the sum
    as loud as they were, by `MAKE_UP_DB` at most and no higher than `fit.CEILING`. Mono becomes stereo where one is. What
    is `SILENT`, such as a loop whose first bars rest, stays so: its noise would be as loud as the music.
    """
    channels = max(one.channels, other.channels)
    first, second = _routed(one.samples, channels), _routed(other.samples, channels)
    loud = _level(first)
    match = _match(loud, _level(second))
    made = mixed(first, (second * np.float32(match)).astype(np.float32, copy=False), part).astype(np.float32)
    make_up = min(10 ** (MAKE_UP_DB / 20), max(1.0, loud / max(_level(made), _QUIETEST)))
    audio, gain_db = level(Audio(made * np.float32(make_up), one.rate))
    return audio, {"match_db": _decibels(match), "make_up_db": _decibels(make_up), "mix_gain_db": gain_db}


def _match(one: float, other: float) -> float:
    """Return the factor that makes a sound of RMS `other` as loud as one of RMS `one`, within bounds."""
    if min(one, other) <= SILENT:
        return 1.0
    most: float = 10 ** (MATCH_DB / 20)
    return min(most, max(1 / most, one / other))


def _routed(samples: Samples, channels: int) -> Samples:
    """Return samples in so many channels: mono goes to all of them."""
    if samples.shape[1] == channels:
        return samples
    if samples.shape[1] == 1:
        return np.repeat(samples, channels, axis=1)
    raise BadValue(f"a sound of {samples.shape[1]} channels and one of {channels} cannot be mixed; give mono or stereo")


def _level(samples: Samples) -> float:
    """Return the RMS."""
    return math.sqrt(float(np.mean(np.square(samples, dtype=np.float64)))) if samples.size else 0.0


def _decibels(factor: float) -> float:
    """Return a factor in dB."""
    return 20 * math.log10(max(factor, _QUIETEST))
