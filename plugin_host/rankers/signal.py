"""Hears whether a take is sound, in time and seamless. It needs no model, and takes milliseconds.

Two parts come out, `beat` and `seam`, beside the faults. Nothing here depends on how loud a take is, except silence.
"""

from plugin_host.audio import Audio
from plugin_host.engine import Form, Plan
from plugin_host.rank import Verdict
from plugin_host.rankers import beat, faults, material, onsets, seam, spectrum


class SignalRanker:
    """Judges by the signal alone. Holds nothing, so one can serve all threads."""

    def judge(self, audio: Audio, plan: Plan) -> Verdict:
        """Measure one fitted take; `audio` holds all bars of the plan's grid. Thread: any."""
        sound, rate = spectrum.coarse(audio)
        loudness = spectrum.loudness(sound, rate, plan.form)
        strong = onsets.find(sound, rate, loudness, plan.form)
        made_of = material.tell(sound, rate, loudness, strong, plan.form)
        heard = beat.measure(strong, made_of, plan.grid, audio.frames / audio.rate)
        join = seam.measure(audio, loudness, strong) if plan.form is Form.LOOP else seam.Seam(1.0, {})
        return Verdict(
            parts={"beat": heard.part, "seam": join.part},
            faults=faults.find(audio, plan.grid),
            evidence={"peak_dbfs": faults.decibels(audio.peak), **heard.evidence, **join.evidence},
        )
