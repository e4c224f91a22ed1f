"""Laws of making clips ready, with a real fitter: what is on its way to the device is not lost on it."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from daw_bridge.errors import DeviceUnavailable
from daw_bridge.playing import ready
from daw_bridge.playing.fitter import Means
from daw_bridge.playing.ready import Ready, Version
from daw_bridge.playing.shelf import Take
from daw_bridge.playing.words import Forget, Load, Loaded, Order
from plugin_host.engine import Form
from plugin_host.musictime import Grid, Meter, Tempo

GRID = Grid(Tempo.parse(480), Meter(4, 4), 1, 48_000)


class Device:
    """What the device is told; `loading` is set once it is told to load."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.loading: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def tell(self, order: Order) -> None:
        """Take an order."""
        self.orders.append(order)
        if isinstance(order, Load):
            self.loading.set_result(order.clip)


@asynccontextmanager
async def a_fitter(base: Path) -> AsyncIterator[tuple[Ready, Device, Version]]:
    """Run a fitter for a device, and write a clip that both have yet to see."""
    path = base / "a.wav"
    soundfile.write(path, np.zeros((GRID.frames, 2), np.float32), GRID.rate, subtype="FLOAT")
    take = Take("a", 1, path, GRID, Form.LOOP)
    device = Device()
    fitter = Ready(base / "fitted", 2, device.tell)
    fitter.start()
    try:
        yield fitter, device, Version(take, GRID.frames, 1, Means.RATE, GRID.rate)
    finally:
        await fitter.stop()


def test_a_clip_that_is_being_loaded_is_not_forgotten(tmp_path: Path) -> None:
    """Another one that begins meanwhile has the device let go of all that is not wanted: this one is."""

    async def law() -> tuple[Order, int]:
        async with a_fitter(tmp_path) as (fitter, device, version):
            asked = asyncio.create_task(fitter.clip(version))
            number = await device.loading
            fitter.forget(frozenset({4_711}))
            fitter.took(Loaded(number, GRID.frames))
            assert await asked == number
            return device.orders[-1], number

    told, number = asyncio.run(law())
    assert told == Forget(frozenset({4_711, number}))


def test_a_device_that_goes_right_after_it_has_loaded_has_nothing(tmp_path: Path) -> None:
    """Both words come in one turn; whoever waits for the clip hears of the second."""

    async def law() -> None:
        async with a_fitter(tmp_path) as (fitter, device, version):
            asked = asyncio.create_task(fitter.clip(version))
            fitter.took(Loaded(await device.loading, GRID.frames))
            fitter.lost()
            with pytest.raises(DeviceUnavailable, match="went away"):
                await asked

    asyncio.run(law())


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="only POSIX systems can halt a process")
def test_a_fitter_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another takes its place, and nobody waits for ever behind a clip that cannot be read."""
    monkeypatch.setattr(ready, "_PATIENCE", 0.2)

    async def law() -> int | None:
        async with a_fitter(tmp_path) as (fitter, _, version):
            process = fitter._fitter._process
            assert process is not None
            assert process.pid is not None
            os.kill(process.pid, signal.SIGSTOP)
            with pytest.raises(DeviceUnavailable, match="in time"):
                await fitter.file(version)
            await asyncio.to_thread(process.join, 10)
            return process.exitcode

    assert asyncio.run(law()) == -signal.SIGKILL
