"""The tiny checkpoint, saved once, and the model and the engine that are loaded from it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from checkpoints import build

from plugin_host.engines.musicldm import MusicLdmEngine
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


@pytest.fixture(scope="module")
def engine(tiny: Path) -> Iterator[MusicLdmEngine]:
    """Return an engine on the tiny checkpoint."""
    made = MusicLdmEngine({"checkpoint": str(tiny), "device": "cpu"})
    yield made
    made.close()
