"""Two loops added up in the latents: each lies beat by beat on the ring, and the sum is the one that was asked for."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from checkpoints import PUBLISHED
from sounds import grid, groove

from plugin_host.engine import Form, Plan
from plugin_host.engines.musicldm import MusicLdmEngine, mel
from plugin_host.engines.musicldm.blend import Blend
from plugin_host.engines.musicldm.layout import lay_out
from plugin_host.engines.musicldm.ring import Course
from plugin_host.errors import BadValue
from plugin_host.host import Host


class Quiet:
    """A watch that lets everything pass."""

    def step(self, stage: str, fraction: float) -> None:
        """Let it pass."""


class Same:
    """An encoder that changes nothing, and counts how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def encode(self, mel: torch.Tensor) -> torch.Tensor:
        """Give it back."""
        self.times += 1
        return mel


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Return a plan at 125 BPM of two loops: one of 115 BPM, twice as long and at another rate, and one at 125 BPM."""
    folder = tmp_path_factory.mktemp("loops")
    first, second = folder / "rock_115bpm.wav", folder / "house_125bpm.wav"
    soundfile.write(first, groove(grid(115, bars=4, rate=22_050), "rock").samples, 22_050)
    soundfile.write(second, groove(grid(125, bars=2, rate=16_000), "house").samples, 16_000)
    return Plan("x", grid(125, bars=2), seed=3, takes=2, steps=4, mix=(str(first), str(second)))


def blend(plan: Plan) -> Blend:
    """Return the blend of a plan on the frames of the published checkpoint."""
    return Blend.of(plan, PUBLISHED, lay_out(plan.grid, PUBLISHED, 1.0, 0.08))


def test_each_loop_lies_beat_by_beat_on_the_ring(asked: Plan) -> None:
    """Its mel at 125 BPM is that of the same groove played at 125 BPM: what begins there begins here."""
    made = blend(asked)
    for side, name in zip(made.sides, ("rock", "house"), strict=True):
        native = np.ascontiguousarray(groove(grid(125, bars=2, rate=16_000), name).mono())
        laid = made._mel(side)
        reference = mel.heard(native, np.linspace(0, len(native), len(laid), endpoint=False), PUBLISHED)
        rises = [torch.relu(each.diff(dim=0)).sum(dim=1) for each in (laid, reference)]
        assert float(torch.corrcoef(torch.stack(rises))[0, 1]) > 0.8


def test_the_latents_are_added_up_in_the_balance_of_the_take(asked: Plan) -> None:
    """All of one at 1, all of the other at 0, and what the take's seed draws where nothing is said."""
    encoder = Same()
    ends = [blend(dataclasses.replace(asked, balance=part)).latents(encoder, [0])[0] for part in (1.0, 0.0)]
    made = blend(asked)
    drawn = float(str(made.told(7)["balance"]))
    assert 0 < drawn < 1
    (sum_,) = made.latents(encoder, [7])
    assert torch.allclose(sum_, drawn * ends[0] + (1 - drawn) * ends[1], atol=1e-5)
    assert made.told(8)["balance"] != drawn


def test_however_many_takes_there_are_each_of_the_two_is_encoded_once(asked: Plan) -> None:
    """A job that is cancelled is heard between two steps, and no step comes while the guides are made."""
    encoder = Same()
    made = blend(asked).latents(encoder, list(range(16)))
    assert (len(made), encoder.times) == (16, 2)
    assert not torch.equal(made[0], made[1])


def test_at_strength_0_what_sounds_is_their_sum(engine: MusicLdmEngine, asked: Plan) -> None:
    """Through the model's own VAE and vocoder, each take in its balance; and beyond, it is something else."""
    takes = list(engine.takes(asked, Quiet()))
    model = engine._held.model
    assert model is not None
    made = Blend.of(asked, model.geometry, lay_out(asked.grid, model.geometry, 1.0, 0.08))
    for take in takes:
        (sum_,) = made.latents(model, [take.seed])
        assert np.allclose(
            take.audio.samples[:, 0], model.vocode(model.decode(sum_, Course.RING), Course.RING), atol=1e-4
        )
        assert take.facts["blend"] == "latents"
        assert take.facts["second_file"] == "house_125bpm.wav"
    further = next(iter(engine.takes(dataclasses.replace(asked, strength=0.5, takes=1), Quiet())))
    assert not np.allclose(further.audio.samples, takes[0].audio.samples, atol=1e-3)


def test_a_loop_without_a_beat_cannot_be_laid_on_the_ring(asked: Plan, tmp_path: Path) -> None:
    """It is named."""
    hiss = tmp_path / "hiss.wav"
    soundfile.write(hiss, 0.1 * np.random.default_rng(1).normal(size=32_000), 16_000)
    assert asked.mix is not None
    with pytest.raises(BadValue, match=r"hiss\.wav has no beat"):
        blend(dataclasses.replace(asked, mix=(asked.mix[0], str(hiss))))


def test_a_mix_that_ends_is_refused_and_not_made_of_words_alone(engine: MusicLdmEngine, asked: Plan) -> None:
    """A one-shot is no ring to mix around."""
    with pytest.raises(BadValue, match="leave loop out, or say blend audio"):
        list(engine.takes(dataclasses.replace(asked, form=Form.ONE_SHOT), Quiet()))


def test_what_it_makes_is_judged_and_exact_like_any_take(engine: MusicLdmEngine, asked: Plan) -> None:
    """The whole way, to a clip of the plan's frames."""
    (clip,) = Host(engine, []).clips(dataclasses.replace(asked, takes=1, grid=grid(120, bars=1, rate=8_000)), Quiet())
    assert clip.audio.frames == 16_000
