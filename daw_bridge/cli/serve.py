"""``daw-bridge serve``: the daemon in the foreground."""

import asyncio
import logging
from pathlib import Path

from daw_bridge.cli.daemons import find
from daw_bridge.cli.settings import read
from daw_bridge.daemon import serve
from daw_bridge.errors import CannotListen
from daw_bridge.logs import kept


def run(
    config: Path | None,
    *,
    osc: str | None,
    folder: Path | None,
    state: Path | None,
    engine: str | None,
    rate: str | None,
    midi: str | None,
    device: str | None,
    preload: bool,
) -> None:
    """Run the daemon until it is told to stop. Raises `BridgeError` when it cannot start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = read(
        config,
        osc=osc,
        folder=folder,
        state=state,
        engine=engine,
        rate=rate,
        midi=midi,
        device=device,
        preload=preload or None,
    )
    try:
        with kept(settings.paths.state, settings.logs):
            asyncio.run(serve(settings, lambda greeting: print(greeting, flush=True)))  # noqa: T201 - the promised line
    except CannotListen as error:
        found = find(settings)
        whose = f"; the daemon that has it is process {found.process}" if found and found.process else ""
        raise CannotListen(f"{error}{whose}") from None
