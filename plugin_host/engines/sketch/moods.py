"""Moods: what "dark" or "dreamy" does to the sound and the notes. To add a mood, add a row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from plugin_host.key import Mode


@dataclass(frozen=True, slots=True)
class Mood:
    """Changes against the style's own ways; 0 changes nothing.

    `brightness` moves all filters, in octaves. `drive`, `reverb`, `echo` and `density` are added to the style's
    (0–1). `register` moves the upper parts, in semitones; `softness` makes attacks and releases so many octaves
    longer. `mode` and `scale` prefer a key where the plan has none, and a flavour of it.
    """

    name: str = "plain"
    words: tuple[str, ...] = ()
    brightness: float = 0.0
    drive: float = 0.0
    reverb: float = 0.0
    echo: float = 0.0
    density: float = 0.0
    register: int = 0
    softness: float = 0.0
    mode: Mode | None = None
    scale: str | None = None


_MINOR, _MAJOR = Mode.MINOR, Mode.MAJOR

_ROWS = (
    Mood("dark", ("darker", "moody", "brooding", "sinister", "night"), brightness=-0.9, register=-5, reverb=0.1, mode=_MINOR, scale="phrygian"),
    Mood("bright", ("brighter", "shiny", "sparkling", "crisp", "airy"), brightness=0.8, register=5),
    Mood("dreamy", ("dream", "ethereal", "floating", "hazy", "lush", "cinematic"), brightness=-0.2, reverb=0.4, echo=0.25, density=-0.2, softness=1.2, scale="lydian"),
    Mood("aggressive", ("hard", "angry", "brutal", "heavy", "energetic", "intense"), brightness=0.5, drive=0.5, reverb=-0.1, density=0.25, softness=-0.7, mode=_MINOR),
    Mood("warm", ("cosy", "mellow", "smooth", "soft", "round"), brightness=-0.5, drive=0.15, softness=0.4),
    Mood("sad", ("melancholy", "melancholic", "emotional", "lonely"), brightness=-0.4, reverb=0.2, density=-0.25, mode=_MINOR, scale="minor"),
    Mood("happy", ("joyful", "uplifting", "cheerful", "sunny", "fun"), brightness=0.3, density=0.15, register=3, mode=_MAJOR, scale="major"),
    Mood("chill", ("chilled", "relaxed", "laid back", "laid-back", "calm", "peaceful"), brightness=-0.4, reverb=0.15, density=-0.35, softness=0.5),
    Mood("distorted", ("distortion", "gritty", "dirty", "crushed", "saturated", "fuzzy"), drive=0.8, brightness=0.2),
    Mood("minimal", ("sparse", "stripped", "simple", "empty"), density=-0.6, reverb=-0.05),
    Mood("busy", ("dense", "complex", "frantic", "intricate", "glitchy"), density=0.7),
    Mood("spacious", ("space", "reverb", "wet", "huge", "big", "epic", "wide"), reverb=0.45, echo=0.2),
    Mood("dry", ("tight", "punchy", "close"), reverb=-0.6, echo=-0.6, softness=-0.5),
    Mood("tense", ("suspense", "ominous", "scary", "horror", "evil"), brightness=-0.3, reverb=0.2, mode=_MINOR, scale="harmonic minor"),
    Mood("groovy", ("funky", "bouncy", "rolling"), density=0.25, scale="dorian"),
)  # fmt: skip

MOODS: Mapping[str, Mood] = {mood.name: mood for mood in _ROWS}
"""Every mood by its name."""


def blend(names: Iterable[str]) -> Mood:
    """Return several moods as one: changes add up, the last one with a key or scale in mind wins."""
    chosen = [MOODS[name] for name in names]
    return Mood(
        name=" ".join(mood.name for mood in chosen) or Mood().name,
        brightness=_within(-1.8, sum(mood.brightness for mood in chosen), 1.5),
        drive=_within(-1, sum(mood.drive for mood in chosen), 1),
        reverb=_within(-1, sum(mood.reverb for mood in chosen), 0.7),
        echo=_within(-1, sum(mood.echo for mood in chosen), 0.5),
        density=_within(-1, sum(mood.density for mood in chosen), 1),
        register=sum(mood.register for mood in chosen),
        softness=_within(-1.5, sum(mood.softness for mood in chosen), 2),
        mode=next((mood.mode for mood in reversed(chosen) if mood.mode), None),
        scale=next((mood.scale for mood in reversed(chosen) if mood.scale), None),
    )


def _within(low: float, value: float, high: float) -> float:
    """Keep `value` between `low` and `high`."""
    return min(max(value, low), high)
