"""When memory runs out: half as many takes at a time, then offloading, then a clear end."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch

from plugin_host.engines.musicldm.device import Placement, free, is_out_of_memory
from plugin_host.errors import OutOfMemory

T = TypeVar("T")

_MEMINFO = Path("/proc/meminfo")
_REMEDY = "ask for fewer bars or takes, close other programs, or set musicldm.device to cpu"


def available(device: torch.device) -> int | None:
    """Return the bytes that are free on `device`, None where nobody can say."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if sys.platform == "linux" and _MEMINFO.is_file():
        for line in _MEMINFO.read_text().splitlines():
            name, _, value = line.partition(":")
            if name == "MemAvailable":
                return int(value.split()[0]) * 1024
    return None


def check_room(size: int, device: torch.device) -> None:
    """Raise `OutOfMemory` when `size` bytes of weights cannot fit on `device`."""
    free_bytes = available(device)
    if free_bytes is not None and free_bytes < size:
        raise OutOfMemory(
            f"the model needs {size / 1e9:.1f} GB on {device} and {free_bytes / 1e9:.1f} GB are free; {_REMEDY}",
        )


def attempt(work: Callable[[int], T], takes: int, placement: Placement, offload: Callable[[], None]) -> T:
    """Return ``work(takes)``; when memory runs out, try with half as many at a time, at last after `offload`.

    `work` is told how many takes to compute at a time and starts from the beginning whenever it is called. Raises
    `OutOfMemory`; by then what the attempts held is given back.
    """
    batch, can_offload = takes, placement.can_offload
    while True:
        try:
            return work(batch)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        free(placement.device)  # out here the failed attempt's tensors are nobody's any more
        if batch > 1:
            batch = (batch + 1) // 2
        elif can_offload:
            offload()
            can_offload = False
        else:
            raise OutOfMemory(f"not enough memory on {placement.device} even for one take alone; {_REMEDY}")
