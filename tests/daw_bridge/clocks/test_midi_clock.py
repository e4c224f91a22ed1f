"""A MIDI clock leads the session: tempo, position, start and stop."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from ticks import START, Stream, steady

from daw_bridge.clocks.midi_clock import MidiClock, called
from daw_bridge.clocks.tracker import Line
from daw_bridge.session import Session, SessionState, Source
from plugin_host.musictime import Meter, Tempo


class Moment:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        """Return the moment."""
        return self.now


class Heard:
    """A session that a MIDI clock leads."""

    def __init__(self) -> None:
        self.moment = Moment()
        self.session = Session(SessionState(Tempo.parse(100), Meter(4, 4), None, 48_000), clock=self.moment)
        self.clock = MidiClock(self.session)

    def ticks(self, stream: Stream) -> None:
        """Hear ticks."""
        for came in stream.came:
            self.moment.now = float(came)
            self.clock.hear("clock", 0, float(came))


def clock_at(tempo: float, bars: float = 4) -> Stream:
    """Return ticks with a millisecond of jitter."""
    return steady(tempo, bars, np.random.default_rng(7), jitter=0.001)


def test_the_first_tick_after_a_start_is_beat_zero() -> None:
    """Four bars later the session is at beat 16, at the clock's tempo, and plays."""
    heard = Heard()
    heard.clock.hear("start", 0, START)
    stream = clock_at(128)
    heard.ticks(stream)
    assert heard.session.state.tempo == Tempo.parse(128)
    assert heard.session.state.playing is True
    assert heard.session.leader("timeline") is Source.MIDI
    error = heard.session.timeline.time_at(16.0) - stream.sent[384]
    assert abs(error) < 0.003


def test_a_start_is_followed_at_once() -> None:
    """From the first tick on the position is known, before the tempo is."""
    heard = Heard()
    heard.ticks(clock_at(120))
    later = heard.moment.now + 0.02
    heard.clock.hear("start", 0, later)
    heard.moment.now = later
    heard.clock.hear("clock", 0, later)
    assert heard.session.timeline.beat_at(later) == pytest.approx(0.0, abs=0.01)


def test_continue_goes_on_at_the_song_position() -> None:
    """Song position is in sixteenths: 32 of them are eight beats."""
    heard = Heard()
    heard.clock.hear("songpos", 32, START)
    heard.clock.hear("continue", 0, START)
    stream = clock_at(120)
    heard.ticks(stream)
    assert heard.session.timeline.beat_at(stream.sent[96]) == pytest.approx(12.0, abs=0.01)


def test_the_last_song_position_there_is_does_no_harm() -> None:
    """16 383 sixteenths is far beyond any song's end, and a position like another."""
    heard = Heard()
    heard.clock.hear("songpos", 16_383, START)
    heard.clock.hear("continue", 0, START)
    heard.ticks(clock_at(120, 2))
    assert heard.session.timeline.beat_at(START) == pytest.approx(16_383 / 4, abs=0.02)


def test_ticks_without_a_start_tell_the_tempo_and_no_position() -> None:
    """A clock that was running when we came is followed in tempo alone."""
    heard = Heard()
    heard.ticks(clock_at(93.5))
    assert heard.session.state.tempo == Tempo.parse(93.5)
    assert heard.session.leader("timeline") is None
    assert heard.session.state.playing is None


def test_a_start_without_ticks_changes_nothing() -> None:
    """Nothing is known of a clock that does not tick."""
    heard = Heard()
    before = heard.session.state
    heard.clock.hear("start", 0, START)
    assert heard.session.state == before


def test_a_stop_is_told_and_the_tempo_stays() -> None:
    """The DAW stands; jobs still get the tempo that it had."""
    heard = Heard()
    heard.clock.hear("start", 0, START)
    heard.ticks(clock_at(128))
    heard.clock.hear("stop", 0, heard.moment.now)
    assert heard.session.state.playing is False
    assert heard.session.state.tempo == Tempo.parse(128)


def test_a_clock_that_falls_silent_loses_the_lead() -> None:
    """A second after the last tick the hand counts again; what it had said meanwhile was kept."""
    heard = Heard()
    heard.ticks(clock_at(128))
    heard.session.hear(Source.HAND, {"tempo": Tempo.parse(90)})
    assert heard.session.state.tempo == Tempo.parse(128)
    heard.moment.now += 1.1
    assert heard.session.leader("tempo") is Source.HAND
    assert heard.session.state.tempo == Tempo.parse(90)


def test_of_two_clocks_the_first_is_followed_until_it_is_silent() -> None:
    """Ticks of another port in between change nothing; a second after the last of the first, the other leads."""
    heard = Heard()
    for came in clock_at(128).came:
        heard.moment.now = float(came)
        heard.clock.hear("clock", 0, float(came), "one")
        heard.clock.hear("clock", 0, float(came), "two")
    assert heard.session.state.tempo == Tempo.parse(128)
    assert heard.clock.ignored == 385
    for came in clock_at(90).came + 60:
        heard.moment.now = float(came)
        heard.clock.hear("clock", 0, float(came), "two")
    assert heard.session.state.tempo == Tempo.parse(90)


def test_a_clock_that_no_session_can_follow_is_counted() -> None:
    """Two thousand BPM is refused, and the last good tempo stays."""
    heard = Heard()
    heard.ticks(steady(2_000, 2, np.random.default_rng(1)))
    assert heard.session.state.tempo == Tempo.parse(100)
    assert heard.clock.refused > 0


@pytest.mark.parametrize(
    ("measured", "error", "name"),
    [
        (119.98, 0.01, "120"),
        (92.49, 0.01, "92.5"),
        (92.48, 0.001, "92.48"),
        (133.331, 0.002, "133.33"),
        (87.3, 0.0001, "87.3"),
        (123.37, 0.4, "123"),
    ],
)
def test_a_tempo_is_called_what_a_person_would_call_it(measured: float, error: float, name: str) -> None:
    """It is the roundest number within the error of the measurement."""
    period = 60 / (24 * measured)
    line = Line(number=0, time=0.0, period=period, error=period * error / measured, spread=0.0, ticks=384)
    assert str(called(line)) == name
    assert called(line).quarters_per_minute == Fraction(name)


def test_chance_renames_no_tempo() -> None:
    """What was called 133.33 stays so beside a measurement of 133.36 ± 0.009; a rounder name that fits takes its place."""
    period = 60 / (24 * 133.36)
    line = Line(number=0, time=0.0, period=period, error=period * 0.009 / 133.36, spread=0.0, ticks=384)
    assert called(line, Tempo.parse("133.33")) == Tempo.parse("133.33")
    assert called(line, Tempo.parse("133")) == called(line)


def test_a_steady_clock_keeps_its_name() -> None:
    """133.33 BPM with 3 ms of jitter is renamed once or twice while it locks, and then no more."""
    heard, names = Heard(), []
    heard.session.listen(lambda: names.append(heard.session.state.tempo))
    heard.ticks(steady(133.33, 40, np.random.default_rng(5), jitter=0.003))
    renamed = sum(one != other for one, other in pairwise(names))
    assert names
    assert renamed <= 2
