"""The key of takes: how many of `sketch` are named right, in each of the 24 keys, and how long it takes.

`sketch` writes down the key that it plays in. Takes of drums have none, and nothing should be said of them.
"""

from collections import Counter
from statistics import mean
from time import perf_counter

from figures import record, spread
from free import Quiet

from plugin_host.audio import Audio
from plugin_host.engine import Form, Plan
from plugin_host.engines import create
from plugin_host.engines.sketch.styles import STYLES
from plugin_host.key import Key
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.rankers.tonality import KEYS, RELATIVE, Tonality, listen, nearness

GRID = Grid(Tempo.parse("120"), Meter(4, 4), bars=4, rate=48_000)
"""Eight seconds."""

PARTS = ("chords", "bass", "chords, bass", "pad", "full")
EACH = 2


def heard(key: Key | None, parts: str, number: int, spent: list[float]) -> Tonality | None:
    """Listen to a take of these parts, and note the seconds that took."""
    audio = take(key, parts, number)
    begun = perf_counter()
    found = listen(audio, Form.LOOP, GRID.bars)
    spent.append(perf_counter() - begun)
    return found


def take(key: Key | None, parts: str, number: int) -> Audio:
    """Return a take of these parts in a key; styles in turn."""
    hints = {"style": list(STYLES)[(5 * number) % len(STYLES)], "parts": parts}
    (made,) = create("sketch", {}).takes(Plan("x", GRID, 5_000 + number, takes=1, key=key, hints=hints), Quiet())
    return made.audio


def run() -> None:
    """Listen to every part in every key, and to drums."""
    spent: list[float] = []
    named: dict[str, list[str]] = {parts: [] for parts in PARTS}
    right_keys: Counter[Key] = Counter()
    certain = []
    for number, (index, key) in enumerate((index, key) for index in range(EACH) for key in KEYS):
        for parts in PARTS:
            found = heard(key, parts, number + 7 * index, spent)
            named[parts].append(how_near(found, key))
            if found is not None:
                right_keys[key] += found.key == key
                certain.append((found.confidence, found.key == key))
    drums = [heard(None, "drums", number, spent) for number in range(3 * len(STYLES))]
    figures = {
        "named": {parts: dict(Counter(names)) for parts, names in named.items()},
        "right": round(mean(name == "right" for names in named.values() for name in names), 3),
        "right_or_a_neighbour": round(mean(name in NEAR for names in named.values() for name in names), 3),
        "keys_right_more_often_than_not": sum(2 * right_keys[key] > EACH * len(PARTS) for key in KEYS),
        "mean_confidence": round(mean(confidence for confidence, _ in certain), 3),
        "right_where_sure_above_0.8": round(mean(right for confidence, right in certain if confidence > 0.8), 3),
        "drums": len(drums),
        "drums_with_a_key": sum(found is not None for found in drums),
        "milliseconds": spread(spent),
    }
    record("tonality", {"engine": "sketch", "seconds": float(GRID.seconds), "rate": GRID.rate}, figures)


NEAR = ("right", "relative", "neighbour")
"""Keys that share all notes but one, at least."""


def how_near(found: Tonality | None, key: Key) -> str:
    """Return in a word how near the key that was found is to the one that was played."""
    if found is None:
        return "none"
    near = nearness(found.key, key)
    return {1.0: "right", RELATIVE: "relative"}.get(near, "neighbour" if near > 0.8 else "other")
