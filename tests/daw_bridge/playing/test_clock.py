"""Laws of the device's clock: the earliest callbacks tell the truth, and a leap is no slope."""

import numpy as np
import pytest

from daw_bridge.playing.clock import DeviceClock

RATE = 48_000


def ticking(clock: DeviceClock, seconds: float, ppm: float, *, start: float = 0.0, lost: int = 0) -> float:
    """Have a device that is so many millionths fast tell the time ten times a second, having `lost` some frames."""
    dice = np.random.default_rng(3)
    rate = RATE * (1 + ppm / 1e6)
    for moment in np.arange(start, start + seconds, 0.1):
        frame = int(moment * rate) // 256 * 256
        clock.hear(1_000 + frame / rate + float(dice.exponential(5e-5)), frame - lost, 0.01)
    return start + seconds


@pytest.mark.parametrize("ppm", [-300.0, 0.0, 20.0, 100.0])
def test_a_device_is_known_to_a_twentieth_of_a_millisecond(ppm: float) -> None:
    """After a minute, its rate is known to two millionths, and when a frame is heard two seconds on."""
    clock = DeviceClock(RATE)
    ticking(clock, 60, ppm)
    line = clock.line
    assert line is not None
    true = RATE * (1 + ppm / 1e6)
    assert line.rate == pytest.approx(true, rel=2e-6)
    assert line.time_at(62 * true) == pytest.approx(1_062.01, abs=1e-4)
    assert line.frame_at(1_062.01) == pytest.approx(62 * true, abs=5)


def test_the_first_word_is_enough_to_begin_with() -> None:
    """Until a slope can be drawn, the nominal rate has to do."""
    clock = DeviceClock(RATE)
    clock.hear(10.0, 4_800, 0.005)
    assert clock.line is not None
    assert clock.line.rate == RATE
    assert clock.line.time_at(4_800 + RATE) == pytest.approx(11.005)


def test_a_device_that_lost_time_goes_on_beside_the_line() -> None:
    """Half a second after a dropout of a hundred blocks, its frames are where they are now."""
    clock = DeviceClock(RATE)
    now = ticking(clock, 30, 0)
    ticking(clock, 0.7, 0, start=now, lost=25_600)
    line = clock.line
    assert line is not None
    assert line.frame_at(1_032.01) == pytest.approx(32 * RATE - 25_600, abs=5)
