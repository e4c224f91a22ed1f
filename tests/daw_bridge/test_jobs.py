"""Laws of the queue: bounded, in order, every id once."""

import asyncio

import pytest

from daw_bridge.errors import DuplicateId, QueueFull, UnknownJob
from daw_bridge.jobs import REMEMBERED, Job, Jobs, State
from daw_bridge.pace import Pace
from daw_bridge.requests import Asker, Request, Said
from plugin_host.engine import Plan
from plugin_host.musictime import Grid, Meter, Tempo

PLAN = Plan("x", Grid(Tempo.parse(120), Meter(4, 4), 4, 48_000), 0)


def job(name: str, asker: Asker = Asker("test"), title: str = "x") -> Job:  # noqa: B008 - it is frozen
    """Return a job called `name`."""
    return Job(name, Request(Said(), asker, "/bridge/generate", 0.0), PLAN, "sketch", title)


def test_first_come_first_served() -> None:
    """Positions count those that wait before; jobs run in the order in which they came."""

    async def law() -> list[str]:
        jobs = Jobs(8)
        assert [jobs.accept(job(name)) for name in "abc"] == [0, 1, 2]
        order = []
        for _ in "abc":
            running = await jobs.next()
            assert jobs.running is running
            order.append(running.id)
            jobs.finish(running, State.DONE)
        assert jobs.running is None
        return order

    assert asyncio.run(law()) == ["a", "b", "c"]


def test_a_job_that_comes_later_is_waited_for() -> None:
    """An empty queue is no end."""

    async def law() -> str:
        jobs = Jobs(8)
        waiting = asyncio.create_task(jobs.next())
        await asyncio.sleep(0)
        jobs.accept(job("late"))
        return (await waiting).id

    assert asyncio.run(law()) == "late"


def test_pads_of_one_controller_are_one_sender() -> None:
    """They take turns with others together, and the latest job of each wish is found, whichever pad it was."""
    jobs = Jobs(8)
    pads = [Asker(f"midi pads note {note}", of="midi pads") for note in (36, 37, 38)]
    for number, pad in enumerate(pads):
        jobs.accept(job(f"p{number}", pad, "bass"))
    assert jobs.accept(job("other", Asker("osc"), "bass")) == 1
    assert [each.id for each in jobs.waiting] == ["p0", "other", "p1", "p2"]
    latest = jobs.latest("midi pads", "bass")
    assert latest is not None
    assert latest.id == "p2"
    assert jobs.latest("midi pads", "drums") is jobs.latest("osc 2", "bass") is None


def test_a_full_queue_refuses_aloud() -> None:
    """The message says how many wait and what to do; nothing of the refused job is kept."""
    jobs = Jobs(2)
    jobs.accept(job("a"))
    jobs.accept(job("b"))
    with pytest.raises(QueueFull, match=r"2 jobs are waiting.*jobs\.queue"):
        jobs.accept(job("c"))
    assert not jobs.knows("c")
    jobs.withdraw("a")
    assert jobs.accept(job("c")) == 1


def test_who_fills_the_queue_keeps_nobody_else_out() -> None:
    """Whoever has no job waiting finds room for one, up to a quarter more; the others do not."""
    jobs = Jobs(8)
    for number in range(8):
        jobs.accept(job(f"many{number}", Asker("many")))
    for name in ("one", "two"):
        assert jobs.accept(job(name, Asker(name))) <= 2
        with pytest.raises(QueueFull):
            jobs.accept(job(f"{name} again", Asker(name)))
    with pytest.raises(QueueFull, match="10 jobs are waiting"):
        jobs.accept(job("three", Asker("three")))


def test_an_id_is_taken_for_as_long_as_it_is_remembered() -> None:
    """Waiting, cancelled or done: a second job of that name is refused."""
    jobs = Jobs(8)
    jobs.accept(job("a"))
    with pytest.raises(DuplicateId, match="waiting"):
        jobs.accept(job("a"))
    jobs.withdraw("a")
    with pytest.raises(DuplicateId, match="cancelled"):
        jobs.accept(job("a"))


def test_only_what_waits_can_be_withdrawn() -> None:
    """A running job is left to its runner, an ended one is over, an unknown one is named."""

    async def law() -> None:
        jobs = Jobs(8)
        jobs.accept(job("a"))
        jobs.accept(job("b"))
        running = await jobs.next()
        assert jobs.withdraw("a") is None
        withdrawn = jobs.withdraw("b")
        assert withdrawn is not None
        jobs.finish(withdrawn, State.CANCELLED)
        assert jobs.running is running
        jobs.finish(running, State.DONE)
        for name, reason in (("a", "done"), ("b", "cancelled"), ("z", "no job")):
            with pytest.raises(UnknownJob, match=reason):
                jobs.withdraw(name)

    asyncio.run(law())


