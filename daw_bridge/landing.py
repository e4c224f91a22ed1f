"""The last part of a job's way: from finished clips to files that can be seen, however long the folder is away.

A clip that the watched folder does not take (no room, not there, read-only) is written into a folder of our own instead,
whole, and copied over when the other is back; the job waits for that, with a warning, and tries again with growing
pauses. Renaming is left for the very end, and happens inside the watched folder, so that it never crosses file systems.
The job that runs waits with those behind it, whose clips would land in the same folder; one that is answered from the pool
waits beside it.

What is about to be published is in the journal before the first rename; see `parcels` for what comes of that after a kill.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from daw_bridge.deliveries.folder import FolderDelivery
from daw_bridge.deliveries.order import Order
from daw_bridge.deliveries.parcels import NameTaken, Parcel, addressed, brought, publish, take_back
from daw_bridge.errors import BridgeError, DiskFull, FolderUnusable, PartsLost
from daw_bridge.jobs import Job
from daw_bridge.journal import Journal
from plugin_host.spool import SpooledClip

TROUBLE = (DiskFull, FolderUnusable, PartsLost)
"""What may pass: somebody frees some space, or plugs the disk in again."""

_FIRST_PAUSE = 0.25  # seconds
_LONGEST_PAUSE = 15.0


class Postponed(Exception):
    """The daemon stops while clips wait for their folder: they are kept, and delivered by its next life."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What whoever runs a job wants to be asked, and to hear, while its clips land.

    `check` raises when the job is not wanted any more (thread: delivery). `closing` and `open_again` say that it cannot
    be cancelled from now on, or can be again. `waits` hears why the job has to wait, once, and for how many seconds at
    most. `stopping` says whether the daemon is about to stop.
    """

    check: Callable[[], None]
    closing: Callable[[], None]
    open_again: Callable[[], None]
    waits: Callable[[BridgeError, float], None]
    stopping: Callable[[], object]


class Landing:
    """Brings clips into the watched folder. Thread: the event loop's, but for `stage`; files are moved in another."""

    def __init__(self, folder: FolderDelivery, kept: FolderDelivery, journal: Journal, patience: float) -> None:
        """`kept` is where clips wait if `folder` does not take them, for at most `patience` seconds; 0 is not at all."""
        self._folder = folder
        self._kept = kept
        self._journal = journal
        self._patience = patience

    def stage(self, spooled: SpooledClip, order: Order, check: Callable[[], None]) -> Parcel:
        """Write a clip hidden into the folder, or else where it is kept, and let go of its place in the spool.

        Raises what kept the folder from taking it when it can be kept nowhere. Thread: delivery.
        """
        try:
            clip = spooled.load()
            try:
                return self._folder.stage(clip, order, check)
            except (DiskFull, FolderUnusable):
                if not self._patience:
                    raise
                with suppress(DiskFull, FolderUnusable):
                    return self._kept.stage(clip, order, check)
                raise
        finally:
            spooled.discard()

    async def land(self, job: Job, parcels: Sequence[Parcel], wishes: Wishes) -> list[tuple[Parcel, Path]]:
        """Bring `parcels` to their public names, and return each with the path of its WAV, best first.

        Cancelled or failed, it leaves nothing, of what an earlier life had begun to publish either. Raises one of
        `TROUBLE` when the folder was away for too long, and `Postponed` when the daemon stops in the meantime: then the
        clips stay where they are, and the journal knows it.
        """
        old: list[Parcel] = []
        now = list(parcels)
        pauses = self._pauses()
        try:
            while True:
                try:
                    here = await self._here(now, wishes.check)
                    old, now = [*old, *(each for each in now if each not in here)], here
                    landed = await self._published(job, now, wishes)
                    break
                except TROUBLE as error:
                    await self._wait(job, now, pauses, error, wishes)
        except Postponed:
            raise
        except asyncio.CancelledError:
            if wishes.stopping() and any(self._outlives(each) for each in [*old, *now]):
                await self._write_down(job, now)
                raise Postponed from None
            await asyncio.to_thread(_remove, [*old, *now])
            raise
        except BaseException:
            await asyncio.to_thread(_remove, [*old, *now])
            raise
        await asyncio.to_thread(_discard, old)
        return landed

    def _outlives(self, parcel: Parcel) -> bool:
        """Whether a stop leaves a clip to the next life: what is kept, and what may be public in part."""
        return bool(parcel.stem) or parcel.sound.parent == self._kept.folder.absolute()

    async def _write_down(self, job: Job, parcels: Sequence[Parcel]) -> None:
        """Have the journal know where the clips of a job wait. Where it cannot be written either, a kill costs them."""
        with suppress(BridgeError):
            await self._journal.hidden(job, parcels)

    async def _here(self, parcels: Sequence[Parcel], check: Callable[[], None]) -> list[Parcel]:
        """Bring what lies elsewhere into the folder. A thread cannot be cancelled, only told to stop by `check`."""
        folder = self._folder.folder.absolute()
        copying = asyncio.create_task(asyncio.to_thread(brought, parcels, folder, check))
        try:
            return await asyncio.shield(copying)
        except asyncio.CancelledError:
            for outcome in await asyncio.gather(copying, return_exceptions=True):
                for each in outcome if isinstance(outcome, list) else ():
                    if each not in parcels:
                        each.discard()
            raise

    async def _published(self, job: Job, parcels: list[Parcel], wishes: Wishes) -> list[tuple[Parcel, Path]]:
        """Settle names, write them down, rename. On failure as much as can be is hidden again.

        `parcels` is changed in place: it always says where they are.
        """
        wishes.closing()
        taken: set[str] = set()
        try:
            while True:
                parcels[:] = await asyncio.to_thread(addressed, parcels, taken)
                await self._journal.named(job, parcels)
                try:
                    paths = await asyncio.to_thread(publish, parcels)
                except NameTaken as error:
                    taken.add(str(error))
                else:
                    return list(zip(parcels, paths, strict=True))
        except TROUBLE:
            with suppress(*TROUBLE):
                parcels[:] = await asyncio.to_thread(take_back, parcels)
            wishes.open_again()
            raise

    async def _wait(
        self, job: Job, parcels: Sequence[Parcel], pauses: Iterator[float], error: BridgeError, wishes: Wishes
    ) -> None:
        """Wait a little, and say so the first time. Raises `error` when there was enough of it."""
        pause = next(pauses, None)
        if pause is None:
            raise error
        try:
            await self._write_down(job, parcels)
            if wishes.stopping():
                raise Postponed
            if pause == _FIRST_PAUSE:
                wishes.waits(error, self._patience)
            await asyncio.sleep(pause)
        except asyncio.CancelledError:
            if wishes.stopping():
                raise Postponed from None
            raise

    def _pauses(self) -> Iterator[float]:
        """Yield growing pauses for as long as there is patience."""
        pause, until = _FIRST_PAUSE, monotonic() + self._patience
        while monotonic() < until:
            yield pause
            pause = min(2 * pause, _LONGEST_PAUSE, max(until - monotonic(), _FIRST_PAUSE / 2))


def _discard(parcels: Sequence[Parcel]) -> None:
    """Remove what is hidden, and leave what is public. Thread: delivery."""
    for each in parcels:
        each.discard()


def _remove(parcels: Sequence[Parcel]) -> None:
    """Remove all clips of a job, those that are public too: half a job is not to be seen. Thread: delivery."""
    with suppress(*TROUBLE):
        take_back(parcels)
    _discard(parcels)
