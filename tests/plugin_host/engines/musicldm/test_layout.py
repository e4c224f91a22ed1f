"""How loops lie on the model's frames: near, exact, and refused where they cannot be."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from checkpoints import FULL, PUBLISHED
from hypothesis import assume, given
from hypothesis import strategies as st

from plugin_host.engines.musicldm import checkpoint
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.engines.musicldm.layout import LEAST_REMAINDER, lay_out
from plugin_host.errors import OutOfRange
from plugin_host.musictime import Grid, Meter, Tempo

BOUND = 0.08


def test_the_measures_are_read_off_the_configurations(tiny: Path) -> None:
    """The tiny checkpoint's own, and those of the published architecture."""
    assert Geometry.of(checkpoint.locate(str(tiny))) == Geometry(16_000, 160, 4, 16, 4, 2, 32, 18)
    vocoder = {
        "sampling_rate": 16_000,
        "upsample_rates": [5, 4, 2, 2, 2],
        "upsample_kernel_sizes": [16, 16, 8, 4, 4],
        "resblock_kernel_sizes": [3, 7, 11],
        "resblock_dilation_sizes": [[1, 3, 5]] * 3,
        **FULL.vocoder,
    }
    assert Geometry.read({**FULL.unet, "in_channels": 8}, FULL.vae, vocoder) == PUBLISHED


def grid(bpm: str, meter: str, bars: int) -> Grid:
    """Return a grid at a rate that plays no part."""
    return Grid(Tempo.parse(bpm), Meter.parse(meter), bars, 48_000)


@given(
    bpm=st.fractions(20, 999),
    numerator=st.integers(1, 32),
    denominator=st.sampled_from((1, 2, 4, 8, 16, 32)),
    bars=st.integers(1, 64),
    variation=st.sampled_from((0.0, 0.5)),
)
def test_every_loop_is_made_within_the_bounds(
    bpm: Fraction, numerator: int, denominator: int, bars: int, variation: float
) -> None:
    """The ring is a multiple of the stride, the correction within its bound, and hardly anything left to the rate."""
    asked = Grid(Tempo(bpm), Meter(numerator, denominator), bars, 48_000)
    bar = PUBLISHED.latents(asked.seconds) / bars
    assume(bar >= 1)
    layout = lay_out(asked, PUBLISHED, variation, BOUND)
    assert layout.latents % PUBLISHED.stride == 0
    assert layout.bars * layout.tiles == bars
    assert abs(layout.correction) <= BOUND
    assert abs(layout.remainder) <= LEAST_REMAINDER
    made = layout.mel * (1 + layout.remainder) / layout.laps
    assert made == pytest.approx(float(layout.bars * bar * PUBLISHED.scale))
    assert layout.cut <= 1 or layout.laps % layout.tiles == 0


def test_where_bars_are_alike_one_is_computed() -> None:
    """At 125 BPM a bar is 48 latent frames, of which nothing is to be corrected; 16 bars cost what 4 do."""
    four, sixteen = (lay_out(grid("125", "4/4", bars), PUBLISHED, 0.0, BOUND) for bars in (4, 16))
    assert (four.bars, four.latents, four.mel, four.correction) == (1, 48, 192, 0.0)
    assert (sixteen.latents, sixteen.mel) == (four.latents, four.mel)


def test_a_bar_that_is_too_far_off_is_made_in_twos() -> None:
    """At 136 BPM a bar is 44.1 latent frames: 48 would be 8.8 % off, and two bars in 88 are 0.3 %."""
    layout = lay_out(grid("136", "4/4", 4), PUBLISHED, 0.0, BOUND)
    assert (layout.bars, layout.latents) == (2, 88)
    assert abs(layout.correction) < 0.003


def test_where_bars_differ_the_whole_clip_is_one_ring() -> None:
    """Four bars at 120 BPM are 200 latent frames, and nothing is corrected."""
    layout = lay_out(grid("120", "4/4", 4), PUBLISHED, 0.1, BOUND)
    assert (layout.bars, layout.turns, layout.latents, layout.correction) == (4, 1, 200, 0.0)


def test_what_is_too_short_for_a_ring_goes_round_more_than_once() -> None:
    """A bar at 300 BPM is 20 latent frames: two turns of it are 40."""
    layout = lay_out(grid("300", "4/4", 1), PUBLISHED, 0.5, BOUND)
    assert (layout.turns, layout.latents, layout.cut) == (2, 40, 2)


def test_a_bar_shorter_than_a_latent_frame_is_refused() -> None:
    """The answer names both lengths, and what to change."""
    with pytest.raises(OutOfRange, match=r"lasts 8 ms.*shortest frame is 40 ms.*slower tempo"):
        lay_out(grid("999", "1/32", 64), PUBLISHED, 0.5, BOUND)


def test_a_bound_of_nothing_is_refused_where_it_cannot_be_kept() -> None:
    """The answer names the setting."""
    with pytest.raises(OutOfRange, match=r"at most 0 %; raise musicldm\.correction"):
        lay_out(grid("133.7", "4/4", 1), PUBLISHED, 0.5, 0.0)


BEATEN = replace(PUBLISHED, scale=8, stride=4, beat=8)
"""The measures of a model that learnt a quarter note as eight latent frames, which are 80 ms long as time passes."""


@given(
    bpm=st.fractions(47, 187),
    meter=st.sampled_from(("4/4", "3/4", "7/8", "5/4", "6/8")),
    bars=st.integers(1, 16),
    variation=st.sampled_from((0.0, 0.5)),
)
def test_a_model_that_counts_in_beats_is_given_whole_beats(
    bpm: Fraction, meter: str, bars: int, variation: float
) -> None:
    """At any ordinary tempo a sixteenth is two latent frames; the mel is as long as time passes, and makes the tempo."""
    asked = Grid(Tempo(bpm), Meter.parse(meter), bars, 48_000)
    layout = lay_out(asked, BEATEN, variation, BOUND)
    quarters = layout.bars * layout.turns * asked.meter.bar
    assert layout.latents == 8 * quarters
    made = layout.mel * (1 + layout.remainder) / layout.laps
    assert made == pytest.approx(float(BEATEN.latents(asked.seconds) / bars * layout.bars * BEATEN.scale))
    assert layout.latents * (1 + layout.correction) == pytest.approx(float(BEATEN.latents(asked.seconds) / bars) * layout.bars * layout.turns)  # fmt: skip


@given(bpm=st.fractions(20, 999), quarters=st.integers(1, 64))
def test_beats_are_counted_an_octave_off_before_a_mel_is_stretched_too_far(bpm: Fraction, quarters: int) -> None:
    """To twice its length at most, and to half at least; and always by halves and doubles of what was learnt."""
    seconds = 60 * quarters / bpm
    ring = BEATEN.ring(seconds, Fraction(quarters))
    assert Fraction(1, 2) <= BEATEN.latents(seconds) / ring <= 2
    times = ring / (8 * quarters)
    assert times in {Fraction(2) ** power for power in range(-5, 6)}


def test_a_model_that_knows_no_beats_is_given_time_as_it_passes() -> None:
    """The published one: nothing is counted."""
    assert PUBLISHED.ring(Fraction(8), Fraction(16)) == PUBLISHED.latents(Fraction(8)) == 200
