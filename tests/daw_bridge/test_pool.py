"""Laws of the pool that need no worker: it goes on after whatever goes wrong."""

import asyncio
from pathlib import Path

import pytest

from daw_bridge import pool
from daw_bridge.config import Config
from daw_bridge.errors import BadPreset
from daw_bridge.presets import Preset, PresetShelf
from daw_bridge.requests import Said
from daw_bridge.session import Session, SessionState
from plugin_host.foreman import Foreman
from plugin_host.musictime import Meter, Tempo


class Unreadable(PresetShelf):
    """A folder that cannot be read, as on a share that is away; `again` is set once it was tried a second time."""

    def __init__(self) -> None:
        super().__init__([])
        self.tries = 0
        self.again = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def all(self) -> tuple[list[Preset], list[BadPreset]]:
        """Raise what the system would."""
        self.tries += 1
        if self.tries > 1:
            self._loop.call_soon_threadsafe(self.again.set)
        raise PermissionError(13, "Permission denied", "presets")


def test_what_goes_wrong_is_logged_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder of presets that cannot be read ends nothing, and is no secret."""
    monkeypatch.setattr(pool, "_SETTLED", 0.0)
    monkeypatch.setattr(pool, "_AFTER_TROUBLE", 0.0)

    async def law() -> int:
        shelf = Unreadable()
        session = Session(SessionState(Tempo.parse(120), Meter(4, 4), None, 48_000))
        filling = asyncio.create_task(pool.Pool(Config(), session, shelf, Foreman(tmp_path, {})).fill())
        async with asyncio.timeout(10):
            await shelf.again.wait()
        filling.cancel()
        return shelf.tries

    assert asyncio.run(law()) > 1
    assert "nothing is made ready" in caplog.text
    assert "Permission denied" in caplog.text


class Crossing(PresetShelf):
    """One armed preset, which wants two clips mixed; `looked` is set at every look at it."""

    def __init__(self, folder: Path) -> None:
        super().__init__([])
        self.preset = Preset("crossing", folder / "crossing.toml", "other", "", Said(mix="one two"), {}, {}, armed=True)
        self.looked = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def all(self) -> tuple[list[Preset], list[BadPreset]]:
        """Return the preset."""
        self._loop.call_soon_threadsafe(self.looked.set)
        return [self.preset], []


def test_an_armed_preset_that_cannot_be_made_is_told_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Why it is passed over stands in the log, and not again at every look at it."""
    monkeypatch.setattr(pool, "_SETTLED", 0.0)

    async def law() -> None:
        shelf = Crossing(tmp_path)
        session = Session(SessionState(Tempo.parse(120), Meter(4, 4), None, 48_000))
        filling = asyncio.create_task(pool.Pool(Config(), session, shelf, Foreman(tmp_path, {})).fill())
        async with asyncio.timeout(10):
            for bpm in (121, 122, 123):
                await shelf.looked.wait()
                shelf.looked.clear()
                session.set({"tempo": Tempo.parse(bpm)})
            await shelf.looked.wait()
        filling.cancel()

    asyncio.run(law())
    assert caplog.text.count("preset crossing is armed and not made ready: mix: an armed preset cannot mix clips") == 1
