"""The truth tests of `plugin_host.rankers.signal`: what is planted is found, told, and ranked last."""

import threading
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pytest
import sounds
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin_host import engines
from plugin_host.audio import Audio
from plugin_host.clip import Score
from plugin_host.engine import Form, Plan
from plugin_host.musictime import Grid
from plugin_host.rank import Verdict, best_first, score
from plugin_host.rankers.signal import SignalRanker

TEMPI = [70, 92.5, 120, 140, 174, 180]
METERS = ["4/4", "3/4", "7/8"]


def judged(clip: Audio, on: Grid, form: Form = Form.LOOP) -> Verdict:
    """Judge a clip against a grid."""
    return SignalRanker().judge(clip, sounds.plan(on, form))


def number(verdict: Verdict, name: str) -> float:
    """Return a number of the evidence."""
    value = verdict.evidence[name]
    assert isinstance(value, int | float)
    return float(value)


@pytest.mark.parametrize("bpm", TEMPI)
@pytest.mark.parametrize("meter", METERS)
@pytest.mark.parametrize("swing", [Fraction(1, 2), Fraction(55, 100), Fraction(3, 5), Fraction(66, 100)])
def test_loops_on_the_grid_get_the_full_beat(bpm: float, meter: str, swing: Fraction) -> None:
    """Drum loops at any tempo, meter and swing are in time, sound and seamless."""
    on = sounds.grid(bpm, meter)
    verdict = judged(sounds.drums(on, swing), on)
    assert verdict.parts["beat"] >= 0.99
    assert verdict.parts["seam"] == 1.0
    assert verdict.faults == ()
    assert number(verdict, "grid_error_ms") < 1


@pytest.mark.parametrize("bpm", [*TEMPI, 20, 240, 300])
def test_a_metronome_gets_the_full_beat(bpm: float) -> None:
    """So do bare clicks, even at tempi where nobody dances."""
    on = sounds.grid(bpm)
    assert judged(sounds.clicks(on), on).parts["beat"] >= 0.99


@pytest.mark.parametrize("bpm", TEMPI)
@pytest.mark.parametrize("sound", [sounds.drums, sounds.clicks])
@pytest.mark.parametrize("late", [-60, -45, -30, 30, 45, 60])
def test_takes_off_the_grid_clearly_lose(bpm: float, sound: sounds.Maker, late: float) -> None:
    """Late or early by 30 to 60 ms costs four fifths of the beat or more, at any tempo."""
    on = sounds.grid(bpm)
    assert judged(sounds.shifted(sound(on), late), on).parts["beat"] <= 0.2


@pytest.mark.parametrize("bpm", TEMPI)
@pytest.mark.parametrize("percent", [90, 95, 97, 103, 105, 110])
def test_takes_at_another_tempo_clearly_lose(bpm: float, percent: int) -> None:
    """So does a tempo that is off by three to ten per cent."""
    on = sounds.grid(bpm)
    assert judged(sounds.off_tempo(on, Fraction(percent, 100)), on).parts["beat"] <= 0.2


@settings(max_examples=25)
@given(late=st.floats(0, 25), bpm=st.sampled_from(TEMPI))
def test_a_planted_lateness_is_measured_to_a_millisecond(late: float, bpm: float) -> None:
    """The error and the offset of the evidence are what was planted."""
    on = sounds.grid(bpm)
    verdict = judged(sounds.shifted(sounds.drums(on), late), on)
    assert number(verdict, "grid_error_ms") == pytest.approx(late, abs=1)
    assert number(verdict, "grid_offset_ms") == pytest.approx(late, abs=1)


def test_the_beat_falls_steadily_with_the_error() -> None:
    """One up to 3 ms, a half at 15, a tenth at 40."""
    on = sounds.grid(60, bars=1)
    clip = sounds.drums(on)
    parts = [judged(sounds.shifted(clip, ms), on).parts["beat"] for ms in (2.5, 15, 40)]
    assert parts == pytest.approx([1.0, 0.5, 0.1], abs=0.04)


@pytest.mark.parametrize("sound", [sounds.pad, sounds.noise])
@pytest.mark.parametrize("late", [0, 37])
def test_what_has_no_beat_is_not_punished(sound: sounds.Maker, late: float) -> None:
    """Pads and textures get the full part wherever they begin, and the evidence says why."""
    on = sounds.grid()
    verdict = judged(sounds.shifted(sound(on), late), on)
    assert verdict.parts["beat"] == 1.0
    assert verdict.evidence["material"] == "beatless"


def test_a_one_shot_has_no_seam() -> None:
    """Where nothing wraps around nothing can break."""
    on = sounds.grid(bars=1)
    verdict = judged(sounds.cut(sounds.pad(sounds.grid(71)), on), on, Form.ONE_SHOT)
    assert verdict.parts["seam"] == 1.0
    assert "seam_break_db" not in verdict.evidence


def band(on: Grid, seed: int = 0) -> Audio:
    """Play drums over a chord, a little different for each seed."""
    return sounds.mixed(sounds.drums(on), sounds.pad(on, (110 + seed, 165, 220 + 2 * seed, 277)))


