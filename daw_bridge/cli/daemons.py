"""Whom a command asks: the daemon that is running, or one of its own for as long as it takes."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from daw_bridge.client import Client
from daw_bridge.config import Config
from daw_bridge.daemon import running
from daw_bridge.sections import ClockConfig, MidiConfig, OscConfig
from daw_bridge.wires.osc_addresses import REPLY

_AT_ONCE = 0.3  # seconds in which a daemon on this machine has long answered

Peer = tuple[str, int]
"""Host and port."""


@dataclass(frozen=True, slots=True)
class Found:
    """A daemon that answers: where, its version, the folder in which its clips land.

    An earlier version may not say its process, or its state folder, which is then None.
    """

    peer: Peer
    version: str
    folder: Path
    process: int | None = None
    state: Path | None = None


def find(config: Config) -> Found | None:
    """Return the daemon that answers where `config` has it listen; None if none does at once."""
    peer = (config.osc.host, config.osc.port)
    if config.osc.port == 0:
        return None
    with Client(*peer) as client:
        version = client.ask("/bridge/version", f"/bridge/version{REPLY}", _AT_ONCE)
        status = client.ask("/bridge/status", f"/bridge/status{REPLY}", _AT_ONCE) if version else None
    if version is None or status is None:
        return None
    told = dict(zip(status.arguments[::2], status.arguments[1::2], strict=False))
    folder = told.get("folder")
    if not version.arguments or not isinstance(folder, str):
        return None  # somebody answers there, but none of ours
    process, state = told.get("process"), told.get("state")
    return Found(
        peer,
        str(version.arguments[0]),
        Path(folder),
        process if isinstance(process, int) else None,
        Path(state) if isinstance(state, str) else None,
    )


def followed(config: Config, found: Found | None) -> Config:
    """Return `config` with the folders of the daemon that was found, which may have been started with others.

    A folder that is not here is not taken over: its name may have come spoiled, as OSC has no bytes that are no text.
    """
    folder, state = (found.folder, found.state) if found else (None, None)
    if folder and folder.is_dir():
        config = replace(config, folder=replace(config.folder, path=folder))
    if state and state.is_dir():
        config = replace(config, paths=replace(config.paths, state=state))
    return config


@contextmanager
def private(config: Config) -> Iterator[Peer]:
    """Run a daemon of our own in a thread, on a free port and with a spool that is removed after the block.

    It knows the history of the others, as a mix may be made of what is in there. It adds nothing to it.

    Raises `BridgeError` if it cannot start.
    """
    with tempfile.TemporaryDirectory(prefix="daw-bridge-", ignore_cleanup_errors=True) as state:
        paths = replace(config.paths, state=Path(state))
        folder = replace(config.folder, patience=0.0)  # whoever waits at a terminal is told at once
        ours = replace(
            config, osc=OscConfig(port=0), midi=MidiConfig(), clock=ClockConfig(), paths=paths, folder=folder
        )
        opened: Future[_Open] = Future()
        with ThreadPoolExecutor(1, thread_name_prefix="daemon") as pool:
            ended = pool.submit(lambda: asyncio.run(_live(ours, config.paths.state, opened)))
            try:
                yield _started(opened, ended).peer
            finally:  # also when Ctrl-C came while it was still starting
                _started(opened, ended).close()
                ended.result()


@dataclass(frozen=True, slots=True)
class _Open:
    """A private daemon that listens at `peer` until `close` is called, from any thread."""

    peer: Peer
    close: Callable[[], object]


def _started(opened: Future[_Open], ended: Future[None]) -> _Open:
    """Wait until a private daemon listens, and return it. Raises what kept it from starting."""
    either: tuple[Future[Any], ...] = (opened, ended)
    wait(either, return_when=FIRST_COMPLETED)
    if not opened.done():
        ended.result()
    return opened.result()


async def _live(config: Config, past: Path, opened: Future[_Open]) -> None:
    """Run a daemon, which knows the history in the state folder `past`, until it is closed. Thread: the daemon's own."""
    loop, closed = asyncio.get_running_loop(), asyncio.Event()
    async with running(config, past) as daemon:
        opened.set_result(_Open(daemon.osc.address, lambda: loop.call_soon_threadsafe(closed.set)))
        await closed.wait()
