"""One loop as a value: where it lies, how it sounds in words, its beat, its key, and from whom each of these is known."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from plugin_host.audio import Audio
from plugin_host.engine import Form
from plugin_host.errors import BadValue, HostError
from plugin_host.key import Key
from plugin_host.loops import heard, riff, words
from plugin_host.loops.known import Known, beside, from_chunks, from_name
from plugin_host.loops.sounds import read_sound
from plugin_host.musictime import Frames, Meter, Tempo

COMMON = Meter(4, 4)
"""The meter of a loop that tells none."""

NEARLY = 0.005
"""A loop whose length is so near to whole bars, as a part, is meant to be exactly those: a tempo in a name is rounded."""

NEARLY_BEATS = (0.03, 0.4)
"""… but at least and at most by so many beats."""


@dataclass(frozen=True, slots=True)
class Beat:
    """The beat of a loop.

    `beats` is how many quarter notes the whole file holds: whole bars exactly where it `wraps`. `bars` is how many whole
    bars there are, from the frame `downbeat` on, or all around where it wraps.
    """

    tempo: Tempo
    meter: Meter
    beats: Fraction
    bars: int
    downbeat: Frames

    @property
    def wraps(self) -> bool:
        """Whether the file is a ring: whole bars, whose end flows into its start."""
        return self.beats == self.bars * self.meter.bar


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop in a file of so many `frames` and `channels` at `rate`.

    `beat` is None for a one-shot and where neither word nor ear tells a beat. `sources` tells, for each of caption,
    tempo, meter, downbeat and key that is known, from whom: sidecar, chunks, name, captions.csv, whole bars, heard …
    """

    path: Path
    caption: str
    rate: int
    frames: Frames
    channels: int
    beat: Beat | None
    key: Key | None
    sources: Mapping[str, str]


def read_loop(path: Path, caption: str | None = None) -> Loop:
    """Read the loop at `path`; a `caption` of the folder's counts more than what the file says of itself. Thread: any.

    Raises `BadValue` and `OutOfRange` for what cannot be read. Where nothing says how it sounds, the caption is "".
    """
    audio = read_sound(path)
    layers = _layers(path)
    sources: dict[str, str] = {}
    said = _caption(path, caption, layers, sources)
    beat = _beat(audio, layers, sources)
    key = _key(path, layers, sources)
    return Loop(path, said, audio.rate, audio.frames, audio.channels, beat, key, sources)


def beat_of(path: Path, audio: Audio) -> tuple[Beat | None, Mapping[str, str]]:
    """Return the beat of the loop at `path`, whose sound is read already, and who told each part of it. Thread: any."""
    sources: dict[str, str] = {}
    return _beat(audio, _layers(path), sources), sources


def _layers(path: Path) -> Mapping[str, Known]:
    """Return what is told of a file by each that tells, the one to be believed most first."""
    try:
        chunks = from_chunks(riff.read(path))
    except (OSError, BadValue):  # no WAV, but a sound all the same
        chunks = Known()
    stem = path.name.removesuffix(path.suffix)
    return {"sidecar": beside(path)[0], "chunks": chunks, "name": from_name(stem)}


def _first(layers: Mapping[str, Known], fact: str) -> tuple[str, object] | None:
    """Return who tells a fact, and what; None where nobody does."""
    return next(((name, layer.get(fact)) for name, layer in layers.items() if layer.get(fact) is not None), None)


def _caption(path: Path, given: str | None, layers: Mapping[str, Known], sources: dict[str, str]) -> str:
    """Return how a loop sounds in words."""
    if given:
        sources["caption"] = words.CAPTIONS
        return given
    told = _first({name: layers[name] for name in ("sidecar", "chunks")}, "prompt")
    if told and str(told[1]).strip():
        sources["caption"] = told[0]
        return str(told[1]).strip()[: words.LONGEST]
    sources["caption"] = "name"
    return words.words_of(path)


def _key(path: Path, layers: Mapping[str, Known], sources: dict[str, str]) -> Key | None:
    """Return the key of a loop, if it is told."""
    told = _first(layers, "key")
    found = told[1] if told else words.key_of(path)
    if not isinstance(found, Key):
        return None
    sources["key"] = told[0] if told else "name"
    return found


def _beat(audio: Audio, layers: Mapping[str, Known], sources: dict[str, str]) -> Beat | None:
    """Return the beat of a loop, as it is told, or as it is heard."""
    form = _first(layers, "form")
    if form and form[1] is Form.ONE_SHOT:
        sources["beat"] = f"{form[0]}: a one-shot"
        return None
    meter = _meter(layers, sources)
    tempo, pulse = _first(layers, "tempo"), None
    if tempo is None:
        pulse = heard.pulse_of(audio, heard.NEAR)
        if pulse is None:
            sources["beat"] = "no beat is told or heard"
            return None
        tempo = ("heard", _written(pulse[0].bpm))
    sources["tempo"] = tempo[0]
    if not isinstance(tempo[1], Tempo):
        return None
    beats, bars = _length(audio, tempo[1], meter)
    whole = beats == bars * meter.bar
    told = _told_downbeat(layers, audio.frames) or (
        ("whole bars", Frames(0)) if whole and tempo[0] != "heard" else None
    )
    if told is None:
        pulse = pulse or heard.pulse_of(audio, float(tempo[1]))
        told = ("the first frame", Frames(0)) if pulse is None else ("heard", heard.downbeat(audio, *pulse, meter))
    sources["downbeat"], first = told
    if not whole:
        bars = int((beats - Fraction(first, audio.rate) * tempo[1].quarters_per_minute / 60) / meter.bar)
    return Beat(tempo[1], meter, beats, max(0, bars), first)


def _meter(layers: Mapping[str, Known], sources: dict[str, str]) -> Meter:
    """Return the meter that is told, or the common one."""
    told = _first(layers, "meter")
    sources["meter"] = told[0] if told else "nothing tells it: the common one"
    return told[1] if told and isinstance(told[1], Meter) else COMMON


def _told_downbeat(layers: Mapping[str, Known], frames: int) -> tuple[str, Frames] | None:
    """Return who tells the first downbeat, and its frame: a sidecar of ours, or a sampler's loop with a lead before it."""
    if layers["sidecar"]:
        return "sidecar", Frames(0)
    loop = layers["chunks"].get("loop")
    return ("chunks", Frames(loop[0])) if loop is not None and 0 < loop[0] < frames else None


def _length(audio: Audio, tempo: Tempo, meter: Meter) -> tuple[Fraction, int]:
    """Return how many quarter notes a sound holds at a tempo, and how many bars: exactly, where it is nearly that."""
    beats = Fraction(audio.frames, audio.rate) * tempo.quarters_per_minute / 60
    bars = round(beats / meter.bar)
    least, most = NEARLY_BEATS
    near = min(most, max(least, NEARLY * float(beats)))
    if bars and abs(float(beats - bars * meter.bar)) <= near:
        return Fraction(bars * meter.bar), bars
    return beats, math.floor(beats / meter.bar)


def _written(bpm: float) -> Tempo | None:
    """Return a tempo that was heard as one would write it; None for one beyond all that is counted."""
    try:
        return Tempo.parse(f"{bpm:.3f}")
    except HostError:
        return None
