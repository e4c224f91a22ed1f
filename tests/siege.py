"""A daemon under fire: killed at random moments of its work, watched by a program that nobody here wrote.

Nothing in the daemon helps: a moment is found by its reports, by what appears in the folder, and by chance. The watcher
(inotifywait) names every file the moment it appears, and each is read whole at once by soundfile, wavinfo or json.
"""

import json
import os
import random
import signal
import subprocess
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Self

import soundfile
from daemons import ENDINGS, PATIENCE, Running, daemon
from lives import at, journal_is_whole, written
from ports import free_port
from real import need
from wavinfo import WavInfoReader

from daw_bridge.client import Client, Heard

PHASES = ("accept", "generate", "fit", "write", "rename", "report")
TARGETS = ("daemon", "worker", "both")

_DELAYS_MS = {"accept": 4.0, "generate": 25.0, "fit": 15.0, "write": 6.0, "rename": 0.3, "report": 0.4}
"""How long after its sign a kill may come, at most: about as long as the phase goes on."""

_NOT_MAKING = frozenset({"rank", "write", "folder", "done"})


@dataclass(slots=True)
class Seen:
    """What the watcher saw: how many files it read, and what was wrong with any."""

    read: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


@contextmanager
def watching(folder: Path) -> Iterator[Seen]:
    """Have every file that appears in `folder` read whole, the moment it appears."""
    events = ["-e", "create", "-e", "moved_to", "-e", "moved_from", "-e", "close_write"]
    command = [need("inotifywait"), "-m", *events, "--format", "%e|%f", str(folder)]
    seen = Seen()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stderr:
            if "established" in line:
                break
        reader = threading.Thread(target=_read_all, args=(folder, process.stdout, seen))
        reader.start()
        try:
            yield seen
        finally:
            process.terminate()
            reader.join()


def _read_all(folder: Path, lines: Iterable[str], seen: Seen) -> None:
    """Read the files of all events. Thread: the watcher's."""
    for line in lines:
        _read(folder, line.strip(), seen)


def _read(folder: Path, line: str, seen: Seen) -> None:
    """Read the file of one event, if it is one that a DAW would see. Thread: the watcher's."""
    event, _, name = line.partition("|")
    if name.startswith(".") or event == "MOVED_FROM":
        return
    path = folder / name
    try:
        if event != "MOVED_TO":
            raise ValueError(f"came by {event}")  # noqa: TRY301 - one of several faults
        if path.suffix == ".wav":
            sound, rate = soundfile.read(path)
            assert rate == 48_000
            assert len(sound) == soundfile.info(path).frames > 0
            assert WavInfoReader(str(path)).info is not None
            assert path.with_name(f"{path.stem}.json").exists()
        elif path.suffix == ".json":
            assert json.loads(path.read_text())["job"] in name
        else:
            raise ValueError("is no clip")  # noqa: TRY301 - one of several faults
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it is a fault
        seen.faults.append(f"{name}: {type(error).__name__}: {error}")
    seen.read[name] += 1


