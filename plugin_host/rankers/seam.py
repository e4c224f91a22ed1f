"""Whether the join of a loop is like its inside, or a cut.

A cut that is heard is a click: the wave breaks off and goes on elsewhere. A break is how far the wave bends (its second
difference) beyond what it did in the milliseconds before. That is looked at frame by frame, where a pad betrays itself,
and in groups of frames, where a bass betrays itself under hi-hats.

The attack of a drum is a break as well. So the join is not measured against a number but against the clip's own inside:
the breaks at its strongest onsets, and at places spread evenly over it. And where the new sound is much louder than the
old one, the join is an attack whatever else it is: the ear hears a hit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plugin_host.audio import Audio, Samples
from plugin_host.engine import Fact
from plugin_host.rankers.faults import decibels
from plugin_host.rankers.onsets import Onsets
from plugin_host.rankers.spectrum import HOPS_PER_WINDOW, Loudness

GROUP_SECONDS = (0.0, 1 / 6000)
"""Breaks are looked for between single frames, and between the means of groups of about this length."""

PAST_SECONDS = 0.006
"""How far back the wave is looked at to know what to expect of it."""

PLACES = 24
"""So many onsets, and so many places spread evenly, stand for the inside of the clip."""

AROUND_ONSET = (0.003, 0.000_5)
"""Seconds before and after an onset in which its break is looked for: its beginning, not the noise that follows."""

AROUND_PLACE = (0.006, 0.006)
"""Seconds before and after any other place."""

EXPECTED = 2.0
"""A bend of so many times the largest one before is no break."""

TOLERATED = 1.5
"""A break of so many times the largest inside still counts as usual: inside, not every frame was looked at."""

FLOOR = 0.01
"""A break smaller than this part of the clip's peak (−40 dB) is not heard as a click."""

ATTACK_RATIO = 10.0
"""The join is an attack where the level after it is so many times (20 dB) the level before …"""

ATTACK_SECONDS = 0.004
"""… over this time on either side."""


@dataclass(frozen=True, slots=True)
class Seam:
    """How the join is: the `part` of the score, 0–1, and the numbers behind it."""

    part: float
    evidence: Mapping[str, Fact]


def measure(audio: Audio, loudness: Loudness, onsets: Onsets) -> Seam:
    """Compare the join of a loop with its inside. A silent clip has nothing to break."""
    if audio.peak == 0:
        return Seam(1.0, {})
    excess = 0.0 if _is_attack(audio.samples, audio.rate) else _excess(audio, onsets)
    return Seam(
        part=min(1.0, TOLERATED / max(excess, 1e-9)),
        evidence={
            "seam_break_db": decibels(excess),
            "seam_jump_percentile": max(_jump_percentile(audio.samples[:, k]) for k in range(audio.channels)),
            "seam_flux_percentile": _flux_percentile(loudness),
        },
    )


def _is_attack(samples: Samples, rate: int) -> bool:
    """Whether the sound after the join is so much louder than before that it masks whatever broke off."""
    length = min(len(samples), max(1, int(ATTACK_SECONDS * rate)))
    after, before = samples[:length], samples[len(samples) - length :]
    return float(np.vdot(after, after)) > ATTACK_RATIO**2 * float(np.vdot(before, before))


def _excess(audio: Audio, onsets: Onsets) -> float:
    """Return how many times larger the break at the join is than the largest inside, in the worse kind of groups."""
    strongest = np.argsort(onsets.strengths)[::-1][:PLACES]
    at_onsets: NDArray[np.float64] = onsets.seconds[strongest] * audio.rate
    at_places = (np.arange(PLACES, dtype=np.float64) + 0.5) * (audio.frames / PLACES)
    worst = 0.0
    for seconds in GROUP_SECONDS:
        group = max(1, round(seconds * audio.rate))
        look = _Look(audio.samples, audio.rate, group, max(4, int(PAST_SECONDS * audio.rate / group)))
        inside = max(look.inside(at_onsets, *AROUND_ONSET), look.inside(at_places, *AROUND_PLACE))
        worst = max(worst, look.at_join() / max(inside, FLOOR * audio.peak))
    return worst


@dataclass(frozen=True, slots=True, eq=False)
class _Look:
    """A way to look for breaks in `samples`: in groups of `group` frames, knowing the `past` groups before."""

    samples: Samples
    rate: int
    group: int
    past: int

    def at_join(self) -> float:
        """Return the break between the last frame and the first."""
        # Frame by frame, the bend on the second frame spans the join too.
        following = 2 if self.group == 1 else 1
        return self._largest(np.array([-(self.past + 2) * self.group]), following)

    def inside(self, centres: NDArray[np.float64], before: float, after: float) -> float:
        """Return the largest break from `before` to `after` (seconds) around `centres` (frames), away from the join."""
        per_second = self.rate / self.group
        lead, following = max(1, int(before * per_second)), max(1, int(after * per_second))
        starts = centres.astype(np.int64) - (self.past + 2 + lead) * self.group
        ends = starts + (self.past + 2 + lead + following) * self.group
        return self._largest(starts[(starts >= 0) & (ends <= len(self.samples))], lead + following)

    def _largest(self, starts: NDArray[np.int64], following: int) -> float:
        """Return the largest break in the `following` groups of stretches that begin with their past at `starts`."""
        if len(starts) == 0:
            return 0.0
        groups = self.past + 2 + following
        frames = (starts[:, np.newaxis] + np.arange(groups * self.group)) % len(self.samples)
        largest = 0.0
        for channel in range(self.samples.shape[1]):
            wave = self.samples[:, channel][frames].reshape(len(starts), groups, self.group).mean(axis=2)
            bends = np.abs(np.diff(wave, n=2, axis=1))
            before = np.maximum.accumulate(bends, axis=1)[:, self.past - 1 : -1]
            largest = max(largest, float((bends[:, self.past :] - EXPECTED * before).max()))
        return largest


def _jump_percentile(wave: NDArray[np.float32]) -> float:
    """Return what part of the steps inside, in per cent, are smaller than the step from the last frame to the first."""
    steps = np.abs(np.diff(np.ascontiguousarray(wave)))
    return 100 * float(np.count_nonzero(steps < abs(wave[0] - wave[-1]))) / max(1, len(steps))


def _flux_percentile(loudness: Loudness) -> float:
    """Return what part of the moments inside, in per cent, change less than the bands do across the join.

    Each moment compares the window that ends there with the one that begins there.
    """
    half = HOPS_PER_WINDOW // 2
    bands = loudness.bands
    changes = np.abs(np.roll(bands, -half, axis=0) - np.roll(bands, half, axis=0)).sum(axis=1)
    inside = changes[half:-half]
    return 100 * float(np.count_nonzero(inside < changes[0])) / max(1, len(inside))
