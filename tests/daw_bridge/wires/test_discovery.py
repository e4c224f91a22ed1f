"""Laws of being found: under which name, at which addresses, and that it costs nothing where it cannot be."""

import asyncio
import socket
import subprocess
import sys
from contextlib import suppress

import pytest
from alone import alone
from real import need

from daw_bridge.wires import discovery
from daw_bridge.wires.discovery import Discovery, called, server_of


def test_a_name_says_which_daemon_it_is() -> None:
    """By the machine, where others see it, and by the port, where it is not the usual one."""
    machine = socket.gethostname().split(".")[0][:40]
    assert called("127.0.0.1", 9310) == called("::1", 9310) == "daw-bridge"
    assert called("127.0.0.1", 9311) == "daw-bridge 9311"
    assert called("0.0.0.0", 9310) == f"daw-bridge {machine}"  # noqa: S104 - that is the case
    assert called("192.0.2.7", 9311) == f"daw-bridge {machine} 9311"


def test_a_name_has_a_host_name_that_dns_takes() -> None:
    """Small letters, digits and hyphens."""
    assert server_of("daw-bridge") == "daw-bridge.local"
    assert server_of("daw-bridge Käte's Mac ") == "daw-bridge-k-te-s-mac.local"


@pytest.mark.parametrize("version", [4, 6])
def test_nobody_is_sent_to_his_own_machine(version: int) -> None:
    """A daemon that listens everywhere names no address that means another machine elsewhere."""
    found = discovery._addresses("0.0.0.0" if version == 4 else "::")  # noqa: S104 - that is the case
    assert not {"127.0.0.1", "::1"} & {*found}
    assert all((":" in each) is (version == 6) for each in found)


async def announced() -> tuple[Discovery, object]:
    """Announce something, and return what the status says of it in the end."""
    sign = Discovery()
    sign.start(("127.0.0.1", 9310), 9310)
    assert sign._task is not None
    await sign._task
    return sign, sign.counts()["announced"]


def test_without_zeroconf_nothing_is_missed_but_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The status says so."""
    monkeypatch.setitem(sys.modules, "zeroconf.asyncio", None)

    async def law() -> None:
        sign, state = await announced()
        assert state == "no zeroconf"
        await sign.leave()
        await sign.stop()

    asyncio.run(law())


def test_what_zeroconf_refuses_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a name that DNS does not take: the status says that it cannot be, and all is closed as ever."""
    monkeypatch.setattr(discovery, "called", lambda *_: "much too long " * 9)

    async def law() -> None:
        sign, state = await announced()
        assert state == "impossible"
        await sign.leave()
        await sign.stop()

    asyncio.run(law())


def test_who_stops_before_it_is_announced_does_not_wait() -> None:
    """Asking whether the name is taken goes on for seconds, and is broken off."""

    async def law() -> None:
        sign = Discovery()
        sign.start(("127.0.0.1", 9310), 9310)
        async with asyncio.timeout(1.5):
            await sign.leave()
            await sign.stop()
        assert sign.counts() == {"announced": "not yet"}

    asyncio.run(law())


def asked_from(address: str) -> bytes | None:
    """Ask at that address of this machine, by itself and not all, what OSC there is; return the answer."""
    question = b"\0\7\0\0\0\1\0\0\0\0\0\0" + b"\4_osc\4_udp\5local\0" + b"\0\x0c\x80\1"
    with socket.socket(type=socket.SOCK_DGRAM) as peer:
        peer.bind((address, 0))
        peer.settimeout(1.0)
        peer.sendto(question, (address, 5353))
        with suppress(TimeoutError):
            return peer.recv(9_000)
    return None


@pytest.mark.real
def test_who_hears_this_machine_alone_answers_nobody_else() -> None:
    """Not even who asks for it at its address in the network."""

    async def law() -> None:
        sign, state = await announced()
        assert state == "daw-bridge"
        assert b"daw-bridge" in (await asyncio.to_thread(asked_from, "127.0.0.1") or b"")
        assert await asyncio.to_thread(asked_from, "192.0.2.7") is None
        await sign.leave()
        await sign.stop()

    with alone():
        subprocess.run([need("ip"), "address", "add", "192.0.2.7/32", "dev", "lo"], check=True)
        asyncio.run(law())
