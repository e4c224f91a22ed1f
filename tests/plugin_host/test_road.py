"""The laws of `plugin_host.road`: any tempo within the limits becomes the plan's, and what cannot is told."""

from fractions import Fraction

import numpy as np
import pytest
import sounds
from free import at_tempo, clips, enough
from measures import onset_errors, seam

from plugin_host.audio import Audio
from plugin_host.engine import Form, Shape, Take
from plugin_host.errors import EngineFailed
from plugin_host.fit import Fitted
from plugin_host.musictime import Grid
from plugin_host.rankers.signal import SignalRanker
from plugin_host.road import LIMITS, NUDGE_SECONDS, travelled

GRID = sounds.grid(120, bars=2)
WITHIN = [Fraction(text) for text in ("0.85", "0.9", "0.95", "0.993", "1", "1.007", "1.05", "1.1", "1.15")]


def brought(loop: Audio, on: Grid = GRID, form: Form = Form.LOOP) -> Fitted:
    """Bring what an engine played home."""
    return travelled(Take(index=0, seed=1, audio=loop, shape=Shape.FREE), sounds.plan(on, form))


def played(on: Grid, ratio: Fraction, groove: str = "rock") -> Audio:
    """Play a groove at another tempo, for as long as an engine should."""
    return enough(sounds.groove(at_tempo(on, ratio), groove), on)


@pytest.mark.parametrize("groove", ["rock", "boom bap"])
@pytest.mark.parametrize("ratio", WITHIN)
def test_a_loop_at_a_tempo_of_its_own_comes_out_on_the_grid(groove: str, ratio: Fraction) -> None:
    """Exact frames, a quiet seam, and every hit within 10 ms of where the same loop has it at the plan's tempo."""
    done = brought(played(GRID, ratio, groove))
    truth = sounds.groove(GRID, groove).mono().astype(np.float64)
    errors = onset_errors(done.audio.mono().astype(np.float64), truth, GRID.rate, int(GRID.beats))
    assert done.faults == ()
    assert done.audio.frames == GRID.frames
    assert np.percentile(np.abs(errors), 95) <= 0.010
    assert SignalRanker().judge(done.audio, sounds.plan(GRID)).parts["seam"] >= 0.9
    assert seam(done.audio.samples.astype(np.float64), GRID.bars).flux_against_bars <= 1.25
    assert done.facts["tempo_found"] == pytest.approx(
        120 * float(ratio) / float(str(done.facts["tempo_counted"])), 2e-3
    )


@pytest.mark.parametrize(
    ("ratio", "means"), [("0.95", "stretched"), ("0.993", "resampled"), ("1", "cut"), ("1.007", "resampled")]
)
def test_the_gentlest_means_is_taken(ratio: str, means: str) -> None:
    """Nothing at all in time, the converter within one per cent, the stretcher beyond."""
    facts = brought(played(GRID, Fraction(ratio))).facts
    assert facts["road"] == means
    assert facts["tempo_stretch"] == pytest.approx(float(Fraction(ratio)), abs=2e-3)


@pytest.mark.parametrize("ratio", ["0.45", "0.5", "0.55", "1.9", "2", "2.1"])
def test_half_and_double_tempo_are_counted_as_the_plan_counts(ratio: str) -> None:
    """A loop near half or twice the tempo is as good as one near it."""
    done = brought(played(GRID, Fraction(ratio)))
    assert done.faults == ()
    assert 0.9 - 1e-3 <= float(str(done.facts["tempo_stretch"])) <= 1.1 + 1e-3


@pytest.mark.parametrize("ratio", ["0.7", "0.75", "1.3", "1.36"])
def test_beyond_the_limits_a_take_is_rejected_with_the_reason(ratio: str) -> None:
    """It is cut as it is, and its fault names both tempi and the limits."""
    done = brought(played(GRID, Fraction(ratio)))
    (fault,) = done.faults
    played_at = 120 * float(Fraction(ratio))
    assert fault.startswith((f"it was played at {played_at:.1f} BPM, ", f"it was played at {played_at / 2:.1f} BPM, "))
    assert f"{LIMITS[0]:g} to {LIMITS[1]:g} times" in fault
    assert done.audio.frames == GRID.frames
    assert done.facts["road"] == "rejected"


def test_a_rejected_take_is_ranked_last_with_the_reason() -> None:
    """Whatever else is good about it; and a job of nothing else has failed, for that reason."""
    far, near = played(GRID, Fraction("1.3")), played(GRID, Fraction("0.9"))
    ranked = clips([far, near], sounds.plan(GRID))
    assert [clip.facts.take for clip in ranked] == [1, 0]
    assert ranked[1].facts.score.value == 0
    assert "was played at 156.0 BPM" in ranked[1].facts.score.faults[0]
    with pytest.raises(EngineFailed, match=r"no take can be used: it was played at 156\.0 BPM"):
        clips([far], sounds.plan(GRID))


