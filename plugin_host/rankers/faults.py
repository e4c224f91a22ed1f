"""What disqualifies a take: silence, clipping, offset. Each is told in a sentence with its number.

All but silence is measured against the take's own peak, so it is found at any loudness: a clipped take that was turned
down is still clipped.
"""

import math

import numpy as np
from numpy.typing import NDArray

from plugin_host.audio import Audio
from plugin_host.musictime import Grid

SILENT = 10 ** (-60 / 20)
"""The level (RMS) below which nothing is heard."""

BLOCK_SECONDS = 0.050
"""Silence is looked for in blocks of this length."""

FLAT_RUN = 3
"""So many frames in a row at the very same extreme are a flat top; a wave touches its peak once or twice."""

FLAT_PART = 0.000_2
"""The part of all frames that flat tops may take up: what the ear forgives is less than two milliseconds in eight."""

OFFSET_PART = 0.02
"""The offset that is allowed, as a part of the peak …"""

LOWEST_TONE = 20.0
"""… besides what the unfinished cycle of the lowest tone, in Hz, may leave in a clip that is short."""


def find(audio: Audio, grid: Grid) -> tuple[str, ...]:
    """Return what disqualifies `audio`, which should hold the bars of `grid`; nothing is the usual answer."""
    levels = _block_levels(audio)
    loudest = float(levels.max(initial=0.0))
    if loudest < SILENT:
        heard = f"{decibels(loudest):.0f} dBFS" if loudest > 0 else "digital silence"
        return (f"it is silent: its loudest moment is {heard}, and nothing below {decibels(SILENT):.0f} is heard",)
    found = (_emptiness(levels, audio, grid), _clipping(audio), _offset(audio))
    return tuple(fault for fault in found if fault)


def decibels(amplitude: float) -> float:
    """Return an amplitude in dB; for none at all the lowest number that a sidecar shows, −200."""
    return 20 * math.log10(amplitude) if amplitude > 1e-10 else -200.0


def _block_levels(audio: Audio) -> NDArray[np.float64]:
    """Return the level (RMS of all channels) of each block."""
    block = min(audio.frames, max(1, int(BLOCK_SECONDS * audio.rate)))
    if block == 0:
        return np.empty(0)
    rows = audio.samples[: audio.frames // block * block].reshape(-1, block * audio.channels)
    levels: NDArray[np.float64] = np.sqrt(np.einsum("ij,ij->i", rows, rows).astype(np.float64) / rows.shape[1])
    return levels


def _emptiness(levels: NDArray[np.float64], audio: Audio, grid: Grid) -> str | None:
    """Tell of a silence that is longer than half the take and than a bar: the engine stopped on the way."""
    empty = levels < SILENT * float(levels.max())
    edges = np.flatnonzero(np.diff(np.concatenate(([False], empty, [False])).astype(np.int8)))
    if len(edges) == 0:
        return None
    longest = int((edges[1::2] - edges[::2]).max())
    blocks_per_bar = len(levels) / grid.bars
    if longest <= len(levels) / 2 or longest <= blocks_per_bar:
        return None
    seconds = audio.frames / audio.rate
    return f"it is empty for {seconds * longest / len(levels):.1f} of its {seconds:.1f} seconds without a break"


def _clipping(audio: Audio) -> str | None:
    """Tell of flat tops: rows of frames at exactly the highest, or exactly the lowest, value of their channel."""
    # A copy of each channel pays for itself: extremes of every second value are slow to find.
    waves = (np.ascontiguousarray(audio.samples[:, channel]) for channel in range(audio.channels))
    flat = sum(_flat_frames(wave) for wave in waves) / audio.channels
    if flat <= max(FLAT_RUN, FLAT_PART * audio.frames):
        return None
    return f"it is clipped: {1000 * flat / audio.rate:.1f} ms of its wave have their top cut off flat"


def _flat_frames(wave: NDArray[np.float32]) -> int:
    """Return how many frames of one channel lie in flat tops."""
    count = 0
    highest, lowest = wave.max(), wave.min()
    for extreme in (highest, lowest):
        if 2 * abs(extreme) < max(highest, -lowest):
            continue  # a one-sided wave rests at 0, and rest is no flat top
        at = np.flatnonzero(wave == extreme)
        runs = np.diff(np.flatnonzero(np.diff(at, prepend=-2, append=len(wave) + 1) > 1))
        count += int(runs[runs >= FLAT_RUN].sum())
    return count


def _offset(audio: Audio) -> str | None:
    """Tell of a wave that does not swing around 0."""
    seconds = audio.frames / audio.rate
    allowed = OFFSET_PART + 1 / (math.pi * LOWEST_TONE * seconds)
    worst = max((float(audio.samples[:, channel].mean()) for channel in range(audio.channels)), key=abs)
    part = worst / audio.peak
    if abs(part) <= allowed:
        return None
    return f"it has an offset: its wave swings around {100 * part:+.1f} % of its peak instead of around 0"
