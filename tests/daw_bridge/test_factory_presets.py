"""Laws of the factory presets: each plays, and plays what its family, its prompt and its first line say."""

import re
from collections import Counter

import numpy as np
import pytest

from daw_bridge.config import Config
from daw_bridge.plan import decide
from daw_bridge.presets import Preset, PresetShelf, factory_folder
from daw_bridge.requests import Said
from daw_bridge.session import SessionState
from plugin_host.clip import Clip
from plugin_host.engine import Form
from plugin_host.engines import create
from plugin_host.engines.sketch.words import listen
from plugin_host.host import Host
from plugin_host.musictime import Meter, Tempo
from plugin_host.rankers.signal import SignalRanker

PRESETS = PresetShelf([factory_folder()]).all()[0]

RATE = 16_000
"""High enough for all that these laws look at, and low enough to render every preset in seconds."""

COMMON = SessionState(Tempo.parse(120), Meter(4, 4), key=None, rate=RATE)
ODD = SessionState(Tempo.parse("92.5"), Meter(5, 4), key=None, rate=RATE)

DRUMS = {"kick", "snare", "hats", "percussion"}
MAY_PLAY = {
    "drums": DRUMS,
    "bass": {"bass"},
    "chords": {"chords"},
    "pads": {"pad"},
    "leads": {"lead", "arp"},
    "textures": {"texture", "drone"},
    "fills": {"fill", "riser"},
    "one-shots": {"impact", "drone", "kick", "pad"},
    "loops": DRUMS | {"bass", "chords", "pad", "lead", "arp", "texture"},
}
"""The parts that a preset of each family may consist of."""

LOW = 250.0
"""Hz; below it a bass has its weight, and everything else makes room for one."""

every = pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)


class Unwatched:
    """A watch that nobody looks at."""

    def step(self, stage: str, fraction: float) -> None:
        """Let the engine go on."""


def clip(preset: Preset, session: SessionState) -> Clip:
    """Make one take of `preset`, as the daemon would, two bars at most."""
    said = Said(bars=min(2, preset.said["bars"]), takes=1, seed=7, engine="sketch")
    plan = decide(said, preset, session, Config()).plan
    engine = create("sketch", {})
    (made,) = Host(engine, [SignalRanker()]).clips(plan, Unwatched())
    engine.close()
    return made


def parts(made: Clip) -> set[str]:
    """Return the parts that the engine says it played."""
    return set(str(made.facts.take_facts["parts"]).split(", "))


def low_share(made: Clip) -> float:
    """Return how much of the energy of a clip lies below `LOW`, 0–1."""
    power = np.abs(np.fft.rfft(made.audio.mono())) ** 2
    frequencies = np.fft.rfftfreq(made.audio.frames, 1 / made.audio.rate)
    return float(power[frequencies < LOW].sum() / power.sum())


def of_family(*families: str) -> pytest.MarkDecorator:
    """Parametrize a test over the presets of some families."""
    chosen = [preset for preset in PRESETS if preset.family in families]
    return pytest.mark.parametrize("preset", chosen, ids=lambda preset: preset.name)


@pytest.mark.parametrize("session", [COMMON, ODD], ids=["4-4", "5-4"])
@every
def test_every_preset_plays_in_any_session(preset: Preset, session: SessionState) -> None:
    """Nothing is wrong with what comes, and it is as long as its bars in the session's meter, or in its own."""
    made = clip(preset, session)
    assert made.facts.score.faults == ()
    assert made.facts.grid.meter == preset.said.get("meter", session.meter)
    assert made.audio.frames == made.facts.grid.frames
    assert made.audio.peak > 0.1


@every
def test_a_preset_plays_the_parts_of_its_family(preset: Preset) -> None:
    """Drums come without bass and chords, a bass comes alone; a loop is a band: drums, bass and a harmony."""
    played = parts(clip(preset, COMMON))
    assert played <= MAY_PLAY[preset.family]
    if preset.family == "loops":
        assert played >= DRUMS | {"bass"}
        assert played & {"chords", "pad"}


@of_family("bass")
def test_a_bass_has_its_weight_below(preset: Preset) -> None:
    """Most of its energy is where only a bass should be."""
    assert low_share(clip(preset, COMMON)) > 0.85


@of_family("leads")
def test_a_lead_leaves_the_low_end_alone(preset: Preset) -> None:
    """So that it can be laid over any bass."""
    assert low_share(clip(preset, COMMON)) < 0.05


@pytest.mark.parametrize(
    "preset", [preset for preset in PRESETS if not preset.said.get("loop", True)], ids=lambda preset: preset.name
)
def test_a_one_shot_ends_in_silence(preset: Preset) -> None:
    """Its last five milliseconds are at least 60 dB below its peak: nothing is cut off, in any session."""
    for session in (COMMON, ODD):
        made = clip(preset, session)
        assert made.facts.form is Form.ONE_SHOT
        assert np.abs(made.audio.samples[-RATE // 200 :]).max() < made.audio.peak / 1000


def test_each_family_offers_a_choice() -> None:
    """Two at least, and five where producers reach first; the ones that others lean on are there by name."""
    families = Counter(preset.family for preset in PRESETS)
    assert families.keys() == MAY_PLAY.keys()
    assert min(families.values()) >= 2
    assert min(families["drums"], families["loops"]) >= 5
    assert {
        "four-on-the-floor",
        "dusty-boom-bap",
        "seven-eight-groove",
        "sub-bass-line",
        "full-house-loop",
    } <= {preset.name for preset in PRESETS}


def test_the_session_decides_tempo_and_key() -> None:
    """No preset fixes them, and only the groove in seven fixes the meter."""
    fixed = {preset.name: {"bpm", "key", "meter"} & preset.said.keys() for preset in PRESETS}
    assert {name: keys for name, keys in fixed.items() if keys} == {"seven-eight-groove": {"meter"}}


@every
def test_prompt_and_hints_agree(preset: Preset) -> None:
    """A model that reads the prompt makes the same kind of music as an engine that obeys the hints."""
    heard = listen(preset.said["prompt"])
    assert heard.style in {None, preset.hints["style"]}
    assert heard.style is not None or preset.family == "one-shots"


@every
def test_a_prompt_is_fit_for_a_model(preset: Preset) -> None:
    """Sounds and moods in a line, and no number for the tempo: the grid is not the prompt's business."""
    prompt = preset.said["prompt"]
    assert re.search(r"\bbpm\b|\btempo\b", prompt, re.IGNORECASE) is None
    assert 4 <= len(prompt.split()) <= 20
    assert preset.said["negative"]


@every
def test_a_preset_says_what_it_is_for(preset: Preset) -> None:
    """Its first line is whole sentences for a producer; `about` is a few words for a table."""
    first = preset.path.read_text(encoding="utf-8").splitlines()[0]
    assert re.fullmatch(r"# [A-Z].{60,}\.", first)
    assert 10 <= len(preset.about) <= 60
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", preset.name)


@pytest.mark.parametrize(("family", "weight"), [("drums", 2), ("pads", 0), ("textures", 0), ("one-shots", 0)])
def test_the_beat_counts_where_there_is_one(family: str, weight: float) -> None:
    """Twice for drums; not at all for what has none."""
    weights = {preset.weights.get("beat") for preset in PRESETS if preset.family == family}
    assert weights == {weight}
