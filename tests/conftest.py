"""What all tests share: one profile for Hypothesis, without deadlines, since machines differ and are busy; and disks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from real import Mount, memory_disk

settings.register_profile("laws", deadline=None, print_blob=True)
settings.load_profile("laws")


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Lend a function that mounts a small disk of memory for the test."""
    with memory_disk(tmp_path / "disk") as mounted:
        yield mounted
