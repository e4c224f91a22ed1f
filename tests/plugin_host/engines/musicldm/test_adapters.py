"""What a UNet has learnt is put on and taken off, to the last bit, and fits the weights that it was made for alone."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import checkpoints
import learnt
import pytest
import torch
from safetensors.torch import load_file, save_file

from plugin_host.engine import Plan, Take
from plugin_host.engines.musicldm import MusicLdmEngine, load, lowrank
from plugin_host.engines.musicldm.adapters import CARD, WEIGHTS, named
from plugin_host.engines.musicldm.checkpoint import locate
from plugin_host.engines.musicldm.device import choose
from plugin_host.errors import BadValue, EngineUnavailable
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.training.corpus import Unwatched

ASKED = Plan("techno", Grid(Tempo.parse(120), Meter(4, 4), 1, 16_000), seed=1, takes=1, steps=2)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    """Return a folder of two adapters for the tiny checkpoint; no test may change it."""
    made = tmp_path_factory.mktemp("adapters")
    for seed, name in enumerate(("breaks", "dub")):
        learnt.adapter(made, name, tiny, seed)
    return made


@pytest.fixture(scope="module")
def engine(shelf: Path, tiny: Path) -> Iterator[MusicLdmEngine]:
    """Return an engine on the tiny checkpoint that knows the adapters."""
    made = MusicLdmEngine({"checkpoint": str(tiny), "device": "cpu", "adapters": str(shelf)})
    yield made
    made.close()


def take(engine: MusicLdmEngine, adapter: str | None) -> Take:
    """Return the one take that an engine makes with an adapter."""
    (made,) = engine.takes(replace(ASKED, adapter=adapter), Unwatched())
    return made


def test_an_adapter_changes_the_sound_and_taken_off_it_leaves_nothing(engine: MusicLdmEngine) -> None:
    """In any order each has its own bytes, and without one they are those of before."""
    words = (None, "breaks", "dub", "none", "breaks")
    made = [take(engine, word) for word in words]
    plain, breaks, dub, none, again = (each.audio.samples.tobytes() for each in made)
    assert len({plain, breaks, dub}) == 3
    assert (none, again) == (plain, breaks)
    assert [each.facts.get("adapter") for each in made] == [None, "breaks", "dub", None, "breaks"]
    assert made[1].facts["adapter_print"] != made[2].facts["adapter_print"]


def test_the_setting_is_what_a_plan_without_a_word_means(engine: MusicLdmEngine, shelf: Path, tiny: Path) -> None:
    """And the word none passes it over."""
    settings = {"checkpoint": str(tiny), "device": "cpu", "adapters": str(shelf), "adapter": "dub"}
    other = MusicLdmEngine(settings)
    for asked, like in ((None, "dub"), ("none", None)):
        assert take(other, asked).audio.samples.tobytes() == take(engine, like).audio.samples.tobytes()
    other.close()


def test_it_is_added_as_diffusers_adds_it(tiny: Path, shelf: Path) -> None:
    """The weights that they came to are those of the library that is known for it, to the rounding of a sum."""
    found, placement = locate(str(tiny)), choose("cpu")
    adapter = named("breaks", shelf)
    theirs = load.plain_unet(found, placement)
    theirs.load_lora_adapter(adapter.folder, weight_name=WEIGHTS, prefix=None)
    theirs.fuse_lora()
    theirs.unload_lora()
    ours = load.plain_unet(found, placement)
    plain = {key: value.clone() for key, value in ours.state_dict().items()}
    lowrank.merge(ours, adapter)
    changed = 0
    for key, weight in theirs.state_dict().items():
        assert torch.allclose(weight, ours.state_dict()[key], atol=1e-6), key
        changed += not torch.equal(weight, plain[key])
    assert changed == sum(key.endswith(lowrank.UP) for key in load_file(adapter.weights)) > 10


def test_one_that_is_not_there_is_told_with_those_that_are(
    engine: MusicLdmEngine, shelf: Path, tmp_path: Path, tiny: Path
) -> None:
    """Or with how one is made; no name leads out of the folder; and what plays without one plays on."""
    with pytest.raises(BadValue, match=r"there is no 'brakes' in .*; there is breaks, dub"):
        take(engine, "brakes")
    with pytest.raises(BadValue, match=r"there is no '\.\./dub'"):
        take(engine, "../dub")
    shutil.copytree(shelf / "dub", tmp_path / "half" / ".dub.new")
    with pytest.raises(BadValue, match=r"there is no '\.dub\.new'"):
        named(".dub.new", tmp_path / "half")
    empty = MusicLdmEngine({"checkpoint": str(tiny), "device": "cpu", "adapters": str(tmp_path)})
    with pytest.raises(BadValue, match="make one: daw-bridge train FOLDER --name NAME"):
        take(empty, "dub")
    with pytest.raises(BadValue, match=r"set musicldm\.adapters"):
        take(MusicLdmEngine({"checkpoint": str(tiny), "device": "cpu"}), "dub")
    assert take(engine, None).audio.frames == ASKED.grid.frames


def test_one_of_other_weights_is_refused(shelf: Path, tiny: Path, tmp_path: Path) -> None:
    """However well its shapes fit; and a whole checkpoint is none."""
    other = checkpoints.build(tmp_path / "other", seed=1)
    engine = MusicLdmEngine({"checkpoint": str(other), "device": "cpu", "adapters": str(shelf)})
    with pytest.raises(EngineUnavailable, match=rf"'dub' was made for the weights of {tiny}"):
        take(engine, "dub")
    with pytest.raises(BadValue, match=r"'other' is a whole checkpoint; set musicldm\.checkpoint to"):
        named("other", tmp_path)


def _without(folder: Path, ending: str) -> None:
    """Take out of an adapter's weights what ends so."""
    kept = {key: value for key, value in load_file(folder / WEIGHTS).items() if not key.endswith(ending)}
    save_file(kept, folder / WEIGHTS)


def _card(folder: Path, **changes: Any) -> None:
    """Change what an adapter's card says."""
    (folder / CARD).write_text(json.dumps({**json.loads((folder / CARD).read_text()), **changes}))


def _cut(folder: Path) -> None:
    """Cut the end of an adapter's weights off."""
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:-10])


def _stranger(folder: Path) -> None:
    """Give an adapter the matrices of a layer that no UNet of its kind has."""
    save_file({f"nowhere{end}": torch.ones(2, 2) for end in (lowrank.DOWN, lowrank.UP)}, folder / WEIGHTS)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_cut, "is damaged; remove .*torn, and train anew"),
        (lambda folder: (folder / WEIGHTS).unlink(), "there is no .*torn.*; remove .*torn, and train anew"),
        (lambda folder: _without(folder, lowrank.UP), "are no pairs"),
        (_stranger, "no adapter of this UNet"),
        (lambda folder: (folder / CARD).write_text("[]"), "cannot be read"),
        (lambda folder: _card(folder, base=None), "cannot be read"),
        (lambda folder: _card(folder, scale="much"), "cannot be read"),
        (lambda folder: _card(folder, scale=float("nan")), "its scale is nan"),
    ],
)
def test_a_damaged_one_is_refused(
    tiny: Path, shelf: Path, tmp_path: Path, damage: Callable[[Path], object], told: str
) -> None:
    """With what is wrong about it, before anything is computed with it."""
    damage(Path(shutil.copytree(shelf / "breaks", tmp_path / "torn")))
    with pytest.raises(EngineUnavailable, match=told):
        load.unet(locate(str(tiny)), choose("cpu"), named("torn", tmp_path))
