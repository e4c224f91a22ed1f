"""The desk: how loud and how far away each part is, how the kick ducks the rest, and the last touch on the sum."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from plugin_host.engines.sketch.noise import Curve
from plugin_host.engines.sketch.ring import Ring, Sound
from plugin_host.errors import EngineFailed

CEILING = 0.89
"""-1 dBFS: no sample of a take is above it."""

_FLOOR = 0.56
"""-5 dBFS: no take is quieter at its loudest."""

_LOUDNESS = 0.17
"""-15 dBFS: the RMS that takes are brought towards."""

_HOTTEST = 1.25
"""How far above the ceiling, as a factor, the loudest peak may be driven into the soft clip."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One strip of the desk: `level` in dB, `pan` -1 … 1, and how much goes to the `room` and the `echo` (0–1)."""

    level: float
    room: float = 0.0
    echo: float = 0.0
    pan: float = 0.0


CHANNELS: Mapping[str, Channel] = {
    "kick": Channel(-7),
    "snare": Channel(-7, room=0.22, echo=0.10),
    "rim": Channel(-9.5, room=0.25, echo=0.35, pan=0.15),
    "clap": Channel(-8.5, room=0.30, echo=0.10),
    "hat": Channel(-12.5, room=0.05, pan=0.22),
    "open": Channel(-13.5, room=0.08, pan=0.22),
    "ride": Channel(-15, room=0.10, pan=-0.3),
    "shaker": Channel(-15.5, room=0.08, pan=-0.45),
    "tambourine": Channel(-15.5, room=0.12, pan=0.5),
    "conga": Channel(-12, room=0.18, pan=-0.35),
    "tom": Channel(-9.5, room=0.2, pan=0.3),
    "cowbell": Channel(-15.5, room=0.15, pan=0.4),
    "clave": Channel(-14.5, room=0.25, echo=0.1, pan=-0.5),
    "blip": Channel(-14, room=0.2, echo=0.3, pan=-0.4),
    "bass": Channel(-9),
    "chords": Channel(-6.5, room=0.35, echo=0.30),
    "pad": Channel(-8.5, room=0.45),
    "lead": Channel(-8, room=0.40, echo=0.45),
    "arp": Channel(-9, room=0.35, echo=0.40),
    "texture": Channel(-19, room=0.05),
    "drone": Channel(-10, room=0.3),
    "riser": Channel(-8, room=0.25),
    "impact": Channel(-5, room=0.5),
}
"""The channel of every drum and every part."""


def decibels(level: float) -> float:
    """Return the factor of a level in dB."""
    return float(10 ** (level / 20))


def placed(sound: Sound, pan: float) -> Sound:
    """Return `sound` between the sides (-1 left, 1 right), as loud as in the middle."""
    if pan == 0:
        return sound
    angle = (pan + 1) * np.pi / 4
    return sound * np.array([[np.cos(angle)], [np.sin(angle)]], np.float32) * np.float32(2**0.5)


def ducking(depth: float, seconds: float, rate: int) -> Curve:
    """Return what a kick does to the rest: down by `depth` (0–1) at once, and back within `seconds`."""
    frames = max(8, round(seconds * rate))
    time = np.linspace(0, 1, frames, dtype=np.float32)
    fall = np.clip(time * np.float32(seconds / 0.004), 0, 1)
    back = np.square(np.sin(time * np.float32(np.pi / 2)))
    return np.asarray(1 - np.float32(depth) * fall * (1 - back), np.float32)


def centre(ring: Ring) -> None:
    """Take away what does not swing: the mean of each side, in place."""
    ring.samples -= ring.samples.mean(axis=1, keepdims=True)


def master(ring: Ring, drive: float) -> Iterator[None]:
    """Bring the sum to its level, in place: about -15 dBFS RMS, peaks rounded off below -1 dBFS.

    The soft clip has no memory, so it knows no seam; `drive` (0–1) is how much louder the body may be. Yields after
    each pass. Raises `EngineFailed` for a sum that is silent or not finite.
    """
    samples = ring.samples
    peak = _peak(samples)
    yield
    loudness = float(np.sqrt(np.vdot(samples, samples) / samples.size))
    if not np.isfinite(peak) or peak < 1e-7:
        raise EngineFailed(f"sketch made a take with a peak of {peak}; this is a fault of the engine, please report it")
    wanted = _LOUDNESS * decibels(2.5 * drive) / loudness
    gain = min(wanted, CEILING * (_HOTTEST + 0.5 * drive) / peak)
    samples *= np.float32(gain / CEILING)
    yield
    np.tanh(samples, out=samples)
    yield
    samples *= np.float32(max(CEILING, _FLOOR / np.tanh(gain * peak / CEILING)))
    yield


def _peak(samples: Sound) -> float:
    """Return the largest absolute sample."""
    return float(max(samples.max(), -samples.min()))
