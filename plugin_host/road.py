"""The ordinary road: what an engine played at a tempo of its own becomes a take at the plan's.

An engine that knows no grid hands on `Shape.FREE` takes. Its beat is looked for, and taken at half, once or twice its
tempo, whichever is nearest to the plan's. From the first beat of a bar on, the plan's bars are cut out with what
follows them; they are brought to the plan's tempo, and `fit` makes them exact like any strip.

A tempo within one per cent is met by the sample-rate converter, which harms nothing and bends the pitch by 17 cents at
most; beyond that the sound is stretched at its pitch; beyond `LIMITS` it would be another sound, and the take is
rejected: cut as it is, with a fault. A take without a beat, such as a pad, is cut as it is, and that is no fault.

Where one turn of the loop ends and the next begins, the same music should meet. With a beat, the length that is cut
out is moved by up to `NUDGE_SECONDS` to where what comes after the last bar is most like the first. Without, the whole
of the loop is moved.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from plugin_host.audio import Audio
from plugin_host.engine import Fact, Form, Plan, Shape, Take
from plugin_host.fit import CROSSFADE_SECONDS, LARGEST_SAMPLE, Fitted, fit
from plugin_host.musictime import Grid
from plugin_host.rankers import onsets, spectrum
from plugin_host.rankers.gridfit import weighted_quantile
from plugin_host.rankers.tempo import Pulse, track
from plugin_host.resample import converted
from plugin_host.stretch import stretched

LIMITS = (0.8, 1.25)
"""How fast a take may be, as a part of the plan's tempo: beyond, the ear hears the stretching."""

ASTRAY = math.sqrt(2)
"""Where no beat is heard near the plan's tempo, it is looked for as far from it as can be: so many times faster."""

PLAIN = 0.01
"""A tempo that is off by no more than this is met by plain resampling."""

MULTIPLES = (0.5, 1.0, 2.0)
"""A beat may be counted at any of these."""

TAIL_SECONDS = 0.100
"""What is kept beyond the last bar: enough for every crossfade."""

LEAD_SECONDS = 0.250
"""What is sent along before the first beat, so that filters and blocks have begun by then."""

NUDGE_SECONDS = 0.004
"""How far the end may be moved, and with it, less and less, all that comes before."""

LIKE_SECONDS = 0.080
"""Head and tail are compared over this time."""

ALIKE = 0.5
"""Only music that is at least so like the head (1 is the same) is worth a nudge."""

EARLY_SECONDS = 0.030
"""A first beat may be this early: its attack is all that was cut off."""

ACCENT_SECONDS = 0.040
"""An onset so near to a beat is on it, give or take; half of that is near enough to say where the beat is."""

SURELY = 0.8
"""Of beats with at least this part of the heaviest accent, the first begins the bar."""

KICK_HERTZ = 190.0
"""The accent of a bar is heard below this."""

ENOUGH_MORE = 1.6
"""A free take should last this many times its bars: at the slowest tempo, with what stands before the first bar."""


@dataclass(frozen=True, slots=True)
class _Way:
    """What is cut out of a free take, in its frames: from `start`, so `many`, to become the plan's bars.

    A `fault` says why that cannot be, and the take is then cut as it is.
    """

    start: int
    many: int
    facts: Mapping[str, Fact]
    fault: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Beat:
    """What was heard of a take: its onsets and its pulse, and how often the pulse is counted to be near the plan."""

    onsets: onsets.Onsets
    pulse: Pulse
    times: float

    @property
    def tempo(self) -> float:
        """The tempo as it is counted, in BPM."""
        return self.times * self.pulse.bpm

    @property
    def facts(self) -> Mapping[str, Fact]:
        """What the sidecar tells of it."""
        return {
            "tempo_found": self.pulse.bpm,
            "tempo_counted": self.times,
            "tempo_strength": self.pulse.strength,
        }


