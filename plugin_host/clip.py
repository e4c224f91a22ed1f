"""The finished thing: a loop or one-shot of exactly the promised length, with its score and its story."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from plugin_host.audio import Audio
from plugin_host.engine import Capabilities, Fact, Form
from plugin_host.musictime import Grid


@dataclass(frozen=True, slots=True)
class Score:
    """A product that a person can read: `value` is the product of each part to the power of its weight.

    Parts are 0–1, 1 being best. `faults` name what disqualifies a take (then `value` is 0), as a sentence each.
    `evidence` holds the measured numbers behind the parts, with their unit in the name (`grid_error_ms`).
    """

    value: float
    parts: Mapping[str, float] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    evidence: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """Everything about a clip but its sound. `rank` counts from 1, `take` and the engine's takes from 0.

    `fit` tells what was done to make the take exact; `take_facts` are the engine's own words. `engine` is who made it,
    `unused` names what the plan asked for and this engine has no use for. `timings` are the seconds that each stage of
    the job had taken by the time this clip was ready.
    """

    rank: int
    take: int
    seed: int
    grid: Grid
    form: Form
    channels: int
    score: Score
    fit: Mapping[str, Fact]
    take_facts: Mapping[str, Fact]
    engine: Capabilities
    unused: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Clip:
    """A finished clip: `audio` has exactly `facts.grid.frames` frames at `facts.grid.rate`."""

    facts: ClipFacts
    audio: Audio
