"""Which files a request may name: those inside the folders that the configuration allows, links followed first."""

from collections.abc import Sequence
from pathlib import Path

from daw_bridge.errors import BadRequest, OutOfRange
from daw_bridge.values import shown

SKETCH = "sketch"
"""The word that stands for a guide made by the sketch engine, instead of a file."""


def confine(guide: str, folders: Sequence[Path]) -> str:
    """Return the resolved path of `guide`, or the word "sketch".

    A relative path is looked for in each allowed folder, in their order. Raises `OutOfRange` for a path that is not,
    once all links are followed, inside one of `folders`, and `BadRequest` for one that is no file there.
    """
    if guide == SKETCH:
        return guide
    if not folders:
        raise OutOfRange(f"guide: {shown(guide)} is in no allowed folder; list your folders in paths.guides")
    trouble: BadRequest | None = None
    for folder in folders:
        try:
            path = _found(folder, guide)
        except BadRequest as error:
            trouble = trouble or error
        else:
            if path is not None:
                return str(path)
    if trouble is not None:
        raise trouble
    allowed = ", ".join(str(folder) for folder in folders)
    raise OutOfRange(f"guide: {shown(guide)} is outside the allowed folders; put it into {allowed}")


def _found(folder: Path, guide: str) -> Path | None:
    """Return the file to which `guide` leads from `folder`; None if it leads out. Raises `BadRequest` if it is none."""
    try:
        root = folder.resolve()
        path = (root / guide).resolve()
        if not path.is_relative_to(root):
            return None
        if path.is_file():
            return path
    except (OSError, RuntimeError, ValueError):  # a name too long, links in a circle, signs that no disk takes
        raise BadRequest(f"guide: {shown(guide)} cannot be followed; name a WAV that lies in {folder}") from None
    raise BadRequest(f"guide: {shown(guide)} is no file in {folder}; name a WAV that lies there")
