"""Two loops become takes of both, each with a balance of its own: beat-synchronous audio mixup, for a producer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plugin_host.audio import Audio
from plugin_host.engine import Capabilities, Fact, Plan, Shape, Take, Watch
from plugin_host.errors import BadValue
from plugin_host.loops import Beat
from plugin_host.loops.known import beside
from plugin_host.loops.loop import beat_of
from plugin_host.loops.sounds import read_sound
from plugin_host.mixup import blended, check_tempi, on_grid, share
from plugin_host.musictime import Grid

LONGEST = 600.0
"""Seconds."""

CHANNELS = 2
"""A clip of more channels is heard in mono, and laid in the middle."""

_CAPABILITIES = Capabilities(
    name="mix",
    version="1",
    channels=CHANNELS,
    longest=LONGEST,
    uses=frozenset({"grid", "seed", "takes", "mix", "balance"}),
)


@dataclass(frozen=True, slots=True, eq=False)
class Parent:
    """One of the two: its file, its sound, its beat, from whom that is known, and its licence, if one is told."""

    path: Path
    audio: Audio
    beat: Beat
    sources: Mapping[str, str]
    licence: str | None

    @classmethod
    def read(cls, path: Path) -> "Parent":
        """Read the loop at `path`. Raises `BadValue` for one without a beat, and what `read_sound` raises."""
        if not path.is_file():
            raise BadValue(f"{path} is not there any more; put it back, or name another clip")
        audio = read_sound(path)
        beat, sources = beat_of(path, audio)
        if beat is None:
            raise BadValue(
                f"{path.name} has no beat ({sources.get('beat', 'none is heard')}); give a loop that has one"
            )
        return cls(path, audio, beat, sources, beside(path)[0].get("licence") or None)

    def facts(self, which: str) -> Mapping[str, Fact]:
        """Return what of it belongs in the sidecar, under names that begin with `which` of the two it is."""
        return {
            f"{which}_file": self.path.name,
            f"{which}_licence": self.licence,
            f"{which}_tempo": str(self.beat.tempo),
            f"{which}_tempo_from": self.sources["tempo"],
            f"{which}_bars": self.beat.bars,
            f"{which}_downbeat_ms": 1000 * self.beat.downbeat / self.audio.rate,
        }


def parents_of(plan: Plan) -> tuple[Parent, Parent]:
    """Read the two loops of a plan and check that they can be mixed on its grid. Raises `BadValue` and `OutOfRange`."""
    if plan.mix is None:
        raise BadValue("a mix is made of two clips; name them with mix, such as mix 'job-1 job-2'")
    one, other = (Parent.read(Path(path)) for path in plan.mix)
    for each in (one, other):
        check_tempi({each.path.name: each.beat}, plan.grid)
    return one, other


def balance_of(plan: Plan, seed: int) -> float:
    """Return how much of the first is in a take: what the plan says, or what the take's seed draws."""
    return share(np.random.default_rng(seed)) if plan.balance is None else plan.balance


class MixEngine:
    """Mixes two loops that the plan names. It holds nothing between jobs. Thread: worker."""

    def __init__(self, settings: Mapping[str, Fact]) -> None:
        if settings:
            raise BadValue(f"mix has no settings; it was given {', '.join(sorted(settings))}")

    @property
    def capabilities(self) -> Capabilities:
        """What this engine can do: any rate, stereo, up to ten minutes. The licence is that of what is mixed."""
        return _CAPABILITIES

    def takes(self, plan: Plan, watch: Watch) -> Iterator[Take]:
        """Yield the takes of `plan`, each exactly as long as its grid, at its rate. Raises `BadValue` and `OutOfRange`."""
        watch.step("read", 0.0)
        one, other = parents_of(plan)
        watch.step("stretch", 0.1)
        first, done = _laid(one, plan.grid)
        watch.step("stretch", 0.4)
        second, done_too = _laid(other, plan.grid)
        told = {**one.facts("first"), **_under("first", done), **other.facts("second"), **_under("second", done_too)}
        for index in range(plan.takes):
            watch.step("mix", 0.7 + 0.3 * index / plan.takes)
            seed = plan.take_seed(index)
            balance = balance_of(plan, seed)
            audio, facts = blended(first, second, balance)
            yield Take(index, seed, audio, Shape.RING, {"blend": "audio", "balance": balance, **told, **facts})
        watch.step("mix", 1.0)

    def close(self) -> None:
        """Let go of nothing: there is nothing to hold."""


def _laid(parent: Parent, grid: Grid) -> tuple[Audio, Mapping[str, Fact]]:
    """Return one of the two on the grid, in stereo."""
    audio = parent.audio
    if audio.channels > CHANNELS:
        audio = Audio(audio.mono()[:, np.newaxis], audio.rate)
    laid, facts = on_grid(audio, parent.beat, grid)
    return Audio(np.repeat(laid.samples, CHANNELS // laid.channels, axis=1), laid.rate), facts


def _under(which: str, facts: Mapping[str, Fact]) -> Mapping[str, Fact]:
    """Return facts under names that begin with `which` of the two they are of."""
    return {f"{which}_{name}": fact for name, fact in facts.items()}
