"""Laws of the deck that need no device: what is told of what plays, from what the device says."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from daw_bridge import reports
from daw_bridge.announce import Announcer
from daw_bridge.jobs import Jobs
from daw_bridge.playing.deck import Deck
from daw_bridge.playing.entry import Entry
from daw_bridge.playing.fitter import Means
from daw_bridge.playing.loop import Happened
from daw_bridge.playing.ready import Version
from daw_bridge.playing.shelf import Take
from daw_bridge.playing.voice import Voice
from daw_bridge.playing.words import Beat, Opened
from daw_bridge.requests import Asker, Request, Said
from daw_bridge.sections import DeviceConfig
from daw_bridge.session import Session, SessionState
from plugin_host.engine import Form
from plugin_host.musictime import Grid, Meter, Tempo

GRID = Grid(Tempo.parse(120), Meter(4, 4), 1, 48_000)
REQUEST = Request(Said(), Asker("test"), "/bridge/play", 0.0)


def a_voice(number: int, form: Form = Form.LOOP) -> Voice:
    """Return a voice whose job is called as its number."""
    take = Take(str(number), 1, Path("a.wav"), GRID, form)
    version = Version(take, GRID.frames, 1, Means.RATE, GRID.rate)
    return Voice(take, REQUEST, version, number, number, 0, 4.0, 4.0, Entry.FRESH)


def told(base: Path, law: Callable[[Deck], None]) -> list[tuple[str, str]]:
    """Return what a deck with an open device tells while `law` is done to it: what, and of which job."""
    heard: list[tuple[str, str]] = []

    def listen(report: reports.Told, _request: Request) -> None:
        """Take note of what plays, and of what does no longer."""
        if isinstance(report, (reports.Playing, reports.Stopped)):
            heard.append((type(report).__name__, report.id))

    async def run() -> None:
        session = Session(SessionState(Tempo.parse(120), Meter(4, 4), None, 48_000))
        announcer = Announcer()
        announcer.listen(listen)
        deck = Deck(DeviceConfig(name="default"), base, session, Jobs(1), announcer)
        deck._hear(Opened("an output", 48_000, 256))
        deck._hear(Beat(0.0, 0, 0.01, 1, 0, 0, 0.0, 0.0, 0.0))
        law(deck)

    asyncio.run(run())
    return heard


@pytest.mark.parametrize("begun", [(1, 2), (2,)], ids=["too late", "in time"])
def test_a_clip_that_is_to_give_way_is_told_of_if_it_has_begun(tmp_path: Path, begun: tuple[int, ...]) -> None:
    """Two that are asked for around a line: the device says which of them it played."""

    def law(deck: Deck) -> None:
        for number in (1, 2):
            deck._coming.send(a_voice(number))
        for number in begun:
            deck._hear(Happened(number, 96_000, 0, 0))
            assert deck.status()["device_plays"] == f"{number} 1"
        assert deck._coming.last is None

    assert told(tmp_path, law) == [("Playing", str(number)) for number in begun]


def test_a_one_shot_that_is_over_does_not_take_the_next_clip_along(tmp_path: Path) -> None:
    """It ends before the line on which the other comes in, which is told of all the same."""

    def law(deck: Deck) -> None:
        deck._coming.send(a_voice(1, Form.ONE_SHOT))
        deck._hear(Happened(1, 96_000, 0, 0))
        deck._coming.send(a_voice(2))
        deck._hear(Happened(1, 100_000, 0, 1))
        deck._hear(Happened(2, 192_000, 0, 0))

    assert told(tmp_path, law) == [("Playing", "1"), ("Stopped", "1"), ("Playing", "2")]
