"""What all tests share: the machine, a profile for Hypothesis without deadlines, as machines differ and are busy; disks."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import floor
import pytest
from hypothesis import settings
from real import Mount, memory_disk

settings.register_profile("laws", deadline=None, print_blob=True)
settings.load_profile("laws")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processes the tests run in."""
    return floor.processes(config.args)


def pytest_configure(config: pytest.Config) -> None:
    """Where there are several processes, have each take its turn, and one thread. Ctrl-C is heard in any case.

    (A job in the background of a shell is deaf to it, and so would be the programs that the tests start.)
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(config, "workerinput"):
        # Numba, on which librosa stands, keeps what it has compiled in files, and dies when two write the same at once.
        os.environ["NUMBA_CACHE_DIR"] = str(config.cache.mkdir(f"numba-{config.workerinput['workerid']}"))
        count = config.workerinput["workercount"]
        config.pluginmanager.register(floor.Floor(Path(floor.__file__), Path(__file__), count))
    elif config.option.numprocesses:
        floor.think_alone()


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Lend a function that mounts a small disk of memory for the test."""
    with memory_disk(tmp_path / "disk") as mounted:
        yield mounted
