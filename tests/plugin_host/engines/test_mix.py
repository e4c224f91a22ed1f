"""Laws of the engine of mixes: it knows its parents, says whose they are, and makes nothing of what is none."""

from dataclasses import replace
from pathlib import Path

import clips
import numpy as np
import pytest
import soundfile
from sounds import grid, groove

from daw_bridge.deliveries.folder import FolderDelivery
from plugin_host.engine import Form, Plan, Take
from plugin_host.engines.mix import MixEngine
from plugin_host.engines.sketch import SketchEngine
from plugin_host.errors import BadValue, EngineUnavailable, OutOfRange
from plugin_host.host import Host
from plugin_host.rankers.signal import SignalRanker


class Quiet:
    """A watch that lets everything pass."""

    def step(self, stage: str, fraction: float) -> None:
        """Let it pass."""


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Return a plan at 100 BPM of two loops: drums that are told by their name, and drums that nothing tells of."""
    folder = tmp_path_factory.mktemp("loops")
    first, second = folder / "rock_96bpm.wav", folder / "x.wav"
    soundfile.write(first, groove(grid(96, bars=1, rate=16_000), "rock").mono(), 16_000)
    soundfile.write(second, groove(grid(104, bars=4, rate=24_000), "house").samples, 24_000)
    return Plan("x", grid(100, bars=2, rate=22_050), seed=3, takes=1, mix=(str(first), str(second)))


def made(plan: Plan) -> Take:
    """Return the first take of a plan."""
    return next(iter(MixEngine({}).takes(plan, Quiet())))


def test_beats_lie_on_beats(asked: Plan) -> None:
    """Of drums at two tempi, mono and stereo, at two rates: the sum is measured as being on the grid, and without a seam."""
    (clip,) = Host(MixEngine({}), [SignalRanker()]).clips(replace(asked, balance=0.5), Quiet())
    evidence = clip.facts.score.evidence
    assert float(str(evidence["tempo_bpm"])) == pytest.approx(100, rel=2e-3)
    assert float(str(evidence["grid_error_p95_ms"])) < 20
    assert clip.audio.frames == asked.grid.frames
    assert clip.facts.score.faults == ()


def test_a_take_tells_of_both_its_parents(asked: Plan) -> None:
    """Whose they are, at which tempo they were, who said so, and what was done to them."""
    facts = made(asked).facts
    assert (facts["first_file"], facts["second_file"]) == ("rock_96bpm.wav", "x.wav")
    assert (facts["first_tempo_from"], facts["second_tempo_from"]) == ("name", "heard")
    assert (facts["first_turns"], facts["first_bars"], facts["second_turns"]) == (2, 1, 1)
    assert facts["first_licence"] is None


def test_the_licence_of_a_parent_goes_with_it(asked: Plan, tmp_path: Path) -> None:
    """Weights whose licence forbids something forbid it of what is mixed from their sounds, too."""
    card = {"version": "1", "made": "today", "plan": {"takes": 1}}
    wav = FolderDelivery(tmp_path).deliver(clips.a_clip(), replace(clips.an_order(), certificate=card))
    assert asked.mix is not None
    facts = made(replace(asked, grid=grid(120, bars=1, rate=8_000), mix=(str(wav), asked.mix[0]))).facts
    assert facts["first_licence"] == clips.ENGINE.licence


def test_the_licence_of_a_parent_goes_with_a_mix_of_mixes(asked: Plan, tmp_path: Path) -> None:
    """A mix is of no weights itself; each of those that went into it is told once, however often it was mixed."""
    card = {"version": "1", "made": "today", "plan": {"takes": 1}}
    order = replace(clips.an_order(), certificate=card)
    clip = clips.a_clip()
    facts = {"first_licence": "BY-NC", "second_licence": "BY-NC and BY"}
    mixed = replace(clip, facts=replace(clip.facts, engine=MixEngine({}).capabilities, take_facts=facts))
    wav = FolderDelivery(tmp_path).deliver(mixed, order)
    assert asked.mix is not None
    told = made(replace(asked, grid=grid(120, bars=1, rate=8_000), mix=(asked.mix[0], str(wav)))).facts
    assert told["second_licence"] == "BY-NC and BY"


@pytest.mark.parametrize(("balance", "name"), [(1.0, "rock"), (0.0, "house")])
def test_at_either_end_there_is_one_alone(asked: Plan, balance: float, name: str) -> None:
    """And it is that groove, at the tempo of the plan."""
    alone = groove(asked.grid, name).mono()
    heard = made(replace(asked, balance=balance)).audio.mono()
    levels = [np.square(each[:105_840]).reshape(-1, 441).sum(axis=1) for each in (alone, heard)]  # of 20 ms each
    assert float(np.corrcoef(*levels)[0, 1]) > 0.8


def test_what_cannot_be_mixed_is_refused_in_words(asked: Plan, tmp_path: Path) -> None:
    """No parents, one that is gone, one without a beat, one that is too fast; and engines that mix nothing."""
    assert asked.mix is not None
    hiss = tmp_path / "hiss.wav"
    soundfile.write(hiss, 0.1 * np.random.default_rng(1).normal(size=32_000), 16_000)
    with pytest.raises(BadValue, match="name them with mix"):
        made(replace(asked, mix=None))
    with pytest.raises(BadValue, match="is not there any more; put it back"):
        made(replace(asked, mix=(asked.mix[0], str(tmp_path / "gone.wav"))))
    with pytest.raises(BadValue, match="has no beat"):
        made(replace(asked, mix=(asked.mix[0], str(hiss))))
    with pytest.raises(OutOfRange, match=r"rock_96bpm\.wav is at 96 BPM and the mix at 150 BPM"):
        made(replace(asked, grid=grid(150)))
    with pytest.raises(BadValue, match="mix has no settings"):
        MixEngine({"x": 1})


def test_another_engine_does_not_pass_over_a_mix_in_silence(asked: Plan) -> None:
    """The host refuses it."""
    with pytest.raises(EngineUnavailable, match="engine sketch cannot mix clips"):
        Host(SketchEngine({}), []).clips(asked, Quiet())


def test_a_mix_may_end(asked: Plan) -> None:
    """As a one-shot it fades out."""
    (clip,) = Host(MixEngine({}), []).clips(replace(asked, form=Form.ONE_SHOT), Quiet())
    assert np.abs(clip.audio.samples[-1]).max() < 0.01
