"""What a clip's name, its chunks and its sidecar say of it: three readers, one vocabulary."""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, TypedDict

from plugin_host.clip import Score
from plugin_host.engine import Form
from plugin_host.errors import HostError
from plugin_host.key import Key
from plugin_host.loops.riff import Riff
from plugin_host.musictime import Meter, Tempo


class Known(TypedDict, total=False):
    """What is known of a clip; what is not known is not there.

    `take` counts from 0, `takes` is how many there were. `loop` is the first and the last frame that a sampler loops.
    """

    rank: int
    takes: int
    score: Score
    tempo: Tempo
    meter: Meter
    key: Key | None
    bars: int
    form: Form
    engine: str
    weights: str
    licence: str
    warning: str
    seed: int
    take: int
    title: str
    prompt: str
    software: str
    made: str
    loop: tuple[int, int]
    sha256: str


_NAME_WORDS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "title": (r"^(.+?)_[0-9.]+bpm_", str),
    "tempo": (r"(?:^|[^0-9.])([0-9]{2,3}(?:\.[0-9]{1,3})?)[ _-]?[bB][pP][mM]", Tempo.parse),
    "key": (r"_([A-G](?:sharp|b)?(?:maj|min))_", Key.parse),
    "bars": (r"_([0-9]{1,2})bars_", int),
    "rank": (r"_r([0-9]{1,2})$", int),
}
"""Where in a name what stands, and how it is read. `daw_bridge.deliveries.names` writes them so."""


STRANGE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, HostError)
"""What reading a sidecar of somebody else's can raise."""


_BOTH = " and "  # between two licences that both hold

_LARGEST_STORY = 1 << 22  # bytes; a sidecar is a page or two


def beside(path: Path) -> tuple[Known, str]:
    """Read the sidecar of the sound at `path`; return what it says, and what is wrong with it. None is no mistake."""
    story = path.parent / f"{path.name.removesuffix(path.suffix)}.json"
    try:
        with story.open("rb") as file:
            return from_story(json.loads(file.read(_LARGEST_STORY))), ""
    except FileNotFoundError:
        return Known(), ""
    except (OSError, RecursionError, *STRANGE) as error:
        return Known(), f"{story.name} is left aside: it is no sidecar of ours ({type(error).__name__}: {error})"


def from_name(stem: str) -> Known:
    """Read the name of a file, without its extension. Of a name that is not ours, the tempo may still be told."""
    known = Known()
    for word, (pattern, parse) in _NAME_WORDS.items():
        match = re.search(pattern, stem)
        if match is not None:
            with suppress(HostError):  # 5bpm or 1000bpm is no tempo
                known[word] = parse(match[1])  # type: ignore[literal-required] # the table has the dict's own keys
    return known


def from_chunks(chunks: Riff) -> Known:
    """Read what the chunks say. A tempo or meter that is none (some writers leave 0) is passed over."""
    known = Known()
    if chunks.acid is not None:
        known["form"] = Form.ONE_SHOT if chunks.acid.one_shot else Form.LOOP
        with suppress(HostError):
            known["tempo"] = Tempo.parse(chunks.acid.tempo)
        with suppress(HostError):
            known["meter"] = Meter.parse(chunks.acid.meter)
    if chunks.loop is not None:
        known["loop"] = chunks.loop
    for word, name in (("title", "INAM"), ("prompt", "ICMT"), ("software", "ISFT")):
        if chunks.info.get(name):
            known[word] = chunks.info[name]  # type: ignore[literal-required] # these three are texts
    return known


def from_story(story: Mapping[str, Any]) -> Known:
    """Read a sidecar. Raises one of `STRANGE` for what is none of ours."""
    clip, plan, engine = story["clip"], story["plan"], story["engine"]
    return Known(
        rank=int(clip["rank"]),
        take=int(clip["take"]),
        takes=int(plan["takes"]),
        seed=int(clip["seed"]),
        form=Form(clip["form"]),
        tempo=_tempo(str(clip["tempo"])),
        meter=Meter.parse(clip["meter"]),
        key=Key.parse(clip["key"] or "none"),
        bars=int(clip["bars"]),
        score=_score(story["score"]),
        engine=f"{engine['name']} {engine['version']}",
        weights=str(engine.get("weights") or ""),
        licence=_licence(story),
        warning=str((story.get("take_facts") or {}).get("warning") or ""),
        title=str(story["title"]),
        prompt=str(story["prompt"]),
        software=f"daw-bridge {story['version']}",
        made=str(story["made"]),
        sha256=str(story["file"]["sha256"]),
    )


def _licence(story: Mapping[str, Any]) -> str:
    """Return what its weights, and those of what it was mixed of, allow of a clip: each licence once."""
    mixed = story.get("take_facts") or {}
    told = (story["engine"]["licence"], mixed.get("first_licence"), mixed.get("second_licence"))
    return _BOTH.join(dict.fromkeys(each for licence in told if licence for each in str(licence).split(_BOTH)))


def _tempo(text: str) -> Tempo:
    """Read a tempo as a sidecar has it: a decimal, or where that would not be exact, a fraction."""
    return Tempo(Fraction(text)) if "/" in text else Tempo.parse(text)


def _score(told: Mapping[str, Any]) -> Score:
    """Read a score. A sidecar tells NaN and infinity as text, which `float` reads."""
    return Score(
        value=float(told["value"]),
        parts={str(name): float(part) for name, part in told["parts"].items()},
        weights={str(name): float(weight) for name, weight in told["weights"].items()},
        faults=tuple(str(fault) for fault in told["faults"]),
        evidence=dict(told["evidence"]),
    )
