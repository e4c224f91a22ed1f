"""The laws of a take: its length, its bytes, its level, its seam, and how it stops."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugin_host.audio import Samples
from plugin_host.engine import Form, Plan, Shape, Take, Watch
from plugin_host.engines.sketch import SketchEngine, engine
from plugin_host.engines.sketch.arrange import arrange
from plugin_host.engines.sketch.brief import settle
from plugin_host.engines.sketch.chart import Chart
from plugin_host.engines.sketch.engine import _written
from plugin_host.engines.sketch.score import Score
from plugin_host.engines.sketch.styles import STYLES
from plugin_host.errors import BadValue, Cancelled, OutOfRange
from plugin_host.musictime import Grid, Meter, Tempo

ONE_PART = ("drums", "kick", "snare", "hats", "percussion", "bass", "chords", "pad", "lead", "arp")
Render = Callable[..., Take]
GridOf = Callable[..., Grid]

TEMPI = ("20", "59.94", "92.5", "120", "133.7", "174", "300", "999")
METERS = ("4/4", "3/4", "7/8", "5/4", "12/8")
PARTS = ("kick", "snare", "hats", "percussion", "bass", "chords", "pad", "lead", "arp", "texture", "drone", "riser")


def takes(plan: Plan, watch: Watch) -> list[Take]:
    """Return all takes of a plan."""
    return list(SketchEngine({}).takes(plan, watch))


@pytest.mark.parametrize(("bars", "rate"), [(1, 96_000), (2, 44_100), (3, 22_050), (4, 8_000)])
@pytest.mark.parametrize("meter", METERS)
def test_every_take_has_exactly_the_frames_of_its_grid(
    render: Render, grid: GridOf, meter: str, bars: int, rate: int
) -> None:
    """At any tempo a take is as long as its grid says, to the frame, at the grid's own rate, and a ring."""
    for tempo in TEMPI:
        where = grid(tempo, meter, bars, rate)
        take = render("drums and bass", where)
        assert (take.audio.frames, take.audio.rate, take.audio.channels) == (where.frames, rate, 2)
        assert take.shape is Shape.RING


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tempo=st.decimals(20, 999, places=2),
    meter=st.builds(Meter, st.integers(1, 32), st.sampled_from((1, 2, 4, 8, 16, 32))),
    bars=st.integers(1, 8),
    rate=st.sampled_from((8_000, 11_025, 22_050, 48_000)),
    seed=st.integers(0, 2**63 - 1),
    part=st.sampled_from(PARTS),
    form=st.sampled_from(Form),
    variation=st.sampled_from((0.0, 0.5, 1.0)),
)
def test_whatever_is_asked_can_be_heard_and_is_sound(  # noqa: PLR0917 - one argument a dimension of the space
    render: Render,
    tempo: str,
    meter: Meter,
    bars: int,
    rate: int,
    seed: int,
    part: str,
    form: Form,
    variation: float,
) -> None:
    """Every part in every bar is finite, between -6 and -0.5 dBFS at its peak, and without DC."""
    where = Grid(Tempo.parse(tempo), meter, bars, rate)
    if where.seconds > 12:
        where = replace(where, tempo=Tempo.parse(999), bars=1)
    audio = render(part, where, seed, form=form, variation=variation).audio
    assert np.isfinite(audio.samples).all()
    assert 0.5 <= audio.peak <= 0.945
    assert form is Form.ONE_SHOT or np.abs(audio.samples.mean(axis=0)).max() < 0.01


@settings(max_examples=150, deadline=None)
@given(
    style=st.sampled_from(sorted(STYLES)),
    part=st.sampled_from(ONE_PART),
    tempo=st.integers(60, 190),
    meter=st.sampled_from(METERS),
    bars=st.sampled_from((1, 2, 4)),
    seed=st.integers(0, 2**63 - 1),
)
def test_no_ordinary_plan_is_refused_for_want_of_luck(  # noqa: PLR0917 - one argument a dimension of the space
    style: str, part: str, tempo: int, meter: str, bars: int, seed: int
) -> None:
    """Whatever style, part, tempo, meter and seed: there is something to play."""
    where = Grid(Tempo.parse(tempo), Meter.parse(meter), bars, 8_000)
    _, score = _written(Plan(style, where, seed, takes=1, hints={"style": style, "parts": part}), seed)
    assert not score.silent


