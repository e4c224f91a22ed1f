"""A loop of the model, from its plan to its sound: exact bars, no seam, its downbeat first."""

import dataclasses
import itertools
import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joins
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from promises import BARS, METERS, RATES, TEMPI

from plugin_host.engine import Form, Plan, Shape, Take
from plugin_host.engines.musicldm import MusicLdmEngine
from plugin_host.engines.musicldm.asked import Call, words
from plugin_host.engines.musicldm.checkpoint import BEAT, INDEX
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.engines.musicldm.ring import Course
from plugin_host.engines.musicldm.strip import Strip
from plugin_host.errors import OutOfRange
from plugin_host.host import Host
from plugin_host.musictime import Grid, Meter, Tempo

LONGEST = 60
"""Seconds; what is longer is left to the benchmark."""


class Quiet:
    """A watch that lets everything pass."""

    def step(self, stage: str, fraction: float) -> None:
        """Let it pass."""


def plan(bpm: str = "120", bars: int = 2, meter: str = "4/4", rate: int = 48_000, **changes: Any) -> Plan:
    """Return a small plan with these fields changed."""
    grid = Grid(Tempo.parse(bpm), Meter.parse(meter), bars, rate)
    return dataclasses.replace(Plan("techno", grid, seed=1, takes=1, steps=2), **changes)


def made(engine: MusicLdmEngine, asked: Plan) -> Take:
    """Return the first take of a plan."""
    return next(iter(engine.takes(asked, Quiet())))


def wave(take: Take) -> NDArray[np.float32]:
    """Return the sound of a take, shape ``(frames,)``."""
    return take.audio.samples[:, 0]


@pytest.mark.parametrize("row", list(itertools.product(TEMPI, METERS))[::3], ids="-".join)
def test_every_length_is_exact(engine: MusicLdmEngine, row: tuple[str, str]) -> None:
    """Whatever tempo, meter, rate and bars: the frames of the promise, at the rate of the session."""
    tempo, meter = row
    for bars, rate in zip(BARS, RATES, strict=True):
        asked = plan(tempo, bars, meter, rate)
        if asked.grid.seconds <= LONGEST:
            (clip,) = Host(engine, []).clips(asked, Quiet())
            assert clip.audio.frames == asked.grid.frames
            assert np.isfinite(clip.audio.samples).all()


@pytest.mark.parametrize("bars", [1, 4, 16])
def test_at_variation_0_every_bar_is_the_same(engine: MusicLdmEngine, bars: int) -> None:
    """To the last bit, in sound; and one tile was computed, whatever the number of bars."""
    take = made(engine, plan("125", bars, variation=0.0))
    ring = wave(take).reshape(bars, -1)
    assert take.shape is Shape.RING
    assert (ring == ring[0]).all()
    assert take.facts["latent_frames"] == made(engine, plan("125", 1, variation=0.0)).facts["latent_frames"]


def test_bars_differ_the_more_the_higher_the_variation(engine: MusicLdmEngine) -> None:
    """The likeness of two bars in sound falls from step to step."""
    likeness = []
    for variation in (0.0, 0.2, 0.5, 1.0):
        halves = wave(made(engine, plan("125", 2, variation=variation, steps=6))).reshape(2, -1)
        likeness.append(float(np.corrcoef(halves[0], halves[1]).flat[1]))
    assert all(one > other for one, other in itertools.pairwise(likeness))


@pytest.mark.parametrize(("bpm", "bars"), [("125", 2), ("92.5", 1), ("300", 1)])
def test_the_join_is_like_the_inside(engine: MusicLdmEngine, bpm: str, bars: int) -> None:
    """Where the computed ring begins, neither the bend of the wave nor the change of spectrum stands out, take by take.

    Against chance: of thirty joins, hardly more than one in twenty lies beyond the 95th percentile of its clip.
    """
    places = []
    for take in engine.takes(plan(bpm, bars, takes=30, variation=1.0), Quiet()):
        rolled = round(float(str(take.facts["rolled_ms"])) * take.audio.rate / 1e3)
        places.append(joins.percentiles(np.roll(wave(take), rolled)))
    bends, fluxes = np.array(places).T
    assert (bends > 95).sum() <= 5
    assert (fluxes > 95).sum() <= 5
    assert max(bends) < 100


