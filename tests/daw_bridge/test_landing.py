"""Laws of landing: cancelled or failed it leaves nothing, and what a stop leaves to the next life is in the journal."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from clips import a_clip, an_order
from past import a_job

from daw_bridge.deliveries.folder import FolderDelivery
from daw_bridge.deliveries.parcels import Parcel, addressed, publish
from daw_bridge.errors import JournalUnusable
from daw_bridge.jobs import Job
from daw_bridge.journal import Journal
from daw_bridge.landing import Landing, Postponed, Wishes
from daw_bridge.ledger import opened
from daw_bridge.recovery import legacy

JOB = a_job("job-1")


@dataclass(frozen=True)
class House:
    """A watched folder, one where clips are kept, and a journal that knows of `JOB`."""

    watched: FolderDelivery
    kept: FolderDelivery
    journal: Journal

    @property
    def landing(self) -> Landing:
        """How clips land here."""
        return Landing(self.watched, self.kept, self.journal, 60.0)

    @property
    def files(self) -> list[Path]:
        """All that is in the two folders."""
        return [path for each in (self.watched, self.kept) if each.folder.exists() for path in each.folder.iterdir()]


def within(base: Path, law: Callable[[House], Awaitable[None]]) -> list[tuple[Job, list[Parcel]]]:
    """Run `law` with a house in `base`; return what the next life finds there to be done."""

    async def life() -> None:
        journal = Journal(base)
        journal.start(opened(base)[0])
        watched, kept = FolderDelivery(base / "watched"), FolderDelivery(base / "kept")
        for each in (watched, kept):
            each.folder.mkdir()
        try:
            await journal.accepted(JOB)
            await law(House(watched, kept, journal))
        finally:
            await journal.stop()

    asyncio.run(life())
    read, _ = opened(base)
    left = legacy(read, base).left
    read.close()
    return [(each.job, each.parcels) for each in left]


def staged(folder: FolderDelivery) -> list[Parcel]:
    """Stage two clips of `JOB` in `folder`."""
    return [folder.stage(a_clip(rank=rank), an_order(job=JOB.id)) for rank in (1, 2)]


def half_published(folder: FolderDelivery) -> list[Parcel]:
    """Stage two clips and publish the first, as a life of the daemon does that is killed there."""
    parcels = addressed(staged(folder))
    publish(parcels[:1])
    return parcels


def nothing(*_: object) -> None:
    """Do nothing."""


def wishes(*, stopping: bool) -> Wishes:
    """Return wishes of a daemon that is about to stop, or is not."""
    return Wishes(nothing, nothing, nothing, nothing, lambda: stopping)


async def cancelled(landing: Landing, parcels: list[Parcel], wish: Wishes) -> None:
    """Begin to land `parcels`, and cancel it while they are being brought."""
    work = asyncio.create_task(landing.land(JOB, parcels, wish))
    await asyncio.sleep(0)  # it has begun
    work.cancel()
    await work


def test_a_stop_at_the_first_try_leaves_the_clips_to_the_next_life(tmp_path: Path) -> None:
    """They are written down before it is said that they are kept."""
    parcels: list[Parcel] = []

    async def law(house: House) -> None:
        house.watched.folder.rmdir()
        parcels.extend(staged(house.kept))
        with pytest.raises(Postponed):
            await house.landing.land(JOB, parcels, wishes(stopping=True))

    ((_, found),) = within(tmp_path, law)
    assert found == parcels
    assert all(each.sound.exists() and each.story.exists() for each in found)


@pytest.mark.parametrize("where", ["kept", "half published"])
def test_a_stop_while_clips_are_brought_leaves_them_to_the_next_life(tmp_path: Path, where: str) -> None:
    """What was kept stays, and what may be public in part is not cut in half."""
    parcels: list[Parcel] = []

    async def law(house: House) -> None:
        parcels.extend(staged(house.kept) if where == "kept" else half_published(house.watched))
        with pytest.raises(Postponed):
            await cancelled(house.landing, parcels, wishes(stopping=True))
        assert len(house.files) == 4

    ((_, found),) = within(tmp_path, law)
    assert found == parcels


def test_what_was_published_in_part_can_be_cancelled_as_a_whole(tmp_path: Path) -> None:
    """Nothing of it is left, neither hidden nor public."""

    async def law(house: House) -> None:
        parcels = half_published(house.watched)
        with pytest.raises(asyncio.CancelledError):
            await cancelled(house.landing, parcels, wishes(stopping=False))
        assert house.files == []

    within(tmp_path, law)


def test_what_was_published_in_part_fails_as_a_whole(tmp_path: Path) -> None:
    """Where the names of the rest cannot be written down, as here, nothing of it is left."""

    async def law(house: House) -> None:
        parcels = half_published(house.watched)
        await house.journal.stop()
        with pytest.raises(JournalUnusable):
            await house.landing.land(JOB, parcels, wishes(stopping=False))
        assert house.files == []

    within(tmp_path, law)
