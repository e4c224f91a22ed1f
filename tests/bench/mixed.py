"""Half an hour of everything at once: all wires, cancels, killed and stopped workers, tempo changes, rubbish.

Promised: every accepted job ends exactly once, every clip that lands is whole, nothing is left behind, memory is flat.
``python tests/bench mixed`` is the long form; the test command has two minutes of it.
"""

import os
import random
import re
import signal
import socket
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import psutil
import soundfile
from daemons import ENDINGS, PATIENCE, Running, daemon
from figures import record
from packets import damaged
from ports import free_port

from daw_bridge.client import Client, Heard

MINUTES = 30.0
_PROMPTS = ("house", "dusty breakbeat", "dub techno", "funk", "trap", "ambient pad", "synthwave", "drum and bass")
_PRESETS = ("four-on-the-floor", "jungle-break", "dub-techno-chords", "vinyl-dust")
_PACE = 0.05  # seconds between two things that somebody does
_CHECK = 5.0  # seconds between two looks at memory, and at what has landed


def settings(midi: int) -> dict[str, str]:
    """Return the settings of the daemon: workers that hang are found soon, pads come over TCP."""
    return {
        "DAW_BRIDGE_WORKER_PATIENCE": "2",
        "DAW_BRIDGE_WORKER_LOADING": "10",
        "DAW_BRIDGE_MIDI_NETWORK": str(midi),
        "DAW_BRIDGE_MIDI_MAP": "pads",
    }


@dataclass(slots=True)
class Tally:
    """What was done, what was heard of each job, and how the daemon fared."""

    done: Counter[str] = field(default_factory=Counter)
    queued: Counter[str] = field(default_factory=Counter)
    endings: dict[str, list[str]] = field(default_factory=dict)
    codes: Counter[str] = field(default_factory=Counter)
    clips: int = 0
    broken: list[str] = field(default_factory=list)
    daemon_mb: list[float] = field(default_factory=list)
    handles: list[int] = field(default_factory=list)

    @property
    def lost(self) -> list[str]:
        """The jobs that were accepted and never ended."""
        return [name for name in self.queued if name not in self.endings]

    @property
    def twice(self) -> list[str]:
        """The jobs that ended more than once, or were accepted more than once."""
        return [name for name, ends in self.endings.items() if len(ends) > 1 or self.queued[name] != 1]

    def hear(self, heard: Heard) -> None:
        """Take note of a report."""
        name = str(heard.arguments[0]) if heard.arguments else ""
        if heard.address == "/bridge/queued":
            self.queued[name] += 1
        elif heard.address in ENDINGS:
            self.endings.setdefault(name, []).append(heard.address)
            self.done[f"jobs {heard.address.removeprefix('/bridge/')}"] += 1
            if heard.address == "/bridge/failed":
                self.codes[str(heard.arguments[1])] += 1


