"""Windows on a ring: they cover it evenly, and their blend is one ring."""

from fractions import Fraction

import torch
from hypothesis import given
from hypothesis import strategies as st

from plugin_host.engines.musicldm import windows
from plugin_host.engines.musicldm.ring import Course


@given(length=st.integers(1, 3_000), size=st.sampled_from((32, 256)), unit=st.sampled_from((1, 4)))
def test_windows_overlap_everywhere(length: int, size: int, unit: int) -> None:
    """No frame of the ring is seen by none, and neighbours share what they should, but for rounding."""
    starts = windows.starts(unit * length, unit * size, unit)
    steps = [after - before for before, after in zip(starts, [*starts[1:], unit * length + starts[0]], strict=True)]
    assert max(steps) <= unit * (size * (1 - windows.OVERLAP) + 1)
    assert all(start % unit == 0 for start in starts)


@given(length=st.integers(9, 100))
def test_what_each_window_agrees_upon_is_what_comes_out(length: int) -> None:
    """Where all windows say the same of a frame, the blend says it too, at every length."""
    ring = torch.randn(2, 3, length, 4, generator=torch.Generator().manual_seed(length))
    assert torch.allclose(windows.around(lambda seen: 2 * seen, ring, 8), 2 * ring, atol=1e-5)


def test_a_blend_scales_in_time() -> None:
    """Where each frame becomes four, or four become one."""
    ring = torch.randn(1, 2, 50, 3, generator=torch.Generator().manual_seed(1))
    grown = windows.around(lambda seen: seen.repeat_interleave(4, dim=2), ring, 16, Fraction(4))
    assert torch.allclose(grown, ring.repeat_interleave(4, dim=2), atol=1e-5)
    shrunk = windows.around(lambda seen: seen[:, :, ::4], grown, 64, Fraction(1, 4))
    assert torch.allclose(shrunk, ring, atol=1e-5)


@given(length=st.integers(33, 400))
def test_windows_begin_where_a_beat_does(length: int) -> None:
    """A model that counts eight frames a beat finds the beat where it is, in every window."""
    ring = torch.arange(float(8 * length))[None, None, :, None]
    first: list[float] = []

    def compute(seen: torch.Tensor) -> torch.Tensor:
        first.append(float(seen[0, 0, 0, 0]))
        return seen

    windows.around(compute, ring, 176, unit=8)
    assert len(first) > 1
    assert all(each % 8 == 0 for each in first)


def test_a_ring_that_fits_is_computed_at_once() -> None:
    """As it is, and around."""
    seen: list[int] = []

    def compute(each: torch.Tensor) -> torch.Tensor:
        seen.append(each.shape[2])
        return each

    ring = torch.randn(1, 1, 8, 1)
    windows.around(compute, ring, 8)
    assert seen == [8]
    assert windows.course(ring, 8) is Course.RING
    assert windows.course(ring, 7) is Course.STRIP
    assert windows.computed(8, 8) == 8
    assert windows.computed(9, 8) == 16
