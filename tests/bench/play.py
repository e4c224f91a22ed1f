"""The audio device under load: dropouts, the time of the callback, and how exactly clips begin.

On a real JACK server at 48 kHz, in blocks of 256 frames and of 512, with jobs on all cores the whole time. ``PLAY_SECONDS``
sets how long each; ten minutes unless it is given. A process of the same priority that does nothing but fill a block when
it is due runs beside it: what happens to it too, the machine does to everybody.
"""

import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, perf_counter

import bystanders
from daemons import daemon, until
from ears import NAME, Ears, ears, first
from figures import record, spread
from jackserver import PERIOD, RATE, jack_server
from talker import talker

from daw_bridge.client import Client
from daw_bridge.wires.osc_packet import Argument

_ARMED = "four-on-the-floor"
_TRIGGERS = 20


def run() -> None:
    """Measure under load, then from trigger to sound."""
    seconds = float(os.environ.get("PLAY_SECONDS", "600"))
    for period in (PERIOD, 2 * PERIOD):
        under_load(seconds, period)
    from_trigger_to_sound()


def status(client: Client) -> dict[str, Argument]:
    """Return the daemon's status."""
    client.send("/bridge/status")
    told = until(client, "/bridge/status.reply")[-1].arguments
    return {str(name): value for name, value in zip(told[::2], told[1::2], strict=True)}


def wait(client: Client, is_so: Callable[[dict[str, Argument]], bool]) -> None:
    """Ask for the status a few times a second until it is so."""
    while not is_so(status(client)):
        list(client.hear(0.1))


def under_load(seconds: float, period: int) -> None:
    """Let a loop play in blocks of `period` frames while jobs keep the workers busy."""
    with ExitStack() as stack:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(jack_server(f"play-{os.getpid()}", "-S", period=period))
        recorder = stack.enter_context(ears(base, server))
        settings = {"DAW_BRIDGE_DEVICE_NAME": NAME, "DAW_BRIDGE_DEVICE_BLOCK": str(period)}
        running = stack.enter_context(daemon(base, **settings, **server))
        bystander = stack.enter_context(talker(bystanders.__file__, str(period), str(RATE)))
        client = stack.enter_context(running.client())
        client.send("/bridge/notify", 1)
        client.send("/bridge/generate", "house drums", "deliver", "both", "bars", 4, "takes", 1)
        until(client, "/bridge/playing")
        before, gaps = status(client), recorder.heard().gaps
        assert bystander.words() == ["ready"]
        jobs = _keep_busy(client, monotonic() + seconds)
        after = status(client)
        bystander.say("tell")
        beside = dict(zip(bystanders.TOLD, map(float, bystander.words()), strict=True))
        lost = recorder.heard().gaps - gaps if seconds <= 660 else "not recorded"
    told = {name: after[name] for name in after if name.startswith("device_")}
    record(
        "play",
        {"seconds": seconds, "rate": RATE, "block": period, "server": "jackd -S -P 10, dummy driver"},
        {
            "jobs done meanwhile": jobs,
            "dropouts that the server told": _more(before, after, "device_underruns"),
            "callbacks longer than their block": _more(before, after, "device_slow"),
            "blocks that the server itself left out": lost,
            "callbacks": _more(before, after, "device_callbacks"),
            "callback, worst ms": told["device_worst_ms"],
            "callback, p99.9 ms": told["device_p999_ms"],
            "callback, most time of a core, ms": told["device_busy_ms"],
            "bystander": beside,
            "loop off the session, ms": told["device_off_ms"],
        },
    )


def _more(before: dict[str, Argument], after: dict[str, Argument], name: str) -> int:
    """Return by how much a count has grown."""
    return int(str(after[name])) - int(str(before[name]))


def _keep_busy(client: Client, until_moment: float) -> int:
    """Have jobs waiting all the time until then; return how many were done."""
    done = 0
    for _ in range(3):
        client.send("/bridge/generate", "house", "bars", 8, "takes", 8)
    for heard in client.hear(60):
        if heard.address == "/bridge/done":
            done += 1
            if monotonic() > until_moment:
                client.send("/bridge/cancel", "all")
                return done
            client.send("/bridge/generate", "house", "bars", 8, "takes", 8)
    raise AssertionError("no job was done in a minute")


def from_trigger_to_sound() -> None:
    """Trigger an armed preset that plays at once, again and again, and measure until its first frame is played."""
    took = []
    settings = {"DAW_BRIDGE_DEVICE_NAME": NAME, "DAW_BRIDGE_DEVICE_QUANTUM": "now", "DAW_BRIDGE_POOL_ARMED": _ARMED}
    with ExitStack() as stack:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(jack_server(f"play-{os.getpid()}", "-S"))
        recorder = stack.enter_context(ears(base, server))
        running = stack.enter_context(daemon(base, **settings, **server))
        client = stack.enter_context(running.client())
        client.send("/bridge/notify", 1)
        for number in range(_TRIGGERS):
            wait(client, lambda told: told["pool_ready"] != "none")
            begun, moment = perf_counter(), monotonic()
            client.send(f"/bridge/preset/{_ARMED}", "deliver", "device", "takes", 4, "id", f"t{number}")
            until(client, "/bridge/playing")
            heard = perf_counter() - begun
            took.append((_sounded(recorder, moment), heard))
            client.send("/bridge/stop")
            until(client, "/bridge/stopped")
    record(
        "trigger to sound",
        {"preset": _ARMED, "quantum": "now", "triggers": _TRIGGERS, "takes": 4},
        {
            "ms to the first frame": spread([sound for sound, _ in took]),
            "ms to the report": spread([report for _, report in took]),
            "promised_ms": 100,
        },
    )


def _sounded(recorder: Ears, moment: float) -> float:
    """Return how many seconds after `moment` the block with the first sound was played."""
    heard = recorder.heard()
    begin = int(heard.blocks[heard.blocks[:, 2] >= moment][0, 0])
    frame = begin + first(heard.samples[begin:])
    block = heard.blocks[heard.blocks[:, 0] <= frame][-1]
    return float(block[2] + (frame - block[0]) / RATE - moment)