def test_a_take_that_is_too_short_at_its_own_tempo_is_rejected_with_both_lengths() -> None:
    """Enough frames for the plan's bars, but too few for its own."""
    loop = played(GRID, Fraction("0.85"))
    done = brought(Audio(loop.samples[: GRID.frames + 1000], loop.rate))
    (fault,) = done.faults
    assert "the 2 bars of 4/4 last 4.71 s" in fault
    assert "the take has 4.02 s" in fault
    assert done.audio.frames == GRID.frames


def test_a_take_shorter_than_the_plan_is_an_error() -> None:
    """As with any other strip, nothing is padded."""
    loop = played(GRID, Fraction(1))
    with pytest.raises(EngineFailed, match="the engine must make at least that much"):
        brought(Audio(loop.samples[: GRID.frames - 1], loop.rate))


@pytest.mark.parametrize("sound", [sounds.pad, sounds.noise])
def test_without_a_beat_a_take_is_cut_and_not_stretched(sound: sounds.Maker) -> None:
    """A pad has no tempo that could be wrong: every frame but those of the seam is the engine's own, in order."""
    loop = enough(sound(at_tempo(GRID, Fraction("0.9"))), GRID)
    done = brought(loop)
    start = round(float(str(done.facts["from_ms"])) * loop.rate / 1000)
    faded = round(float(str(done.facts["crossfade_ms"])) * loop.rate / 1000)
    assert done.faults == ()
    assert done.facts["road"] == "no beat"
    np.testing.assert_array_equal(done.audio.samples[faded:], loop.samples[start + faded : start + GRID.frames])


def test_a_pad_is_cut_where_its_ends_are_most_alike() -> None:
    """Of a tone that turns into noise for a while, a loop is found that begins and ends in the tone."""
    on = sounds.grid(120, bars=1)
    frames = np.arange(2 * on.frames)
    tone = 0.3 * np.sin(2 * np.pi * 200 * frames / on.rate)
    tone[: on.rate // 4] = 0.1 * np.random.default_rng(7).normal(size=on.rate // 4)
    done = brought(Audio(np.repeat(tone.astype(np.float32)[:, np.newaxis], 2, axis=1), on.rate), on)
    assert float(str(done.facts["likeness"])) > 0.99
    assert float(str(done.facts["from_ms"])) > 250


def test_the_first_beat_of_a_bar_comes_first() -> None:
    """Whatever stands before it: a loop that was begun three beats into the bar is cut at the next bar line."""
    on = sounds.grid(100, bars=2)
    loop = sounds.groove(at_tempo(on, Fraction("1.1")), "rock in sixteenths")
    beat = 60 / 110
    rolled = Audio(np.roll(loop.samples, -round(3 * beat * on.rate), axis=0), on.rate)
    done = brought(enough(rolled, on), on)
    assert float(str(done.facts["from_ms"])) == pytest.approx(1000 * beat, abs=3)


def test_the_end_is_moved_to_where_the_music_meets() -> None:
    """By a few milliseconds at most, and then head and tail of a bass under drums are the same sound."""
    on = sounds.grid(120, bars=2)
    other = at_tempo(on, Fraction("1.004"))
    loop = sounds.mixed(sounds.drums(other), sounds.pad(other, (55.0,)))
    facts = brought(enough(loop, on), on).facts
    assert abs(float(str(facts["nudge_ms"]))) <= 1000 * NUDGE_SECONDS
    assert float(str(facts["likeness"])) > 0.95


@pytest.mark.parametrize("ratio", ["0.9", "1.005"])
def test_a_one_shot_ends(ratio: str) -> None:
    """It comes the same way, and fades instead of wrapping."""
    done = brought(played(GRID, Fraction(ratio)), form=Form.ONE_SHOT)
    assert done.facts["seam"] == "none"
    assert done.audio.frames == GRID.frames
    assert np.abs(done.audio.samples[-1]).max() < 1e-3


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_the_way_is_open_at_any_rate(rate: int) -> None:
    """An engine's own rate is kept until the end, and the host delivers the session's."""
    own = GRID.at_rate(rate)
    (clip,) = clips([played(own, Fraction("0.92"))], sounds.plan(GRID))
    assert (clip.audio.frames, clip.audio.rate) == (GRID.frames, GRID.rate)
    assert clip.facts.fit["shape"] == "free"
    assert clip.facts.score.parts["beat"] > 0.8


def test_silence_and_broken_samples_come_through_to_be_judged() -> None:
    """The road falls over nothing: silence has no beat, and what is no number is a fault of `fit`."""
    silent = Audio(np.zeros((2 * GRID.frames, 2), np.float32), GRID.rate)
    assert brought(silent).facts["road"] == "no beat"
    broken = played(GRID, Fraction("0.9")).samples.copy()
    broken[5] = np.nan
    (fault,) = brought(Audio(broken, GRID.rate)).faults
    assert "are no numbers" in fault


def test_the_same_take_gives_the_same_bytes() -> None:
    """And channels that are equal stay equal."""
    loop = played(GRID, Fraction("0.87"))
    first, second = brought(loop).audio.samples, brought(loop).audio.samples
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first[:, 0], first[:, 1])
