"""A controller behind a real MIDI driver: JACK's, as programs on Linux have it without a sound card."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from daemons import Running, daemon, follow
from jackserver import jack_server
from real import missing
from talker import Talker, talker

from daw_bridge.client import Client

pytestmark = pytest.mark.real

PADS = Path(__file__).parents[1] / "jackpads.py"
SERVER = f"pads-{os.getpid()}"
ARMED, DONE = 1, 127
LAST = 51  # the pad that is lit last


@pytest.fixture(autouse=True)
def driver() -> None:
    """Skip, or fail in CI, where there is no driver for MIDI on JACK."""
    for library in ("rtmidi", "jack"):
        if find_spec(library) is None:
            missing(f"{library} is not installed")


@contextmanager
def bridge(base: Path, environment: Mapping[str, str]) -> Iterator[tuple[Running, Client]]:
    """Run a daemon that opens every port it finds, and a client that hears of all jobs."""
    with daemon(base, "--midi", "*", **environment) as running, running.client() as client:
        client.send("/bridge/notify", 1)
        yield running, client


@contextmanager
def controller(environment: Mapping[str, str]) -> Iterator[Talker]:
    """Plug a controller in, and wait until the daemon has lit it."""
    with talker(str(PADS), environment=environment) as pads:
        lights(pads, LAST, last=ARMED)
        yield pads


def lights(pads: Talker, note: int, last: int) -> list[int]:
    """Return how bright the light of `note` was until it was `last`."""
    seen: list[int] = []
    while last not in seen[-1:]:
        words = [int(word, 16) for word in pads.words()]
        if words[:1] == [0x90] and words[1] == note:
            seen.append(words[2])
    return seen


def test_a_controller_behind_a_driver_starts_jobs_and_lights_up(tmp_path: Path) -> None:
    """It is found by itself; WAVs land, and its lights follow."""
    with (
        jack_server(SERVER) as environment,
        bridge(tmp_path, environment) as (running, client),
        controller(environment) as pads,
    ):
        pads.say("90 24 64")
        story = follow(client)
        assert story.ending.address == "/bridge/done"
        assert len(story.paths) == len(running.wavs)
        shown = lights(pads, 36, last=DONE)
        assert shown == sorted(shown)


def test_a_controller_that_was_unplugged_works_again_without_a_restart(tmp_path: Path) -> None:
    """However briefly it was away: its lights show what they showed, and a pad that is hit starts a job."""
    with (
        jack_server(SERVER) as environment,
        bridge(tmp_path, environment) as (_, client),
        controller(environment) as pads,
    ):
        for _ in range(3):
            pads.say("unplug")
            pads.say("plug")
            lights(pads, LAST, last=ARMED)
            pads.say("90 24 64")
            assert follow(client).ending.address == "/bridge/done"
            lights(pads, 36, last=DONE)


def test_a_server_that_ends_and_comes_back_has_its_controllers_heard_again(tmp_path: Path) -> None:
    """The driver is replaced, the daemon lives on, and the next pad that is hit starts a job."""
    with ExitStack() as rest:
        with jack_server(SERVER) as environment:
            running, client = rest.enter_context(bridge(tmp_path, environment))
            with controller(environment):
                pass
        with jack_server(SERVER), controller(environment) as pads:
            pads.say("90 24 64")
            assert follow(client).ending.address == "/bridge/done"
            assert running.process.poll() is None