def test_one_tile_laid_out_is_what_all_bars_at_once_would_be(engine: MusicLdmEngine) -> None:
    """A bar on its own ring and the same noise four times over on one ring become the same sound."""
    made(engine, plan())
    model = engine._held.model
    assert model is not None
    bar = torch.randn(
        (1, model.geometry.channels, 8, model.geometry.widths), generator=torch.Generator().manual_seed(3)
    )
    call = Call("techno", steps=4, generator=[torch.Generator()])
    sounds = []
    for start in (bar, bar.repeat(1, 1, 4, 1)):
        journey = dataclasses.replace(model.journey(words(model.clap, call), start, call), around=256)
        latents = model.denoise(journey, lambda *_: None)
        sounds.append(model.vocode(model.decode(latents[0], Course.RING), Course.RING))
    loudness = float(sounds[1].square().mean().sqrt())
    assert float((sounds[0].repeat(4) - sounds[1]).abs().max()) <= 1e-4 * loudness


def test_what_is_longer_than_the_training_is_made_in_windows(engine: MusicLdmEngine) -> None:
    """A clip of 32 s is a ring too, and its take alone is the take of the batch."""
    asked = plan("60", 8, takes=2, steps=2)
    both = list(engine.takes(asked, Quiet()))
    alone = made(engine, dataclasses.replace(asked, seed=both[1].seed, takes=1))
    assert both[1].facts["latent_frames"] == 800
    assert np.abs(wave(alone) - wave(both[1])).max() <= 1e-4 * np.sqrt(np.mean(wave(alone) ** 2))


def test_a_clip_cannot_be_shorter_than_a_latent_frame(engine: MusicLdmEngine) -> None:
    """The answer says how long both are."""
    with pytest.raises(OutOfRange, match="shortest frame is 40 ms"):
        made(engine, plan("999", 1, "1/32"))


def test_a_one_shot_is_no_ring(engine: MusicLdmEngine) -> None:
    """It has two ends, and more than its bars."""
    take = made(engine, plan(form=Form.ONE_SHOT))
    assert take.shape is Shape.STRIP
    assert "latent_frames" not in take.facts


@pytest.fixture(scope="module")
def beaten(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MusicLdmEngine]:
    """Return an engine on a tiny checkpoint that says that it counts eight latent frames a quarter note."""
    folder = shutil.copytree(tiny, tmp_path_factory.mktemp("beaten") / "tiny")
    index = folder / INDEX
    index.write_text(json.dumps({**json.loads(index.read_text()), BEAT: 8}))
    made = MusicLdmEngine({"checkpoint": str(folder), "device": "cpu"})
    yield made
    made.close()


@pytest.mark.parametrize("tempo", ["35", "70", "93.75", "180", "320"])
def test_the_tempo_is_no_matter_to_a_model_that_counts_in_beats(beaten: MusicLdmEngine, tempo: str) -> None:
    """A loop, and a one-shot, have the frames of the promise at any tempo; a loop is whole beats to the model."""
    for form in Form:
        asked = plan(tempo, 1, "7/8", 44_100, form=form)
        (clip,) = Host(beaten, []).clips(asked, Quiet())
        assert clip.audio.frames == asked.grid.frames
    assert made(beaten, plan(tempo, 2, "7/8")).facts["latent_frames"] in {56, 112, 224}


def test_the_end_of_a_one_shot_is_not_heard_at_its_start(beaten: MusicLdmEngine) -> None:
    """Nor its start at its end, where a mel is read between its frames: a one-shot is no ring."""
    geometry = Geometry.of(beaten.checkpoint())
    asked = plan("70", 1, "4/4", form=Form.ONE_SHOT)
    strip = Strip(asked, geometry)
    assert strip.pace < 1
    frames = math.ceil(strip.pace * strip.frames / geometry.hop)
    decoded = torch.zeros((frames, 2))
    decoded[0, 0], decoded[-1, 1] = 1.0, 1.0
    read = strip._in_time(decoded)
    assert len(read) == math.ceil(strip.frames / geometry.hop)
    assert not read[-8:, 0].any()
    assert not read[:8, 1].any()
    assert read[0, 0] == 1.0
