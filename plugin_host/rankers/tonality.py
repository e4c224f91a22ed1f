"""In which key a take is, and how well that suits the session's.

The tones are the peaks of its spectrum, read between the lines, whose loudness is summed by pitch class (Gómez, "Tonal
Description of Music Audio Signals", 2006). That chroma is held against a profile of each of the 24 keys, as Krumhansl
and Kessler did first (1982). Two profiles are averaged. Albrecht and Shanahan's ("The Use of Large Corpora to Train a
New Type of Key-Finding Algorithm", Music Perception 31, 2013) are sure of the third, but come from concert music;
Faraldo et al.'s ("Key Estimation in Electronic Dance Music", ECIR 2016) know that a minor has a low seventh here. Of 240
takes of `sketch` the two together named more keys right than either, and than Krumhansl and Kessler's, Temperley's or
Sha'ath's. The first bar counts twice, since a loop begins at home; that was worth five takes in a hundred.

No key is certain: relatives share all their notes, and fifths all but one. So the likeness to each key becomes a probability, and the part is
what may be expected of it: 1 for the session's own key, less for each step on the circle of fifths.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from plugin_host.audio import Audio
from plugin_host.engine import Form, Plan
from plugin_host.key import Key, Mode
from plugin_host.rank import Verdict
from plugin_host.rankers import spectrum

WINDOW_SECONDS = 0.34
"""About the length of the window: it tells semitones apart down to the second octave."""

TONES_RANGE = (60.0, 1200.0)
"""Hz. Below beats the kick drum, above are overtones only."""

QUIETEST = 10 ** (-50 / 20)
"""A peak below this part of the highest is not heard."""

OUTSTANDING = 2.0
"""A tone is so many times as loud as the mean of the lines around it …"""

AROUND = 12
"""… so many on either side."""

LOUDNESS = 0.7
"""A peak counts by this power of its amplitude: quiet voices have a say."""

FEWEST_TONES = 0.8
"""Music has so many tones at a time that are in tune and sound on; drum kits of `sketch` have at most 0.6 …"""

TONAL_PART = 0.5
"""… or so much of its power in tones, above the kick drum; drum kits have at most 0.4. Less of both has no key."""

SLOW_RATE = 10_000.0
"""Hz. The rate is halved until it is below this: four frames for each cycle of the highest tone are enough."""

KICK = 120.0
"""Hz. What is below may be a kick drum, however much it sounds like a tone."""

DOUBT = 0.08
"""How much more like its chroma the profile of a key must be to be e times as probable."""

LEAST = 0.25
"""The part of a take in the most distant key: a guess must not decide alone."""

RELATIVE = 0.9
"""How near the relative key is, which has the same notes and another home."""

_MAJOR = (
    (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081),
    (1.00, 0.29, 0.50, 0.40, 0.60, 0.56, 0.32, 0.80, 0.31, 0.45, 0.42, 0.39),
)
_MINOR = (
    (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052),
    (1.00, 0.31, 0.44, 0.58, 0.33, 0.49, 0.29, 0.78, 0.43, 0.29, 0.53, 0.32),
)
_NAMES = {
    Mode.MAJOR: ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"),
    Mode.MINOR: ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"),
}
KEYS = tuple(Key(name[0], name[1:], mode) for mode in Mode for name in _NAMES[mode])
"""All keys as musicians spell them, major from C to B and then minor."""


@dataclass(frozen=True, slots=True, eq=False)
class Tonality:
    """What the tones of a take say: how `probable` each of `KEYS` is, and how far it is out of tune, in cents."""

    probable: NDArray[np.float64]
    tuning_cents: float

    @property
    def key(self) -> Key:
        """The likeliest key."""
        return KEYS[int(np.argmax(self.probable))]

    @property
    def confidence(self) -> float:
        """How probable that key is, 0–1."""
        return float(self.probable.max())

    def suits(self, key: Key) -> float:
        """Return how well the take may be expected to suit a session in `key`, `LEAST` to 1."""
        near = np.array([nearness(each, key) for each in KEYS])
        return LEAST + (1 - LEAST) * float(self.probable @ near)


class KeyRanker:
    """Judges the key; a take without one, such as drums, is not judged. Holds nothing, so one can serve all threads."""

    def judge(self, audio: Audio, plan: Plan) -> Verdict:
        """Estimate the key of one fitted take, and its part if the plan has a key. Thread: any."""
        found = listen(audio, plan.form, plan.grid.bars)
        if found is None:
            return Verdict()
        return Verdict(
            parts={} if plan.key is None else {"key": found.suits(plan.key)},
            evidence={
                "key_estimate": str(found.key),
                "key_confidence": found.confidence,
                "tuning_cents": found.tuning_cents,
            },
        )


def nearness(one: Key, other: Key) -> float:
    """Return how near two keys are, 0–1: each step between their signatures on the circle of fifths costs a sixth."""
    steps = (_fifths(one) - _fifths(other)) % 12
    if steps == 0:
        return 1.0 if one.mode is other.mode else RELATIVE
    return 1 - min(steps, 12 - steps) / 6


def _fifths(key: Key) -> int:
    """Return how many fifths above C the major key of the same signature lies."""
    major = key.pitch_class + (3 if key.mode is Mode.MINOR else 0)
    return 7 * major % 12


def listen(audio: Audio, form: Form, bars: int) -> Tonality | None:
    """Return in which key `audio`, which holds so many `bars`, may be; None for drums, noise and silence."""
    sound, rate = spectrum.coarse(audio)
    while rate > SLOW_RATE:
        sound, rate = _halved(sound), rate / 2
    lines, width = _lines(sound, rate, form)
    tones = _tones(lines, width)
    if len(tones.pitches) == 0:
        return None
    turn = complex(np.sum(tones.amplitudes * np.exp(2j * np.pi * tones.pitches)))
    tuning = math.atan2(turn.imag, turn.real) / (2 * math.pi)
    in_tune = abs(turn) / float(tones.amplitudes.sum())
    notes = np.rint(tones.pitches - tuning).astype(np.int64)
    if (
        in_tune * _sounding_on(tones, notes, len(lines)) < FEWEST_TONES
        and _tonal_part(tones, lines, width) < TONAL_PART
    ):
        return None
    weights = tones.amplitudes**LOUDNESS * np.cos(np.pi * (tones.pitches - tuning - notes)) ** 2
    weights *= np.where(tones.windows * bars < len(lines), 2, 1)
    chroma = np.bincount(notes % 12, weights, minlength=12).astype(np.float64)
    return Tonality(_probable(chroma), 100 * tuning)


def _halved(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `sound` at half its rate; what would fold down on tones is 30 dB lower by then (binomial weights)."""
    padded = np.pad(sound, (1, 2), mode="wrap")
    pairs = padded[: len(padded) // 2 * 2].reshape(-1, 2)
    early, late = np.array([0.125, 0.375], dtype=np.float32), np.array([0.375, 0.125], dtype=np.float32)
    halved: NDArray[np.float32] = pairs[:-1] @ early + pairs[1:] @ late
    return halved


@dataclass(frozen=True, slots=True, eq=False)
class _Tones:
    """Peaks of the spectrum: in which of the `windows`, at which of the `pitches` (semitones, A4 being 69), how loud."""

    windows: NDArray[np.int64]
    pitches: NDArray[np.float64]
    amplitudes: NDArray[np.float64]


def _lines(sound: NDArray[np.float32], rate: float, form: Form) -> tuple[NDArray[np.float32], float]:
    """Return the amplitudes of the lines of the spectrum, shape ``(windows, lines)``, and how wide a line is in Hz."""
    window = 2 ** round(math.log2(WINDOW_SECONDS * rate))
    views = sliding_window_view(spectrum.extended(sound, window // 2, form), window)[: len(sound) : window // 2]
    highest = math.ceil(TONES_RANGE[1] * window / rate) + AROUND + 1
    shape = np.hanning(window).astype(np.float32)
    return np.abs(np.fft.rfft(views * shape)[:, :highest]).astype(np.float32, copy=False), rate / window


def _tones(lines: NDArray[np.float32], width: float) -> _Tones:
    """Return the peaks that stand out of what is around them; where a peak lies is read off a parabola through three."""
    low, high = (round(edge / width) for edge in TONES_RANGE)
    sums = np.cumsum(lines, axis=1, dtype=np.float64)
    first = np.maximum(np.arange(low, high) - AROUND - 1, 0)
    around = (sums[:, low + AROUND : high + AROUND] - sums[:, first]) / (2 * AROUND + 1)
    left, middle, right = (lines[:, low + step : high + step] for step in (-1, 0, 1))
    clear = (middle > left) & (middle >= right) & (middle > QUIETEST * lines.max(initial=0.0))
    windows, at = np.nonzero(clear & (middle > OUTSTANDING * around))
    before, peak, after = (np.log(part[windows, at].astype(np.float64) + 1e-12) for part in (left, middle, right))
    bend = np.minimum(before - 2 * peak + after, -1e-9)
    hertz = (low + at + np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) * width
    return _Tones(windows, 69 + 12 * np.log2(hertz / 440), middle[windows, at].astype(np.float64))


def _sounding_on(tones: _Tones, notes: NDArray[np.int64], windows: int) -> float:
    """Return how many tones of a window sound on in the next, by their loudness, on average."""
    played = np.bincount(tones.windows * 128 + notes, tones.amplitudes, minlength=128 * windows).reshape(windows, 128)
    carried = np.minimum(played, np.roll(played, 1, axis=0)).sum() / played.sum()
    return len(notes) / windows * float(carried)


def _tonal_part(tones: _Tones, lines: NDArray[np.float32], width: float) -> float:
    """Return what part of the power above the kick drum is in tones; a tone has two thirds of its power in its peak."""
    sounding = tones.amplitudes[tones.pitches > 69 + 12 * math.log2(KICK / 440)]
    all_ = lines[:, round(KICK / width) : round(TONES_RANGE[1] / width)]
    whole = float(np.vdot(all_, all_))
    return 1.5 * float(np.vdot(sounding, sounding)) / whole if whole > 0 else 0.0


def _probable(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how probable each of `KEYS` is for a chroma, from C to B: by its correlation with their profiles."""
    sets = np.array((_MAJOR, _MINOR))
    alike = (sets - sets.mean(axis=2, keepdims=True)) / sets.std(axis=2, keepdims=True)
    profiles = np.array([np.roll(profile, tonic) for profile in alike.mean(axis=1) for tonic in range(12)])
    likeness = np.corrcoef(np.vstack((chroma, profiles)))[0, 1:]
    odds = np.exp((likeness - likeness.max()) / DOUBT)
    probable: NDArray[np.float64] = odds / odds.sum()
    return probable
