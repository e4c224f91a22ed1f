"""Ranking: what rankers found becomes a score that a person can read, and an order.

A score is the product of its parts, each to the power of its weight, so that one bad part cannot be bought back by
the others; a fault makes it 0. Which parts there are is the rankers' business (`plugin_host.rankers`).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from plugin_host.audio import Audio
from plugin_host.clip import Score
from plugin_host.engine import Fact, Plan
from plugin_host.errors import EngineFailed


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one ranker says of one take: `parts` 0–1 (1 is best), `faults` as sentences, `evidence` in numbers."""

    parts: Mapping[str, float] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    evidence: Mapping[str, Fact] = field(default_factory=dict)


class Ranker(Protocol):
    """Judges takes. It must not care in which order, or beside which others, it sees them."""

    def judge(self, audio: Audio, plan: Plan) -> Verdict:
        """Judge one fitted take at the engine's rate. Thread: worker."""


def score(verdicts: Iterable[Verdict], weights: Mapping[str, float]) -> Score:
    """Multiply the parts of all `verdicts`; a part without a weight weighs 1, a weight of 0 ignores its part."""
    parts: dict[str, float] = {}
    evidence: dict[str, Fact] = {}
    faults: list[str] = []
    for verdict in verdicts:
        parts.update(verdict.parts)
        evidence.update(verdict.evidence)
        faults.extend(verdict.faults)
    used = {name: weights.get(name, 1.0) for name in parts}
    value = 0.0 if faults else math.prod(part ** used[name] for name, part in parts.items())
    return Score(value=value, parts=parts, weights=used, faults=tuple(faults), evidence=evidence)


def best_first(scores: Sequence[Score]) -> list[int]:
    """Return the indexes of `scores`, best first; equals keep the order in which they were made.

    Raises `EngineFailed` when every one has faults: a job whose every clip is silent, say, has failed.
    """
    if scores and all(each.faults for each in scores):
        raise EngineFailed(f"no take can be used: {'; '.join(scores[0].faults)}; try another seed or prompt")
    return sorted(range(len(scores)), key=lambda index: (-scores[index].value, len(scores[index].faults), index))
