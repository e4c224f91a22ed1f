"""Hears whether a take sounds like its prompt, and whether it was heard before.

Two parts come out. `text` is the cosine of the take's direction and its prompt's, brought from −1…1 to 0…1, so that a
better match always scores better. `novelty` is the nearest-neighbour likeness of the MusicLDM paper (Chen et al. 2023)
turned around: 1 for a take that is like nothing in the library, less for what comes near a copy, 0 for the copy.

It judges the takes of any engine and knows no model: whoever hears is handed to it.
"""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from plugin_host.audio import Audio
from plugin_host.engine import Fact, Plan
from plugin_host.rank import Verdict
from plugin_host.rankers.library import Library

ALIKE = 0.9
"""Cosines of two sounds up to this are those of two pieces in one style; beyond it a copy comes near."""

Direction = NDArray[np.float32]
"""Shape ``(dimensions,)``, of length 1."""


@runtime_checkable
class Ear(Protocol):
    """Turns words and sounds into directions that can be compared. Called from several threads at once."""

    def words(self, text: str) -> Direction:
        """Return the direction of `text`."""

    def sound(self, audio: Audio) -> Direction:
        """Return the direction of `audio`, at whatever rate and in as many channels as it is."""


class ClapRanker:
    """Judges a take by how it sounds to CLAP. Thread: any."""

    def __init__(self, ear: Ear, library: Library) -> None:
        self._ear = ear
        self._library = library

    def judge(self, audio: Audio, plan: Plan) -> Verdict:
        """Compare one fitted take with its prompt and with what is in the library."""
        heard = self._ear.sound(audio)
        cosine = float(heard @ self._ear.words(plan.prompt))
        parts = {"text": min(1.0, max(0.0, (1 + cosine) / 2))}
        evidence: dict[str, Fact] = {"text_cosine": cosine}
        parts["novelty"], nearest = self._novelty(heard)
        return Verdict(parts=parts, evidence={**evidence, **nearest})

    def _novelty(self, heard: Direction) -> tuple[float, Mapping[str, Fact]]:
        """Return how new `heard` is, 0–1, and what it is nearest to."""
        nearest = self._library.nearest(heard, self._ear.sound)
        if nearest is None:
            return 1.0, {}
        part = min(1.0, max(0.0, (1 - nearest.likeness) / (1 - ALIKE)))
        return part, {"nearest_likeness": nearest.likeness, "nearest_clip": nearest.path.name}
