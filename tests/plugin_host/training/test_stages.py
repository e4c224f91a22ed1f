"""The model that comes out at the end, and the command that makes it."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import MusicLDMPipeline
from recipes import TINY

from plugin_host.engine import Plan
from plugin_host.engines.musicldm import MusicLdmEngine
from plugin_host.engines.musicldm.checkpoint import WEIGHTS, check
from plugin_host.engines.musicldm.device import choose
from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.engines.musicldm.quiet import quietly
from plugin_host.host import Host
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.training import curves
from plugin_host.training.__main__ import main
from plugin_host.training.corpus import Unwatched, geometry
from plugin_host.training.fit import Desk
from plugin_host.training.recipe import RECIPES
from plugin_host.training.stages import MODEL, Work, run


@pytest.fixture
def engine(made: Path) -> Iterator[MusicLdmEngine]:
    """Return the engine on the model that was made."""
    opened = MusicLdmEngine({"checkpoint": str(made / MODEL), "device": "cpu"})
    yield opened
    opened.close()


def test_our_loader_takes_what_is_made(made: Path) -> None:
    """It finds every part whole, of one another, and with a licence; and its measures are the recipe's."""
    found = check("mini", made / MODEL, None)
    model = MusicLDM.of(found, choose("cpu"))
    assert model.geometry == geometry(TINY)
    assert (model.geometry.scale, model.geometry.stride) == (8, 4)
    assert found.licence == "mit"
    assert found.unheard("dub bass") == ""
    assert found.unheard("choir of whales").endswith(
        "it knows such as house, dub, drums, bass, chords, lead, dark, bright"
    )


def test_its_card_says_at_which_tempo_others_play_it(made: Path) -> None:
    """The stock class stretches nothing, and a beat is 64 mel frames of 10 ms."""
    card = " ".join((made / MODEL / "README.md").read_text().split())
    assert f"a quarter note is {TINY.beat} latent frames" in card
    assert "plays everything at 93.75 BPM (a beat is 64 mel frames of 10 ms)" in card


