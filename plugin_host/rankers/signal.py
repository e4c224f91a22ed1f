"""Hears whether a take is sound, in time and seamless. It needs no model, and takes milliseconds.

Two parts come out, `beat` and `seam`, beside the faults. Nothing here depends on how loud a take is, except silence.
"""

from collections.abc import Mapping

from plugin_host.audio import Audio
from plugin_host.engine import Fact, Form, Plan
from plugin_host.rank import Verdict
from plugin_host.rankers import faults, gridfit, onsets, seam, spectrum

FEWEST_ONSETS = 4
"""A clip with fewer has no beat that could be wrong: a pad, a drone, a riser."""

FORGIVEN = 0.003
"""Seconds of error that nobody hears, and that the measurement itself may have."""

HALVED = 0.012
"""So many seconds beyond that, an error halves the part."""

FULL_HOLD = 0.5
"""A hold of the grid at which the part is not lessened: syncopation, flams and rolls are music."""


class SignalRanker:
    """Judges by the signal alone. Holds nothing, so one can serve all threads."""

    def judge(self, audio: Audio, plan: Plan) -> Verdict:
        """Measure one fitted take; `audio` holds all bars of the plan's grid. Thread: any."""
        sound, rate = spectrum.coarse(audio)
        loudness = spectrum.loudness(sound, rate, plan.form)
        strong = onsets.find(sound, rate, loudness, plan.form)
        beat, heard = _beat(strong, audio, plan)
        join = seam.measure(audio, loudness, strong) if plan.form is Form.LOOP else seam.Seam(1.0, {})
        return Verdict(
            parts={"beat": beat, "seam": join.part},
            faults=faults.find(audio, plan.grid),
            evidence={"peak_dbfs": faults.decibels(audio.peak), **heard, **join.evidence},
        )


def _beat(strong: onsets.Onsets, audio: Audio, plan: Plan) -> tuple[float, Mapping[str, Fact]]:
    """Return how well the strong onsets lie on the grid, 0–1, and the numbers behind it."""
    count = len(strong.seconds)
    if count < FEWEST_ONSETS:
        return 1.0, {"onsets": count, "beatless": True}
    fit = gridfit.measure(strong, plan.grid, audio.frames / audio.rate)
    late = max(0.0, fit.error - FORGIVEN) / HALVED
    part = min(1.0, max(0.0, fit.hold) / FULL_HOLD) / (1 + late**2)
    return part, {
        "onsets": count,
        "beatless": False,
        "grid_error_ms": 1000 * fit.error,
        "grid_error_p95_ms": 1000 * fit.error_p95,
        "grid_offset_ms": 1000 * fit.offset,
        "grid_division": fit.division,
        "swing": fit.swing,
        "beat_strength": fit.hold,
    }
