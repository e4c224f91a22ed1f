"""Ardour's engine runs the script and exports the session: the clip is in the export at the bar line, sample for sample."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import numpy as np
import pytest
from ardour import Part, Song, Use, export, install, play
from daemons import Running, daemon, until

pytestmark = pytest.mark.real

GENERATE, SESSION = "daw_bridge_generate.lua", "daw_bridge_session.lua"
SONG = Song(48_000, (Part(1, "93.7", 7, 8), Part(5, "174"), Part(12, "59.94", 5, 4)))
"""A song that changes its tempo and meter twice."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A daemon whose session is not Ardour's: what a clip shall be, the script must say."""
    with daemon(tmp_path_factory.mktemp("daemon"), "--rate", "44100") as started:
        yield started


@pytest.mark.timeout(240)  # Ardour's own faults are waited for: see `ardour`
def test_the_clip_is_in_the_export_at_the_bar_line_sample_for_sample(running: Running, tmp_path: Path) -> None:
    """From the playhead to the next line, or over the time selection; at three tempi and meters; nothing else is heard."""
    install(tmp_path, running)
    inside = Use(2.3, {"tracks": ["clips"], "answers": {"bars": 2, "takes": 2}})
    selection = Use(1, {"bars": [5.9, 10.1], "answers": {"prompt": "dub chords", "takes": 1}})
    on_the_line = Use(12, {"tracks": ["clips"], "answers": {"prompt": "it's a pad", "bars": 1, "takes": 1}})
    played = play(tmp_path, GENERATE, SONG, [inside, selection, on_the_line], bars=14)
    spans = [(3, 2), (6, 4), (12, 1)]  # what the three of them asked for: a bar, and bars from there
    assert [each.at for each in played.imports] == [played.lines[bar] for bar, _ in spans]
    assert [each.track for each in played.imports] == ["clips", "", "clips"]

    mix = export(tmp_path, played, SONG)
    for each, (bar, bars) in zip(played.imports, spans, strict=True):
        clip = each.audio()
        assert 0 <= SONG.line(bar) - each.at < 1.01  # Ardour cuts off what is behind the point
        assert len(clip) == round(SONG.line(bar + bars) - SONG.line(bar))
        assert abs(each.at + len(clip) - played.lines[bar + bars]) <= 1
        assert np.array_equal(mix[each.at : each.at + len(clip)], clip)
        assert np.any(clip)
        mix[each.at : each.at + len(clip)] = 0
    assert not np.any(mix)


def test_what_cannot_be_made_is_said_with_its_remedy(running: Running, tmp_path: Path) -> None:
    """An empty prompt, a dialog that is closed, a Cancel while it is made, no settings: no import, and who must know, does."""
    settings = install(tmp_path, running)
    large = {"bars": 64, "takes": 16, "prompt": "everything"}
    uses = [
        Use(1, {"answers": {"prompt": "  "}}),
        Use(1, {}),
        Use(1, {"answers": large, "cancel": 3}),
        Use(1, {"answers": large, "loses": str(settings)}),
    ]
    with running.client() as listener:
        listener.send("/bridge/notify", 1)
        played = play(tmp_path, GENERATE, SONG, uses)
        heard = [each.address for each in until(listener, "/bridge/cancelled")]
    assert played.imports == []
    assert heard.count("/bridge/queued") == 1
    empty, unknown = played.messages
    assert "prompt is empty" in empty
    assert "daw-bridge surfaces --install ardour" in unknown


def test_the_daemon_is_in_step_with_the_session(running: Running, tmp_path: Path) -> None:
    """While the hook runs, tempo, meter, rate and transport are Ardour's, and the beat is that of its playhead."""
    install(tmp_path, running)
    played = play(tmp_path, SESSION, SONG, [Use(2, {"ticks": 8})])
    with running.client() as client:
        client.send("/bridge/status")
        answer = until(client, "/bridge/status.reply")[-1].arguments
        now = monotonic()
    status = dict(zip(answer[::2], answer[1::2], strict=True))
    told = [status[name] for name in ("tempo", "meter", "samplerate", "playing", "beat_from")]
    assert told == [pytest.approx(93.7), "7/8", SONG.rate, "yes", "daw"]
    beats = [(at / SONG.rate + now - then) * 93.7 / 60 for at, then in played.rolls]
    assert min(beats) - 0.1 <= float(str(status["beat"])) <= max(beats) + 0.1  # Ardour's playhead goes block by block
