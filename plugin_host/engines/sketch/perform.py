"""Performing: a score becomes sound, hit by hit and note by note, on a ring."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from plugin_host.audio import Samples
from plugin_host.engine import Form
from plugin_host.engines.sketch.chance import Dice
from plugin_host.engines.sketch.chart import Chart
from plugin_host.engines.sketch.mix import CHANNELS, Channel, centre, decibels, ducking, master
from plugin_host.engines.sketch.noise import smooth_ends
from plugin_host.engines.sketch.progress import Progress
from plugin_host.engines.sketch.rack import Rack
from plugin_host.engines.sketch.rhythm import STRAIGHT
from plugin_host.engines.sketch.ring import Ring, Sound, Strip
from plugin_host.engines.sketch.score import Hit, Note, Score
from plugin_host.engines.sketch.space import Room, echo, reverberate
from plugin_host.engines.sketch.style import VOICES
from plugin_host.musictime import Beats, Grid

_STAGES = {"bass": "bass", "chords": "chords", "pad": "chords", "lead": "lead", "arp": "lead"}
_LONGEST_FADE = Fraction(1, 2)
_SHINE = 4.0
"""How much louder, in dB an octave of brightness, a mood makes what is all treble."""

_SHORTEST_ECHO = Fraction(1, 8)
"""Seconds."""

Stroke = tuple[Sound, int, float]
"""A sound, the frame that it starts on, and its gain."""

_FAINTEST = 0.004
"""What is sent to room or echo with less gain than this (-48 dB) is not sent."""


@dataclass(frozen=True, slots=True)
class Buses:
    """Where sounds go: `main` dry, `room` and `echo` to be turned into their reverberation and their repeats."""

    main: Ring
    room: Ring
    echo: Ring
    sends: tuple[float, float]
    lines: "_Lines"

    def send(self, sound: Sound, at: int, gain: float, channel: Channel) -> None:
        """Lay a sound on room and echo, as much as its channel and the brief say."""
        gains = [gain * channel.room * self.sends[0], gain * channel.echo * self.sends[1]]
        if max(gains) > _FAINTEST:
            middle = (sound[:1] + sound[-1:]) * np.float32(0.5)
            for ring, amount in zip((self.room, self.echo), gains, strict=True):
                if amount > _FAINTEST:
                    ring.add(middle, at, amount)


class _Lines:
    """Frames of places in a clip. Many events share a place, and exact arithmetic is dear enough to do it once."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._known: dict[tuple[int, int], int] = {}

    def frame(self, at: Beats) -> int:
        """Return ``grid.frame_at(at)``."""
        place = (at.numerator, at.denominator)
        if place not in self._known:
            self._known[place] = self._grid.frame_at(at)
        return self._known[place]


def perform(chart: Chart, score: Score, form: Form, progress: Progress) -> Samples:
    """Return the sound of a score, float32 of shape ``(frames, 2)``, exactly as long as its grid."""
    rack = Rack(chart.brief, score, chart.grid, chart.seed)
    amount, kind = chart.brief.amount, Ring if form is Form.LOOP else Strip
    main, room, repeats = (kind(channels, chart.grid.frames) for channels in (2, 1, 1))
    buses = Buses(main, room, repeats, (amount("reverb"), amount("echo")), _Lines(chart.grid))
    strokes = _strokes(chart, score.hits, rack, buses, progress)
    _lay_notes(chart, score.notes, rack, buses, progress)
    _add_space(chart, buses, progress)
    _duck(chart, score.hits, main)
    for count, (sound, at, gain) in enumerate(strokes):
        main.add(sound, at, gain)
        progress.at("mix", 0.85 + 0.04 * count / len(strokes))
    centre(main)
    if form is Form.ONE_SHOT:
        smooth_ends(main.samples, 0.0, float(min(_LONGEST_FADE, chart.grid.seconds / 4)), chart.grid.rate)
    for _ in master(main, amount("drive")):
        progress.at("mix", 0.95)
    samples = np.empty((main.frames, 2), np.float32)
    for side in range(2):
        samples[:, side] = main.samples[side]
    return samples


