"""The contract of engines: what every engine promises, tried on each that this project has."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import checkpoints
import numpy as np
import pytest
import soundfile
from sounds import groove

from plugin_host.engine import Engine, Fact, Form, Plan, Shape, Take
from plugin_host.engines import FACTORIES, MIX, create
from plugin_host.errors import Cancelled, EngineUnavailable
from plugin_host.musictime import Grid, Meter, Tempo

GRID = Grid(Tempo.parse(120), Meter(4, 4), 2, 48_000)


class Quiet:
    """A watch that takes note of what it is told."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, float]] = []

    def step(self, stage: str, fraction: float) -> None:
        """Take note."""
        self.steps.append((stage, fraction))


class Impatient(Quiet):
    """A watch that cancels at its third step."""

    def step(self, stage: str, fraction: float) -> None:
        """Take note, then cancel."""
        super().step(stage, fraction)
        if len(self.steps) == 3:
            raise Cancelled


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Fact]]:
    """Return the settings of the engines that need some: weights of their own, with a device that is everywhere."""
    folder = checkpoints.build(tmp_path_factory.mktemp("weights") / "tiny")
    return {"musicldm": {"checkpoint": str(folder), "device": "cpu", "steps": 3}}


@pytest.fixture(params=sorted(FACTORIES))
def engine(request: pytest.FixtureRequest, settings: Mapping[str, Mapping[str, Fact]]) -> Iterator[Engine]:
    """Each engine in turn."""
    made = create(request.param, settings.get(request.param, {}))
    yield made
    made.close()


@pytest.fixture(scope="module")
def parents(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return two loops to be mixed: one on the grid of the plan, one at another tempo, shorter."""
    folder = tmp_path_factory.mktemp("loops")
    paths = (folder / "rock_120bpm.wav", folder / "house_115bpm.wav")
    for path, name, on in zip(
        paths, ("rock", "house"), (GRID, Grid(Tempo.parse(115), GRID.meter, 1, 8_000)), strict=True
    ):
        soundfile.write(path, groove(on, name).samples, on.rate)
    return str(paths[0]), str(paths[1])


@pytest.fixture
def plan(engine: Engine, parents: tuple[str, str]) -> Plan:
    """Return a plan that the engine can carry out: a mix is made of two loops, all else of words."""
    mix = parents if engine.capabilities.name == MIX else None
    return Plan("a dusty groove", GRID, seed=11, takes=2, mix=mix)


def frames(take: Take) -> int:
    """Return how long the bars of the plan are at the take's rate."""
    return GRID.at_rate(take.audio.rate).frames


def test_takes_come_in_order_and_say_who_they_are(engine: Engine, plan: Plan) -> None:
    """As many as the plan asks for, each with its index and the seed that makes it again."""
    takes = list(engine.takes(plan, Quiet()))
    assert [take.index for take in takes] == [0, 1]
    assert [take.seed for take in takes] == [plan.take_seed(0), plan.take_seed(1)]


def test_takes_are_as_long_as_their_shape_says(engine: Engine, plan: Plan) -> None:
    """A ring has the plan's frames to a thousandth, a strip at least those; the rate is one that the engine declares."""
    for take in engine.takes(plan, Quiet()):
        if take.shape is Shape.RING:
            assert abs(take.audio.frames - frames(take)) <= frames(take) / 1000
        else:
            assert take.audio.frames >= frames(take)
        assert take.audio.channels == engine.capabilities.channels
        assert take.audio.rate in (engine.capabilities.rates or (GRID.rate,))


def test_the_same_plan_gives_the_same_bytes(engine: Engine, plan: Plan) -> None:
    """And a take made again alone, from its own seed, is the same sound: what is computed side by side may round apart."""
    first = list(engine.takes(plan, Quiet()))
    second = list(engine.takes(plan, Quiet()))
    alone = next(iter(engine.takes(replace(plan, seed=first[1].seed, takes=1), Quiet())))
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.audio.samples, other.audio.samples)
    loudness = float(np.sqrt(np.mean(np.square(alone.audio.samples))))
    assert np.abs(first[1].audio.samples - alone.audio.samples).max() <= 1e-4 * loudness
    assert not np.array_equal(first[0].audio.samples, first[1].audio.samples)


def test_progress_is_told_and_never_falls(engine: Engine, plan: Plan) -> None:
    """From a stage with a name, between 0 and 1."""
    watch = Quiet()
    list(engine.takes(plan, watch))
    fractions = [fraction for _, fraction in watch.steps]
    assert len(fractions) >= 4
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1
    assert all(stage for stage, _ in watch.steps)


def test_a_cancel_is_let_through_at_the_step_where_it_is_raised(engine: Engine, plan: Plan) -> None:
    """And the engine works on afterwards."""
    watch = Impatient()
    with pytest.raises(Cancelled):
        list(engine.takes(plan, watch))
    assert len(watch.steps) == 3
    assert len(list(engine.takes(plan, Quiet()))) == 2


def test_a_one_shot_comes_too(engine: Engine, plan: Plan) -> None:
    """Every engine makes both forms."""
    (take,) = engine.takes(replace(plan, form=Form.ONE_SHOT, takes=1), Quiet())
    assert take.audio.frames >= frames(take)


def test_an_engine_that_is_not_there_is_named() -> None:
    """With what there is instead."""
    with pytest.raises(EngineUnavailable, match=r"no engine 'nothing'; there is .*sketch"):
        create("nothing", {})
