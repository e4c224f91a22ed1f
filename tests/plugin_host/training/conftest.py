"""A whole model of the tiny recipe, made once from its loops to its folder."""

from pathlib import Path

import pytest
import torch
from recipes import TINY

from plugin_host.training.fit import Desk
from plugin_host.training.recipe import STAGES
from plugin_host.training.stages import Work, run


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Return where the tiny model learns."""
    torch.set_num_threads(1)  # its models are so small that threads only wait for each other
    return Desk(tmp_path_factory.mktemp("training"), torch.device("cpu"), TINY.seed, lambda _: None)


@pytest.fixture(scope="session")
def made(desk: Desk) -> Path:
    """Return the folder in which all stages have run; no test may change it."""
    run(Work("mini", TINY, desk.folder), STAGES, desk)
    return desk.folder
