"""A file is written whole, or not at all: beside its place, and put there in one step once it is on the disk."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file to write into, which becomes `path` when the block ends well; before that, what lies there stays.

    Raises `OSError` where there is no room; half a file helps nobody, takes the room that is wanted, and is removed.
    Thread: any, but one for each path.
    """
    beside = path.with_suffix(".new")
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
