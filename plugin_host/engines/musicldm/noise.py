"""The noise that every take begins with. It is drawn on the processor, so that a seed means the same on any device."""

from collections.abc import Sequence

import torch

from plugin_host.engines.musicldm.schedulers import Generators


def generators(seeds: Sequence[int]) -> list[torch.Generator]:
    """Return a source of chance for each seed."""
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def draw(shape: Sequence[int], takes: int, source: Generators, precision: torch.dtype) -> torch.Tensor:
    """Return Gaussian noise, shape ``(takes, *shape)``.

    From one generator for each take, a take's noise depends on its own alone; from one for all, they share its row of
    numbers. The numbers are drawn in `precision`, as diffusers does, which in half precision is another row.
    """
    if isinstance(source, Sequence):
        rows = [torch.randn((1, *shape), generator=each, dtype=precision, device=each.device).cpu() for each in source]
        return torch.cat(rows)
    device = source.device if source is not None else torch.device("cpu")
    return torch.randn((takes, *shape), generator=source, dtype=precision, device=device).cpu()
