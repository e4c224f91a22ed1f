"""The session: what the DAW is doing now. One owner changes it; everyone else reads frozen values.

Several may say what the tempo is: a MIDI clock, Ableton Link, Live, a DAW's OSC feedback, the musician's own hand. The
session keeps the last word of each, and the one of highest rank counts. A word holds for as long as its source says: a
clock that has gone silent loses its say by itself, the next in rank takes over, and when all are silent, the last good
value stays.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from math import inf
from time import monotonic
from typing import Any, TypedDict

from daw_bridge.errors import BadRequest, OutOfRange, Outranked
from daw_bridge.requests import Said
from daw_bridge.timeline import Timeline
from daw_bridge.values import shown
from plugin_host.key import Key
from plugin_host.musictime import RATE_RANGE, Meter, Tempo


class Source(Enum):
    """Who says what the session is; the value is the word for it in settings and in the status."""

    LINK = "link"
    MIDI = "midi"
    LIVE = "live"
    DAW = "daw"
    HAND = "hand"


@dataclass(frozen=True, slots=True)
class Ranking:
    """Sources by rank, highest first; among those of one rank the last to speak counts, one left out is not heard.

    As text: "link, midi, live, daw+hand".
    """

    groups: tuple[tuple[Source, ...], ...]

    @classmethod
    def parse(cls, names: Sequence[str]) -> "Ranking":
        """Read one name, or several joined by +, for each rank. Raises `BadRequest`."""
        groups = [[word.strip().lower() for word in name.split("+")] for name in names]
        words = [word for group in groups for word in group]
        for word in words:
            if word not in {source.value for source in Source}:
                raise BadRequest(f"{shown(word)} is no source; there is {', '.join(each.value for each in Source)}")
            if words.count(word) > 1:
                raise BadRequest(f"{shown(word)} stands there twice; give each source one rank")
        return cls(tuple(tuple(Source(word) for word in group) for group in groups))

    def __str__(self) -> str:
        return ", ".join("+".join(source.value for source in group) for group in self.groups)


RANKING = Ranking(((Source.LINK,), (Source.MIDI,), (Source.LIVE,), (Source.DAW, Source.HAND)))
"""The default: what keeps the beat outranks what only names a tempo."""


class Word(TypedDict, total=False):
    """What a source says; what it does not speak of is not there. A timeline tells tempo and position at once."""

    tempo: Tempo
    meter: Meter
    key: Key | None
    rate: int
    playing: bool
    timeline: Timeline


@dataclass(frozen=True, slots=True)
class SessionState:
    """Tempo, meter, key (None: not known), sample rate (Hz), and whether the DAW plays (None: not known)."""

    tempo: Tempo
    meter: Meter
    key: Key | None
    rate: int
    playing: bool | None = None

    def said(self) -> Said:
        """Return it as the layer that a job falls back to."""
        return Said(bpm=self.tempo, meter=self.meter, key=self.key, rate=self.rate)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A value that was said: the how-manieth word it was, and the moment until which it holds."""

    value: Any
    order: int
    until: float


