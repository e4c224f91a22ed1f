"""Makes a take exact: the promised number of frames, the first downbeat on frame 0, an end that meets its start.

Nothing is ever padded with silence, looped or stretched by ear to hide that an engine fell short: a take of the wrong
length is `EngineFailed`. What is done is told in `Fitted.facts`, and goes into the sidecar.

A seam is closed with what the engine made beyond the last bar: that tail is the natural continuation of the last
frame, so it sounds on frame 0 and gives way to the head. Three cases differ. Where the music flows on, tail and head
are crossfaded at constant power, for the likeness that they were measured to have: a linear fade of equal sounds, an
equal-power fade of strangers. Where the head begins with an attack that the tail lacks, the head must not be
faded in slowly: it enters within half a millisecond, and the tail rings out under it. Where both begin with an attack,
such as the kick of a first beat, whose phases a stretcher has made anew, the crossfade is swift: a slow one made such
kicks up to 4 dB weaker.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plugin_host.audio import Audio, Samples
from plugin_host.engine import Fact, Form, Plan, Shape, Take
from plugin_host.errors import EngineFailed
from plugin_host.musictime import Grid

CEILING = 10 ** (-0.3 / 20)
"""The highest peak of a clip, −0.3 dBFS: room for what a converter makes between two samples."""

CROSSFADE_SECONDS = 0.020
"""The longest crossfade of tail and head: short against a sixteenth, long against a cycle of the bass."""

ATTACK_SECONDS = 0.000_5
"""How fast a head enters that begins with an attack: no ear hears it as soft, no seam clicks."""

SWIFT_SECONDS = 0.003
"""The crossfade of a head and a tail that begin with an attack each and would wipe each other out."""

SWIFT_RATIO = 2.0
"""They do so where the head has more than this times the power of what is before the join (3 dB) …"""

ALIKE = 0.8
"""… and is less like the tail than this."""

BEND_SECONDS = 0.005
"""The end of a strip without a tail bends towards its start over this time."""

END_SECONDS = 0.010
"""The fade at the end of a one-shot."""

ATTACK_POWER_RATIO = 4.0
"""A head with more than this times the power of the tail (6 dB) begins with an attack of its own."""

LARGEST_SAMPLE = 1e6
"""What is larger (120 dB over full scale) is no sound, and counts as not finite."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A take made exact: `audio` at the take's own rate, what was done to it, and what was found wrong with it.

    `facts` are for the sidecar. `faults` are sentences that disqualify the take; whoever ranks adds them to what the
    rankers find, which cannot see them any more.
    """

    audio: Audio
    facts: Mapping[str, Fact]
    faults: tuple[str, ...] = ()


def fit(take: Take, plan: Plan) -> Fitted:
    """Make `take` exactly as long as `plan` says at the take's own rate, closed, and no louder than `CEILING`.

    A ring may be off by one part in a thousand: its frames are left alone, and `resample` takes up the rest. Samples
    that are no number become 0, are counted, and are a fault. An offset (DC) is left for the ranker to judge: who
    took it out here would hide a broken engine. Raises `EngineFailed` when the length is wrong. Thread: worker, any.
    """
    audio, not_finite = _numbers_only(take.audio)
    if take.shape is Shape.RING:
        _check_ring(take, plan.grid)
    else:
        _check_strip(take, plan.grid)
    exact, done = _exact(audio, take.shape, plan)
    levelled, gain_db = level(exact)
    facts: dict[str, Fact] = {
        "shape": take.shape.value,
        "take_frames": take.audio.frames,
        "frames": levelled.frames,
        "stretch": float(plan.grid.at_rate(audio.rate).frames / levelled.frames),
        **done,
        "gain_db": gain_db,
        "not_finite": not_finite,
    }
    return Fitted(levelled, facts, _number_faults(not_finite, audio.samples.size))


def within_a_thousandth(audio: Audio, grid: Grid) -> bool:
    """Whether `audio` is as long as `grid`, give or take one part in a thousand, or one frame if that is more."""
    wanted = grid.at_rate(audio.rate).frames
    return abs(audio.frames - wanted) <= max(1, wanted / 1000)


def level(audio: Audio) -> tuple[Audio, float]:
    """Scale `audio` down to a peak of `CEILING` if it is above; return it with the gain in dB (0 or less).

    Never up: how loud a take is against the others is the engine's word.
    """
    peak = audio.peak
    if peak <= CEILING:
        return audio, 0.0
    gain = CEILING / peak
    return Audio(audio.samples * np.float32(gain), audio.rate), 20 * math.log10(gain)


def sealed(
    strip: Audio, frames: int, form: Form, crossfade: float = CROSSFADE_SECONDS
) -> tuple[Audio, Mapping[str, Fact]]:
    """Cut `strip` to so many `frames`, treat its end as its form asks, and tell what was done.

    `crossfade` is the longest crossfade of tail and head in seconds. Thread: any.
    """
    cut = strip.samples[:frames].copy()
    if form is Form.ONE_SHOT:
        return Audio(cut, strip.rate), _end(cut, strip.rate)
    return Audio(cut, strip.rate), _close(cut, strip.samples[frames:], strip.rate, crossfade)


def _numbers_only(audio: Audio) -> tuple[Audio, int]:
    """Return `audio` with 0 for every sample that is no number or beyond all sense, and how many there were."""
    if audio.peak <= LARGEST_SAMPLE:  # NaN fails every comparison, and a peak over NaN is NaN
        return audio, 0
    sound = np.abs(audio.samples) <= LARGEST_SAMPLE
    return Audio(np.where(sound, audio.samples, np.float32(0)), audio.rate), int(sound.size - np.count_nonzero(sound))


def _number_faults(not_finite: int, samples: int) -> tuple[str, ...]:
    """Say what `not_finite` out of so many `samples` means."""
    if not not_finite:
        return ()
    return (f"{not_finite} of its {samples} samples are no numbers (NaN or infinite); silence stands in their place",)


def _check_ring(take: Take, grid: Grid) -> None:
    """Raise `EngineFailed` unless the ring is as long as the grid, give or take one part in a thousand."""
    if not within_a_thousandth(take.audio, grid):
        raise EngineFailed(
            f"{_lengths(take, grid)}; a ring may be off by one part in a thousand: the engine must make it that exact",
        )


def _check_strip(take: Take, grid: Grid) -> None:
    """Raise `EngineFailed` unless the strip holds at least all bars of the grid."""
    if take.audio.frames < grid.at_rate(take.audio.rate).frames:
        raise EngineFailed(f"{_lengths(take, grid)}; the engine must make at least that much")


def _lengths(take: Take, grid: Grid) -> str:
    """Name the length that is there and the length that was asked for."""
    rate = take.audio.rate
    bars = "1 bar" if grid.bars == 1 else f"{grid.bars} bars"
    return (
        f"take {take.index} has {take.audio.frames} frames at {rate} Hz; "
        f"{bars} of {grid.meter} at {grid.tempo} BPM need {grid.at_rate(rate).frames}"
    )


def _exact(audio: Audio, shape: Shape, plan: Plan) -> tuple[Audio, Mapping[str, Fact]]:
    """Cut `audio` to length where it is a strip, treat its end as its form asks, and tell what was done."""
    if shape is Shape.RING and plan.form is Form.LOOP:
        return audio, {"seam": "ring"}
    frames = audio.frames if shape is Shape.RING else plan.grid.at_rate(audio.rate).frames
    return sealed(audio, frames, plan.form)


def _end(cut: Samples, rate: int) -> Mapping[str, Fact]:
    """Fade out the last milliseconds of a one-shot, in place."""
    length = min(int(END_SECONDS * rate), len(cut) // 4)
    cut[len(cut) - length :] *= 1 - _rise(length)
    return {"seam": "none", "end_fade_ms": 1000 * length / rate}


def _close(cut: Samples, tail: Samples, rate: int, crossfade: float) -> Mapping[str, Fact]:
    """Let the end of `cut` flow into its start, in place, with what the `tail` has to offer."""
    length = min(int(crossfade * rate), len(tail), len(cut) // 4)
    if length < ATTACK_SECONDS * rate:
        return _bend(cut, rate)
    swiftly = _would_wipe_out(cut, tail, length)
    length = min(length, int(SWIFT_SECONDS * rate)) if swiftly else length
    head, after = cut[:length], tail[:length]
    out = np.cos(np.linspace(0, np.pi / 2, length, endpoint=False, dtype=np.float32))[:, np.newaxis]
    facts: dict[str, Fact] = {"crossfade_ms": 1000 * length / rate}
    if not swiftly and _power(head) > ATTACK_POWER_RATIO * _power(after):
        facts["seam"] = "tail under attack"
        enter = np.ones_like(out)
        swift = int(ATTACK_SECONDS * rate)
        enter[:swift] = _rise(swift)
    else:
        facts["seam"] = "swift crossfade" if swiftly else "crossfade"
        facts["likeness"] = likeness = _likeness(head, after)
        enter = np.sqrt(1 - out**2 * np.float32(1 - likeness**2)) - np.float32(likeness) * out
    cut[:length] = enter * head + out * after
    return facts


def _would_wipe_out(cut: Samples, tail: Samples, length: int) -> bool:
    """Whether head and tail begin with an attack each, and are too little alike for a slow crossfade to keep it."""
    head, after, before = cut[:length], tail[:length], cut[len(cut) - length :]
    attacked = _power(head) > SWIFT_RATIO * _power(before) and _power(head) <= ATTACK_POWER_RATIO * _power(after)
    return attacked and _likeness(head, after) < ALIKE


def _bend(cut: Samples, rate: int) -> Mapping[str, Fact]:
    """Without a tail, lead the last milliseconds to the value of the first frame: a fade-out where that is 0."""
    length = min(int(BEND_SECONDS * rate), len(cut) // 4)
    end = cut[len(cut) - length :]
    end += _rise(length) * (cut[0] - end)
    return {"seam": "bent end", "bend_ms": 1000 * length / rate}


def _rise(length: int) -> NDArray[np.float32]:
    """Return a smooth way from 0 up to 1 (a raised cosine, neither end included), shape ``(length, 1)``."""
    steps = np.arange(1, length + 1, dtype=np.float32) / np.float32(length + 1)
    rise: NDArray[np.float32] = np.sin(np.float32(np.pi / 2) * steps) ** 2
    return rise[:, np.newaxis]


def _power(samples: Samples) -> float:
    """Return the mean square."""
    return float(np.mean(np.square(samples, dtype=np.float64)))


def _likeness(one: Samples, other: Samples) -> float:
    """Return the correlation of two stretches of equal shape, 0–1; opposites count as strangers."""
    both = math.sqrt(_power(one) * _power(other))
    if both == 0:
        return 0.0
    return min(1.0, max(0.0, float(np.mean(np.multiply(one, other, dtype=np.float64))) / both))