def travelled(take: Take, plan: Plan) -> Fitted:
    """Bring a free take to the tempo of `plan`, and make it exact.

    Raises `EngineFailed` where it is shorter than the plan's bars before anything is done. Thread: worker, any.
    """
    grid = plan.grid.at_rate(take.audio.rate)
    way = _way(take.audio, plan, grid)
    strip = replace(take, audio=_brought(take.audio, way, grid), shape=Shape.STRIP)
    fitted = fit(strip, plan)
    facts = {**fitted.facts, "shape": take.shape.value, "take_frames": take.audio.frames, **way.facts}
    return Fitted(fitted.audio, facts, (*fitted.faults, way.fault) if way.fault else fitted.faults)


def _way(audio: Audio, plan: Plan, grid: Grid) -> _Way:
    """Find out what to cut."""
    if audio.frames <= grid.frames or not audio.peak <= LARGEST_SAMPLE:
        return _Way(0, grid.frames, {"road": "none"})  # `fit` says what is wrong with it
    beat = _heard(audio, float(grid.tempo))
    if beat is None:
        start = 0 if plan.form is Form.ONE_SHOT else _like_start(audio, grid.frames)
        return _Way(start, grid.frames, {"road": "no beat", "from_ms": 1000 * start / audio.rate})
    fault = _beyond(beat, grid)
    seconds = float(grid.beats) * 60 / beat.tempo
    first = None if fault else _downbeat(beat, grid, seconds, audio.frames / audio.rate)
    if first is None:
        fault = fault or _too_short(beat, grid, seconds, audio)
        return _Way(0, grid.frames, {"road": "rejected", **beat.facts}, fault)
    start, many = max(0, round(first * audio.rate)), round(seconds * audio.rate)
    nudge = 0 if plan.form is Form.ONE_SHOT else _nudge(audio, start, many)
    many += nudge
    facts = {
        "road": _means(many, grid.frames),
        **beat.facts,
        "tempo_stretch": grid.frames / many,
        "from_ms": 1000 * start / audio.rate,
        "nudge_ms": 1000 * nudge / audio.rate,
    }
    return _Way(start, many, facts)


def _heard(audio: Audio, near: float) -> _Beat | None:
    """Listen for the beat of a take, and count it `near` the plan's tempo; None where there is none."""
    sound, rate = spectrum.coarse(audio)
    strong = onsets.find(sound, rate, spectrum.loudness(sound, rate, Form.ONE_SHOT), Form.ONE_SHOT)
    seconds = audio.frames / audio.rate
    pulse = track(strong, seconds, near=near) or track(strong, seconds, near=near * ASTRAY)
    if pulse is None:
        return None
    return _Beat(strong, pulse, min(MULTIPLES, key=lambda times: abs(math.log(times * pulse.bpm / near))))


def _beyond(beat: _Beat, grid: Grid) -> str:
    """Say that the tempo is outside of the limits, if it is."""
    low, high = LIMITS
    part = beat.tempo / float(grid.tempo)
    if low <= part <= high:
        return ""
    return (
        f"it was played at {beat.pulse.bpm:.1f} BPM, which counted at half, once or twice that is {part:.2f} times the "
        f"{grid.tempo} BPM asked for at best; only {low:g} to {high:g} times can be stretched without harm"
    )


def _too_short(beat: _Beat, grid: Grid, seconds: float, audio: Audio) -> str:
    """Say that the take holds too little music at its own tempo."""
    return (
        f"at its own {beat.tempo:.1f} BPM the {grid.bars} bars of {grid.meter} last {seconds:.2f} s; the take has "
        f"{audio.frames / audio.rate:.2f} s, and not that much from its first beat on: its engine must play on for longer"
    )


def _means(many: int, frames: int) -> str:
    """Name what is done to so `many` frames to make them `frames`."""
    if many == frames:
        return "cut"
    return "resampled" if abs(frames / many - 1) <= PLAIN else "stretched"


