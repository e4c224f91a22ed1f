"""Where the models compute: which device, which precision, and what is tried when memory runs out."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch

from plugin_host.errors import BadValue, EngineUnavailable

PRECISIONS = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}

_MEMORY_WORDS = ("out of memory", "can't allocate memory", "alloc_cpu", "not enough memory")


@dataclass(frozen=True, slots=True)
class Placement:
    """A device and the precision of what lies there.

    With `offloaded`, parts rest in ordinary memory and visit the device one at a time: slower, and far smaller.
    """

    device: torch.device
    precision: torch.dtype
    offloaded: bool = False

    @property
    def can_offload(self) -> bool:
        """Whether offloading would free anything: not on the processor itself, nor twice."""
        return not self.offloaded and self.device.type != "cpu"

    def offloading(self) -> "Placement":
        """Return the same placement with the parts resting in ordinary memory."""
        return replace(self, offloaded=True)

    @property
    def words(self) -> str:
        """Device and precision, for people and sidecars: "cuda float16"."""
        offloaded = " offloaded" if self.offloaded else ""
        return f"{self.device} {str(self.precision).removeprefix('torch.')}{offloaded}"

    def free(self) -> None:
        """Give back what the device holds for nobody."""
        free(self.device)

    @contextmanager
    def visiting(self, part: Any) -> Iterator[None]:
        """Have `part`, a torch module, on the device while the block runs."""
        if not self.offloaded:
            yield
            return
        part.to(self.device)
        try:
            yield
        finally:
            part.to("cpu")
            free(self.device)


def choose(device: str = "auto", precision: str = "auto") -> Placement:
    """Settle where to compute: as told, else CUDA in half precision, else MPS, else the processor.

    Raises `BadValue` for words that mean nothing, and `EngineUnavailable` for a device that is not there.
    """
    if precision != "auto" and precision not in PRECISIONS:
        raise BadValue(f"precision is '{precision}'; give auto or one of {', '.join(PRECISIONS)}")
    chosen = _best() if device == "auto" else _named(device)
    if precision != "auto":
        return Placement(chosen, PRECISIONS[precision])
    return Placement(chosen, torch.float16 if chosen.type == "cuda" else torch.float32)


def _best() -> torch.device:
    """Return the fastest device of this machine."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _named(name: str) -> torch.device:
    """Return the device called `name`, if this machine has it."""
    try:
        device = torch.device(name)
    except RuntimeError:
        raise BadValue(f"device is '{name}'; give auto, cpu, cuda, cuda:1 or mps") from None
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there.get(device.type, False):
        raise EngineUnavailable(f"this machine has no device '{name}', or torch was built without it; try auto")
    return device


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory has run out, in the words of any device."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in _MEMORY_WORDS)


def free(device: torch.device) -> None:
    """Give back what the device holds for nobody."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
