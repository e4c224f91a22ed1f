"""A clip that plays or is about to, those that are on their way, and the version of it that lasts as long as the session has it."""

from dataclasses import dataclass

from daw_bridge.playing.drift import MOVED, Rules, Sounding, length, means_for
from daw_bridge.playing.entry import Entry
from daw_bridge.playing.fitter import Means
from daw_bridge.playing.ready import Version
from daw_bridge.playing.shelf import Take
from daw_bridge.requests import Request
from daw_bridge.timeline import Timeline
from plugin_host.engine import Form

_SHORTEST = 4.0  # seconds: a shorter loop is laid out several times, to be made longer by small parts


@dataclass(frozen=True, slots=True)
class Voice:
    """The take, its version and number at the device, the number of its cue, and how it comes in.

    It comes in on the session's beat `on`; its first frame belongs to beat `beat`. Both are None for at once, until it is
    known when that was. `loop` is set once it plays.
    """

    take: Take
    request: Request
    version: Version
    clip: int
    number: int
    phase: int
    on: float | None
    beat: float | None
    entry: Entry
    creeping: bool = False
    loop: Sounding | None = None

    def sounding(self, frame: int, beat: float) -> Sounding:
        """Return what plays once this has begun: with its phase on `frame` of the device, in place from `beat`."""
        version = self.version
        return Sounding(
            frame - self.phase,
            version.frames,
            float(self.take.grid.beats) * version.turns,
            beat,
            version.natural * version.turns,
            version.means,
            self.creeping,
        )


class Coming:
    """The voices that were sent to the device and are not known to have begun. One takes the place of those before it.

    All are kept, by the numbers of their cues: one that was replaced too late has begun when its successor is sent, and
    is heard of only then.
    """

    def __init__(self) -> None:
        self._sent: dict[int, Voice] = {}

    @property
    def last(self) -> Voice | None:
        """What is about to play; None for nothing."""
        return next(reversed(self._sent.values()), None)

    @property
    def clips(self) -> frozenset[int]:
        """Their numbers at the device."""
        return frozenset(each.clip for each in self._sent.values())

    def send(self, voice: Voice) -> None:
        """Take note of a voice whose cue is sent; numbers only rise."""
        self._sent[voice.number] = voice

    def begun(self, number: int) -> Voice | None:
        """Return the voice that has begun, None for a cue of nothing or one given up; those sent before it never will."""
        voice = self._sent.get(number)
        if voice is not None:
            self._sent = {each: sent for each, sent in self._sent.items() if each > number}
        return voice

    def clear(self) -> None:
        """Give up all of them."""
        self._sent.clear()


def version_for(take: Take, timeline: Timeline, rate: int, rules: Rules) -> tuple[Version, str]:
    """Return the version of a take that lasts as long as its beats do in the session, and what is wrong with it, if anything.

    At the session's own tempo it is the clip as it was delivered; a one-shot always is.
    """
    frames = take.grid.at_rate(rate).frames
    if take.form is Form.ONE_SHOT:
        return Version(take, frames, 1, Means.RATE, rate), ""
    turns = max(1, -(-round(_SHORTEST * rate) // frames))
    as_it_is = Version(take, frames * turns, turns, Means.RATE, rate)
    wanted = length(float(take.grid.beats), timeline, rate)
    if abs(wanted / frames - 1) < MOVED / 4:  # a measured tempo is never quite the one that was asked for
        return as_it_is, ""
    means = means_for(wanted, frames, rules)
    if means is None:
        return as_it_is, (
            f"made for {take.grid.tempo} BPM, which is too far from the session's {float(timeline.tempo):g} to be "
            "stretched; it plays as it is: make it anew with /bridge/again"
        )
    return Version(take, round(wanted * turns), turns, means, rate), ""
