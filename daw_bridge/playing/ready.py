"""Clips made ready: fitted by the fitter into a file, and read by the device into its memory."""

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from daw_bridge.child import Child
from daw_bridge.errors import DeviceUnavailable
from daw_bridge.playing.fitter import Fit, Fitted, Means, work
from daw_bridge.playing.shelf import Take
from daw_bridge.playing.words import Forget, Load, Loaded, Order
from plugin_host.spool import own_folder

_FILES = 24  # fitted files that are kept: the takes of a job, to step to and fro
_LOADED = 8  # clips that the device keeps
_PATIENCE = 30.0  # seconds; the longest clip is stretched in half of it
_WENT = "the audio device went away; ask again when it is back"


@dataclass(frozen=True, slots=True)
class Version:
    """A take as it is to be played: so many `frames`, made of `turns` turns of it by `means`, for a device of `rate`."""

    take: Take
    frames: int
    turns: int
    means: Means
    rate: int

    @property
    def natural(self) -> int:
        """How many frames one turn has at its own tempo."""
        return self.take.grid.at_rate(self.rate).frames


class Ready:
    """Makes versions ready. Thread: the event loop's."""

    def __init__(self, base: Path, channels: int, tell: Callable[[Order], None]) -> None:
        """Files go below `base`; `tell` reaches the device."""
        self._base = base
        self._folder = base
        self._channels = channels
        self._tell = tell
        self._fitter: Child[Fitted] = Child(work, (), self._fitted, self._fitter_lost)
        self._numbers = itertools.count(1)
        self._files: OrderedDict[Version, asyncio.Future[Path]] = OrderedDict()
        self._working: dict[int, asyncio.Future[None]] = {}
        self._loading: dict[int, asyncio.Future[None]] = {}
        self._loaded: OrderedDict[Version, int] = OrderedDict()
        self._made = 0  # how many files the fitter has answered for
        self._lives = 0  # how often the device has gone

    def start(self) -> None:
        """Start the fitter. Raises `SpoolFull` or `SpoolUnusable`."""
        self._folder = own_folder(self._base)
        self._fitter.start()

    async def stop(self) -> None:
        """End the fitter, and remove what it made."""
        await self._fitter.stop()
        for path in self._folder.glob("*.npy"):
            path.unlink(missing_ok=True)
        with suppress(OSError):
            self._folder.rmdir()

    async def clip(self, version: Version) -> int:
        """Return the number under which the device has `version` in its memory. Raises `DeviceUnavailable`."""
        path = await self.file(version)
        number = self._loaded.get(version)
        if number is None:
            number = next(self._numbers)
            future = self._loading[number] = asyncio.get_running_loop().create_future()
            lives = self._lives
            self._tell(Load(number, path))
            try:
                async with asyncio.timeout(_PATIENCE):
                    await future
            except TimeoutError:
                raise DeviceUnavailable("the audio device does not answer; ask again when it is back") from None
            finally:
                self._loading.pop(number, None)
            if lives != self._lives:  # it had the clip, and was gone before we came to hear of it
                raise DeviceUnavailable(_WENT)
            self._loaded[version] = number
        self._loaded.move_to_end(version)
        return number

    async def file(self, version: Version) -> Path:
        """Return the fitted file of `version`, made if need be. Raises `DeviceUnavailable`."""
        made = self._files.get(version)
        if made is None or (made.done() and (made.cancelled() or made.exception() is not None)):
            made = self._files[version] = asyncio.ensure_future(self._make(version))
        self._files.move_to_end(version)
        return await asyncio.shield(made)

    def forget(self, keep: frozenset[int]) -> None:
        """Have the device let go of what it has not been asked for lately, but never of `keep`."""
        while len(self._loaded) > _LOADED:
            oldest = next((each for each, number in self._loaded.items() if number not in keep), None)
            if oldest is None:
                break
            del self._loaded[oldest]
        self._tell(Forget(keep | frozenset(self._loaded.values()) | frozenset(self._loading)))

    def took(self, word: Loaded) -> None:
        """Take note of what the device has read."""
        future = self._loading.get(word.clip)
        if future is not None and not future.done():
            if word.trouble:
                future.set_exception(DeviceUnavailable(word.trouble))
            else:
                future.set_result(None)

    def lost(self) -> None:
        """Take note that the device has forgotten everything."""
        self._loaded.clear()
        self._lives += 1
        for future in self._loading.values():
            if not future.done():
                future.set_exception(DeviceUnavailable(_WENT))

    async def _make(self, version: Version) -> Path:
        """Have a file made."""
        number = next(self._numbers)
        target = self._folder / f"{number}.npy"
        future = self._working[number] = asyncio.get_running_loop().create_future()
        take, made = version.take, self._made
        self._fitter.tell(
            Fit(
                number,
                take.path,
                target,
                version.frames,
                version.turns,
                version.natural,
                version.rate,
                self._channels,
                take.form,
                version.means,
            )
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                await future
        except TimeoutError:
            if made == self._made:  # it hangs, as in a read of a share that is dead: all that waits would wait for ever
                self._fitter.end()
            raise DeviceUnavailable(f"{take.path.name} was not made ready to play in time; ask again") from None
        finally:
            self._working.pop(number, None)
        while len(self._files) > _FILES:
            _, old = self._files.popitem(last=False)
            if old.done() and not old.cancelled() and old.exception() is None:
                old.result().unlink(missing_ok=True)
        return target

    def _fitted(self, word: Fitted) -> None:
        """Take note of what the fitter has made."""
        self._made += 1
        future = self._working.get(word.number)
        if future is not None and not future.done():
            if word.trouble:
                future.set_exception(DeviceUnavailable(word.trouble))
            else:
                future.set_result(None)

    def _fitter_lost(self) -> None:
        """Give up what the fitter had to do; there is a new one in a moment."""
        for future in self._working.values():
            if not future.done():
                future.set_exception(DeviceUnavailable("what makes clips ready to play has died; ask again"))