@dataclass(slots=True)
class Siege:
    """One daemon with all its lives. Use it in a ``with``; `strike` as often as you like."""

    base: Path
    seed: int = 1
    takes: int = 6
    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    amid: Counter[str] = field(default_factory=Counter)
    accepted: dict[str, int] = field(default_factory=dict)
    ends: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    faults: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    seen: Seen = field(default_factory=Seen)
    _dice: random.Random = field(default_factory=random.Random)
    _parts: ExitStack = field(default_factory=ExitStack)
    _life: ExitStack = field(default_factory=ExitStack)
    _port: int = 0
    _number: int = 0
    _question: int = 0
    _asked: list[str] = field(default_factory=list)
    _running: Running | None = None
    _client: Client | None = None

    def __enter__(self) -> Self:
        self._dice.seed(self.seed)
        self._port = free_port()
        folder = self.base / "clips"
        folder.mkdir()
        self.seen = self._parts.enter_context(watching(folder))
        self._client = self._parts.enter_context(Client("127.0.0.1", self._port))
        self._live()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._life.close()
        self._parts.close()

    @property
    def client(self) -> Client:
        """Whoever asks, on one port through all lives."""
        assert self._client is not None
        return self._client

    @property
    def running(self) -> Running:
        """The daemon in its present life."""
        assert self._running is not None
        return self._running

    def strike(self, phase: str, target: str) -> None:
        """Ask for some jobs, kill `target` in the midst of `phase`, and see all jobs to their end."""
        workers = self.running.workers()
        self._asked = [f"k{self._number + each}" for each in range(3)]
        self._number += len(self._asked)
        for name in self._asked:
            self.client.send("/bridge/generate", "funk", "id", name, "bars", 1, "takes", self.takes, "bpm", 180)
        self._await(phase)
        victims = [self.running.process.pid] if target != "worker" else []
        victims += workers if target != "daemon" else []
        for victim in victims:
            with suppress(ProcessLookupError):  # it may be dead already
                os.kill(victim, signal.SIGKILL)
        self.kills[phase, target] += 1
        if target != "worker":
            self.running.process.wait(PATIENCE)
            self.amid[phase] += self._half_named()
            self._live()
        self._settle()
        self._inspect()

    def _await(self, phase: str) -> None:
        """Wait for a moment within `phase`."""
        if phase == "rename":
            folder, until = self.running.folder, perf_counter() + PATIENCE
            while perf_counter() < until and not any(name[0] != "." for name in os.listdir(folder)):  # noqa: PTH208
                pass
        elif phase != "accept":
            for heard in self.client.hear(PATIENCE):
                self._note(heard)
                if _is_sign(phase, heard):
                    break
        until = perf_counter() + self._dice.uniform(0, _DELAYS_MS[phase]) / 1_000
        while perf_counter() < until:
            pass

    def _live(self) -> None:
        """Begin another life."""
        self._life.close()
        self._life = ExitStack()
        self._running = self._life.enter_context(daemon(self.base, *at(self._port)))

    def _note(self, heard: Heard) -> None:
        """Take note of a report."""
        name = str(heard.arguments[0]) if heard.arguments else ""
        if heard.address == "/bridge/queued":
            self.accepted[name] = self.accepted.get(name, 0) + 1
        elif heard.address in ENDINGS:
            self.ends[name].append(heard.address)
        elif heard.address == "/bridge/error":
            self.faults["refused"].append(str(heard.arguments))

    def _settle(self) -> None:
        """Hear all until nothing waits or runs any more.

        Each question has a number of its own: an answer that was late would tell of the last time.
        """
        until = perf_counter() + 2 * PATIENCE
        told: dict[object, object] = {}
        while perf_counter() < until:
            self._question += 1
            self.client.send("/bridge/status")
            self.client.send("/bridge/sync", self._question)
            for heard in self.client.hear(0.2):
                self._note(heard)
                if heard.address == "/bridge/status.reply":
                    told = dict(zip(heard.arguments[::2], heard.arguments[1::2], strict=True))
                if heard == Heard("/bridge/synced", (self._question,)):
                    if told["running"] == "none" and told["waiting"] == 0:
                        return
                    break
        self.faults["never settled"].append(f"job {self._number}")

    def _half_named(self) -> int:
        """Return 1 if a job lies there with some files named and some not: the kill came amid the renames."""
        names = [path.name for path in self.running.folder.iterdir()]
        return int(any(name.startswith(".") for name in names) and any(not name.startswith(".") for name in names))

    def _inspect(self) -> None:
        """Compare what was accepted, what was told, what is written and what lies in the folder; then clear that."""
        journal = written(self.running.state)
        found: defaultdict[str, list[str]] = defaultdict(list)
        paths = sorted(self.running.folder.iterdir())
        for path in paths:
            if path.name.startswith("."):
                self.faults["left hidden"].append(path.name)
            elif path.suffix == ".wav":
                found[path.stem.split("_")[-2]].append(path.stem.split("_")[-1])
        for name in {*self.accepted, *self.ends, *found, *self._asked}:
            if (
                name in journal or name in self.accepted or name in found
            ):  # one that was killed before it was accepted is no job
                self._inspect_job(name, journal.get(name, "unknown"), found[name])
        until = perf_counter() + PATIENCE
        while perf_counter() < until and not {path.name for path in paths} <= {*self.seen.read}:
            pass
        for path in paths:
            path.unlink()
        self.accepted.clear()
        self.ends.clear()

    def _inspect_job(self, name: str, state: str, ranks: list[str]) -> None:
        """Hold one job to the promises."""
        ends = self.ends.get(name, [])
        if name in self.accepted and state not in {"done", "failed", "cancelled"}:
            self.faults["lost"].append(f"{name} is {state}")
        if not ends:
            self.faults["end not heard"].append(name)
        if len(ends) > 1:
            self.faults["end heard twice"].append(f"{name}: {ends}")
        if len(ranks) != len(set(ranks)):
            self.faults["delivered twice"].append(f"{name}: {ranks}")
        if len(set(ranks)) != (self.takes if state == "done" else 0):
            self.faults["not all or nothing"].append(f"{name} is {state}: {ranks}")

    def table(self) -> dict[str, object]:
        """Return what came of it, for people."""
        rows = {phase: {target: self.kills[phase, target] for target in TARGETS} for phase in PHASES}
        names = ("lost", "delivered twice", "not all or nothing", "left hidden", "refused", "never settled")
        return {
            "kills": self.kills.total(),
            **{f"kills in {phase}": {**row, "all": sum(row.values())} for phase, row in rows.items()},
            "of them amid the renames of a job": self.amid.total(),
            "jobs asked for": self._number,
            **{
                f"jobs {name}" if name != "left hidden" else "files left hidden": len(self.faults[name])
                for name in names
            },
            "ends not heard": len(self.faults["end not heard"]),
            "ends heard twice": len(self.faults["end heard twice"]),
            "files read by the watcher": self.seen.read.total(),
            "of them partial, or temporary": len(self.seen.faults),
            "PRAGMA integrity_check": "ok" if journal_is_whole(self.running) else "not ok",
        }


def _is_sign(phase: str, heard: Heard) -> bool:
    """Whether a report is the sign that a job is in `phase`."""
    if phase == "report":
        return heard.address == "/bridge/delivered"
    if heard.address != "/bridge/progress":
        return False
    stage = str(heard.arguments[2])
    return {"generate": stage not in _NOT_MAKING, "fit": stage == "rank", "write": stage == "write"}[phase]
