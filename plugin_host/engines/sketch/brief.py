"""The brief of one take: what prompt, hints and plan leave open is settled by the seed, once, before a note is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from plugin_host.engine import Fact, Plan
from plugin_host.engines.sketch.chance import Dice
from plugin_host.engines.sketch.harmony import PROGRESSIONS, SCALES, Harmony, key_of
from plugin_host.engines.sketch.hints import obey
from plugin_host.engines.sketch.moods import Mood, blend
from plugin_host.engines.sketch.rhythm import Swing
from plugin_host.engines.sketch.style import PARTS, Style
from plugin_host.engines.sketch.styles import STYLES
from plugin_host.engines.sketch.words import Wish, listen
from plugin_host.errors import BadValue
from plugin_host.key import Key, Mode

_THIRDS = {Mode.MAJOR: 4, Mode.MINOR: 3}
_SOUNDS = {"bass": "bass", "chords": "chords", "pad": "pads", "lead": "leads", "arp": "arps"}
"""The column of a style that lists the timbres of a part."""


@dataclass(frozen=True, slots=True)
class Brief:
    """All that is settled about one take. `timbres` has a name for each part with a pitch, played or not."""

    style: Style
    parts: frozenset[str]
    moods: tuple[str, ...]
    mood: Mood
    harmony: Harmony
    kit: str
    timbres: Mapping[str, str]
    swing: Swing

    def amount(self, name: str) -> float:
        """Return the style's `reverb`, `echo` or `drive` with the mood's added, 0–1."""
        return min(1.0, max(0.0, float(getattr(self.style, name)) + float(getattr(self.mood, name))))

    @property
    def facts(self) -> dict[str, Fact]:
        """The brief as a sidecar tells it."""
        sounding = [f"{part}: {self.timbres[part]}" for part in _SOUNDS if part in self.parts]
        return {
            "engine": "sketch",
            "style": self.style.name,
            "parts": ", ".join(part for part in PARTS if part in self.parts),
            "mood": ", ".join(self.moods) or "plain",
            "key": str(self.harmony.key),
            "scale": self.harmony.scale,
            "kit": self.kit,
            "timbres": ", ".join(sounding) or "none",
            "swing": float(self.swing.ratio),
            "swing_on": 32 // self.swing.pair,
        }


def settle(plan: Plan, seed: int) -> Brief:
    """Return the brief of the take of `seed`. Raises `BadValue` for a bad hint, or when nothing is left to play."""
    wish = obey(listen(plan.prompt, plan.negative), plan.hints)
    style = STYLES[wish.style] if wish.style else _fitting_style(plan, Dice(seed, "style"))
    mood = blend(wish.moods)
    sounds = {
        part: wish.timbres.get(part) or Dice(seed, "timbre", part).pick(getattr(style, column))
        for part, column in _SOUNDS.items()
    }
    return Brief(
        style=style,
        parts=_parts(style, wish, seed),
        moods=wish.moods,
        mood=mood,
        harmony=_harmony(style, mood, plan.key or wish.key, wish.degrees, seed),
        kit=wish.kit or Dice(seed, "kit").pick(style.kits),
        timbres=sounds,
        swing=Swing(wish.swing or _swing(style, Dice(seed, "swing")), style.swing_pair),
    )


def _fitting_style(plan: Plan, dice: Dice) -> Style:
    """Pick a style that is at home at the plan's tempo, or at half or double of it."""
    tempo = float(plan.grid.tempo)
    home = [
        style
        for style in STYLES.values()
        if any(style.tempo[0] - 2 <= tempo * feel <= style.tempo[1] + 2 for feel in (1, 0.5, 2))
    ]
    return dice.pick(home or list(STYLES.values()))


def _parts(style: Style, wish: Wish, seed: int) -> frozenset[str]:
    """Return the parts that play: those named, or a full arrangement with one harmony and one melody."""
    if wish.parts is None:
        drums = style.played if Dice(seed, "drums at all").chance(style.drums) else frozenset[str]()
        parts = drums | {"bass", *style.also}
        for role, choices in (("harmony", style.harmony), ("melody", style.melody)):
            if not wish.added.intersection(choices):
                parts |= {Dice(seed, role).pick(choices)}
    else:
        parts = wish.parts
    left = (parts | wish.added) - wish.removed
    if not left:
        raise BadValue("nothing is left to play: the same parts are asked for and refused; ask for one more part")
    return left


def _harmony(style: Style, mood: Mood, key: Key | None, degrees: tuple[int, ...] | None, seed: int) -> Harmony:
    """Return key, scale and progression; what is not given is the seed's, in the manner of style and mood."""
    dice = Dice(seed, "harmony", "key")
    tonic, major = int(dice.between(0, 12)), dice.chance(style.major_chance)
    if key is None:
        key = key_of(tonic, mood.mode or (Mode.MAJOR if major else Mode.MINOR))
    own = style.major if key.mode is Mode.MAJOR else style.minor
    suits = mood.scale is not None and _THIRDS[key.mode] in SCALES[mood.scale]
    scale = mood.scale if mood.scale is not None and suits else own
    written = Dice(seed, "harmony", "changes").pick(PROGRESSIONS[style.changes][key.mode])
    harmony = Harmony(key, scale, degrees or tuple(map(int, written.split())))
    return harmony if degrees else harmony.smoothed()


def _swing(style: Style, dice: Dice) -> Fraction:
    """Return a swing within the style's, in whole percents."""
    low, high = style.swing
    return Fraction(round(dice.between(low, high)), 100)
