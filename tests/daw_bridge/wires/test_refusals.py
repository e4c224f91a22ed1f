"""Laws of what the log says of refusals: each is found there, a flood fills it not, and no prompt is in it unasked."""

import asyncio
import json
import logging
from functools import partial
from pathlib import Path

import pytest
from daemons import PATIENCE, daemon, synced

from daw_bridge.errors import OutOfRange
from daw_bridge.requests import Asker
from daw_bridge.wires.refusals import LINES, Refusals


def test_who_does_not_listen_finds_the_refusal_in_the_log(tmp_path: Path) -> None:
    """One warning, on the screen and in the file: from whom, to which address, and why; without prompts, without why."""
    with daemon(tmp_path, DAW_BRIDGE_LOGS_PROMPTS="0") as running, running.client() as client:
        client.send("/bridge/generate", "beat", "bars", 400)
        client.send("/bridge/generate", "beat", "secret garden", 1)
        synced(client)
    screen = (tmp_path / "log").read_text()
    (first,) = [line for line in screen.splitlines() if "400 is not allowed" in line]
    assert "WARNING" in first
    assert "from osc 127.0.0.1:" in first
    assert ": /bridge/generate: bars: 400 is not allowed; give a whole" in first
    file = (running.state / "logs" / "daw-bridge.jsonl").read_text()
    said = [json.loads(line) for line in file.splitlines() if "refusals" in line]
    assert [(each["code"], each["address"]) for each in said] == [
        ("out_of_range", "/bridge/generate"),
        ("unknown_key", "/bridge/generate"),
    ]
    assert "secret garden" in screen
    assert "secret garden" not in file


def refuse(refusals: Refusals, host: str, times: int) -> None:
    """Have so many requests of a host refused."""
    for port in range(times):
        refusals.say(host, partial(Asker, f"osc {host}:{port}"), "/x\x1b[2J", OutOfRange("bars is 400"))


def test_a_flood_is_a_few_lines_and_their_number(caplog: pytest.LogCaptureFixture) -> None:
    """However many ports it comes from; another host has lines of its own, and nothing steers a terminal."""

    async def law() -> None:
        refusals = Refusals()
        refuse(refusals, "127.0.0.1", 5_000)
        refuse(refusals, "192.0.2.7", 1)
        refusals.close()
        refusals.close()

    asyncio.run(law())
    assert len(caplog.messages) == LINES + 2
    assert caplog.messages[0] == r"from osc 127.0.0.1:0: /x\x1b[2J: bars is 400"
    assert caplog.messages[-2:] == [
        "from osc 192.0.2.7:0: /x\\x1b[2J: bars is 400",
        f"from 127.0.0.1: {5_000 - LINES} more were refused",
    ]


class _Ear(logging.Handler):
    """Sets an event when a span was summed up."""

    def __init__(self, heard: asyncio.Event) -> None:
        super().__init__()
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        """Hear a line."""
        if "more were refused" in record.getMessage():
            self._heard.set()


def test_when_the_span_is_over_there_are_lines_again(caplog: pytest.LogCaptureFixture) -> None:
    """The rest is summed up then, with nobody asking, and the next refusal is said in full."""

    async def law() -> None:
        heard = asyncio.Event()
        ear = _Ear(heard)
        logging.getLogger("daw_bridge.wires.refusals").addHandler(ear)
        refusals = Refusals(0.0)
        refuse(refusals, "127.0.0.1", LINES + 3)
        await asyncio.wait_for(heard.wait(), PATIENCE)
        refuse(refusals, "127.0.0.1", 1)
        refusals.close()
        logging.getLogger("daw_bridge.wires.refusals").removeHandler(ear)

    asyncio.run(law())
    assert caplog.messages[LINES] == "from 127.0.0.1: 3 more were refused"
    assert caplog.messages[LINES + 1 :] == caplog.messages[:1]
