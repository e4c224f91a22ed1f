"""MIDI clock: 24 ticks a quarter note, with start, stop, continue and song position (MIDI 1.0, system real time).

The first tick after a start is beat 0, the first after a continue is the song position. Ticks that come without either
tell the tempo and no position.
"""

from fractions import Fraction

from daw_bridge.clocks.tracker import TICKS_A_BEAT, Line, Tracker
from daw_bridge.session import Session, Source, Word
from daw_bridge.timeline import Timeline
from plugin_host.errors import OutOfRange
from plugin_host.musictime import Tempo

_SIXTEENTHS_A_BEAT = 4
_TELL_EVERY = 6  # ticks: a sixteenth
_LONGEST_TICK = 60 / (20 * TICKS_A_BEAT)  # seconds, at 20 BPM
_SILENT = 8 * _LONGEST_TICK  # seconds without a tick after which the clock is lost: one
_GOOD_ENOUGH = Fraction(1, 2)  # BPM: a tempo that is less certain is not told yet
_GOOD_TO_BEGIN = Fraction(1, 5)  # BPM: nor the first, which jobs may already wait for
_BAR = 96  # ticks of 4/4, the least that the first tempo is drawn from
_BY_RULE = 192  # ticks: after two bars it is told, however uncertain
_LOYAL = 2.5  # bounds: a name that is no further from the measurement is not clearly wrong
_ROUND = (Fraction(1), Fraction(1, 2), Fraction(1, 10), Fraction(1, 100))
_SURE = 3.0  # standard errors
_LEAST = 0.01  # BPM: no clock is better than that


class MidiClock:
    """Follows one MIDI clock and tells the session. Thread: the event loop's."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tracker = Tracker()
        self._last = -1e9  # when the last tick came, in seconds
        self._cue: float | None = None  # the beat that the next tick will be
        self._position = 0.0  # where a continue goes on, in beats
        self._zero: int | None = None  # the number that the tick of beat 0 has, or would have
        self._playing: bool | None = None
        self._told: Tempo | None = None
        self._port = ""
        self.refused = 0
        self.ignored = 0

    def hear(self, kind: str, value: int, time: float, port: str = "") -> None:
        """Take a message: "clock", "start", "stop", "continue" or "songpos" (`value` in sixteenths) of `time`.

        `time` is when it arrived, in seconds of `time.monotonic`. Of several ports that send a clock the first is
        followed until it has been silent for a second; what the others send is counted.
        """
        if port != self._port and time - self._last <= _SILENT:
            self.ignored += 1
            return
        self._port = port
        match kind:
            case "clock":
                self._tick(time)
            case "start":
                self._cue, self._playing = 0.0, True
            case "continue":
                self._cue, self._playing = self._position, True
            case "stop":
                if self._zero is not None and self._tracker.line is not None:
                    self._position = self._beat_of(self._tracker.line.number)
                self._cue, self._playing = None, False
                self._session.hear(Source.MIDI, Word(playing=False), holds=_SILENT)
            case "songpos":
                self._position = value / _SIXTEENTHS_A_BEAT
                if self._playing and self._cue is None:  # some send it while they play, to jump
                    self._cue = self._position
            case _:
                return

    def counts(self) -> dict[str, int]:
        """Return what went wrong: ticks lost or doubled, tempi that no session can have, messages of a second clock."""
        return {"clock_mended": self._tracker.mended, "clock_refused": self.refused, "clock_ignored": self.ignored}

    def _tick(self, time: float) -> None:
        """Take a tick."""
        if time - self._last > _SILENT:
            self._tracker.forget()
            self._zero = self._told = None
        self._last = time
        number = self._tracker.tick(time)
        if self._cue is not None:
            self._zero = number - round(self._cue * TICKS_A_BEAT)
            self._cue = None
            self._begin(number, time)
        line = self._tracker.line
        if line is not None and line.number == number and number % _TELL_EVERY < 3:
            self._tell(line)

    def _begin(self, number: int, time: float) -> None:
        """Tell at once where the music begins; the tempo is the one known so far."""
        timeline = Timeline(self._session.timeline.tempo, self._beat_of(number), time)
        self._session.hear(Source.MIDI, Word(playing=True, timeline=timeline), holds=_SILENT)

    def _tell(self, line: Line) -> None:
        """Tell the session what the line says, if it is certain enough."""
        good = line.tempo_error * _SURE <= (_GOOD_ENOUGH if self._told else _GOOD_TO_BEGIN)
        if not (good and (self._told or line.ticks >= _BAR)) and line.ticks < _BY_RULE:
            return
        try:
            self._told = called(line, self._told)
            word = Word(tempo=self._told)
            exactly = Tempo.parse(line.tempo)
        except OutOfRange:
            self.refused += 1
            return
        if self._playing is not None:
            word["playing"] = self._playing
        if self._zero is not None and self._playing:
            word["timeline"] = Timeline(exactly, self._beat_of(line.number), line.time)
        self._session.hear(Source.MIDI, word, holds=_SILENT)

    def _beat_of(self, number: int) -> float:
        """Return the beat of a tick."""
        return (number - (self._zero or 0)) / TICKS_A_BEAT


def called(line: Line, before: Tempo | None = None) -> Tempo:
    """Return the tempo as a person would call it: the roundest number that the measurement allows.

    119.98 ± 0.03 is 120; 92.48 ± 0.01 is 92.48 or 92.5, by what was measured. A clock of a DAW is set to such a number.
    What it was called `before` stays until it is clearly wrong, or a rounder name clearly right: chance renames no tempo.
    Raises `OutOfRange` for what is no tempo.
    """
    measured = Fraction(line.tempo)
    within = max(_SURE * line.tempo_error, _LEAST)
    known = before.quarters_per_minute if before else None
    stays = known is not None and abs(known - measured) <= _LOYAL * within
    for step in _ROUND:
        if before and stays and known is not None and known % step == 0:
            return before
        rounded = round(measured / step) * step
        if abs(rounded - measured) <= (within / 2 if stays else within):
            return Tempo(rounded)
    return Tempo(rounded)
