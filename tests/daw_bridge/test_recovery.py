"""A law of recovery that needs a disk of its own: what was told stays told, however full that was."""

import asyncio
from pathlib import Path

import pytest
from past import a_job
from real import Mount

from daw_bridge.jobs import State
from daw_bridge.journal import Journal
from daw_bridge.ledger import opened
from daw_bridge.recovery import legacy
from daw_bridge.reports import Cancelled


def fill(path: Path) -> None:
    """Write a file for as long as there is room, to the last page."""
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4_096))


@pytest.mark.real
def test_an_end_that_was_told_on_a_full_disk_is_not_told_again(mount: Mount) -> None:
    """The journal has no room for it, but of what was told there is a note, for which room was taken at the start."""
    disk = mount("size=1m")

    async def life() -> None:
        journal = Journal(disk)
        journal.start(opened(disk)[0])
        await journal.accepted(a_job("one"))
        with pytest.raises(OSError, match="No space"):
            fill(disk / "filler")
        journal.note("UPDATE jobs SET record = record || ?", " " * 2**20)
        await journal.ended(a_job("one"), State.CANCELLED, Cancelled("one"))  # behind that
        journal.hear(Cancelled("one"), a_job("one").request)
        await journal.stop()

    asyncio.run(life())
    (disk / "filler").unlink()
    base, _ = opened(disk)
    assert base.execute("SELECT ended FROM jobs").fetchall() == [(None,)]
    found = legacy(base, disk)
    base.close()
    assert [(job.id, state) for job, state in found.ended] == [("one", State.CANCELLED)]
    assert found.left == found.untold == []
