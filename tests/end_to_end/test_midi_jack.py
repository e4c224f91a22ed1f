"""A controller behind a real MIDI driver: JACK's, as programs on Linux have it without a sound card."""

import os
from importlib.util import find_spec
from pathlib import Path

import jackpads
import pytest
from daemons import daemon, follow
from jack import jack_server
from real import missing
from talker import Talker, talker

pytestmark = pytest.mark.real


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
    if find_spec("rtmidi") is None:
        missing("python-rtmidi is not installed")
    with (
        jack_server(f"pads-{os.getpid()}") as environment,
        daemon(tmp_path, "--midi", "*", **environment) as running,
        running.client() as client,
    ):
        client.send("/bridge/notify", 1)
        with talker(jackpads.__file__, environment=environment) as pads:
            lights(pads, 36, last=1)
            pads.say("90 24 64")
            story = follow(client)
            assert story.ending.address == "/bridge/done"
            assert len(story.paths) == len(running.wavs)
            shown = lights(pads, 36, last=127)
            assert shown == sorted(shown)
