"""The birth certificate of a clip: a JSON beside its WAV, with all that it takes to make the same clip again."""

import json
import math
from collections.abc import Mapping
from decimal import Decimal, localcontext
from enum import Enum
from fractions import Fraction
from typing import Any

import numpy as np

from daw_bridge.deliveries.order import Order
from daw_bridge.deliveries.wav import Depth
from plugin_host.clip import Clip, ClipFacts, Score
from plugin_host.engine import Capabilities

_MOST_DIGITS = 60


def certificate(clip: Clip, order: Order, depth: Depth, sha256: str) -> dict[str, Any]:
    """Tell the story of `clip`: whose it is, what its job has in common, and then what is its own.

    With the `plan`, the same engine and one take of the seed in `clip`, the same clip comes out; `sha256`, of the
    sound alone, proves it. The file's own name is not in it: a file may be moved.
    """
    return {
        "job": order.job,
        "title": order.title,
        "prompt": order.prompt,
        **order.certificate,
        "engine": _engine(clip.facts.engine),
        "clip": _clip(clip.facts, order),
        "score": _score(clip.facts.score),
        "fit": clip.facts.fit,
        "take_facts": clip.facts.take_facts,
        "unused": clip.facts.unused,
        "timings": clip.facts.timings,
        "file": {
            "depth": depth.value,
            "rate": clip.audio.rate,
            "channels": clip.audio.channels,
            "frames": clip.audio.frames,
            "sha256": sha256,
        },
    }


def text(story: Mapping[str, Any]) -> bytes:
    """Write `story` as strict JSON, in its own order, in UTF-8.

    JSON has no NaN and no infinity: they are told as the texts "nan", "inf" and "-inf". A null would hide that
    something was measured and came out wrong. Exact rationals become exact text.
    """
    written = json.dumps(_plain(story), ensure_ascii=False, allow_nan=False, indent=2)
    # Half a surrogate pair has no UTF-8. Its escape \udxxx is good JSON, and reads back as it was.
    return f"{written}\n".encode("utf-8", "backslashreplace")


def _clip(facts: ClipFacts, order: Order) -> dict[str, Any]:
    """Tell what is musical about a clip, and which of its job it is."""
    return {
        "rank": facts.rank,
        "take": facts.take,
        "seed": facts.seed,
        "form": facts.form.value,
        "tempo": facts.grid.tempo.quarters_per_minute,
        "meter": str(facts.grid.meter),
        "key": None if order.key is None else str(order.key),
        "bars": facts.grid.bars,
        "beats": facts.grid.beats,
        "frames": facts.grid.frames,
    }


def _engine(engine: Capabilities) -> dict[str, Any]:
    """Tell who made it, from which weights, and what their licence allows."""
    return {
        "name": engine.name,
        "version": engine.version,
        "weights": engine.weights,
        "revision": engine.revision,
        "licence": engine.licence,
    }


def _score(score: Score) -> dict[str, Any]:
    """Tell a score with all that went into it."""
    return {
        "value": score.value,
        "parts": score.parts,
        "weights": score.weights,
        "faults": score.faults,
        "evidence": score.evidence,
    }


def _plain(value: Any) -> Any:
    """Turn `value`, and all that is in it, into what JSON has."""
    match value:
        case Mapping():
            return {str(name): _plain(part) for name, part in value.items()}
        case list() | tuple():
            return [_plain(part) for part in value]
        case set() | frozenset():
            return sorted(str(_plain(part)) for part in value)
        case Enum():
            return _plain(value.value)
        case np.generic():
            return _plain(value.item())
        case _:
            return _plain_scalar(value)


def _plain_scalar(value: Any) -> str | int | float | None:
    """Turn a single value into one that JSON has; what it has no word for is told as text."""
    match value:
        case float() if not math.isfinite(value):
            return str(value)
        case Fraction():
            return _exact_text(value)
        case str() | int() | float() | None:
            return value
        case _:
            return str(value)


def _exact_text(number: Fraction) -> str:
    """Write `number` so that not a digit is lost: "92.5" as a decimal if it is one, "400/3" as a fraction if not."""
    with localcontext(prec=_MOST_DIGITS):
        decimal = Decimal(number.numerator) / Decimal(number.denominator)
        return f"{decimal:f}" if Fraction(decimal) == number else str(number)
