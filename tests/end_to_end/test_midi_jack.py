"""A controller behind a real MIDI driver: JACK's, as programs on Linux have it without a sound card."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from time import monotonic
from typing import IO

import jackpads
import pytest
from daemons import PATIENCE, daemon, follow
from jack import jack_server
from real import missing

from daw_bridge.client import Client

pytestmark = pytest.mark.real


class Controller:
    """The controller's process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in: IO[str] = process.stdin
        self._out: IO[str] = process.stdout

    def say(self, line: str) -> None:
        """Have it do something."""
        self._in.write(line + "\n")
        self._in.flush()

    def lights(self, note: int, last: int) -> list[int]:
        """Return how bright the light of `note` was until it was `last`."""
        seen: list[int] = []
        while last not in seen[-1:]:
            words = [int(word, 16) for word in self._out.readline().split()]
            if words[:1] == [0x90] and words[1] == note:
                seen.append(words[2])
        return seen


def ports(client: Client) -> str:
    """Return which ports the daemon says are open."""
    heard = client.ask("/bridge/status", "/bridge/status.reply", PATIENCE)
    assert heard is not None
    told = heard.arguments
    return str(dict(zip(told[::2], told[1::2], strict=True))["midi_ports"])


@contextmanager
def controller(environment: Mapping[str, str]) -> Iterator[Controller]:
    """Run the controller."""
    process = subprocess.Popen(
        [sys.executable, jackpads.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        yield Controller(process)
    finally:
        process.communicate(timeout=PATIENCE)


def test_a_controller_behind_a_driver_starts_jobs_lights_up_and_may_be_unplugged(tmp_path: Path) -> None:
    """It is found by itself; WAVs land, its lights follow, and two seconds after it came back it works again."""
    if find_spec("rtmidi") is None:
        missing("python-rtmidi is not installed")
    with (
        jack_server(f"pads-{os.getpid()}") as environment,
        daemon(tmp_path, "--midi", "*", **environment) as running,
        running.client() as client,
    ):
        client.send("/bridge/notify", 1)
        with controller(environment) as pads:
            pads.lights(36, last=1)
            pads.say("90 24 64")
            story = follow(client)
            assert story.ending.address == "/bridge/done"
            assert len(story.paths) == len(running.wavs)
            shown = pads.lights(36, last=127)
            assert shown == sorted(shown)
        while ports(client) != "none":
            pass
        with controller(environment) as pads:
            back = monotonic()
            pads.lights(36, last=1)
            assert monotonic() - back < 2
            pads.say("90 25 64")
            assert follow(client).paths[0].name.startswith("dusty-boom-bap")