class Session:
    """The one place where the session changes. Thread: the event loop's."""

    def __init__(self, state: SessionState, ranking: Ranking = RANKING, clock: Callable[[], float] = monotonic) -> None:
        """`clock` tells the time in seconds of `time.monotonic`."""
        self._rank = {source: place for place, group in enumerate(ranking.groups) for source in group}
        self._clock = clock
        self._state = state
        self._timeline = Timeline(state.tempo, 0.0, clock())
        self._kept: dict[str, dict[Source, _Kept]] = {}
        self._orders = itertools.count()
        self._next_end = inf
        self._listeners: list[Callable[[], None]] = []
        self._led: dict[Source, Callable[[Tempo], None]] = {}
        self.unheard = 0

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener` called after every change of state or timeline. It must not wait."""
        self._listeners.append(listener)

    def let_lead(self, source: Source, take: Callable[[Tempo], None]) -> None:
        """Pass a tempo set by hand on to `take` while `source` has the lead, for it to set the tempo of all."""
        self._led[source] = take

    @property
    def state(self) -> SessionState:
        """What the DAW is doing now."""
        self._let_go()
        return self._state

    @property
    def timeline(self) -> Timeline:
        """Which beat is played when. Without a source that tells, it runs freely at the session's tempo."""
        self._let_go()
        return self._timeline

    def leader(self, name: str) -> Source | None:
        """Return whose word counts for "tempo", "meter", "key", "rate", "playing" or "timeline"; None for nobody's."""
        self._let_go()
        kept = self._kept.get(name)
        return self._first(kept) if kept else None

    def hear(self, source: Source, word: Word, *, holds: float = inf) -> None:
        """Take note of what `source` says. It holds for `holds` seconds, or until `source` says something else.

        What a source outside the ranking says is counted in `unheard`. Raises `OutOfRange` for a sample rate that no
        device has; then nothing is changed.
        """
        if source not in self._rank:
            self.unheard += 1
            return
        _check_rate(word.get("rate"))
        until = self._clock() + holds
        self._next_end = min(self._next_end, until)
        for name, value in word.items():
            self._kept.setdefault(name, {})[source] = _Kept(value, next(self._orders), until)
        self._settle()

    def hush(self, source: Source) -> None:
        """Forget what `source` said: it has gone silent. What nobody else knows better stays as it is."""
        for kept in self._kept.values():
            kept.pop(source, None)
        self._settle()

    def set(self, word: Word) -> None:
        """Follow the musician's hand. Raises `Outranked` where a source of higher rank speaks: it keeps the lead.

        What was said is kept, and counts when that source goes silent.
        """
        self.hear(Source.HAND, word)
        for name in word:
            leader = self.leader(name)
            if name == "tempo" and leader in self._led:
                self._led[leader](word["tempo"])
            elif leader is not Source.HAND:
                raise _outranked(name, word, leader, self._state)

    def _let_go(self) -> None:
        """Forget words that hold no longer."""
        now = self._clock()
        if now < self._next_end:
            return
        for kept in self._kept.values():
            for source in [each for each, word in kept.items() if word.until <= now]:
                del kept[source]
        self._next_end = min((word.until for kept in self._kept.values() for word in kept.values()), default=inf)
        self._settle()

    def _settle(self) -> None:
        """Make of all that is said what counts, and tell those who listen if that is new."""
        said = {name: kept[self._first(kept)].value for name, kept in self._kept.items() if kept}
        timeline = said.pop("timeline", None)
        state = replace(self._state, **said)
        if timeline is None:
            timeline = self._timeline
            if state.tempo != self._state.tempo or timeline.tempo != state.tempo:
                timeline = timeline.at_tempo(state.tempo, self._clock())
        if (state, timeline) != (self._state, self._timeline):
            self._state, self._timeline = state, timeline
            for listener in self._listeners:
                listener()

    def _first(self, kept: dict[Source, _Kept]) -> Source:
        """Return whose word of `kept` counts: the highest rank's, and there the last."""
        return min(kept, key=lambda source: (self._rank[source], -kept[source].order))


def _check_rate(rate: int | None) -> None:
    """Raise `OutOfRange` for a sample rate beyond all devices."""
    low, high = RATE_RANGE
    if rate is not None and not low <= rate <= high:
        raise OutOfRange(f"the sample rate is {shown(rate)} Hz; it goes from {low} to {high}")


def _outranked(name: str, word: Word, leader: Source | None, state: SessionState) -> Outranked:
    """Return the error that says who leads."""
    said = word[name]  # type: ignore[literal-required]
    if leader is None:
        return Outranked(
            f"nobody sets the {name} by hand: clock.priority leaves hand out; put it in to set {name} {said}"
        )
    return Outranked(
        f"the {name} follows {leader.value}, which says {getattr(state, name)}; {said} is kept for when that falls silent "
        f"(take {leader.value} out of clock.priority to set it by hand)"
    )
