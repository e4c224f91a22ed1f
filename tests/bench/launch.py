"""How exactly a clip begins on a line of an external clock: MIDI clock and Ableton Link, on a real JACK server.

Each row is a start: the frame on which the beat of the clock was, as the server's frames are stamped, and the frame of the
first sample. Promised: 0 frames late on the audio clock, and at most 1 ms beside the external one.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import clockpeer
import linkpeer
import numpy as np
import soundfile
from alone import alone
from daemons import daemon, until
from ears import NAME, Recording, ears, first
from figures import record
from jackserver import RATE, jack_server
from play import status, wait
from ports import free_port
from talker import talker

from daw_bridge.client import Client

_TEMPO = 126.0
_STARTS = 10
_SETTLE = 16.0  # beats of the clock before the first start

Line = Callable[[float], float]
"""Returns the beat of the external clock at a moment (seconds of `time.monotonic`)."""


def run() -> None:
    """Measure both clocks."""
    with ExitStack() as stack:
        port = free_port()
        base = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _starts(stack, base, "MIDI clock", {"DAW_BRIDGE_MIDI_NETWORK": str(port)}, lambda: _midi(port))
    with ExitStack() as stack:
        stack.enter_context(alone())
        base = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _starts(stack, base, "Ableton Link", {"DAW_BRIDGE_CLOCK_LINK": "1"}, _link)


@contextmanager
def _midi(port: int) -> Iterator[Line]:
    """Send MIDI clock."""
    command = [sys.executable, clockpeer.__file__, str(port), str(_TEMPO)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sender:
        assert sender.stdout is not None
        try:
            begun = float(sender.stdout.readline())
            yield lambda moment: (moment - begun) * _TEMPO / 60
        finally:
            sender.kill()


@contextmanager
def _link() -> Iterator[Line]:
    """Have a Link peer that nobody here wrote; its beats are counted from where it says it is."""
    with talker(linkpeer.__file__, str(_TEMPO)) as peer:
        told = (0, 0.0, 0.0, 0.0)
        while told[0] != 1:
            peer.say("tell")
            peers, *rest = peer.words()
            told = (int(peers), float(rest[0]), float(rest[1]), float(rest[2]))
        yield lambda when: told[2] + (when - told[3]) * told[1] / 60


def _starts(
    stack: ExitStack, base: Path, name: str, settings: dict[str, str], clock: Callable[[], AbstractContextManager[Line]]
) -> None:
    """Start a clip again and again, and record the table."""
    server = stack.enter_context(jack_server(f"launch-{base.name}", "-S"))
    recorder = stack.enter_context(ears(base, server))
    device = {"DAW_BRIDGE_DEVICE_NAME": NAME, "DAW_BRIDGE_DEVICE_FOLLOW": "0", "DAW_BRIDGE_DEVICE_QUANTUM": "beat"}
    running = stack.enter_context(daemon(base, **device, **settings, **server))
    client = stack.enter_context(running.client())
    line = stack.enter_context(clock())
    lates = _play(client)
    heard = recorder.heard()
    lead = first(soundfile.read(running.wavs[0], dtype="float32", always_2d=True)[0])
    rows = [_row(heard, begin - lead, line) for begin in _begins(heard)]
    assert rows
    errors = [row["error_ms"] for row in rows]
    record(
        "launch",
        {"clock": name, "tempo": _TEMPO, "rate": RATE, "starts": len(rows), "quantum": "beat"},
        {
            "table": rows,
            "frames late on the audio clock": lates,
            "worst error, ms": max(map(abs, errors)),
            "mean error, ms": round(float(np.mean(errors)), 3),
        },
    )


def _play(client: Client) -> list[int]:
    """Play and stop; return by how many frames each start was late for the device."""
    client.send("/bridge/notify", 1)
    wait(client, lambda told: told["beat_from"] in {"midi", "link"} and abs(float(str(told["tempo"])) - _TEMPO) < 3)
    begun = float(str(status(client)["beat"]))
    wait(client, lambda told: float(str(told["beat"])) > begun + _SETTLE)
    client.send("/bridge/generate", "house drums", "id", "a", "bars", 1, "takes", 1, "seed", 3)
    until(client, "/bridge/done")
    lates = []
    for _ in range(_STARTS):
        client.send("/bridge/play", "a")
        lates.append(int(str(until(client, "/bridge/playing")[-1].arguments[3])))
        list(client.hear(0.2))  # some sound, to be found again
        client.send("/bridge/stop")
        until(client, "/bridge/stopped")
    return lates


def _begins(heard: Recording) -> list[int]:
    """Return the frames on which sound begins after a fiftieth of a second of silence."""
    loud = np.flatnonzero(np.abs(heard.samples).max(axis=1) > 0)
    return [first(heard.samples), *(int(each) for each in loud[1:][np.diff(loud) > RATE // 50])]


def _row(heard: Recording, begin: int, line: Line) -> dict[str, float]:
    """Return where a start was wanted and where it was: blocks around it tell the time, the earliest best."""
    block = heard.blocks[np.searchsorted(heard.blocks[:, 0], begin, side="right") - 1]
    stamp = block[1] + begin - block[0]  # by the server's own count, which goes on where it leaves out blocks
    near = heard.blocks[np.abs(heard.blocks[:, 1] - stamp) < RATE / 2]
    moment = float(np.min(near[:, 2] - near[:, 1] / RATE)) + stamp / RATE
    beat = line(moment)
    error = (beat - round(beat)) * 60 / _TEMPO
    return {
        "beat": round(beat),
        "wanted": begin - round(error * RATE),
        "actual": begin,
        "error_ms": round(1000 * error, 3),
    }
