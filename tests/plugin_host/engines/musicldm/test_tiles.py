"""The noise that a loop begins with: of unit variance, and repeating as the music should."""

import dataclasses
import math

import pytest
import torch
from checkpoints import PUBLISHED

from plugin_host.engines.musicldm import noise, tiles
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.engines.musicldm.layout import Layout, lay_out
from plugin_host.musictime import Grid, Meter, Tempo

WIDE = dataclasses.replace(PUBLISHED, bins=2048)
"""With so many frequencies that statistics are steady."""


def laid_out(bpm: str, meter: str, bars: int) -> Layout:
    """Return the layout of a clip whose bars may differ."""
    return lay_out(Grid(Tempo.parse(bpm), Meter.parse(meter), bars, 48_000), PUBLISHED, 0.5, 0.08)


def drawn(layout: Layout, meter: str, variation: float, pulse: float, geometry: Geometry = WIDE) -> torch.Tensor:
    """Return the noise of one take, shape ``(channels, time, frequency)``."""
    pattern = tiles.Pattern.of(layout, Meter.parse(meter))
    return tiles.draw(pattern, geometry, variation, pulse, noise.generators([7]))[0]


def bent(turn: float) -> float:
    """Return the angle of a blend."""
    return float(1 - (1 - turn) ** (1 / tiles.EVEN)) * math.pi / 2


def likeness(ring: torch.Tensor, shift: int) -> float:
    """Return the correlation of a ring with itself, so many frames on."""
    return float((ring * ring.roll(shift, dims=1)).mean() / ring.square().mean())


@pytest.mark.parametrize("variation", [0.0, 0.3, 0.7, 1.0])
@pytest.mark.parametrize("pulse", [0.0, 0.4, 1.0])
def test_the_blend_keeps_the_variance(variation: float, pulse: float) -> None:
    """Whatever is blended, the model is given the noise that it knows: unit variance, frame by frame."""
    ring = drawn(laid_out("125", "4/4", 4), "4/4", variation, pulse)
    assert ring.mean().abs() < 0.02
    assert torch.allclose(ring.square().mean(dim=(0, 2)), torch.ones(ring.shape[1]), atol=0.12)


@pytest.mark.parametrize("variation", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_variation_is_how_little_bars_are_alike(variation: float) -> None:
    """The correlation of two bars falls from 1 to 0, as the square of the cosine of a bent angle."""
    ring = drawn(laid_out("125", "4/4", 4), "4/4", variation, 0.0)
    assert likeness(ring, 48) == pytest.approx(math.cos(bent(variation)) ** 2, abs=0.05)


@pytest.mark.parametrize("pulse", [0.0, 0.5, 1.0])
def test_pulse_is_how_much_repeats_every_beat(pulse: float) -> None:
    """Beats are 12 frames at 125 BPM; where all is pulse they are equal, where none is only bars are."""
    ring = drawn(laid_out("125", "4/4", 4), "4/4", 0.0, pulse)
    assert likeness(ring, 12) == pytest.approx(math.cos(bent(1 - pulse)) ** 2, abs=0.05)
    assert likeness(ring, 48) == pytest.approx(1, abs=1e-5)


def test_beats_between_frames_do_not_drift() -> None:
    """At 120 BPM a beat is 12.5 frames: they begin at 0, 12, 25, 38, 50 …, each at the nearest."""
    pattern = tiles.Pattern.of(laid_out("120", "4/4", 4), Meter(4, 4))
    begins = torch.flatten(torch.nonzero(pattern.beat == 0)).tolist()
    assert begins == [round(beat * 12.5) for beat in range(16)]
    assert torch.flatten(torch.nonzero(pattern.bar == 0)).tolist() == [0, 50, 100, 150]


@pytest.mark.parametrize(("meter", "beats"), [("7/8", 7), ("12/8", 4), ("6/8", 2), ("5/4", 5), ("3/2", 6), ("3/8", 3)])
def test_beats_are_those_that_a_listener_taps(meter: str, beats: int) -> None:
    """Quarters in x/4 and x/2; eighths in odd meters; dotted quarters in compound ones."""
    pattern = tiles.Pattern.of(laid_out("60", meter, 1), Meter.parse(meter))
    assert int((pattern.beat == 0).sum()) == beats


def test_with_another_variation_it_stays_the_same_music() -> None:
    """The bar that is laid out is drawn first, and is the same for every variation."""
    tiled, varied = (drawn(laid_out("125", "4/4", 4), "4/4", variation, 0.5, PUBLISHED) for variation in (0.0, 0.2))
    assert float((tiled * varied).mean()) > 0.9


def test_a_clip_that_goes_round_twice_has_equal_turns() -> None:
    """Even what is fresh repeats from turn to turn, for one of them is cut out."""
    layout = laid_out("300", "4/4", 1)
    ring = drawn(layout, "4/4", 1.0, 0.5, PUBLISHED)
    assert layout.turns == 2
    assert torch.equal(ring, ring.roll(20, dims=1))


def test_each_take_has_its_own_noise_whatever_the_others_are() -> None:
    """A take alone begins as it does among others."""
    pattern = tiles.Pattern.of(laid_out("125", "4/4", 2), Meter(4, 4))
    both = tiles.draw(pattern, PUBLISHED, 0.5, 0.5, noise.generators([1, 2]))
    alone = tiles.draw(pattern, PUBLISHED, 0.5, 0.5, noise.generators([2]))
    assert torch.equal(both[1], alone[0])
    assert not torch.equal(both[0], both[1])
