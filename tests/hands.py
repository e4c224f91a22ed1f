"""Engines that do wrong in a real worker process: `main` is what a foreman's worker runs in place of `work`."""

import os
import threading
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import numpy as np

from plugin_host import engines
from plugin_host.audio import Audio
from plugin_host.engine import Capabilities, Fact, Plan, Shape, Take, Watch
from plugin_host.worker import work

_BLOCK = 16 * 2**20


class Planted:
    """An engine that does as its plan's prompt says, and makes its takes if it still can after that."""

    def __init__(self, settings: Mapping[str, Fact]) -> None:
        self._trace = settings.get("trace")

    @property
    def capabilities(self) -> Capabilities:
        """It claims to work."""
        return Capabilities("planted", "1", channels=1, longest=600.0, uses=frozenset())

    def takes(self, plan: Plan, watch: Watch) -> Iterator[Take]:
        """Do what the prompt says before the first step, or after it."""
        if self._trace:
            with Path(str(self._trace)).open("a", encoding="ascii") as file:
                file.write(f"{os.getpid()} {plan.prompt}\n")
        when, _, what = plan.prompt.partition(" ")
        if when == "first":
            _do(what)
        watch.step("play", 0.1)
        if when == "then":
            _do(what)
        watch.step("play", 0.9)
        noise = np.random.default_rng(plan.seed).uniform(-0.5, 0.5, (plan.grid.frames, 1)).astype(np.float32)
        for index in range(plan.takes):
            yield Take(index, plan.take_seed(index), Audio(noise, plan.grid.rate), Shape.RING)

    def close(self) -> None:
        """It holds nothing."""


def _do(what: str) -> None:
    """Hang, grow, die, or break as a GPU does."""
    if what == "hang":
        threading.Event().wait()
    elif what == "spin":
        while True:
            pass
    elif what == "grow":
        blocks: list[object] = []
        while len(blocks) < 1_000:
            blocks.append(np.ones(_BLOCK, np.uint8))
            threading.Event().wait(0.005)
    elif what == "die":
        os.abort()
    elif what == "gpu":
        message = "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be reported later"
        raise RuntimeError(message)


def main(pipe: Connection, spool: Path, settings: Mapping[str, Mapping[str, Fact]]) -> None:
    """Run a worker that has the planted engine as well."""
    cast("dict[str, str]", engines.FACTORIES)["planted"] = f"{__name__}:Planted"
    work(pipe, spool, settings)


def leave(pipe: Connection, spool: Path, settings: Mapping[str, Mapping[str, Fact]]) -> None:
    """Run a worker that ends before it has heard a word."""
    del pipe, spool, settings
    os._exit(3)