def test_a_seed_that_draws_nothing_but_rests_plays_what_the_next_one_does(grid: GridOf, onlooker: Watch) -> None:
    """To the byte, and the take says so; the others are as if there were no such seeds."""
    hints = {"style": "drum and bass", "parts": "chords", "chords": "rhodes"}
    plan = Plan("drum and bass", grid(146, rate=8_000), 0, takes=1, hints=hints)
    silent = next(seed for seed in range(400) if arrange(Chart.of(settle(plan, seed), plan, seed)).silent)
    one, other = (takes(replace(plan, seed=seed), onlooker)[0] for seed in (silent, silent + 1))
    assert one.audio.samples.tobytes() == other.audio.samples.tobytes()
    assert one.facts["drawn_again"] == 1 + int(str(other.facts.get("drawn_again", 0)))
    assert one.seed == silent
    assert {"drawn_again"} == one.facts.keys() - takes(replace(plan, seed=1), onlooker)[0].facts.keys()


def test_a_bar_without_room_for_anything_is_refused(grid: GridOf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for want of luck, but when no chance has drawn anything."""
    monkeypatch.setattr(engine, "arrange", lambda _chart: Score((), (), {}))
    with pytest.raises(BadValue, match="nothing is left to play in so short a bar"):
        _written(Plan("house", grid(), 0, takes=1), 0)


@pytest.mark.parametrize("style", STYLES)
def test_styles_are_equally_loud_and_not_clipped(render: Render, grid: GridOf, style: str) -> None:
    """Each style lies within 3 dB of -15 dBFS RMS, and its peaks are round: full scale is no plateau."""
    samples = render(style, grid(120, bars=4)).audio.samples
    loudness = 10 * np.log10(np.square(samples).mean())
    assert -18 < loudness < -12
    peak = np.abs(samples).max()
    assert (np.abs(samples) > peak * 0.9999).sum() < 8


def test_the_same_plan_gives_the_same_bytes(render: Render) -> None:
    """Two renderings of one plan are equal, byte for byte."""
    first, second = (render("house with pad").audio.samples.tobytes() for _ in range(2))
    assert first == second


def test_another_process_gives_the_same_bytes() -> None:
    """Nothing depends on the process: neither hash seeds nor the number of threads."""
    program = (
        "import hashlib; from plugin_host.engine import Plan; from plugin_host.engines.sketch import SketchEngine\n"
        "from plugin_host.musictime import Grid, Meter, Tempo\n"
        "class Watch:\n    def step(self, stage, fraction): pass\n"
        "plan = Plan('jungle', Grid(Tempo.parse(165), Meter(4, 4), 2, 48000), 7, takes=1)\n"
        "print(hashlib.sha256(next(SketchEngine({}).takes(plan, Watch())).audio.samples.tobytes()).hexdigest())"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={
                "PYTHONHASHSEED": seed,
                "OPENBLAS_NUM_THREADS": threads,
                "PYTHONPATH": ":".join(filter(None, sys.path)),
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, threads in (("1", "1"), ("2", "2"))
    }
    assert len(answers) == 1


def test_other_seeds_differ_audibly(render: Render) -> None:
    """Takes of one prompt have little in common but their style: no two of six are alike in notes and sound."""
    sounds = [render("house", seed=seed).audio.mono() for seed in range(6)]
    alike = [
        float(np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b))) for i, a in enumerate(sounds) for b in sounds[:i]
    ]
    assert max(alike) < 0.9


def test_a_take_can_be_made_again_alone(grid: GridOf, onlooker: Watch) -> None:
    """A plan with the seed of any take, and one take, makes that take again, byte for byte."""
    plan = Plan("techno", grid(130), 5, takes=3)
    for take in takes(plan, onlooker):
        (again,) = takes(replace(plan, seed=take.seed, takes=1), onlooker)
        assert again.audio.samples.tobytes() == take.audio.samples.tobytes()
        assert again.facts == take.facts


def test_at_variation_0_bars_repeat(render: Render, grid: GridOf) -> None:
    """With nothing to vary, each bar of a ring is the one before: what differs is 60 dB down (and a pad's beating)."""
    samples = render("house, only drums and bass", grid(120, bars=4), variation=0.0).audio.samples
    bars = np.split(samples, 4)
    for bar in bars[1:]:
        assert np.square(bar - bars[0]).mean() < 1e-6 * np.square(bars[0]).mean()


def test_at_variation_1_bars_differ(render: Render, grid: GridOf) -> None:
    """With everything to vary, no bar of four is another."""
    bars = np.split(render("house, only drums and bass", grid(120, bars=4), variation=1.0).audio.samples, 4)
    for place, bar in enumerate(bars):
        for other in bars[:place]:
            assert np.square(bar - other).mean() > 0.02 * np.square(bar).mean()


def test_without_the_drums_the_rest_stays_as_it_was(render: Render) -> None:
    """Parts throw dice of their own: key, progression and sounds are the same with and without drums."""
    full, rest = render("techno").facts, render("techno, no drums").facts
    same = ("style", "key", "scale", "progression", "timbres", "swing", "kit")
    assert {name: full[name] for name in same} == {name: rest[name] for name in same}


def test_a_one_shot_ends_in_silence_and_starts_at_once(render: Render) -> None:
    """A one-shot fades to nothing by its last frame; its tail does not come round to its start."""
    samples = render("impact", form=Form.ONE_SHOT).audio.samples
    assert np.abs(samples[-1]).max() < 1e-4
    assert np.abs(samples[-480:]).max() < 0.02
    assert np.abs(samples[:4800]).max() > 0.3


def test_cancelling_stops_at_the_next_step(grid: GridOf) -> None:
    """Whenever the watch says stop, nothing more is made: `Cancelled` comes straight out."""

    class Stopper:
        """Cancels at the report of a number."""

        def __init__(self, last: int) -> None:
            self.left = last

        def step(self, stage: str, fraction: float) -> None:
            """Count down and stop."""
            assert self.left > 0, (stage, fraction)
            self.left -= 1
            if not self.left:
                raise Cancelled

    for last in (1, 2, 10, 60):
        with pytest.raises(Cancelled):
            takes(Plan("house", grid(), 1, takes=4), Stopper(last))


def test_progress_never_falls_and_names_its_stages(grid: GridOf, onlooker: Watch) -> None:
    """Reports go from 0 to 1 over all takes, many to a take."""
    takes(Plan("house with pad", grid(bars=4), 1, takes=2), onlooker)
    stages, fractions = zip(*onlooker.steps, strict=True)  # type: ignore[attr-defined]
    assert list(fractions) == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert set(stages) == {"arrange", "drums", "bass", "chords", "lead", "mix"}
    assert len(fractions) > 200


def test_facts_can_go_into_a_sidecar_and_say_sketch(render: Render) -> None:
    """All facts are plain values, and the first thing they say is who played."""
    facts = render("dark dub techno in A minor").facts
    assert facts["engine"] == "sketch"
    assert facts["key"] == "A minor"
    assert json.loads(json.dumps(dict(facts))) == dict(facts)


def test_more_than_ten_minutes_is_refused(grid: GridOf, onlooker: Watch) -> None:
    """A clip longer than the engine promises is out of range, and the message says what to do."""
    with pytest.raises(OutOfRange, match="fewer bars"):
        takes(Plan("ambient", grid(20, "32/4", 64), 1), onlooker)


def test_settings_that_do_not_exist_are_refused() -> None:
    """The engine has no settings; one that is given is a mistake worth hearing of."""
    with pytest.raises(BadValue, match="polyphony"):
        SketchEngine({"polyphony": 8})


@pytest.mark.parametrize("prompt", ["", "🎛️🥁🔥", "日本語のビート", "\x00\x1b[31m", "%s {0} $(ls)", "beat " * 400])
def test_any_prompt_makes_music(render: Render, grid: GridOf, prompt: str) -> None:
    """What is not understood is let be; the seed and the tempo choose a style."""
    assert render(prompt, grid(bars=1)).facts["style"] in STYLES


def seam(samples: Samples) -> tuple[float, float]:
    """Return how much of the clip jumps less, and has less spectral flux, than its seam does (0–1)."""
    mono = samples.mean(axis=1)
    jumps = np.abs(np.diff(mono))
    window, hop = 2048, 512
    ring = np.concatenate([mono[-window:], mono, mono[:window]])
    starts = range(0, len(ring) - window, hop)
    spectra = np.array([np.abs(np.fft.rfft(ring[at : at + window] * np.hanning(window))) for at in starts])
    flux = np.maximum(np.diff(np.log1p(100 * spectra), axis=0), 0).sum(axis=1)
    across = flux[window // hop - 2 : window // hop + 2].max()
    return float((jumps < abs(mono[0] - mono[-1])).mean()), float((flux < across).mean())


@pytest.mark.parametrize("style", [*STYLES, "pad", "dark drone", "bass line", "only drums"])
def test_the_seam_is_no_worse_than_the_inside(render: Render, grid: GridOf, style: str) -> None:
    """Neither the jump from last frame to first nor the flux across it is beyond the 95th percentile inside."""
    jump, flux = seam(render(style, grid(120, bars=4), seed=3).audio.samples)
    assert jump <= 0.95
    assert flux <= 0.95
