"""Laws of the OSCQuery wire: each connection has its bounds, and none is in the way of another or of OSC."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from daw_bridge.config import load
from daw_bridge.daemon import running
from daw_bridge.wires import osc_query

GREETING = b"GET /bridge/version?VALUE HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@asynccontextmanager
async def port(base: Path) -> AsyncIterator[int]:
    """Run a daemon, and return the port at which it is asked."""
    settings = {"osc.port": 0, "osc.announce": 0, "folder.path": base / "clips", "paths.state": base / "state"}
    async with running(load(None, {}, settings)) as daemon:
        yield int(daemon.bridge.status()["query_port"])


async def asked(number: int, words: bytes) -> bytes:
    """Say `words` and return all that comes back until the connection is closed; nothing if that breaks off."""
    reader, writer = await asyncio.open_connection("127.0.0.1", number)
    try:
        writer.write(words)
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def test_a_question_has_an_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One that is too long is refused, one that is cut off is forgotten without a word, and the next is answered."""

    async def law() -> None:
        async with port(tmp_path) as number:
            long = await asked(number, b"GET /" + b"a" * 10_000)
            assert long.startswith(b"HTTP/1.1 431 ")
            _, writer = await asyncio.open_connection("127.0.0.1", number)
            writer.write(b"GET / HT")
            writer.close()
            assert (await asked(number, GREETING)).startswith(b"HTTP/1.1 200 OK\r\n")

    asyncio.run(law())
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []


def test_who_says_nothing_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor who says it for ever: after some seconds it is over."""
    monkeypatch.setattr(osc_query, "_PATIENCE", 0.1)

    async def law() -> None:
        async with port(tmp_path) as number:
            assert await asked(number, b"GET / HTTP/1.1\r\n") == b""

    asyncio.run(law())


def test_there_are_so_many_connections_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is turned away at once; when one has ended, the next is let in."""
    monkeypatch.setattr(osc_query, "_MOST", 2)

    async def law() -> None:
        async with port(tmp_path) as number:
            open_ones = [await asyncio.open_connection("127.0.0.1", number) for _ in range(2)]
            for _, writer in open_ones:
                writer.write(b"GET")
            assert await asked(number, GREETING) == b""
            for reader, writer in open_ones:
                writer.write(GREETING.removeprefix(b"GET"))
                assert (await reader.read()).endswith(b"}")
                writer.close()
            assert (await asked(number, GREETING)).endswith(b"}")

    asyncio.run(law())


def test_a_stop_waits_for_nobody(tmp_path: Path) -> None:
    """A connection that is open is closed."""

    async def law() -> None:
        async with port(tmp_path) as number:
            reader, writer = await asyncio.open_connection("127.0.0.1", number)
            writer.write(b"GET / HTTP/1.1\r\n")
            await asked(number, GREETING)
        assert await reader.read() == b""
        writer.close()

    asyncio.run(law())
