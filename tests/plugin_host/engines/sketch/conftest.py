"""What the tests of `sketch` share: takes by the prompt, and a watch that only looks on."""

from collections.abc import Callable

import pytest

from plugin_host.engine import Plan, Take
from plugin_host.engines.sketch import SketchEngine
from plugin_host.musictime import Grid, Meter, Tempo

Render = Callable[..., Take]


class Onlooker:
    """A watch that lets every take finish and remembers what it was told."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, float]] = []

    def step(self, stage: str, fraction: float) -> None:
        """Remember one report."""
        self.steps.append((stage, fraction))


@pytest.fixture
def onlooker() -> Onlooker:
    """Return a watch that remembers."""
    return Onlooker()


@pytest.fixture
def grid() -> Callable[..., Grid]:
    """Return a function that makes a grid: two bars of 4/4 at 120 and 48 kHz, unless told otherwise."""

    def make(tempo: str | float = 120, meter: str = "4/4", bars: int = 2, rate: int = 48_000) -> Grid:
        return Grid(Tempo.parse(tempo), Meter.parse(meter), bars, rate)

    return make


@pytest.fixture
def render(grid: Callable[..., Grid]) -> Render:
    """Return a function that renders one take: a prompt, a grid if it matters, and fields of the plan."""

    def take(prompt: str, where: Grid | None = None, seed: int = 1, **fields: object) -> Take:
        plan = Plan(prompt, where or grid(), seed, takes=1, **fields)  # type: ignore[arg-type]
        return next(iter(SketchEngine({}).takes(plan, Onlooker())))

    return take
