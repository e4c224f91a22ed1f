"""The session: what the DAW is doing now. One owner changes it; everyone else reads frozen values."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from daw_bridge.errors import OutOfRange
from daw_bridge.requests import Said
from daw_bridge.timeline import Timeline
from daw_bridge.values import shown
from plugin_host.key import Key
from plugin_host.musictime import RATE_RANGE, Meter, Tempo


@dataclass(frozen=True, slots=True)
class SessionState:
    """Tempo, meter, key (None: not known) and sample rate (Hz) at one moment."""

    tempo: Tempo
    meter: Meter
    key: Key | None
    rate: int

    def said(self) -> Said:
        """Return it as the layer that a job falls back to."""
        return Said(bpm=self.tempo, meter=self.meter, key=self.key, rate=self.rate)


class Session:
    """The one place where the session changes. Thread: the event loop's."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self._timeline = Timeline(state.tempo, 0.0, monotonic())
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener` called after every change of state or timeline. It must not wait."""
        self._listeners.append(listener)

    @property
    def timeline(self) -> Timeline:
        """Which beat is played when; without a word from the DAW it runs freely at the session's tempo."""
        return self._timeline

    @property
    def state(self) -> SessionState:
        """What the DAW is doing now."""
        return self._state

    def set_tempo(self, tempo: Tempo) -> None:
        """Follow the DAW to another tempo; jobs that are accepted keep the plan they have."""
        self._timeline = self._timeline.at_tempo(tempo, monotonic())
        self._change(replace(self._state, tempo=tempo))

    def set_meter(self, meter: Meter) -> None:
        """Follow the DAW to another meter."""
        self._change(replace(self._state, meter=meter))

    def set_key(self, key: Key | None) -> None:
        """Follow the DAW to another key, or to none."""
        self._change(replace(self._state, key=key))

    def set_rate(self, rate: int) -> None:
        """Follow the DAW to another sample rate in Hz. Raises `OutOfRange`."""
        low, high = RATE_RANGE
        if not low <= rate <= high:
            raise OutOfRange(f"the sample rate is {shown(rate)} Hz; it goes from {low} to {high}")
        self._change(replace(self._state, rate=rate))

    def _change(self, state: SessionState) -> None:
        """Take over `state` and tell those who listen."""
        self._state = state
        for listener in self._listeners:
            listener()
