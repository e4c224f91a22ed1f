"""The `sketch` engine: a band in a box that arranges and plays, and never says that it is anything else."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from plugin_host.audio import Audio
from plugin_host.engine import SEEDS, Capabilities, Fact, Plan, Shape, Take, Watch
from plugin_host.engines.sketch.arrange import arrange
from plugin_host.engines.sketch.brief import settle
from plugin_host.engines.sketch.chart import Chart
from plugin_host.engines.sketch.perform import perform
from plugin_host.engines.sketch.progress import Progress
from plugin_host.engines.sketch.score import Score
from plugin_host.errors import BadValue, OutOfRange

LONGEST = 600.0
"""Seconds."""

_CHANCES = 64
"""How often something is drawn for a take before its bar counts as too short for anything; it costs milliseconds."""

_CAPABILITIES = Capabilities(
    name="sketch",
    version="1",
    channels=2,
    longest=LONGEST,
    uses=frozenset({"prompt", "grid", "seed", "takes", "form", "key", "negative", "variation", "hints"}),
    licence="MIT",
)


class SketchEngine:
    """Renders takes from prompt, key, meter, tempo and seed alone: no weights, no network, no GPU.

    It holds nothing between takes. A take depends on its own seed and the plan, not on its index. Thread: worker.
    """

    def __init__(self, settings: Mapping[str, Fact]) -> None:
        if settings:
            raise BadValue(f"sketch has no settings; it was given {', '.join(sorted(settings))}")

    @property
    def capabilities(self) -> Capabilities:
        """What this engine can do: any rate, stereo, up to ten minutes."""
        return _CAPABILITIES

    def takes(self, plan: Plan, watch: Watch) -> Iterator[Take]:
        """Yield the takes of `plan`, each exactly as long as its grid, at its rate.

        Raises `OutOfRange` for a clip of more than ten minutes, and `BadValue` for a hint that means nothing here or a bar
        too short for what is to play.
        """
        if plan.grid.seconds > LONGEST:
            raise OutOfRange(
                f"the clip would last {float(plan.grid.seconds):.0f} s; sketch plays up to {LONGEST:.0f} s: ask for fewer bars",
            )
        for index in range(plan.takes):
            yield _take(plan, index, Progress(watch, index, plan.takes))

    def close(self) -> None:
        """Let go of nothing: there is nothing to hold."""


def _take(plan: Plan, index: int, progress: Progress) -> Take:
    """Make one take: settle its brief, write it, play it."""
    seed = plan.take_seed(index)
    progress.at("arrange", 0.0)
    chart, score = _written(plan, seed)
    samples = perform(chart, score, plan.form, progress)
    progress.at("mix", 1.0)
    return Take(index, seed, Audio(samples, plan.grid.rate), Shape.RING, score.facts)


def _written(plan: Plan, seed: int) -> tuple[Chart, Score]:
    """Return what the take of `seed` plays: what the next seed would, and so on, where this one draws nothing but rests.

    Where that was so is told in the facts. Raises `BadValue` for a bar in which nothing has room.
    """
    for further in range(_CHANCES):
        drawn = (seed + further) % SEEDS.stop
        chart = Chart.of(settle(plan, drawn), plan, drawn)
        score = arrange(chart)
        if not score.silent:
            return chart, replace(score, facts={**score.facts, "drawn_again": further}) if further else score
    raise BadValue("nothing is left to play in so short a bar; ask for more parts or a longer bar")
