"""Another tempo at the same pitch, another pitch at the same tempo: to the frame, by Signalsmith Stretch.

It is a phase vocoder (python-stretch, MIT), and how long its block is decides whom it harms: a short one bends the
pitch of a bass (60 ms: by up to a semitone at 55 Hz), a long one blurs attacks. Its own 120 ms keep 50 Hz in tune.

Its own transposition is not used: it was up to 40 cents off, the more the lower the tone. A sound is stretched at its
pitch and then played faster by the sample-rate converter, which is in tune to a tenth of a cent. What is above
`TIMBRE` stays out of it all: hi-hats, breath and the edge of every attack have no pitch that a melody could use, and
with them in place onsets are half as far from where they were.

A ring that was moved in pitch is a strip once more, since no tone fits the ring as it did. It is made from a ring that
is wrapped at both ends, and `fit` closes it over a crossfade that is long, because both sides are the same music.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from plugin_host.audio import Audio, Samples
from plugin_host.engine import Fact, Form
from plugin_host.fit import level, sealed
from plugin_host.resample import converted

BLOCK_SECONDS = 0.120
"""The block when a tempo is changed …"""

LONG_BLOCK_SECONDS = 0.160
"""… and when a pitch is: in tune to a cent from 46 Hz up; the lowest note of a bass, at 41 Hz, is off by 20 at most."""

STEPS = 5
"""So many steps go into a block."""

TIMBRE = 6_000.0
"""Hz. What is higher keeps its place when a pitch is changed."""

MARGIN_SECONDS = 0.35
"""What is wrapped around a ring on either side: two long blocks."""

CROSSFADE_SECONDS = 0.100
"""The longest crossfade of a ring that was moved in pitch."""

_SEED = 1  # of the dice that the library throws for phases: the same sound every time


def stretched(samples: Samples, rate: int, frames: int, block: float = BLOCK_SECONDS) -> Samples:
    """Return `samples` at their pitch as exactly so many `frames`; a `block` is so many seconds long. Thread: any."""
    alike = bool((samples == samples[:, :1]).all())  # of equal channels the library would make two that are not
    different = samples[:, :1] if alike else samples
    stretch = _stretch()
    step = max(1, round(block * rate / STEPS))
    stretch.configure(different.shape[1], STEPS * step, step)
    stretch.setTimeFactor(len(samples) / frames)
    made: Samples = stretch.process(np.ascontiguousarray(different.T)).T
    return np.repeat(made, samples.shape[1], axis=1) if alike else np.ascontiguousarray(made)


def transposed(audio: Audio, semitones: float, form: Form) -> tuple[Audio, Mapping[str, Fact]]:
    """Return `audio` moved up by so many `semitones`, as long as before, closed, and no louder than `fit.CEILING`.

    With it comes what was done, for the sidecar. Thread: any.
    """
    margin = round(MARGIN_SECONDS * audio.rate)
    tones = _below(audio, form)
    around = _around(tones, margin, form)
    longer = stretched(around, audio.rate, round(len(around) * 2 ** (semitones / 12)), LONG_BLOCK_SECONDS)
    moved = converted(longer, len(around), Form.ONE_SHOT) + _around(audio.samples - tones, margin, form)
    closed, seam = sealed(Audio(moved[margin:], audio.rate), audio.frames, form, CROSSFADE_SECONDS)
    levelled, gain_db = level(closed)
    return levelled, {
        "shift_semitones": semitones,
        "shift_gain_db": gain_db,
        **{f"shift_{name}": fact for name, fact in seam.items()},
    }


def retimed(audio: Audio, frames: int, form: Form) -> Audio:
    """Return `audio` at its pitch as exactly so many `frames`, closed, and no louder than `fit.CEILING`. Thread: any."""
    margin = round(MARGIN_SECONDS * audio.rate)
    around = _around(audio.samples, margin, form)
    longer = stretched(around, audio.rate, round(len(around) * frames / audio.frames))
    first = round(margin * frames / audio.frames)
    return level(sealed(Audio(longer[first:], audio.rate), frames, form, CROSSFADE_SECONDS)[0])[0]


def _stretch() -> Any:
    """Load the library, which nobody needs who is in time and in tune."""
    from python_stretch.Signalsmith import Stretch

    return Stretch(_SEED)


def _below(audio: Audio, form: Form) -> Samples:
    """Return what of `audio` is below `TIMBRE`: what a rate of twice that can hold."""
    fewer = round(audio.frames * 2 * TIMBRE / audio.rate)
    if fewer >= audio.frames:
        return audio.samples
    return converted(converted(audio.samples, fewer, form), audio.frames, form)


def _around(samples: Samples, margin: int, form: Form) -> Samples:
    """Return `samples` with a margin on either side: its own other end for a loop, silence for a one-shot."""
    if form is Form.ONE_SHOT:
        return np.pad(samples, ((margin, margin), (0, 0)))
    return samples[np.arange(-margin, len(samples) + margin) % len(samples)]
