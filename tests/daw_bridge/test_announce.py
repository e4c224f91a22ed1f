"""Laws of telling: in order, and nothing before it is true."""

import asyncio

from daw_bridge.announce import Announcer
from daw_bridge.reports import Cancelled, Told
from daw_bridge.requests import Asker, Request, Said

REQUEST = Request(Said(), Asker("test"), "/bridge/generate", 0.0)


def test_words_are_held_back_until_they_are_true() -> None:
    """What is said after a hold waits for it, answers too, and then goes out in order; before it, nothing waits."""

    async def law() -> None:
        heard: list[str] = []
        announcer = Announcer()

        def listen(report: Told, _request: Request) -> None:
            """Take note of a report."""
            assert isinstance(report, Cancelled)
            heard.append(report.id)

        announcer.listen(listen)
        first, second = (asyncio.get_running_loop().create_future() for _ in range(2))
        announcer.tell(Cancelled("a"), REQUEST)
        announcer.hold(first)
        announcer.tell(Cancelled("b"), REQUEST)
        announcer.in_turn(lambda: announcer.tell(Cancelled("e"), REQUEST))
        announcer.hold(second)
        announcer.in_turn(lambda: heard.append("answer"))
        assert heard == ["a"]
        second.set_result(None)
        await asyncio.sleep(0)
        assert heard == ["a"]
        first.set_exception(OSError("no matter"))
        first.exception()
        await asyncio.sleep(0)
        assert heard == ["a", "b", "answer", "e"]
        announcer.tell(Cancelled("f"), REQUEST)
        assert heard[-1] == "f"

    asyncio.run(law())


def test_one_that_breaks_costs_nobody_else_a_word() -> None:
    """Neither a listener nor an answer."""

    async def law() -> None:
        heard: list[str] = []
        announcer = Announcer()

        def broken(*_: object) -> None:
            """Break."""
            raise ZeroDivisionError

        announcer.listen(broken)
        announcer.listen(lambda _report, _request: heard.append("told"))
        until = asyncio.get_running_loop().create_future()
        announcer.hold(until)
        announcer.in_turn(broken)
        announcer.tell(Cancelled("a"), REQUEST)
        until.set_result(None)
        await asyncio.sleep(0)
        assert heard == ["told"]

    asyncio.run(law())