def test_a_reserved_job_waits_until_it_is_confirmed() -> None:
    """It has its place, its id and its share of the room at once; what is confirmed behind it may run before it."""

    async def law() -> None:
        jobs = Jobs(2)
        first, second = job("a"), job("b")
        jobs.reserve(first)
        jobs.reserve(second)
        assert [jobs.position(first), jobs.position(second)] == [0, 1]
        with pytest.raises(DuplicateId):
            jobs.check_free("a")
        with pytest.raises(QueueFull):
            jobs.reserve(job("c"))
        waiting = asyncio.create_task(jobs.next())
        await asyncio.sleep(0)
        assert not waiting.done()
        jobs.confirm("b")
        assert (await waiting).id == "b"
        jobs.confirm("a")
        assert (await jobs.next()).id == "a"

    asyncio.run(law())


def test_a_reserved_job_can_be_forgotten_or_withdrawn() -> None:
    """Forgotten there never was one; withdrawn it stays so, whatever is said of it later."""

    async def law() -> None:
        jobs = Jobs(8)
        for name in "abc":
            jobs.reserve(job(name))
        jobs.forget("a")
        jobs.check_free("a")
        jobs.withdraw("b")
        jobs.confirm("b")
        assert jobs.state("b") is State.CANCELLED
        jobs.confirm("c")
        assert (await jobs.next()).id == "c"
        assert jobs.waiting == ()

    asyncio.run(law())


def test_what_an_earlier_life_left_is_taken_over() -> None:
    """However many wait, in their order; what had ended is known by its id, and the last one without."""

    async def law() -> None:
        jobs = Jobs(1)
        jobs.remember(job("old"), State.DONE)
        for name in "abc":
            jobs.restore(job(name))
        assert [each.id for each in jobs.waiting] == ["a", "b", "c"]
        assert jobs.get(None).id == "c"
        with pytest.raises(DuplicateId, match="done"):
            jobs.check_free("old")
        with pytest.raises(QueueFull):
            jobs.accept(job("d"))

    asyncio.run(law())


def test_memory_is_bounded() -> None:
    """Of ten thousand jobs the last thousand are remembered, and the last one is found without its name."""

    async def law() -> None:
        jobs = Jobs(4)
        with pytest.raises(UnknownJob, match="no job yet"):
            jobs.get(None)
        for number in range(REMEMBERED * 2):
            jobs.accept(job(f"j{number}"))
            jobs.finish(await jobs.next(), State.DONE)
        assert not jobs.knows("j0")
        assert jobs.knows(f"j{REMEMBERED * 2 - REMEMBERED}")
        assert jobs.get(None).id == f"j{REMEMBERED * 2 - 1}"

    asyncio.run(law())


def test_an_estimate_is_learnt() -> None:
    """After a few jobs of one length, a job of that length is estimated to take as long, and two twice that."""
    pace = Pace()
    for _ in range(20):
        pace.learn("sketch", PLAN, 2.0)
    assert pace.estimate("sketch", [PLAN]) == pytest.approx(2.0, rel=0.01)
    assert pace.estimate("sketch", [PLAN, PLAN]) == pytest.approx(4.0, rel=0.01)


def test_a_job_that_comes_instead_of_another_needs_no_room() -> None:
    """However full the queue is; any other of that sender is refused."""
    jobs = Jobs(4)
    greedy, other = Asker("greedy"), Asker("other")
    for name in "abcd":
        jobs.accept(job(name, greedy))
    jobs.accept(job("e", other))
    with pytest.raises(QueueFull):
        jobs.reserve(job("f", greedy))
    jobs.reserve(job("g", greedy), instead_of=jobs.get("d"))
    assert [each.id for each in jobs.waiting if each.request.asker == greedy] == ["a", "b", "c", "d", "g"]


def test_a_job_that_never_was_is_not_the_last_one() -> None:
    """What is asked for again is what was accepted."""
    jobs = Jobs(4)
    jobs.accept(job("a"))
    jobs.reserve(job("b"))
    jobs.forget("b")
    assert jobs.get(None).id == "a"
