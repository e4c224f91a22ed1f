"""A file is written whole, or not at all: beside its place, and put there in one step once it is on the disk.

And what a library writes of its own accord is rid of what is nobody's business.
"""

import json
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


def forget_where(config: Path) -> None:
    """Take out of a configuration in which folder its model was made: it is nobody's business, and nowhere else there."""
    told = json.loads(config.read_text())
    told.pop("_name_or_path", None)
    config.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n")
