"""The rack: every sound of a take, made once and played as often as the score asks."""

from collections.abc import Hashable
from dataclasses import replace

import numpy as np

from plugin_host.engines.sketch.brief import Brief
from plugin_host.engines.sketch.chance import Dice
from plugin_host.engines.sketch.cloud import cloud
from plugin_host.engines.sketch.drums import hit
from plugin_host.engines.sketch.effects import Gesture, effect
from plugin_host.engines.sketch.harmony import hertz
from plugin_host.engines.sketch.kits import KITS, Kit
from plugin_host.engines.sketch.mix import CHANNELS, placed
from plugin_host.engines.sketch.moods import Mood
from plugin_host.engines.sketch.noise import seconds, smooth_ends
from plugin_host.engines.sketch.ring import Sound
from plugin_host.engines.sketch.score import Note, Score
from plugin_host.engines.sketch.timbres import TIMBRES, Timbre
from plugin_host.engines.sketch.tone import note
from plugin_host.musictime import Grid

_INAUDIBLE = 3.5
"""After so many times its decay a note that does not sustain is 60 dB down."""

_SOFT = 0.6
"""Drums struck with less velocity have a darker sound of their own."""

_DRONE = "dark pad"


class Rack:
    """Makes the sounds of one take when they are first wanted, and keeps them. For one thread.

    Notes of one pitch differ in length only, so each is made once, as long as the longest of them, and cut.
    """

    def __init__(self, brief: Brief, score: Score, grid: Grid, seed: int) -> None:
        self._grid, self._seed = grid, seed
        self._quarter = 60 / float(grid.tempo)
        self._kit = _kit_in(brief.mood, KITS[brief.kit])
        self._timbres = {
            part: _timbre_in(brief.mood, TIMBRES[name], Dice(seed, "voice", part))
            for part, name in brief.timbres.items()
        }
        self._longest: dict[str, float] = {}
        for each in score.notes:
            self._longest[each.part] = max(self._longest.get(each.part, 0.0), self._hold(each))
        self._kept: dict[Hashable, Sound] = {}

    def drum(self, drum: str, velocity: float, frames: int | None) -> Sound:
        """Return a stroke at full level, at its place between the sides, for a `velocity` (0–1), stopped after `frames` where that is not None."""
        layer = "soft" if velocity < _SOFT else "full"
        sound = self._kept.get((drum, layer))
        if sound is None:
            kit = replace(self._kit, top=self._kit.top * 0.6) if layer == "soft" else self._kit
            dice = Dice(self._seed, "drum", drum, layer)
            sound = placed(hit(drum, kit, self._grid.rate, dice), CHANNELS[drum].pan)
            self._kept[drum, layer] = sound
        if frames is not None and frames < sound.shape[1]:
            return smooth_ends(sound[:, :frames].copy(), 0.0, 0.004, self._grid.rate)
        return sound

    def note(self, each: Note) -> Sound:
        """Return the sound of one note or chord, at full level."""
        held = round(self._hold(each) * self._grid.rate) // 32 * 32
        wanted = (each.part, each.pitches, held)
        if wanted not in self._kept:
            self._kept[wanted] = self._made(each, held)
        return self._kept[wanted]

    def _made(self, each: Note, held: int) -> Sound:
        """Make a note of `held` frames: an effect, a pad, or its pitches together, each cut from its longest."""
        rate, dice = self._grid.rate, Dice(self._seed, "note", each.part, *each.pitches)
        if each.part not in self._timbres:
            return effect(each.part, Gesture(each.pitches, TIMBRES[_DRONE], max(8, held), rate), dice)
        timbre = self._timbres[each.part]
        if each.part == "pad":
            return cloud(timbre, each.pitches, self._hold(each), rate, dice)
        frames = held + round(timbre.release * rate)
        sound = self._pitch(each.part, each.pitches[0])[:, :frames] * np.float32(len(each.pitches) ** -0.5)
        for pitch in each.pitches[1:]:
            sound += self._pitch(each.part, pitch)[:, :frames] * np.float32(len(each.pitches) ** -0.5)
        return _let_go(sound, held, timbre.release, rate)

    def _pitch(self, part: str, pitch: int) -> Sound:
        """Return one pitch, held for as long as the part ever holds a note, or until it has died away."""
        if (part, pitch) not in self._kept:
            timbre, hold = self._timbres[part], self._longest[part]
            hold = hold if timbre.sustain else min(hold, _INAUDIBLE * timbre.decay)
            dice = Dice(self._seed, "pitch", part, pitch)
            self._kept[part, pitch] = note(timbre, hertz(pitch), hold, self._grid.rate, dice)
        return self._kept[part, pitch]

    def _hold(self, each: Note) -> float:
        """Return how long a note is held, in seconds."""
        return float(each.length) * self._quarter


def _let_go(sound: Sound, held: int, release: float, rate: int) -> Sound:
    """Let a note go after `held` frames, in place: what is left of it dies in `release` seconds."""
    tail = sound.shape[1] - held
    if tail > 0:
        sound[:, held:] *= np.exp(seconds(tail, rate) * np.float32(-3.3 / release))
    return smooth_ends(sound, 0.0, release * 0.5, rate)


def _timbre_in(mood: Mood, timbre: Timbre, dice: Dice) -> Timbre:
    """Return `timbre` as this take and its mood have it."""
    slower = 2**mood.softness
    return replace(
        timbre,
        cutoff=dice.near(timbre.cutoff, 0.25) * 2**mood.brightness,
        sweep_time=dice.near(timbre.sweep_time, 0.25),
        detune=dice.near(timbre.detune, 0.25),
        attack=timbre.attack * slower,
        decay=dice.near(timbre.decay, 0.15) * slower**0.5,
        release=timbre.release * slower,
        drive=min(1.0, max(0.0, timbre.drive + 0.5 * mood.drive)),
    )


def _kit_in(mood: Mood, kit: Kit) -> Kit:
    """Return `kit` as a mood has it: darker or brighter, pushed harder, longer or shorter."""
    longer = 2 ** (mood.softness * 0.3)
    return replace(
        kit,
        top=kit.top * 2 ** (mood.brightness * 0.8),
        kick=replace(kit.kick, drive=max(0.0, kit.kick.drive + 0.5 * mood.drive), decay=kit.kick.decay * longer),
        snare=replace(kit.snare, decay=kit.snare.decay * longer, high=kit.snare.high * 2 ** (mood.brightness * 0.5)),
        hat=replace(kit.hat, low=kit.hat.low * 2 ** (mood.brightness * 0.3)),
    )
