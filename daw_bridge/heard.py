"""What was measured of a clip's beat, in words that a producer uses: for a warning, for `inspect` and for its picture."""

from collections.abc import Mapping

from plugin_host.clip import Score
from plugin_host.engine import Fact
from plugin_host.rankers.beat import AS_ASKED, DOUBLE, HALF, OTHER, UNCLEAR
from plugin_host.rankers.material import Material

TIGHT_MS = 5.0
"""An error up to this is what tight players have …"""

LOOSE_MS = 15.0
"""… and from this on everybody hears it."""

AUDIBLE_DB = 3.5
"""A break at the join by so much over the largest inside is heard as a click."""

REMEDY = "ask for more takes or another seed, or move it by hand"


def verdict(evidence: Mapping[str, Fact]) -> str:
    """Say in a few words how the beat is; empty where it was not measured."""
    error, material = _number(evidence, "grid_error_ms"), evidence.get("material")
    if material == Material.BEATLESS.value:
        return "no beat: nothing begins that could be off"
    if error is None:
        return "a few tones, free to begin where they like" if material == Material.TONAL.value else ""
    complaints = complain(evidence)
    return f"off: {', '.join(complaints)}" if complaints else f"on the grid: {_milliseconds(error)} off"


def warning(score: Score, bar: float) -> str:
    """Say what is wrong with the beat of a job's best clip, if its part of the score is below `bar`; else nothing."""
    part = score.parts.get("beat", 1.0)
    if part >= bar:
        return ""
    said = ", ".join(complain(score.evidence)) or "accents beside the beats"
    return f"the beat of the best take is off: {said} (beat {part:.2f} of 1); {REMEDY}"


def complain(evidence: Mapping[str, Fact]) -> list[str]:
    """Return in a few words each what is wrong with the beat."""
    bpm = _number(evidence, "tempo_bpm") or 0.0
    drums = evidence.get("material") == Material.PERCUSSIVE.value
    said = {
        HALF: [f"half tempo ({bpm:.1f} BPM)"],
        DOUBLE: [f"double tempo ({bpm:.1f} BPM)"],
        OTHER: [f"another tempo ({bpm:.1f} BPM)"],
        UNCLEAR: ["no clear tempo"],
    }.get(str(evidence.get("tempo_relation")) if drums else "", [])
    error, late = _number(evidence, "grid_error_ms") or 0.0, _number(evidence, "grid_offset_ms") or 0.0
    if error > TIGHT_MS:
        steady = abs(abs(late) - error) < 0.25 * error
        way = ("late" if late > 0 else "early") if steady else "from the grid"
        said.append(f"{_milliseconds(error)} {way} (median)")
    return said


def tempo(evidence: Mapping[str, Fact]) -> str:
    """Say which tempo was heard, how it is to the one that was asked for, and where its first beat is."""
    bpm, phase = _number(evidence, "tempo_bpm"), _number(evidence, "phase_ms")
    if bpm is None or phase is None:
        return "no clear tempo" if evidence.get("tempo_relation") == UNCLEAR else ""
    relation = {AS_ASKED: "as asked", HALF: "half", DOUBLE: "double", OTHER: "not what was asked"}
    named = relation.get(str(evidence.get("tempo_relation")), "")
    return f"{bpm:.2f} BPM ({named}), first beat {_signed(phase)}"


def grid(evidence: Mapping[str, Fact]) -> str:
    """Say how far the strong onsets are from the grid, and on which lines they were looked for."""
    median, most = _number(evidence, "grid_error_ms"), _number(evidence, "grid_error_p95_ms")
    if median is None or most is None:
        return ""
    lines = str(evidence.get("grid_division", ""))
    swing = _number(evidence, "swing") or 0.5
    swung = f", swing {100 * swing:.0f} %" if "swung" in lines else ""
    return f"{_milliseconds(median)} off (median), {_milliseconds(most)} (95 %), on {lines} lines{swung}"


def seam(evidence: Mapping[str, Fact]) -> str:
    """Say how the join of a loop is to its inside."""
    excess = _number(evidence, "seam_break_db")
    if excess is None:
        return ""
    return f"a break, {excess:.0f} dB over any inside" if excess > AUDIBLE_DB else "none that could be heard"


def _number(evidence: Mapping[str, Fact], name: str) -> float | None:
    """Return a number of the evidence, None where there is none: sidecars of others may hold anything."""
    value = evidence.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _milliseconds(value: float) -> str:
    """Write milliseconds as precisely as they are measured."""
    return f"{value:.1f} ms" if value < 10 else f"{value:.0f} ms"


def _signed(value: float) -> str:
    """Write a lateness with its direction."""
    if abs(value) < 0.5:
        return "on the line"
    return f"{_milliseconds(abs(value))} {'late' if value > 0 else 'early'}"
