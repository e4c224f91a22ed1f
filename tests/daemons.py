"""A real daemon for tests: the command that users start, in a process of its own, heard and asked over real UDP."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from daw_bridge.client import Client, Heard

PATIENCE = 30.0
"""Seconds after which a test gives up waiting for something that takes a moment. No test waits for it on purpose."""

ENDINGS = frozenset({"/bridge/done", "/bridge/cancelled", "/bridge/failed"})

UNLISTED = {"DAW_BRIDGE_OSC_ANNOUNCE": "0"}
"""Keeps hundreds of daemons that live for a second out of everybody's list."""


@dataclass(frozen=True, slots=True)
class Running:
    """A daemon that runs: its process, port and folders."""

    process: "subprocess.Popen[str]"
    host: str
    port: int
    folder: Path
    state: Path

    def client(self) -> Client:
        """Return a client on a port of its own; use it in a ``with``."""
        return Client(self.host, self.port)

    @property
    def wavs(self) -> list[Path]:
        """The clips that lie in the folder, in order of their names."""
        return sorted(self.folder.glob("*.wav"))

    @property
    def leftovers(self) -> list[Path]:
        """What lies in the folder, the spool included, and is neither a clip nor a clip's sidecar."""
        known = {".wav", ".json"}
        hidden = [path for path in self.folder.iterdir() if path.name.startswith(".") or path.suffix not in known]
        return hidden + [path for path in (self.state / "spool").rglob("*") if path.is_file()]

    def children(self) -> list[int]:
        """Return the process ids of the daemon's children, the worker among them."""
        tasks = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in tasks.read_text().split()]

    def workers(self) -> list[int]:
        """Return the process ids of the workers: of the daemon's children those that were spawned."""
        return [pid for pid in self.children() if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]


@contextmanager
def daemon(base: Path, *flags: str, **environment: str) -> Iterator[Running]:
    """Start ``daw-bridge serve`` on a free port with folders below `base`; end it as Ctrl-C does, and check that it did."""
    folder, state = base / "clips", base / "state"
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "daw_bridge", "serve", "--osc", "127.0.0.1:0", "--folder", str(folder)]
    with (base / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--state", str(state), *flags],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **private_home(base), **UNLISTED, **environment},
        )
    try:
        assert process.stdout is not None
        greeting = process.stdout.readline()
        match = re.search(r"OSC (\S+):(\d+)", greeting)
        assert match, f"no greeting but {greeting!r}; {(base / 'log').read_text()}"
        yield Running(process, match[1], int(match[2]), folder, state)
        if process.poll() is None:  # a test may have ended it in its own way
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE) == 0, (base / "log").read_text()
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def private_home(base: Path) -> dict[str, str]:
    """Return an environment in which a program finds no configuration of this account's."""
    folders = {"XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": "state-home", "XDG_CACHE_HOME": "cache"}
    places = {"HOME": str(base / "home"), "HF_HUB_CACHE": str(base / "cache" / "hub")}
    return {**places, **{name: str(base / folder) for name, folder in folders.items()}}


@dataclass(slots=True)
class Story:
    """All that was heard of one job, in order."""

    heard: list[Heard] = field(default_factory=list)

    @property
    def addresses(self) -> list[str]:
        """The addresses of the reports, in order, rows of progress drawn together."""
        drawn: list[str] = []
        for each in self.heard:
            if each.address != "/bridge/progress" or drawn[-1:] != ["/bridge/progress"]:
                drawn.append(each.address)
        return drawn

    @property
    def ending(self) -> Heard:
        """The last report."""
        return self.heard[-1]

    @property
    def paths(self) -> list[Path]:
        """The delivered files, best first."""
        return [Path(str(each.arguments[3])) for each in self.heard if each.address == "/bridge/delivered"]


def follow(client: Client, job: str | None = None) -> Story:
    """Hear what comes to `client` of `job` (None: of the first that is heard of) until it has ended."""
    story = Story()
    for heard in client.hear(PATIENCE):
        if heard.address == "/bridge/error":
            raise AssertionError(f"refused: {heard.arguments}")
        if not heard.arguments or (job is not None and heard.arguments[0] != job):
            continue
        job = str(heard.arguments[0])
        story.heard.append(heard)
        if heard.address in ENDINGS:
            return story
    raise AssertionError(f"no end was heard of job {job}, only {story.addresses}")


def endings(client: Client, jobs: Sequence[str]) -> dict[str, Heard]:
    """Hear until each of `jobs` has ended, and return how."""
    ended: dict[str, Heard] = {}
    for heard in client.hear(PATIENCE):
        if heard.address in ENDINGS:
            assert str(heard.arguments[0]) not in ended, f"{heard} ended twice"
            ended[str(heard.arguments[0])] = heard
        if set(jobs) <= ended.keys():
            return ended
    raise AssertionError(f"only {ended.keys()} of {jobs} ended")


def until(client: Client, address: str) -> list[Heard]:
    """Hear what comes to `client` until something comes at `address`, and return all of it."""
    story: list[Heard] = []
    for heard in client.hear(PATIENCE):
        story.append(heard)
        if heard.address == address:
            return story
    raise AssertionError(f"nothing came at {address}, only {story}")


def synced(client: Client) -> list[Heard]:
    """Return all that has come to `client` by the time that everything it sent is handled."""
    client.send("/bridge/sync", 4711)
    return until(client, "/bridge/synced")[:-1]
