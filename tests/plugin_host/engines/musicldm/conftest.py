"""The tiny checkpoint, saved once, and the model that is loaded from it."""

from pathlib import Path

import pytest
import torch
from checkpoints import build

from plugin_host.engines.musicldm.device import choose
from plugin_host.engines.musicldm.model import MusicLDM


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a tiny checkpoint; no test may change it."""
    torch.set_num_threads(1)  # its models are so small that threads only wait for each other
    return build(tmp_path_factory.mktemp("checkpoint") / "tiny")


@pytest.fixture(scope="session")
def model(tiny: Path) -> MusicLDM:
    """Return the tiny model, loaded from disk as the real one would be; calls leave nothing behind in it."""
    return MusicLDM.load(str(tiny), placement=choose("cpu"))
