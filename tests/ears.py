"""What was played to a program on JACK, and where in it a clip begins."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import jackears
import numpy as np
from numpy.typing import NDArray
from real import missing
from talker import Talker, talker

from plugin_host.audio import Samples

NAME = jackears.NAME


@dataclass(frozen=True, slots=True)
class Recording:
    """`samples` as they came, how often the server left out a block, and for each block (frame, server's frame, moment)."""

    samples: Samples
    gaps: int
    blocks: NDArray[np.float64]


class Ears:
    """The program that records."""

    def __init__(self, program: Talker, folder: Path) -> None:
        self._program = program
        self._folder = folder

    def heard(self) -> Recording:
        """Return all that it has recorded so far."""
        path = self._folder / "heard.npy"
        self._program.say(f"save {path}")
        _, gaps = self._program.words()
        return Recording(np.load(path), int(gaps), np.load(f"{path}.times.npy"))


@contextmanager
def ears(folder: Path, environment: Mapping[str, str]) -> Iterator[Ears]:
    """Record all that is played to the output called `NAME` of the server that `environment` leads to."""
    if find_spec("_jack") is None:
        missing("JACK-Client is not installed")
    with talker(jackears.__file__, environment=environment) as program:
        assert program.words() == ["ready"]
        yield Ears(program, folder)


def first(sound: Samples) -> int:
    """Return the first frame that is no silence."""
    return int(np.flatnonzero(np.abs(sound).max(axis=1))[0])
