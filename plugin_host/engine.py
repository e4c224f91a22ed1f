"""What an engine is: it says what it can do, and turns a plan into takes.

An engine that is new here needs one class with the three methods of `Engine` and one row in
`plugin_host.engines`; the contract tests (``tests/contract``) then hold it to this page.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from plugin_host.audio import Audio
from plugin_host.key import Key
from plugin_host.musictime import Grid

SEEDS = range(2**63)
"""What a seed may be."""

Fact = str | int | float | bool | None
"""A plain value that a sidecar can hold."""


class Form(Enum):
    """Whether a clip wraps around (`LOOP`) or ends (`ONE_SHOT`)."""

    LOOP = "loop"
    ONE_SHOT = "one-shot"


class Shape(Enum):
    """How a take relates to the grid of its plan.

    `RING`: the plan's bars to one part in a thousand, its end already flows into its start. `STRIP`: at least the plan's
    bars, cut nowhere yet; what lies beyond the last bar is the tail with which `fit` closes the seam. `FREE`: at a tempo of
    its own, of an engine that knows no grid; longer than the plan's bars by a margin: see `road` for how much.
    """

    RING = "ring"
    STRIP = "strip"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Plan:
    """All that an engine needs to know, settled: nothing in it is looked up again while the job runs.

    `grid.rate` is the rate of the delivered clip; an engine may render at another one of its own.
    `steps`, `guidance`, `eta`, `scheduler` and `pulse` are None where the engine's own default holds. `variation` (0–1)
    is how much bars differ, `pulse` (0–1) how much of what repeats does so every beat. `guide` is a file or the word
    "sketch", with `strength` (0–1) for how far to go from it. `weights` are the rank's, by part; `hints` are words
    of a preset to one engine, such as a style. `shift` (−3 to 3 semitones) moves the pitch of every finished take.

    `mix` are the files of two loops that the takes are mixed of, with `balance` (0–1) of the first, or as much as a
    take's seed draws. `adapter` is what a model has learnt beyond its weights, by name; "none" is nothing of the kind.
    """

    prompt: str
    grid: Grid
    seed: int
    takes: int = 4
    form: Form = Form.LOOP
    key: Key | None = None
    negative: str = ""
    steps: int | None = None
    guidance: float | None = None
    scheduler: str | None = None
    eta: float | None = None
    variation: float = 0.5
    pulse: float | None = None
    guide: str | None = None
    strength: float | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    hints: Mapping[str, Fact] = field(default_factory=dict)
    shift: float = 0.0
    mix: tuple[str, str] | None = None
    balance: float | None = None
    adapter: str | None = None

    def take_seed(self, index: int) -> int:
        """Return the seed of take `index` (from 0). Take 0 has the plan's own seed.

        So a plan with `seed` set to the seed of any take, and one take, makes that take again. The others are
        hashed, so that the takes of neighbouring seeds (`/bridge/again`) have nothing in common.
        """
        if index == 0:
            return self.seed
        digest = hashlib.sha256(f"take {index} of {self.seed}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % SEEDS.stop


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do and what its weights are, for plans, sidecars and the curious.

    `rates` is empty where the engine renders at any rate. `longest` is in seconds. `uses` names the fields of
    `Plan` that change its sound; the sidecar lists what was asked for and not used.
    """

    name: str
    version: str
    channels: int
    longest: float
    uses: frozenset[str]
    rates: tuple[int, ...] = ()
    weights: str | None = None
    revision: str | None = None
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """One candidate from an engine: take `index` (from 0) of a plan, made from `seed`.

    `facts` are the engine's own words about it (style, key it chose …) and end up in the sidecar.
    """

    index: int
    seed: int
    audio: Audio
    shape: Shape
    facts: Mapping[str, Fact] = field(default_factory=dict)


class Watch(Protocol):
    """How an engine tells how far it is, and learns that it should stop."""

    def step(self, stage: str, fraction: float) -> None:
        """Report that `stage` is running and `fraction` (0–1) of the whole engine's work is done.

        Called at least ten times a second of work where the engine can, at the latest once a diffusion step.
        Raises `Cancelled` when the job was cancelled; the engine lets that pass. Thread: worker.
        """


class Engine(Protocol):
    """A generator of takes. Constructing one is cheap; what is heavy is loaded by `takes` when first needed."""

    @property
    def capabilities(self) -> Capabilities:
        """What this engine can do; known without loading anything."""

    def takes(self, plan: Plan, watch: Watch) -> Iterator[Take]:
        """Yield the takes of `plan` in order of their index, each as soon as it is there.

        The same plan gives the same bytes on the same machine. Raises `HostError` subclasses, and lets `Cancelled`
        through from `watch`. Thread: worker.
        """

    def close(self) -> None:
        """Let go of memory and devices. Thread: worker."""
