"""Listens to a clip on the disk as the ranker does: what is measured is what the file is now, not what was told of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daw_bridge.cli.clipfile import ClipFile
from daw_bridge.cli.sound import load
from plugin_host.audio import Audio
from plugin_host.engine import Fact, Form
from plugin_host.musictime import Grid
from plugin_host.rankers import beat, gridfit, material, onsets, seam, spectrum

_LONGEST = 300.0  # seconds of a clip that are listened to: none that is made here is longer
_HAIR = 0.005  # seconds


@dataclass(frozen=True, slots=True, eq=False)
class Listened:
    """When the strong sounds of a clip begin, in `seconds`, how many seconds `late` each is, and all that was measured.

    `late` is the distance to the nearest line of the grid, as it was found to be divided. It is empty where nothing is held
    against a grid, `evidence` where no grid is known.
    """

    seconds: NDArray[np.float64]
    late: NDArray[np.float64]
    evidence: Mapping[str, Fact]


def listen(clip: ClipFile) -> Listened:
    """Measure the sound of `clip` against the grid that it should have, if that is known."""
    audio = load(clip.path, _LONGEST)
    sound, rate = spectrum.coarse(audio)
    if len(sound) < rate * spectrum.WINDOW_SECONDS:
        return Listened(np.empty(0), np.empty(0), {})
    form = clip.known.get("form", Form.ONE_SHOT)
    loudness = spectrum.loudness(sound, rate, form)
    found = onsets.find(sound, rate, loudness, form)
    # A sound on frame 0 of a loop may be found a hair before it, which is the loop's other end.
    wraps = form is Form.LOOP
    seconds = np.where(found.seconds > clip.sound.seconds - _HAIR, 0.0, found.seconds) if wraps else found.seconds
    grid = _whole(clip, audio)
    if grid is None:
        return Listened(seconds, np.empty(0), {})
    made_of = material.tell(sound, rate, loudness, found, form)
    evidence = dict(beat.measure(found, made_of, grid, clip.sound.seconds).evidence)
    if wraps:
        evidence |= seam.measure(audio, loudness, found).evidence
    held = "grid_error_ms" in evidence
    return Listened(seconds, gridfit.off(found, grid, clip.sound.seconds) if held else np.empty(0), evidence)


def _whole(clip: ClipFile, audio: Audio) -> Grid | None:
    """Return the grid of a clip that was read to its end, and is as long as its bars to one part in a thousand."""
    grid = clip.grid
    if grid is None or audio.frames != clip.sound.frames:
        return None
    return grid if abs(audio.frames - grid.frames) <= max(1, grid.frames / 1000) else None
