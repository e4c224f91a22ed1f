"""Adapters as they lie on disk: what a UNet has learnt beyond its checkpoint, as a little added to some of its weights.

An adapter is a folder, named as it is asked for. It holds the little itself, of low rank (Hu et al. 2021, "LoRA"), in a
file of safetensors, and a card in JSON that says of which weights it is and what it has heard. ``daw-bridge train`` makes
them. Everything here is looked at before a heavy library is imported.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugin_host.engines.musicldm.checkpoint import INDEX, Checkpoint, check_safetensors
from plugin_host.errors import BadValue, EngineUnavailable

CARD = "adapter.json"
WEIGHTS = "adapter.safetensors"

NONE = "none"
"""The word for no adapter at all, where a default is to be passed over."""

_LARGEST_CARD = 16 * 2**20  # bytes; ten thousand captions are one
_BLOCK = 2**20


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter that was looked at. Its parts count `scale` times; `base` are those of the weights that it was made for.

    `print` tells its weights from all others, `unet` those of the UNet that they are added to.
    """

    name: str
    folder: Path
    print: str
    scale: float
    base: str
    unet: str

    @property
    def weights(self) -> Path:
        """The file of its weights."""
        return self.folder / WEIGHTS

    def check(self, found: Checkpoint) -> None:
        """Raise `EngineUnavailable` unless it was made for the UNet of this checkpoint, to the last bit."""
        if print_of(found.weights("unet")) != self.unet:
            raise EngineUnavailable(
                f"adapter: '{self.name}' was made for the weights of {self.base}, and these are those of {found.source}; "
                f"set musicldm.checkpoint to {self.base}, or teach these: daw-bridge train FOLDER --name ANOTHER"
            )


def find(name: str, shelf: Path) -> Path:
    """Return the folder of the adapter called `name` of those in the folder `shelf`; nothing is read. Thread: any.

    Raises `BadValue` where there is none, with those that there are.
    """
    folder = shelf / name
    inside = Path(name).name == name and not name.startswith(".")  # what is half-made lies in hidden folders
    if inside and (folder / INDEX).is_file():
        raise BadValue(
            f"adapter: '{name}' is a whole checkpoint; set musicldm.checkpoint to {folder}, and leave adapter out"
        )
    if not inside or not (folder / CARD).is_file():
        there = ", ".join(names(shelf))
        remedy = f"there is {there}" if there else "make one: daw-bridge train FOLDER --name NAME"
        raise BadValue(f"adapter: there is no '{name}' in {shelf}; {remedy}")
    return folder


def named(name: str, shelf: Path) -> Adapter:
    """Return the adapter called `name` of those in the folder `shelf`.

    Raises `BadValue` as `find` does, and `EngineUnavailable` for one that is broken.
    """
    folder = find(name, shelf)
    check_safetensors(folder / WEIGHTS, f"remove {folder}, and train anew")
    try:
        card = read_card(folder)
        base, scale = card["base"], float(card["scale"])
        if not math.isfinite(scale):
            raise ValueError(f"its scale is {scale}")  # noqa: TRY301 - it is told as all else that is wrong about a card
        return Adapter(name, folder, print_of(folder / WEIGHTS), scale, str(base["source"]), str(base["unet"]))
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise EngineUnavailable(
            f"adapter: {folder / CARD} cannot be read ({type(error).__name__}: {error}); remove {folder}, and train anew"
        ) from None


def names(shelf: Path) -> list[str]:
    """Return what the adapters in the folder `shelf` are called."""
    return sorted(path.parent.name for path in shelf.glob(f"*/{CARD}") if not path.parent.name.startswith("."))


def wholes(shelf: Path) -> list[str]:
    """Return what the whole checkpoints are called that lie beside them: a training may leave one of those."""
    return sorted(path.parent.name for path in shelf.glob(f"*/{INDEX}") if not path.parent.name.startswith("."))


def read_card(folder: Path) -> Mapping[str, Any]:
    """Return what an adapter's card says. Raises `OSError`, or `ValueError` for what is no card."""
    with (folder / CARD).open("rb") as file:
        card = json.loads(file.read(_LARGEST_CARD))
    if not isinstance(card, dict):
        raise ValueError("no object")  # noqa: TRY004 - to whoever reads files, a list is as wrong a value as no JSON
    return card


def print_of(path: Path) -> str:
    """Return what tells a file from all others: its SHA-256, in hexadecimal digits. Raises `EngineUnavailable`."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise EngineUnavailable(f"{path} cannot be read ({error.strerror}); mend that, or copy it again") from None
    return digest.hexdigest()
