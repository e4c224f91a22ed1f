"""A model learns; nothing is lost when it is interrupted."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest
import torch
from torch import Tensor, nn

from plugin_host.training.fit import Desk, LossAt, OutOfTime, chance, fit, slope
from plugin_host.training.recipe import Course

COURSE = Course(steps=60, batch=1, rate=0.05, average=0.9)


def line() -> nn.Linear:
    """Return a model that has nothing learnt."""
    torch.manual_seed(0)
    return nn.Linear(2, 1)


def squares(model: nn.Linear) -> LossAt:
    """Return how far a model is from adding two numbers."""

    def loss_at(step: int, source: torch.Generator) -> Mapping[str, Tensor]:
        """Draw some pairs."""
        del step
        pairs = torch.randn((8, 2), generator=source)
        return {"loss": (model(pairs)[:, 0] - pairs.sum(dim=1)).square().mean()}

    return loss_at


def interrupted(model: nn.Linear, desk: Desk, after: int) -> None:
    """Let a model learn until its time is over after so many steps."""
    told = squares(model)

    def until(step: int, source: torch.Generator) -> Mapping[str, Tensor]:
        """Let the time be over."""
        if step + 1 == after:
            object.__setattr__(desk, "ends", monotonic() - 1)
        return told(step, source)

    with pytest.raises(OutOfTime, match=f"step {after} of {COURSE.steps}"):
        fit("line", model, COURSE, until, desk)


@pytest.mark.parametrize("after", [1, 30, 59])
def test_interrupted_or_not_the_weights_are_the_same(tmp_path: Path, after: int) -> None:
    """To the last bit, and so are the curves."""
    whole, parted = line(), line()
    desk = Desk(tmp_path / "whole", torch.device("cpu"), 1, lambda _: None)
    curves = fit("line", whole, COURSE, squares(whole), desk)
    interrupted(parted, Desk(tmp_path / "parted", torch.device("cpu"), 1, lambda _: None), after)
    again = line()
    desk = Desk(tmp_path / "parted", torch.device("cpu"), 1, lambda _: None)
    assert fit("line", again, COURSE, squares(again), desk) == curves
    assert torch.equal(again.weight, whole.weight)


def test_it_learns(tmp_path: Path) -> None:
    """The average of the weights adds two numbers, and the curve falls."""
    model = line()
    desk = Desk(tmp_path, torch.device("cpu"), 1, lambda _: None)
    curves = fit("line", model, replace(COURSE, steps=300), squares(model), desk)
    assert torch.allclose(model.weight, torch.ones(1, 2), atol=0.05)
    assert curves["loss"][-1] < curves["loss"][0] / 10


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    """A model that has learnt all its steps is there at once, with no step more."""
    model = line()
    desk = Desk(tmp_path, torch.device("cpu"), 1, lambda _: None)
    fit("line", model, COURSE, squares(model), desk)
    learnt = model.weight.clone()

    def never(step: int, source: torch.Generator) -> Mapping[str, Tensor]:
        """Fail if a step is made."""
        raise AssertionError(step, source)

    again = line()
    fit("line", again, COURSE, never, desk)
    assert torch.equal(again.weight, learnt)


def test_a_state_is_whole_or_the_one_before(tmp_path: Path) -> None:
    """It is written beside and renamed: nothing else is left in the folder."""
    model = line()
    fit("line", model, COURSE, squares(model), Desk(tmp_path, torch.device("cpu"), 1, lambda _: None))
    assert [path.name for path in tmp_path.iterdir()] == ["line.state.pt"]


def test_the_rate_rises_stays_and_falls() -> None:
    """From a fraction of itself up to all of it, and at last to nothing."""
    course = Course(steps=1000, batch=1, rate=1.0, fall=0.4)
    slopes = [slope(course, step) for step in range(1000)]
    assert slopes[0] == pytest.approx(0.05)
    assert set(slopes[20:600]) == {1.0}
    assert slopes[999] == pytest.approx(1 / 400)
    assert sorted(slopes[600:], reverse=True) == slopes[600:]


def test_every_step_has_a_chance_of_its_own() -> None:
    """By seed, name and number: no two are alike, and each is always the same."""
    drawn = {
        (seed, name, step): float(torch.rand((), generator=chance(seed, name, step)))
        for seed in (1, 2)
        for name in ("vae", "unet")
        for step in (0, 1, 2)
    }
    assert len(set(drawn.values())) == len(drawn)
    assert drawn[1, "vae", 2] == float(torch.rand((), generator=chance(1, "vae", 2)))


def test_weights_that_want_no_gradient_stay_and_are_in_no_state(tmp_path: Path) -> None:
    """However large they are, a minute's state is as small as what learns."""
    model = line()
    assert model.bias is not None
    model.bias.requires_grad = False
    before = model.bias.clone()
    desk = Desk(tmp_path, torch.device("cpu"), 1, lambda _: None)
    fit("line", model, COURSE, squares(model), desk)
    assert torch.equal(model.bias, before)
    assert torch.load(desk.state("line"), weights_only=True)["model"].keys() == {"weight"}


def test_whoever_watches_each_step_can_stop_it(tmp_path: Path) -> None:
    """There and then, with all that was learnt kept."""
    seen: list[int] = []

    def after(done: int) -> bool:
        """Stop after the third."""
        seen.append(done)
        return done == 3

    model = line()
    desk = Desk(tmp_path, torch.device("cpu"), 1, lambda _: None, after=after)
    with pytest.raises(OutOfTime, match=f"step 3 of {COURSE.steps}"):
        fit("line", model, COURSE, squares(model), desk)
    assert (seen, desk.state("line").exists()) == ([1, 2, 3], True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_full_disk_is_said_as_such_and_the_state_before_stays(tmp_path: Path) -> None:
    """Torch would speak of positions in an archive; and what was half-written does not take the room that is wanted."""
    desk = Desk(tmp_path, torch.device("cpu"), 1, lambda _: None)
    interrupted(line(), desk, 3)
    before = desk.state("line").read_bytes()
    half = desk.state("line").with_suffix(".new")
    half.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        interrupted(line(), desk, 6)
    assert desk.state("line").read_bytes() == before
    assert not half.is_symlink()
