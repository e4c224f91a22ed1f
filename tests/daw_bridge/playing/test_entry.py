"""Laws of coming in: on a line of the session, on the frame at which that is heard, with the right frame of the clip."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daw_bridge.playing.clock import Line
from daw_bridge.playing.drift import Sounding
from daw_bridge.playing.entry import QUANTA, Entry, entry_beat, entry_frame, entry_phase
from daw_bridge.timeline import Timeline
from plugin_host.musictime import Beats, Tempo

BAR = Beats(Fraction(4))
SONG = Timeline(Tempo.parse(120), 0.0, 100.0)
LINE = Line(time=100.0, frame=5_000, rate=48_000, ahead=0.02)


@pytest.mark.parametrize(
    ("quantum", "beat"), [("now", None), ("beat", 3.0), ("bar", 4.0), ("2", 8.0), ("4", 16.0), ("8", 32.0)]
)
def test_a_clip_begins_on_the_next_line(quantum: str, beat: float | None) -> None:
    """Two and a half beats into the song, each quantum has its line."""
    assert entry_beat(quantum, Entry.FRESH, SONG, BAR, 101.25) == beat


@pytest.mark.parametrize("quantum", QUANTA)
def test_what_is_to_be_in_phase_waits_for_a_beat_at_least(quantum: str) -> None:
    """In the middle of a beat nobody would hear that it is in phase."""
    beat = entry_beat(quantum, Entry.BESIDE, SONG, BAR, 101.25)
    assert beat is not None
    assert beat >= 2.5
    assert beat == int(beat)


def test_a_frame_is_chosen_by_when_it_is_heard() -> None:
    """The latency of the device counts, and the musician's offset: later is later."""
    assert entry_frame(4.0, SONG, LINE, 0.0, None) == 5_000 + 2 * 48_000 - 960
    assert entry_frame(4.0, SONG, LINE, 0.01, None) == 5_000 + 2 * 48_000 - 960 + 480


@given(st.integers(-900, 900), st.integers(0, 60))
def test_what_plays_is_the_best_clock(off: int, bars: int) -> None:
    """A loop that is nearly with the session has its own frame for a bar line, and that is the one."""
    loop = Sounding(origin=5_000 - 960 + off, frames=192_000, beats=8.0, beat=0.0, natural=192_000)
    assert entry_frame(4.0 * bars, SONG, LINE, 0.0, loop) == loop.origin + bars * 96_000


def test_a_loop_that_is_astray_is_no_clock() -> None:
    """Then the device's own counts."""
    loop = Sounding(origin=5_000 - 960 + 5_000, frames=192_000, beats=8.0, beat=0.0, natural=192_000)
    assert entry_frame(4.0, SONG, LINE, 0.0, loop) == 5_000 + 2 * 48_000 - 960


@pytest.mark.parametrize(("beat", "phase"), [(8.0, 0), (9.0, 1_000), (15.0, 7_000), (16.0, 0), (7.0, 7_000)])
def test_a_loop_is_in_place_wherever_it_comes_in(beat: float, phase: int) -> None:
    """Its first frame belongs to beat 8; it has eight beats of a thousand frames."""
    assert entry_phase(beat, 8.0, 8.0, 8_000) == phase
