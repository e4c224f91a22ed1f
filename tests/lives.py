"""Daemons that die and come back on the same port, with the same folders: for whoever asks, one and the same."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from daemons import PATIENCE, Running, daemon, until

from daw_bridge.client import Client, Heard
from daw_bridge.ledger import FILE


def at(port: int) -> tuple[str, str]:
    """Return the flags of a daemon that listens at `port`."""
    return ("--osc", f"127.0.0.1:{port}")


def killed(base: Path, port: int, ask: Callable[[Client], None], moment: str, **environment: str) -> list[Heard]:
    """Start a daemon, ask it, kill it (SIGKILL) when something comes at `moment`, and return all that came."""
    with daemon(base, *at(port), **environment) as running, running.client() as client:
        ask(client)
        heard = until(client, moment)
        running.process.kill()
        running.process.wait(PATIENCE)
        heard += client.hear(0.05)  # what was on its way
    return heard


def journal_is_whole(running: Running) -> bool:
    """Whether SQLite finds nothing wrong with the journal."""
    with closing(sqlite3.connect(running.state / FILE)) as base:
        return bool(base.execute("PRAGMA integrity_check").fetchall() == [("ok",)])


def written(state: Path) -> dict[str, str]:
    """Return the state of each job in the journal of a state folder, by id, in the order in which they came."""
    with closing(sqlite3.connect(state / FILE)) as base:
        return dict(base.execute("SELECT id, state FROM jobs ORDER BY number"))


def states(running: Running) -> Counter[str]:
    """Return how many jobs of the journal are in each state."""
    return Counter(written(running.state).values())
