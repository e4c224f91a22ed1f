"""A past: jobs in a journal, done, with their clips in a folder, made by the parts that make them in the daemon."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from clips import a_clip, an_order

from daw_bridge.deliveries.folder import FolderDelivery
from daw_bridge.deliveries.parcels import addressed, publish
from daw_bridge.jobs import Job, State
from daw_bridge.journal import Journal
from daw_bridge.ledger import opened
from daw_bridge.reports import Done, Failed
from daw_bridge.requests import Asker, Request, read_said
from plugin_host.engine import Plan
from plugin_host.musictime import Grid, Meter, Tempo

GRID = Grid(Tempo.parse("92.5"), Meter(4, 4), 1, 8_000)


def a_job(name: str, prompt: str = "dusty break") -> Job:
    """Return a job called `name`, of the sketch engine."""
    said = read_said({"prompt": prompt, "bars": 1, "takes": 2, "id": name, "seed": 7, "loop": 0, "reply_port": 9})
    request = Request(said, Asker("test"), "/bridge/generate", 0.0)
    return Job(name, request, Plan(prompt, GRID, 7, takes=2), "sketch", prompt)


def make_past(state: Path, folder: Path, jobs: Sequence[Job], failed: Sequence[Job] = ()) -> None:
    """Let `jobs` be done, with two clips each, and `failed` be failed."""
    folder.mkdir(exist_ok=True)

    async def life() -> None:
        journal = Journal(state)
        journal.start(opened(state)[0])
        for job in jobs:
            await journal.accepted(job)
            order = an_order(job.title, job=job.id)
            parcels = addressed([FolderDelivery(folder).stage(a_clip(rank=rank), order) for rank in (1, 2)])
            await journal.named(job, parcels)
            publish(parcels)
            await journal.ended(job, State.DONE, Done(job.id, 2, 1.0))
        for job in failed:
            await journal.accepted(job)
            await journal.ended(job, State.FAILED, Failed(job.id, "internal", "it broke; ask again"))
        await journal.stop()

    asyncio.run(life())