PLANTED: Mapping[str, tuple[sounds.Maker, str]] = {
    "silent": (lambda on: Audio(np.zeros((on.frames, 2), np.float32), on.rate), "it is silent"),
    "clipped": (lambda on: sounds.clipped(band(on)), "it is clipped"),
    "offset": (lambda on: sounds.offset(band(on)), "it has an offset"),
    "late": (lambda on: sounds.shifted(band(on), 45), "beat"),
    "too fast": (lambda on: sounds.off_tempo(on, Fraction(105, 100)), "beat"),
    "cut": (lambda on: sounds.cut(band(sounds.grid(71, bars=4)), on), "seam"),
}


@pytest.mark.parametrize("planted", sorted(PLANTED))
@pytest.mark.parametrize("place", range(4))
def test_a_planted_bad_take_ranks_last_with_its_reason(planted: str, place: int) -> None:
    """Among three good takes, wherever it stands among them, and the score tells what is wrong with it."""
    on = sounds.grid(117)
    make, reason = PLANTED[planted]
    takes = [band(on, seed) for seed in range(3)]
    takes.insert(place, make(on))
    scores = [score([judged(take, on)], {}) for take in takes]
    assert best_first(scores)[-1] == place
    assert all(each.value > 0.9 for index, each in enumerate(scores) if index != place)
    assert tells(scores[place], reason)


def tells(bad: Score, reason: str) -> bool:
    """Whether a score gives this reason, as a fault or as a part under a half."""
    return any(fault.startswith(reason) for fault in bad.faults) or bad.parts.get(reason, 1.0) < 0.5


class Onlooker:
    """A watch that only looks on."""

    def step(self, stage: str, fraction: float) -> None:
        """Let the engine go on."""


@pytest.mark.parametrize("prompt", ["house, only drums", "jungle, only drums", "hip-hop, only drums", "techno"])
def test_the_takes_of_the_sketch_engine_are_heard_as_what_they_are(prompt: str) -> None:
    """An engine that is exact by construction gets full parts, and a take of it that was moved does not."""
    on = sounds.grid(97, bars=2)
    (take,) = engines.create("sketch", {}).takes(Plan(prompt=prompt, grid=on, seed=3, takes=1), Onlooker())
    verdict = judged(take.audio, on)
    assert verdict.faults == ()
    assert verdict.parts["beat"] >= 0.95
    assert verdict.parts["seam"] == 1.0
    assert judged(sounds.shifted(take.audio, 45), on).parts["beat"] < 0.2


@settings(max_examples=15)
@given(gain=st.floats(0.1, 1))
def test_loudness_does_not_change_a_verdict(gain: float) -> None:
    """A take 20 dB quieter gets the same parts."""
    on = sounds.grid(bars=1)
    clip = sounds.shifted(sounds.drums(on), 12)
    quiet = judged(Audio(clip.samples * np.float32(gain), on.rate), on)
    assert quiet.parts == pytest.approx(judged(clip, on).parts, rel=0.02)
    assert quiet.faults == ()


def test_rolling_by_a_beat_does_not_change_the_beat() -> None:
    """A ring that starts on another beat is as well in time."""
    on = sounds.grid(bars=1)
    clip = sounds.shifted(sounds.drums(on), 12)
    later = judged(sounds.shifted(clip, 500), on)
    assert later.parts["beat"] == pytest.approx(judged(clip, on).parts["beat"], abs=0.02)


def test_a_mono_take_is_judged_like_a_stereo_one() -> None:
    """The number of channels makes no difference to parts and faults."""
    on = sounds.grid(bars=1)
    clip = sounds.drums(on)
    mono, stereo = judged(Audio(clip.samples[:, :1].copy(), on.rate), on), judged(clip, on)
    assert mono.parts == pytest.approx(stereo.parts)
    assert mono.faults == stereo.faults


def test_threads_that_judge_at_once_agree() -> None:
    """One ranker serves several threads: each gets the verdict that it would have got alone."""
    on = sounds.grid(bars=1)
    ranker, clip = SignalRanker(), sounds.shifted(sounds.drums(on), 9)
    alone = ranker.judge(clip, sounds.plan(on))
    verdicts: list[Verdict] = []
    threads = [threading.Thread(target=lambda: verdicts.append(ranker.judge(clip, sounds.plan(on)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == [alone] * 4


@settings(max_examples=40)
@given(
    bpm=st.sampled_from([20, 120, 999]),
    meter=st.sampled_from(["1/32", "1/16", "1/4", "32/4"]),
    rate=st.sampled_from([8_000, 11_025]),
    form=st.sampled_from(Form),
    seed=st.integers(0, 9),
)
def test_any_grid_gets_a_verdict_in_range(bpm: float, meter: str, rate: int, form: Form, seed: int) -> None:
    """From 60 frames to 64 beats, parts are 0–1 and all evidence is finite."""
    on = sounds.grid(bpm, meter, 1, rate)
    verdict = judged(sounds.noise(on, seed), on, form)
    assert all(0 <= part <= 1 for part in verdict.parts.values())
    assert all(np.isfinite(value) for value in verdict.evidence.values() if isinstance(value, float))
