"""Being found: the daemon is announced by zeroconf (Bonjour, mDNS), so that OSC programs list it by themselves.

Two services are announced: ``_osc._udp``, which is what TouchOSC and others look for, and ``_oscjson._tcp`` for
OSCQuery. They are announced on the network that OSC is heard on, and no other: a daemon that hears this machine alone is
announced to this machine alone. That takes care: zeroconf hears port 5353 of all networks, whatever it is told, and answers
whoever asks it there alone; so it is kept from answering others. Nothing waits for it, at the start or at the stop.

zeroconf is optional (``pip install 'daw-bridge[discover]'``; it is under the LGPL). Loading it takes a fifth of a second, which
a thread spends, after the daemon is ready.
"""

import asyncio
import logging
import re
import socket
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any

from daw_bridge.sections import OscConfig

_log = logging.getLogger(__name__)

_NAME = "daw-bridge"
_LONGEST = 40  # characters of a machine's name; a label in DNS has room for 63 bytes
_GOODBYE = 1.0  # seconds that the farewell may take


def installed() -> bool:
    """Whether zeroconf is there."""
    return find_spec("zeroconf") is not None


def called(host: str, port: int) -> str:
    """Return the name under which the daemon at `host` and `port` is listed.

    In a network it has the machine's name in it, and where the port is another than the usual, that: two daemons on one
    machine cannot be relied on to notice that they have one name.
    """
    where = [] if ip_address(host).is_loopback else [socket.gethostname().split(".")[0][:_LONGEST]]
    which = [] if port == OscConfig().port else [str(port)]
    return " ".join((_NAME, *where, *which))


def server_of(name: str) -> str:
    """Return the host name in DNS that goes with the name in the list."""
    return f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.local"


class Discovery:
    """Announces where OSC and OSCQuery are. Constructing it announces nothing. Thread: the event loop's."""

    def __init__(self) -> None:
        self._zeroconf: Any = None
        self._task: asyncio.Task[None] | None = None
        self._state = "not yet"

    def start(self, osc: tuple[str, int], query: int | None) -> None:
        """Begin to announce, without waiting: OSC at the host and port `osc`, OSCQuery at TCP port `query`, if at all."""
        services = {"_osc._udp.local.": osc[1]} | ({"_oscjson._tcp.local.": query} if query is not None else {})
        self._task = asyncio.create_task(self._announce(called(*osc), osc[0], services), name="discovery")

    async def leave(self) -> None:
        """Begin to say farewell, which takes some tenths of a second: it is said several times."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._zeroconf is not None:
            self._task = asyncio.create_task(self._zeroconf.async_close(), name="farewell")

    async def stop(self) -> None:
        """Be silent, once farewell is said."""
        if self._task is not None:
            with suppress(Exception, asyncio.CancelledError):  # as above: nobody is kept from leaving
                await asyncio.wait_for(self._task, _GOODBYE)

    def counts(self) -> dict[str, str | int | float]:
        """Return what the status shows: under which name the daemon is listed, or why it is not."""
        return {"announced": self._state}

    async def _announce(self, name: str, host: str, services: dict[str, int]) -> None:
        """Announce all services, or say why that cannot be."""
        try:
            await asyncio.to_thread(import_module, "zeroconf.asyncio")
            self._state = await self._register(name, host, services)
            _log.info("announced as %s", self._state)
        except ImportError:
            self._state = "no zeroconf"
            _log.info("not announced in the network: install zeroconf with pip install 'daw-bridge[discover]'")
        except Exception as error:  # noqa: BLE001 - of what a network may lack, zeroconf has no list; all works without
            self._state = "impossible"
            _log.warning("not announced in the network: %s", error or type(error).__name__)

    async def _register(self, name: str, host: str, services: dict[str, int]) -> str:
        """Announce all services on the network of `host`, and return the name that they have got."""
        from zeroconf import InterfaceChoice, IPVersion, ServiceInfo, Zeroconf  # noqa: PLC0415 - optional
        from zeroconf.asyncio import AsyncZeroconf  # noqa: PLC0415

        class Here(Zeroconf):
            """Says nothing to other machines."""

            def async_send(self, out: Any, addr: str | None = None, *where: Any) -> None:
                """Send to all, which are those of this machine's own interface, or to one of them."""
                if addr is None or ip_address(addr).is_loopback:
                    super().async_send(out, addr, *where)

        everywhere, here = ip_address(host).is_unspecified, ip_address(host).is_loopback
        version = IPVersion.V6Only if ":" in host else IPVersion.V4Only
        wide = InterfaceChoice.All if everywhere else [host]
        self._zeroconf = AsyncZeroconf(zc=(Here if here else Zeroconf)(wide, ip_version=version))
        addresses = await asyncio.to_thread(_addresses, host) if everywhere else [host]
        infos = [
            ServiceInfo(
                kind,
                f"{name}.{kind}",
                port,
                properties={"txtvers": "1"},
                server=f"{server_of(name)}.",
                parsed_addresses=addresses,
            )
            for kind, port in services.items()
        ]
        register = self._zeroconf.async_register_service  # which takes seconds: it asks whether the name is taken
        said = await asyncio.gather(*(register(info, allow_name_change=True) for info in infos))
        await asyncio.gather(*said)
        return str(infos[0].name.removesuffix(f".{infos[0].type}"))


def _addresses(host: str) -> list[str]:
    """Return the addresses at which a daemon that listens on all of them can be reached from outside."""
    from ifaddr import get_adapters  # noqa: PLC0415 - comes with zeroconf

    found = [each.ip if isinstance(each.ip, str) else each.ip[0] for row in get_adapters() for each in row.ips]
    family = ip_address(host).version
    return [each for each in found if _is_outer(each) and ip_address(each).version == family]


def _is_outer(address: str) -> bool:
    """Whether others can reach `address` without knowing the way."""
    there = ip_address(address)
    return not (there.is_loopback or (there.is_link_local and there.version == 6))