def test_the_stock_pipeline_takes_what_is_made(made: Path) -> None:
    """All its parts, with the weights that ours have."""
    with quietly():
        stock = MusicLDMPipeline.from_pretrained(made / MODEL, low_cpu_mem_usage=False)
    ours = MusicLDM.load(str(made / MODEL), placement=choose("cpu"))
    latents = torch.randn(1, 4, 16, 8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        mel = stock.vae.decode(latents / stock.vae.config.scaling_factor).sample[0, 0]
    assert torch.allclose(mel, ours.decode(latents[0]), atol=1e-4)


def test_nothing_tells_where_it_was_made(made: Path) -> None:
    """Whoever passes a model on does not tell the folders of a machine."""
    told = [path.read_text() for path in (made / MODEL).rglob("*") if path.suffix in {".json", ".md"}]
    assert told
    assert not any(str(made.parent) in each or "_name_or_path" in each for each in told)


def test_weights_are_halves(made: Path) -> None:
    """Of two bytes each: the files are as large as that, and a little for their headers."""
    found = check("mini", made / MODEL, None)
    for part in WEIGHTS:
        config = json.loads((made / MODEL / part / "config.json").read_text())
        assert config.get("dtype", "float16") == "float16"
    model = MusicLDM.of(found, choose("cpu"))
    numbers = sum(
        value.numel()
        for part in (model._parts.unet, model._parts.vae, model._parts.vocoder, model._parts.clap.model)
        for value in part.state_dict().values()
        if value.is_floating_point()
    )
    assert 2 * numbers <= found.size < 2.2 * numbers + 2**17


@pytest.mark.parametrize(("bpm", "meter"), [("120", "4/4"), ("97.3", "7/8"), ("180", "3/4")])
def test_bars_are_exact_with_latents_of_eighty_milliseconds(engine: MusicLdmEngine, bpm: str, meter: str) -> None:
    """The engine works with whatever its checkpoint divides by."""
    plan = Plan("house drums", Grid(Tempo.parse(bpm), Meter.parse(meter), 4, 44_100), seed=1, takes=1, steps=2)
    (clip,) = Host(engine, []).clips(plan, Unwatched())
    assert clip.audio.frames == plan.grid.frames


@pytest.mark.parametrize(
    ("prompt", "asked"), [("dub bass", "dub bass, 97 BPM"), ("dub bass at 80bpm", "dub bass at 80bpm"), (" ", " ")]
)
def test_a_model_that_learnt_tempi_is_told_the_tempo(engine: MusicLdmEngine, prompt: str, asked: str) -> None:
    """As its captions told it, unless the prompt tells one; what was asked in the prompt's place stands in the facts."""
    plan = Plan(prompt, Grid(Tempo.parse("97.3"), Meter(4, 4), 1, 16_000), seed=1, takes=1, steps=1)
    (take,) = engine.takes(plan, Unwatched())
    assert take.facts.get("caption", prompt) == asked


def test_the_curves_come_with_the_model(made: Path) -> None:
    """Beside the recipe's name and seed, every model's course."""
    told = json.loads((made / MODEL / "training.json").read_text())
    assert (told["recipe"], told["seed"]) == (TINY.name, TINY.seed)
    assert {stage: row["steps"] for stage, row in told["stages"].items()} == {
        stage: course.steps for stage, course in TINY.courses.items()
    }


def test_what_is_done_is_left_as_it_is(made: Path, desk: Desk) -> None:
    """All models at once, without a step more; unless the recipe has come to want more of one."""
    told: list[str] = []
    before = {path: path.stat().st_mtime_ns for path in made.glob("*/*.safetensors")}
    run(Work("mini", TINY, made), ("clap", "vae", "vocoder", "latents", "unet"), replace(desk, tell=told.append))
    assert told == ["clap: done", "vae: done", "vocoder: done", "latents: done", "unet: done"]
    assert {path: path.stat().st_mtime_ns for path in made.glob("*/*.safetensors")} == before


def test_what_is_built_on_a_model_that_learnt_on_is_learnt_anew(made: Path, desk: Desk, tmp_path: Path) -> None:
    """A UNet knows the latents of one VAE: when that has learnt a step more, nothing of the UNet is gone on with."""
    shutil.copytree(made, tmp_path / "work")
    here = replace(desk, folder=tmp_path / "work")
    course = replace(TINY.courses["vae"], steps=TINY.courses["vae"].steps + 1)
    recipe = replace(TINY, courses={**TINY.courses, "vae": course})
    assert curves.done("unet", here.folder) == TINY.courses["unet"].steps
    run(Work("mini", recipe, here.folder), ("vae",), here)
    assert curves.done("vae", here.folder) == course.steps
    assert curves.done("unet", here.folder) == 0
    assert not here.state("unet").exists()


def test_time_that_is_over_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command says where it stopped; without a limit the same command goes on to the end."""
    monkeypatch.setitem(RECIPES, "tiny", TINY)
    words = ["tiny", str(tmp_path), "--threads", "1", "--device", "cpu", "--stages"]
    assert main([*words, "corpus", "vae", "--minutes", "0"]) == 0
    assert "vae is at step 1 of 4" in capsys.readouterr().out
    assert not (tmp_path / "vae").exists()
    assert main([*words, "vae"]) == 0
    assert (tmp_path / "vae" / "config.json").exists()


def test_a_stage_without_its_corpus_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a sentence, with what to do; and the command fails."""
    assert main(["mini", str(tmp_path), "--threads", "1", "--stages", "vae"]) == 1
    assert "let the stage corpus run first" in capsys.readouterr().err


def test_a_device_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is rendered."""
    assert main(["mini", str(tmp_path / "work"), "--threads", "1", "--device", "abacus"]) == 1
    assert "device is 'abacus'" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()