def _downbeat(beat: _Beat, grid: Grid, seconds: float, length: float) -> float | None:
    """Return when, in seconds, the first bar begins after which `seconds` of music follow, in a take of that `length`.

    Of the beats in a bar's time it is the first whose kicks are as heavy as any. None where there is not enough left.
    """
    apart = 60 / beat.pulse.bpm
    bar = seconds / grid.bars
    first = beat.pulse.phase - (apart if beat.pulse.phase > apart - EARLY_SECONDS else 0)
    beats = first + apart * np.arange(max(1, math.ceil(bar / apart - 0.5)))
    beats = beats[beats + seconds <= length]
    with_tail = beats[beats + seconds + CROSSFADE_SECONDS <= length]
    beats = with_tail if len(with_tail) else beats
    if len(beats) == 0:
        return None
    late = (beat.onsets.seconds - beats[:, np.newaxis] + bar / 2) % bar - bar / 2
    accents = (np.abs(late) < ACCENT_SECONDS) @ beat.onsets.within(0.0, KICK_HERTZ)
    first = float(beats[np.argmax(accents >= SURELY * accents.max())])
    return first + _lateness(beat.onsets, first, 60 / beat.tempo)


def _lateness(strong: onsets.Onsets, first: float, apart: float) -> float:
    """Return by how many seconds the onsets on beats are late, by their median: what is between beats may swing."""
    late = (strong.seconds - first + apart / 2) % apart - apart / 2
    on = np.abs(late) < ACCENT_SECONDS / 2
    return weighted_quantile(late[on], strong.strengths[on], 0.5) if on.any() else 0.0


def _like_start(audio: Audio, many: int) -> int:
    """Return the frame at which a loop of so `many` frames begins most like what comes after its end."""
    like = round(LIKE_SECONDS * audio.rate)
    sound = audio.mono().astype(np.float64)
    if len(sound) < many + like:
        return 0
    one, other = sound[:-many], sound[many:]
    return int(np.argmax(_likeness(_sums(one * other, like), _sums(one**2, like), _sums(other**2, like))))


def _nudge(audio: Audio, start: int, many: int) -> int:
    """Return by how many frames the end is best moved, for the tail to begin as the head does."""
    like, reach = round(LIKE_SECONDS * audio.rate), round(NUDGE_SECONDS * audio.rate)
    sound = audio.mono().astype(np.float64)
    head = sound[start : start + like]
    around = sound[max(0, start + many - reach) : start + many + like + reach]
    if len(around) < len(head) + 2 * reach or not head.any():
        return 0
    squares = _sums(around**2, like)
    found = _likeness(np.correlate(around, head, "valid"), squares, np.full_like(squares, head @ head))
    best = int(np.argmax(found))
    return best - reach if found[best] > found[reach] and found[best] > ALIKE else 0


def _likeness(
    products: NDArray[np.float64], one: NDArray[np.float64], other: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how alike sounds are, 1 for the same: by their products, and by the squares of `one` and the `other`."""
    return 2 * products / np.maximum(one + other, 1e-12)


def _sums(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return the sum of each stretch of this `length`."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    summed: NDArray[np.float64] = sums[length:] - sums[:-length]
    return summed


def _brought(audio: Audio, way: _Way, grid: Grid) -> Audio:
    """Return what was cut, with a tail, at the tempo of the plan."""
    lead = min(way.start, round(LEAD_SECONDS * audio.rate))
    piece = audio.samples[way.start - lead : way.start + way.many + round(TAIL_SECONDS * audio.rate)]
    if way.many == grid.frames:
        return Audio(piece[lead:], audio.rate)
    factor = grid.frames / way.many
    before, after = round(lead * factor), round((len(piece) - lead - way.many) * factor)
    frames = before + grid.frames + after
    plain = _means(way.many, grid.frames) == "resampled"
    made = converted(piece, frames, Form.ONE_SHOT) if plain else stretched(piece, audio.rate, frames)
    return Audio(made[before:], audio.rate)