def _strokes(chart: Chart, hits: tuple[Hit, ...], rack: Rack, buses: Buses, progress: Progress) -> list[Stroke]:
    """Return every stroke as (sound, frame, gain), their sends already laid down.

    The strokes themselves wait until the rest is ducked: a kick does not duck the drums.
    """
    lines = buses.lines
    strokes: list[Stroke] = []
    for count, hit in enumerate(hits):
        at, channel = lines.frame(hit.at), CHANNELS[hit.drum]
        stop = None if hit.choke is None else lines.frame(hit.choke) - at
        sound = rack.drum(hit.drum, hit.velocity, stop)
        gain = _gain(chart, channel, VOICES[hit.drum], hit.velocity)
        buses.send(sound, at, gain, channel)
        strokes.append((sound, at, gain))
        progress.at("drums", 0.05 + 0.19 * count / len(hits))
    return strokes


def _lay_notes(chart: Chart, notes: tuple[Note, ...], rack: Rack, buses: Buses, progress: Progress) -> None:
    """Lay the notes of each part on a stem of its own, and the stem on the buses: one send a part, not one a note."""
    played, stem = 0, type(buses.main)(2, chart.grid.frames)
    for part in dict.fromkeys(note.part for note in notes):
        channel, stage = CHANNELS[part], _STAGES.get(part, "effects")
        stem.samples.fill(0)
        for note in notes:
            if note.part == part:
                stem.add(rack.note(note), buses.lines.frame(note.at), _gain(chart, channel, part, note.velocity))
                played += 1
                progress.at(stage, 0.25 + 0.44 * played / len(notes))
        for _, piece in stem.spans(0, stem.frames):
            buses.main.add(stem.samples[:, piece], piece.start)
            buses.send(stem.samples[:, piece], piece.start, 1.0, channel)
            progress.at(stage, 0.25 + 0.44 * played / len(notes))


def _gain(chart: Chart, channel: Channel, part: str, velocity: float) -> float:
    """Return the factor for a stroke or note: its channel, what style and mood make of its part, its strength."""
    shine = _SHINE * chart.brief.mood.brightness if part in {"hats", "percussion"} else 0.0
    level = channel.level + chart.brief.style.weight.get(part, 0.0) + shine
    return float(decibels(level) * velocity**1.5)


def _add_space(chart: Chart, buses: Buses, progress: Progress) -> None:
    """Turn what was sent into echoes and reverberation, and add both to the main bus."""
    brief, rate = chart.brief, chart.grid.rate
    progress.at("mix", 0.70)
    if buses.echo.samples.any():
        for _ in echo(buses.echo, buses.main.samples, _echo_frames(chart), 0.30 + 0.35 * buses.sends[1], rate):
            progress.at("mix", 0.72)
    progress.at("mix", 0.75)
    if buses.room.samples.any():
        room = Room(0.5 + 2.8 * buses.sends[0] ** 2, brief.mood.brightness * 0.5)
        for _ in reverberate(buses.room, buses.main.samples, room, rate, Dice(chart.seed, "room")):
            progress.at("mix", 0.78)
    progress.at("mix", 0.83)


def _echo_frames(chart: Chart) -> int:
    """Return the time between echoes: a dotted eighth, or a quarter where off-beats swing and a dotted one would not.

    At fast tempi it is as many times as long as it takes to hear the echoes apart.
    """
    beats = chart.bar.step * (3 if chart.bar.swing.ratio == STRAIGHT else 4)
    while beats * 60 / chart.grid.tempo.quarters_per_minute < _SHORTEST_ECHO:
        beats *= 2
    return chart.grid.frame_at(beats)


def _duck(chart: Chart, hits: tuple[Hit, ...], main: Ring) -> None:
    """Let every kick push down what is on the main bus, for most of a pulse at the longest."""
    depth = chart.brief.style.duck
    if depth <= 0:
        return
    pulse = chart.bar.length / len(chart.bar.pulses) * 60 / chart.grid.tempo.quarters_per_minute
    curve = ducking(depth, min(0.28, float(pulse) * 0.8), chart.grid.rate)
    for hit in hits:
        if hit.drum == "kick":
            main.scale(curve, chart.grid.frame_at(hit.at))
