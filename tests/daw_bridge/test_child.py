"""Laws of a child: it is there again, whatever became of it, and whatever kept it from being started."""

import asyncio
from pathlib import Path

import pytest

from daw_bridge import child
from daw_bridge.child import Child
from daw_bridge.playing.fitter import Fit, Fitted, Means, work
from plugin_host.engine import Form

FIT = Fit(7, Path("no-such.wav"), Path("none.npy"), 1, 1, 1, 48_000, 1, Form.LOOP, Means.RATE)


def test_one_that_cannot_be_started_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A system that has no files left may have some in a moment."""
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(child, "_LATER", 0.0)

    async def law() -> Fitted:
        heard: asyncio.Future[Fitted] = asyncio.get_running_loop().create_future()
        fitter: Child[Fitted] = Child(work, (), heard.set_result, lambda: None)
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
        try:
            fitter.start()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert fitter.pid is None
        asyncio.get_running_loop().call_later(0.0, fitter.tell, FIT)
        try:
            async with asyncio.timeout(20):
                return await heard
        finally:
            await fitter.stop()

    assert asyncio.run(law()).number == 7
    assert "cannot be started" in caplog.text
