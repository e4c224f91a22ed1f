"""A model learns a folder: the same weights however often it is interrupted, and what comes out can be used."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import checkpoints
import learnt
import pytest
import soundfile
import torch
from safetensors.torch import load_file
from sounds import grid as grid_of
from sounds import groove

from plugin_host.audio import Audio
from plugin_host.engine import Plan
from plugin_host.engines.musicldm import MusicLdmEngine
from plugin_host.engines.musicldm.adapters import WEIGHTS, named, read_card
from plugin_host.engines.musicldm.checkpoint import Checkpoint, check, locate
from plugin_host.engines.musicldm.device import choose
from plugin_host.errors import BadValue, EngineFailed
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.training import finetune, material
from plugin_host.training.batches import kind
from plugin_host.training.corpus import Unwatched
from plugin_host.training.fit import Desk, OutOfTime
from plugin_host.training.stages import MODEL
from plugin_host.training.wish import Length, Pace, Wish

PROCESSOR = choose("cpu")
WISH = Wish("breaks", "", rank=2, rate=None, mixup="none", seed=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of four loops and a file that is none; no test may change it."""
    return learnt.loops(tmp_path_factory.mktemp("loops") / "mine")


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """Return a tiny checkpoint as the published one is made: it tells noise, and has no way of its own to be asked."""
    return locate(str(checkpoints.build(tmp_path_factory.mktemp("weights") / "tiny")))


@pytest.fixture(scope="module")
def velocity(made: Path) -> Checkpoint:
    """Return one as the small model is made: it tells velocity, and likes to be told the tempo."""
    return check("mini", made / MODEL, None)


@pytest.fixture(scope="module")
def seen(folder: Path, noise: Checkpoint) -> material.Material:
    """Return what the tiny checkpoint sees of the folder."""
    return material.gathered(folder, noise, PROCESSOR, lambda *_: None)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, seen: material.Material) -> Iterator[None]:
    """Have the folder read already: that is the same for every training on it."""
    monkeypatch.setattr(material, "gathered", lambda *_: seen)
    return iter(())


def training(found: Checkpoint, shelf: Path, steps: int, wish: Wish = WISH, samples: int = 0) -> finetune.Training:
    """Return a training that was begun or is gone on with, so long."""
    begun = finetune.begun(wish, found, PROCESSOR, shelf, lambda *_: None)
    if begun.length is None:
        begun.settle(Length(steps, samples))
    return begun


def silent(done: int, audio: Audio, plan: Plan, folder: Path) -> None:
    """Throw a sample away."""
    del done, audio, plan, folder


def learned(begun: finetune.Training, after: Callable[[int], bool] = lambda _: False) -> Path:
    """Let it learn, and return its result."""
    return begun.learn(Desk(begun.work, PROCESSOR.device, 0, lambda _: None), silent, after)


def test_what_is_seen_of_a_folder_is_told(seen: material.Material, folder: Path) -> None:
    """Every loop with its bars, in its own words, and every file that is none with its reason."""
    assert (seen.loops, seen.bars, seen.captions) == (4, 5, ["house", "pad", "rock", "techno"])
    assert [(each.path, "export it anew" in each.reason) for each in seen.refused] == [(folder / "broken.wav", True)]
    assert [each.shape[1] for each in seen.latents] == [50] * 5
    assert [each.asked for each in seen.words] == [each.caption for each in seen.words]
    assert torch.allclose(seen.sounds.norm(dim=1), torch.ones(5))


def test_what_was_seen_comes_back_as_it_was(seen: material.Material, tmp_path: Path) -> None:
    """To the last bit of its latents."""
    material.keep(seen, tmp_path / "seen.npz")
    again = material.kept(tmp_path / "seen.npz")
    assert (again.words, again.refused, again.loops) == (seen.words, seen.refused, seen.loops)
    assert all(torch.equal(one, other) for one, other in zip(again.latents, seen.latents, strict=True))
    assert torch.equal(again.sounds, seen.sounds)


def test_a_checkpoint_that_likes_the_tempo_is_told_it(velocity: Checkpoint, folder: Path) -> None:
    """Its directions and latents are its own, too: of another size."""
    found = material.gathered(folder, velocity, PROCESSOR, lambda *_: None)
    assert found.words[0].asked == "house, 120 BPM"
    assert found.sounds.shape == (4, 8)
    assert [each.shape[1] for each in found.latents] == [32, 32, 32, 64]


@pytest.mark.usefixtures("read")
@pytest.mark.parametrize("rank", [2, None])
def test_interrupted_or_not_the_weights_are_the_same(noise: Checkpoint, tmp_path: Path, rank: int | None) -> None:
    """To the last bit; until it is finished nothing stands under its name, and afterwards nothing else is left."""
    wish = replace(WISH, rank=rank)
    whole = learned(training(noise, tmp_path / "whole", 5, wish))
    with pytest.raises(OutOfTime, match="step 2 of 5"):
        learned(training(noise, tmp_path / "parted", 5, wish), lambda done: done == 2)
    assert [path.name for path in (tmp_path / "parted").iterdir()] == [finetune.UNFINISHED]
    again = training(noise, tmp_path / "parted", 99, wish)
    assert (again.done, again.length) == (2, Length(5, 0))
    parted = learned(again)
    for path in whole.rglob("*.safetensors"):
        assert path.read_bytes() == (parted / path.relative_to(whole)).read_bytes()
    assert list((tmp_path / "parted" / finetune.UNFINISHED).iterdir()) == []


