"""The DAW's own feedback: REAPER and Bitwig tell tempo, meter, play and position over OSC, whenever one of them changes."""

from math import inf
from time import monotonic

from daw_bridge.clocks.position import Position, beat_of
from daw_bridge.errors import BadRequest
from daw_bridge.session import Session, Source, Word
from daw_bridge.values import shown
from plugin_host.musictime import Meter, Tempo

_POSITION_HOLDS = 2.0  # seconds: while it plays, a DAW tells it many times a second


class DawFeedback:
    """Tells the session what the DAW says. Thread: the event loop's."""

    def __init__(self, session: Session, silence: float) -> None:
        """`silence` is for how many seconds a word of the DAW's holds, 0 for good: it speaks only of what changes."""
        self._session = session
        self._holds = silence or inf
        self._position = Position()

    def tempo(self, tempo: Tempo) -> None:
        """Take note of the DAW's tempo."""
        self._session.hear(Source.DAW, Word(tempo=tempo), holds=self._holds)

    def meter(self, meter: Meter) -> None:
        """Take note of the DAW's meter."""
        self._session.hear(Source.DAW, Word(meter=meter), holds=self._holds)

    def plays(self) -> None:
        """Take note that the DAW plays."""
        self._session.hear(Source.DAW, Word(playing=True), holds=self._holds)

    def stands(self) -> None:
        """Take note that the DAW stands."""
        self._position.forget()
        self._session.hear(Source.DAW, Word(playing=False), holds=self._holds)

    def position(self, text: str) -> None:
        """Take note of bar and beat, as text. While the DAW stands it tells nothing. Raises `BadRequest`."""
        state = self._session.state
        beat = beat_of(text, state.meter)
        if beat is None:
            raise BadRequest(f"{shown(text)} is no position; write bar.beat.hundredths, such as 5.2.50")
        if state.playing is not False:
            timeline = self._position.tell(beat, monotonic(), state.tempo)
            self._session.hear(Source.DAW, Word(timeline=timeline), holds=_POSITION_HOLDS)