@dataclass(slots=True)
class Stage:
    """Everybody who does something to a daemon, and the dice that say what."""

    running: Running
    client: Client
    midi: int
    dice: random.Random
    tally: Tally
    junk: list[bytes]
    pads: socket.socket | None = None

    def job(self) -> None:
        """Ask for clips, in one way or another."""
        bars, takes = self.dice.choice((1, 1, 1, 2, 2, 4, 16)), self.dice.choice((1, 2, 4))
        way = self.dice.randrange(4)
        if way == 0:
            self.client.send(f"/bridge/preset/{self.dice.choice(_PRESETS)}", "bars", bars, "takes", takes, "replace", 1)
        elif way == 1:
            self.client.send("/bridge/again", "bars", bars, "takes", takes)
        else:
            self.client.send("/bridge/generate", self.dice.choice(_PROMPTS), "bars", bars, "takes", takes)

    def pad(self) -> None:
        """Hit a pad, turn a knob, and let the clock go on. The driver may just be dead: then come back next time."""
        note = self.dice.randrange(36, 52)
        try:
            if self.pads is None:
                self.pads = socket.create_connection(("127.0.0.1", self.midi))
                self.pads.setblocking(False)
            self.pads.sendall(bytes((0x90, note, 100, 0x90, note, 0, 0xB0, 20, self.dice.randrange(128), 0xF8, 0xF8)))
            while self.pads.recv(4_096):  # its lights; who does not read them is in the way
                continue
        except BlockingIOError:
            return
        except OSError:
            self.leave()
        else:
            self.leave()

    def leave(self) -> None:
        """Pull the plug of the controller."""
        if self.pads is not None:
            self.pads.close()
            self.pads = None

    def cancel(self) -> None:
        """Cancel a job, or all."""
        waiting = self.tally.lost
        name = self.dice.choice(waiting) if waiting and self.dice.random() < 0.98 else "all"
        self.client.send("/bridge/cancel", name)

    def session(self) -> None:
        """Have the DAW go somewhere else."""
        self.client.send("/tempo/raw", round(self.dice.uniform(60, 180), 2))
        self.client.send("/bridge/meter", *self.dice.choice(((4, 4), (3, 4), (7, 8))))
        self.client.send("/bridge/key", self.dice.choice(("A minor", "F#", "none")))

    def rubbish(self) -> None:
        """Send what nobody should."""
        for _ in range(20):
            self.client.send_packet(self.dice.choice(self.junk))

    def kill(self) -> None:
        """Kill a worker, or the driver of MIDI."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """Stop one of them, so that it hangs."""
        self._signal(signal.SIGSTOP)

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to a process of the daemon, if there is one."""
        workers = self.running.workers()
        if workers:
            try:
                os.kill(self.dice.choice(workers), number)
            except ProcessLookupError:
                return

    def look(self) -> None:
        """Look at memory and handles, and whether what has landed is whole; then take it away."""
        process = psutil.Process(self.running.process.pid)
        self.tally.daemon_mb.append(round(process.memory_info().rss / 1e6, 1))
        self.tally.handles.append(process.num_fds())
        for path in self.running.folder.glob("*.wav"):
            try:
                soundfile.read(path)
                self.tally.clips += 1
            except soundfile.LibsndfileError:
                self.tally.broken.append(path.name)
            path.unlink()
        for path in self.running.folder.glob("*.json"):
            path.unlink()


def play(running: Running, midi: int, seconds: float, seed: int) -> Tally:
    """Do everything at once for so long, then let all jobs end."""
    tally = Tally()
    with running.client() as client:
        client.send("/bridge/notify", 1)
        junk = [packet for packet in damaged(2_000, seed) if b"notify" not in packet and b"/" in packet[:1]]
        stage = Stage(running, client, midi, random.Random(seed), tally, [each for each in junk if b"*" not in each])
        often = [stage.job] * 3 + [stage.pad] * 2 + [stage.cancel] * 3 + [stage.session] * 2 + [stage.rubbish]
        deeds: list[Callable[[], None]] = [*often * 12, *[stage.kill] * 2, stage.stop]
        end, next_look = monotonic() + seconds, monotonic()
        while monotonic() < end:
            deed = stage.dice.choice(deeds)
            tally.done[deed.__name__] += 1
            deed()
            for heard in client.hear(_PACE):
                tally.hear(heard)
                if heard.address == "/bridge/progress":
                    break
            if monotonic() > next_look:
                next_look = monotonic() + _CHECK
                stage.look()
        stage.leave()
        client.send("/bridge/cancel", "all")
        _rest(client, tally)
        stage.look()
    return tally


def _rest(client: Client, tally: Tally) -> None:
    """Hear of jobs until all that were accepted have ended."""
    until = monotonic() + PATIENCE
    while tally.lost and monotonic() < until:
        for heard in client.hear(1.0):
            tally.hear(heard)


def run(minutes: float = MINUTES, seed: int = 5) -> None:
    """Play the long form."""
    midi = free_port()
    with tempfile.TemporaryDirectory() as base, daemon(Path(base), **settings(midi)) as running:
        tally = play(running, midi, 60 * minutes, seed)
        left = [path.name for path in running.leftovers]
        log = (Path(base) / "log").read_text()
    quarter = max(1, len(tally.daemon_mb) // 4)
    record(
        "mixed",
        {"minutes": minutes, "seed": seed},
        {
            "done": dict(tally.done),
            "codes of the failed": dict(tally.codes),
            "accepted": len(tally.queued),
            "lost": len(tally.lost),
            "ended twice": len(tally.twice),
            "clips": tally.clips,
            "clips that are not whole": len(tally.broken),
            "left behind": left,
            "errors of ours": log.count("Traceback"),
            "daemon_mb, by quarter": [
                max(tally.daemon_mb[i : i + quarter]) for i in range(0, len(tally.daemon_mb), quarter)
            ],
            "handles, by quarter": [max(tally.handles[i : i + quarter]) for i in range(0, len(tally.handles), quarter)],
        },
    )
    for at in (each.start() for each in re.finditer("Traceback", log)):
        print(log[max(0, at - 300) : at + 5_000])