@pytest.mark.usefixtures("read")
def test_it_learns(noise: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error falls, and the curve that tells it lies beside the weights."""
    monkeypatch.setattr(finetune, "DRAWS", 1)
    target = learned(training(noise, tmp_path, 50, replace(WISH, rank=8, rate=0.02)))
    told = json.loads((target / "training.json").read_text())
    assert told["steps_a_point"] * len(told["curves"]["loss"]) == told["steps"] == 50
    assert told["curves"]["loss"][-1] < 0.8 * told["curves"]["loss"][0]


@pytest.mark.usefixtures("read")
def test_an_adapter_says_what_it_is_and_plays(noise: Checkpoint, tmp_path: Path) -> None:
    """Its card names base, captions, loops, seed and steps; samples are loops of whole bars; the engine takes it."""
    heard: list[tuple[int, int, int]] = []

    def play(done: int, audio: Audio, plan: Plan, folder: Path) -> None:
        """Note what was played."""
        (folder / f"{done}.wav").touch()
        heard.append((done, audio.frames, plan.grid.frames))

    begun = training(noise, tmp_path, 2, samples=2)
    pace = begun.measured(play)
    assert min(pace.step, pace.sample) > 0
    target = begun.learn(Desk(tmp_path, PROCESSOR.device, 0, lambda _: None), play, lambda _: False)
    assert heard == [(done, 32_000, 32_000) for done in (0, 2)]
    assert sorted(path.name for path in (target / "samples").iterdir()) == ["0.wav", "2.wav"]
    card = read_card(target)
    assert card["base"]["source"] == noise.source
    assert (card["loops"], card["seed"], card["steps"], card["rank"]) == (4, 3, 2, 2)
    assert card["captions"] == ["house", "pad", "rock", "techno"]
    assert {value.dtype for value in load_file(target / WEIGHTS).values()} == {torch.float32}
    named("breaks", tmp_path).check(noise)
    engine = MusicLdmEngine({"checkpoint": noise.source, "device": "cpu", "adapters": str(tmp_path)})
    plan = Plan("house", Grid(Tempo.parse(120), Meter(4, 4), 1, 16_000), seed=1, takes=1, steps=1, adapter="breaks")
    (take,) = engine.takes(plan, Unwatched())
    engine.close()
    assert take.facts["adapter"] == "breaks"


def test_with_all_weights_it_is_a_whole_checkpoint(velocity: Checkpoint, folder: Path, tmp_path: Path) -> None:
    """All parts are those of the base but its UNet, the licence, too; and our loader takes it."""
    wish = replace(WISH, rank=None, folder=str(folder))
    found = locate(str(learned(training(velocity, tmp_path, 2, wish))))
    assert found.licence == velocity.licence == "mit"
    assert (found.beat, found.unheard("kazoo")) == (velocity.beat, "")
    for part in ("vae", "vocoder", "text_encoder"):
        assert found.weights(part).read_bytes() == velocity.weights(part).read_bytes()
    ours, theirs = (load_file(each.weights("unet")) for each in (found, velocity))
    assert {key: value.shape for key, value in ours.items()} == {key: value.shape for key, value in theirs.items()}
    assert any(not torch.equal(ours[key], theirs[key]) for key in ours)
    plan = Plan("dub", Grid(Tempo.parse(120), Meter(4, 4), 1, 16_000), seed=1, takes=1, steps=1)
    engine = MusicLdmEngine({"checkpoint": found.source, "device": "cpu"})
    assert len(list(engine.takes(plan, Unwatched()))) == 1
    engine.close()


@pytest.mark.usefixtures("read")
def test_weights_that_run_away_are_no_result(noise: Checkpoint, tmp_path: Path) -> None:
    """It is said at once, with the remedy; nothing takes the name."""
    with pytest.raises(EngineFailed, match=r"the loss is (nan|inf): .* remove .* smaller --rate"):
        learned(training(noise, tmp_path, 30, replace(WISH, rate=1e30)))
    assert not (tmp_path / WISH.name).exists()


@pytest.mark.usefixtures("read")
def test_a_name_that_is_taken_is_refused(noise: Checkpoint, velocity: Checkpoint, tmp_path: Path) -> None:
    """By what is finished, or by a training that was begun with other settings or weights; each with the remedy."""
    training(noise, tmp_path, 2)
    for wish, found, told in (
        (replace(WISH, rank=4), noise, r"rank: 2, now 4"),
        (replace(WISH, seed=4), noise, r"seed: 3, now 4"),
        (WISH, velocity, "the weights"),
    ):
        with pytest.raises(BadValue, match=f"begun with other settings .*{told}.* say the same to go on"):
            training(found, tmp_path, 2, wish)
    learned(training(noise, tmp_path, 2))
    with pytest.raises(BadValue, match=r"there is a 'breaks' in .* already; give another name, or remove"):
        training(noise, tmp_path, 2)


def test_a_folder_of_nothing_is_refused(noise: Checkpoint, tmp_path: Path) -> None:
    """With the first reason, and nothing is left behind."""
    empty = tmp_path / "empty"
    with pytest.raises(BadValue, match="there is no folder"):
        training(noise, tmp_path / "shelf", 2, replace(WISH, folder=str(empty)))
    empty.mkdir()
    with pytest.raises(BadValue, match="holds no loop that can be learnt from; put loops of whole bars into it"):
        training(noise, tmp_path / "shelf", 2, replace(WISH, folder=str(empty)))
    (empty / "torn.wav").write_bytes(b"RIFF")
    with pytest.raises(BadValue, match=r"holds no loop that can be learnt from: torn\.wav is no sound file"):
        training(noise, tmp_path / "shelf", 2, replace(WISH, folder=str(empty)))
    assert not (tmp_path / "shelf").exists()


def test_time_is_shared_by_steps_and_samples() -> None:
    """So many steps fit into a time that with their samples they last no longer, and hardly shorter."""
    pace = Pace(step=0.5, sample=10)
    for samples in (None, 0, 50):
        steps = pace.fitting(600, samples)
        length = Length(steps, max(1, steps // 4) if samples is None else samples)
        assert 600 - pace.step - pace.sample <= pace.seconds(length) <= 600
    assert pace.fitting(1, 0) == 20
    assert pace.seconds(Length(100, 25), done=50) == 45


@pytest.mark.parametrize("mixup", ["latents", "audio"])
def test_loops_are_mixed_while_learning(noise: Checkpoint, folder: Path, tmp_path: Path, mixup: str) -> None:
    """As latents or as sounds, of one length and of the words of both; what is learnt is then something else."""
    plain, mixed = (replace(WISH, folder=str(folder), mixup=each) for each in ("none", mixup))
    begun = training(noise, tmp_path / "mixed", 3, mixed)
    assert [each.shape[1] for each in begun.seen.mixed] == ([50] * 20 if mixup == "audio" else [])
    assert all(" and " in each or each == "techno" for each in begun.seen.mixed_words)
    found = [learned(each) for each in (begun, training(noise, tmp_path / "plain", 3, plain))]
    assert read_card(found[0])["mixup"] == mixup
    assert (found[0] / WEIGHTS).read_bytes() != (found[1] / WEIGHTS).read_bytes()


def test_sounds_are_mixed_only_where_one_can_be_brought_to_the_other(velocity: Checkpoint, tmp_path: Path) -> None:
    """To a model that counts in beats all bars are of one length; a far tempo or another meter spoils no training."""
    folder = tmp_path / "loops"
    folder.mkdir()
    for name, bpm in (("rock", 120), ("house", 120), ("techno", 170)):
        on = grid_of(bpm, bars=1, rate=16_000)
        soundfile.write(folder / f"{name}_{bpm}bpm.wav", groove(on, name).samples, on.rate)
    begun = training(velocity, tmp_path / "shelf", 2, replace(WISH, folder=str(folder), mixup="audio"))
    assert len({each.shape[1] for each in begun.seen.latents}) == 1
    assert {frozenset(each.split(", ")[0].split(" and ")) for each in begun.seen.mixed_words} == {
        frozenset(("rock", "house"))
    }
    assert kind(6.0, 120, "3/4") != kind(6.0, 120, "6/8")


def test_loops_of_far_tempi_are_not_mixed(velocity: Checkpoint, tmp_path: Path) -> None:
    """Even where the model counts in beats, and is shown all tempi at one length: no stretch is great enough for some."""
    folder = tmp_path / "loops"
    folder.mkdir()
    for name, bpm in product(("rock", "house"), (100, 140)):
        sound = groove(grid_of(bpm, bars=1, rate=16_000), name)
        soundfile.write(folder / f"{name}_{bpm}bpm.wav", sound.samples, 16_000)
    wish = replace(WISH, folder=str(folder), mixup="audio")
    seen = finetune.begun(wish, velocity, PROCESSOR, tmp_path / "shelf", lambda *_: None).seen
    assert {each.shape[1] for each in (*seen.latents, *seen.mixed)} == {32}
    assert len({each.kind for each in seen.words}) == 2
    assert {each.split(", ")[0] for each in seen.mixed_words} == {"rock and house", "house and rock"}


def test_a_loop_alone_cannot_be_mixed(noise: Checkpoint, folder: Path, tmp_path: Path) -> None:
    """It is said, before anything is learnt."""
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(folder / "rock_120bpm.wav", alone)
    with pytest.raises(BadValue, match="give more loops to mix"):
        training(noise, tmp_path / "shelf", 2, replace(WISH, folder=str(alone), mixup="audio"))
