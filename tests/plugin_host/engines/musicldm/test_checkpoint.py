"""What is no checkpoint of MusicLDM, or no whole one, or could run code, is refused with a sentence that helps."""

import json
import operator
import pickle
import shutil
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from plugin_host.engine import Plan
from plugin_host.engines.musicldm import MusicLdmEngine, checkpoint, defaults
from plugin_host.engines.musicldm.device import choose
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.errors import BadValue, EngineUnavailable, OutOfMemory
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.training.corpus import Unwatched

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    """Return a copy of the tiny checkpoint that a test may spoil."""
    return Path(shutil.copytree(tiny, tmp_path / "copy"))


def truncate(path: Path) -> None:
    """Cut the last hundred bytes off a file."""
    path.write_bytes(path.read_bytes()[:-100])


def spoil_index(folder: Path, name: str) -> None:
    """Make the checkpoint one of another pipeline."""
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, "_class_name": name}))


def change_config(folder: Path, part: str, **changes: object) -> None:
    """Change some values in the configuration of a part."""
    path = folder / part / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def headed(folder: Path, header: bytes, size: int | None = None) -> None:
    """Give the UNet's weights another header, which says that it is `size` bytes long."""
    weights = folder / "unet/diffusion_pytorch_model.safetensors"
    weights.write_bytes(struct.pack("<Q", len(header) if size is None else size) + header)


def replaced_by_folder(path: Path) -> None:
    """Put a folder in the place of a file."""
    path.unlink()
    path.mkdir()


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "no index": (lambda folder: (folder / "model_index.json").unlink(), "has no model_index.json"),
    "index is no JSON": (lambda folder: (folder / "model_index.json").write_text("{"), "cannot be read"),
    "index is a list": (lambda folder: (folder / "model_index.json").write_text("[]"), "holds no settings"),
    "another pipeline": (lambda folder: spoil_index(folder, "AudioLDM2Pipeline"), "holds a AudioLDM2Pipeline"),
    "a part is missing": (lambda folder: shutil.rmtree(folder / "vae"), "lacks .*vae"),
    "weights are missing": (lambda folder: (folder / "vocoder/model.safetensors").unlink(), "lacks .*vocoder"),
    "weights are truncated": (
        lambda folder: truncate(folder / "unet/diffusion_pytorch_model.safetensors"),
        "it is damaged; fetch or copy",
    ),
    "weights are empty": (
        lambda folder: (folder / "text_encoder/model.safetensors").write_bytes(b""),
        "no safetensors",
    ),
    "weights are text": (
        lambda folder: (folder / "vae/diffusion_pytorch_model.safetensors").write_text("x" * 99),
        "no safe",
    ),
    "config asks for other weights": (
        lambda folder: change_config(folder, "vae", block_out_channels=[8, 16, 16]),
        "the vae of .* cannot be loaded",
    ),
    "config of a vocoder with other bins": (
        lambda folder: change_config(folder, "vocoder", model_in_dim=18),
        "the vocoder of .* cannot be loaded|does not fit together",
    ),
    "an index of brackets": (
        lambda folder: (folder / "model_index.json").write_text("[" * 100_000),
        "brackets lie too deep",
    ),
    "a config of brackets": (
        lambda folder: (folder / "vae/config.json").write_text('{"a": ' * 100_000),
        "brackets lie too deep",
    ),
    "a config without end": (lambda folder: (folder / "vae/config.json").write_bytes(b" " * 17_000_000), "no settings"),
    "a config that is a folder": (lambda folder: replaced_by_folder(folder / "vae/config.json"), "lacks .*vae"),
    "a header of brackets": (lambda folder: headed(folder, b"[" * 100_000), "no safetensors"),
    "a header larger than its file": (lambda folder: headed(folder, b"{}", 2**40), "no safetensors"),
    "a header that is no table": (lambda folder: headed(folder, b"[1, 2]"), "no safetensors"),
    "offsets that are text": (lambda folder: headed(folder, b'{"a": {"data_offsets": ["0", "4"]}}'), "no safetensors"),
    "offsets that are no number": (
        lambda folder: headed(folder, b'{"a": {"data_offsets": [0, NaN]}}'),
        "no safetensors",
    ),
    "offsets beyond the end": (lambda folder: headed(folder, b'{"a": {"data_offsets": [0, 9e15]}}'), "no safetensors"),
    "offsets beyond the file": (
        lambda folder: headed(folder, b'{"a": {"data_offsets": [0, 9000000000000000000]}}'),
        "it is damaged",
    ),
    "tensors that lie about their shape": (
        lambda folder: headed(folder, b'{"a": {"dtype": "F32", "shape": [1000000000, 1000], "data_offsets": [0, 0]}}'),
        "the unet of .* cannot be loaded",
    ),
    "no tokenizer": (lambda folder: (folder / "tokenizer/tokenizer_config.json").unlink(), "lacks .*tokenizer"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_spoiled_checkpoint_is_refused(copy: Path, how: str) -> None:
    """Whatever is wrong, the answer is one sentence that names the part and the remedy, never random weights."""
    spoil, message = SPOILED[how]
    spoil(copy)
    with pytest.raises(EngineUnavailable, match=message):
        MusicLDM.load(str(copy), placement=choose("cpu"))


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("vocoder", {"sampling_rate": "many"}),
        ("vocoder", {"sampling_rate": -1}),
        ("vocoder", {"upsample_rates": [2] * 100_000}),
        ("vocoder", {"upsample_rates": []}),
        ("vocoder", {"resblock_dilation_sizes": 3}),
        ("vae", {"block_out_channels": [1] * 64}),
        ("unet", {"sample_size": 2**70}),
        ("unet", {"in_channels": None}),
    ],
)
def test_measures_without_sense_are_refused(copy: Path, part: str, changes: dict[str, object]) -> None:
    """Before anything is made from them, and naming the part."""
    change_config(copy, part, **changes)
    with pytest.raises(EngineUnavailable, match=r"configuration.* of .*copy"):
        Geometry.of(checkpoint.locate(str(copy)))
    if "sampling_rate" in changes:
        with pytest.raises(EngineUnavailable, match="has no sample rate"):
            assert checkpoint.locate(str(copy)).rate


def test_a_pickle_cannot_run(copy: Path, tmp_path: Path) -> None:
    """A program inside a weight file is refused: as a bare pickle, and inside torch's archive. It never runs."""
    proof = tmp_path / "it_ran"

    class Surprise:
        """Writes a file when it is unpickled."""

        def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
            return Path.touch, (proof,)  # type: ignore[return-value]  # what a pickle may call is not typed

    (copy / "vocoder/model.safetensors").unlink()
    weights = copy / "vocoder/pytorch_model.bin"
    weights.write_bytes(pickle.dumps(Surprise()))
    with pytest.raises(EngineUnavailable, match="bare pickle"):
        MusicLDM.load(str(copy), placement=choose("cpu"))
    torch.save({"conv_pre.weight": Surprise()}, weights)
    with pytest.raises(EngineUnavailable, match=r"vocoder .* cannot be loaded"):
        MusicLDM.load(str(copy), placement=choose("cpu"))
    assert not proof.exists()


@pytest.mark.parametrize("part", list(checkpoint.WEIGHTS))
def test_a_part_that_has_only_a_bin_is_loaded_as_weights(copy: Path, model: MusicLDM, part: str) -> None:
    """What some publish in torch's own archive sounds as the safetensors would."""
    safe, archive = (copy / part / name for name in checkpoint.WEIGHTS[part])
    torch.save(load_file(safe), archive)
    safe.unlink()
    again = MusicLDM.load(str(copy), placement=choose("cpu"))
    chance = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    one, other = (
        each("a", seconds=0.2, steps=2, generator=source).audios
        for each, source in zip((model, again), chance, strict=True)
    )
    assert (one == other).all()


@pytest.mark.parametrize("source", ["", "  ", "a\0b"])
def test_what_is_no_name_at_all_is_refused(source: str) -> None:
    """Neither a path nor an id: the message says what would be."""
    with pytest.raises(BadValue, match="give a folder, or a hub id"):
        checkpoint.locate(source)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A path is a path, even one that does not exist."""
    with pytest.raises(EngineUnavailable, match=r"there is no folder .*nowhere"):
        checkpoint.locate(str(tmp_path / "nowhere"))


def test_a_hub_id_is_found_in_the_cache_and_only_there(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was fetched is found by its name and pinned by its commit; what was not is never downloaded by surprise."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(EngineUnavailable, match="daw-bridge model fetch some/model"):
        checkpoint.locate("some/model")
    home = tmp_path / "models--some--model"
    (home / "refs").mkdir(parents=True)
    (home / "refs/main").write_text(COMMIT)
    shutil.copytree(tiny, home / "snapshots" / COMMIT)
    assert checkpoint.locate("some/model").revision == COMMIT
    assert checkpoint.locate("some/model", COMMIT).folder.name == COMMIT
    with pytest.raises(EngineUnavailable, match=r"--revision 2\.0"):
        checkpoint.locate("some/model", "2.0")


@pytest.fixture
def shipped(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have the tiny checkpoint come along in place of the small one, with no other here; return the hub's empty cache."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(checkpoint, "SHIPPED", {checkpoint.MINI: tiny})
    return tmp_path / "hub"


def fetched(cache: Path, tiny: Path) -> Path:
    """Put the tiny checkpoint where a fetch of the published one would have."""
    home = cache / "models--ucsd-reach--musicldm"
    (home / "refs").mkdir(parents=True)
    (home / "refs/main").write_text(COMMIT)
    return Path(shutil.copytree(tiny, home / "snapshots" / COMMIT))


@pytest.mark.usefixtures("shipped")
def test_what_came_along_is_known_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In any folder, even one that has a folder of that name; it is listed, and its licence is told."""
    (tmp_path / checkpoint.MINI).mkdir()
    monkeypatch.chdir(tmp_path)
    found = checkpoint.locate(checkpoint.MINI)
    assert (found.source, found.revision, found.licence) == ("musicldm-mini", None, "MIT, as daw-bridge")
    assert checkpoint.installed() == [found]
    assert checkpoint.at_hand(checkpoint.MINI) == (found, "")


def test_what_came_along_and_is_damaged_is_not_listed(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As nothing is that was fetched and is not whole; the others are."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(checkpoint, "SHIPPED", {checkpoint.MINI: copy})
    assert [each.source for each in checkpoint.installed()] == [checkpoint.MINI]
    (copy / "vae" / "config.json").unlink()
    assert checkpoint.installed() == []


def test_the_small_one_stands_in_for_the_published_one_until_that_is_fetched(shipped: Path, tiny: Path) -> None:
    """With a sentence on what it is and how to get the real one; then it is not heard of again."""
    found, told = checkpoint.at_hand(checkpoint.DEFAULT)
    assert found == checkpoint.locate(checkpoint.MINI)
    assert "musicldm-mini plays in its place: a small demonstration" in told
    assert "daw-bridge model fetch" in told
    fetched(shipped, tiny)
    found, told = checkpoint.at_hand(checkpoint.DEFAULT)
    assert (found.source, found.revision, told) == (checkpoint.DEFAULT, COMMIT, "")


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize(
    ("source", "revision"), [("some/model", None), ("nowhere", None), (checkpoint.DEFAULT, COMMIT)]
)
def test_who_names_another_means_it(source: str, revision: str | None) -> None:
    """Another model, or a certain state of the published one, is that or an error."""
    with pytest.raises(EngineUnavailable):
        checkpoint.at_hand(source, revision)


def test_a_model_that_is_damaged_is_not_played_over(shipped: Path, tiny: Path) -> None:
    """It is here, and must be put right; and where nothing came along, nothing stands in."""
    truncate(fetched(shipped, tiny) / "unet/diffusion_pytorch_model.safetensors")
    with pytest.raises(EngineUnavailable, match="is damaged"):
        checkpoint.at_hand(checkpoint.DEFAULT)


def test_where_nothing_came_along_nothing_stands_in(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is that of the published one, with the command that fetches it."""
    monkeypatch.setattr(checkpoint, "SHIPPED", {checkpoint.MINI: tmp_path})
    assert not shipped.exists()
    assert checkpoint.installed() == []
    with pytest.raises(EngineUnavailable, match="daw-bridge model fetch ucsd-reach/musicldm"):
        checkpoint.at_hand(checkpoint.DEFAULT)


def test_a_prompt_of_unknown_words_is_told_where_the_words_are_known(copy: Path) -> None:
    """One word that was learnt is enough; and a checkpoint that lists none is left to judge by itself."""
    assert checkpoint.locate(str(copy)).unheard("a choir of whales") == ""
    index = json.loads((copy / "model_index.json").read_text())
    (copy / "model_index.json").write_text(json.dumps({**index, checkpoint.WORDS: ["house", "hip-hop", "drums"]}))
    found = checkpoint.locate(str(copy))
    assert (
        found.unheard("a choir of whales")
        == f"{copy} has learnt none of these words; it knows such as house, hip-hop, drums"
    )
    assert [found.unheard(words) for words in ("Warm HOUSE", "hip hop, 90 BPM", "whales, drums.", "", " , ")] == [
        ""
    ] * 5


def test_the_licence_is_told(copy: Path) -> None:
    """From what we know, from the card that lies with the weights, or not at all: then that is said."""
    assert "not stated" in checkpoint.locate(str(copy)).licence
    (copy / "README.md").write_text("---\nlicense: cc-by-nc-sa-4.0\ntags: [music]\n---\n# A model\n")
    assert checkpoint.locate(str(copy)).licence == "cc-by-nc-sa-4.0"
    assert "non-commercial" in checkpoint.LICENCES[checkpoint.DEFAULT]


def test_too_little_memory_is_said_before_loading(copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The need and what there is are both named, and what would help."""
    from plugin_host.engines.musicldm import memory  # noqa: PLC0415 - patched here alone

    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 100 kB\nMemAvailable: 3 kB\n")
    monkeypatch.setattr(memory, "_MEMINFO", meminfo)
    with pytest.raises(OutOfMemory, match=r"needs .* GB on cpu and 0\.0 GB are free; ask for fewer"):
        MusicLDM.load(str(copy), placement=choose("cpu"))


def test_a_checkpoint_that_says_nothing_of_captions_is_asked_as_the_user_asked(tiny: Path) -> None:
    """The published one's captions had no tempo, and it is told none."""
    assert checkpoint.check("tiny", tiny, None).asked("dusty breakbeat", Tempo.parse("92.5")) == "dusty breakbeat"


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [(checkpoint.BEAT, each, "1 to 64") for each in (0, -8, 1.5, "8", True, 10**9)]
    + [
        (checkpoint.STEPS, 0, "1 to 1000"),
        (checkpoint.GUIDANCE, "much", "0 to 30"),
        (checkpoint.GUIDANCE, 31, "0 to 30"),
        (checkpoint.PULSE, 1.5, "0 to 1"),
    ],
)
def test_a_number_of_the_index_that_makes_no_sense_is_refused(
    copy: Path, key: str, value: object, allowed: str
) -> None:
    """The answer names the value, the file and the range."""
    told(copy, key, value)
    found = checkpoint.locate(str(copy))
    with pytest.raises(EngineUnavailable, match=rf"{key} in .*model_index\.json is .* from {allowed}"):
        operator.attrgetter("beat", "steps", "guidance", "pulse")(found)


def test_a_checkpoint_says_how_it_is_best_sampled(copy: Path) -> None:
    """Where neither the job nor the settings say otherwise; the published one says nothing."""
    silent = checkpoint.locate(str(copy))
    assert (silent.steps, silent.guidance, silent.pulse) == (None, None, None)
    told(copy, checkpoint.STEPS, 3)
    told(copy, checkpoint.GUIDANCE, 1)
    plan = Plan("techno", Grid(Tempo.parse(120), Meter(4, 4), 1, 16_000), seed=1, takes=1)
    for steps, settings, asked in ((3, {}, plan), (2, {"steps": 2}, plan), (1, {"steps": 2}, replace(plan, steps=1))):
        engine = MusicLdmEngine({"checkpoint": str(copy), "device": "cpu", **settings})
        (take,) = engine.takes(asked, Unwatched())
        engine.close()
        assert (take.facts["steps"], take.facts["guidance"]) == (steps, 1)


def test_a_checkpoint_says_how_much_pulse_it_needs(copy: Path) -> None:
    """What counts time in beats by itself needs none; a job that tells one is heard, and the sidecar tells what it was."""
    plan = Plan("techno", Grid(Tempo.parse(120), Meter(4, 4), 1, 16_000), seed=1, takes=1, steps=1)
    found = []
    for asked in (None, 1.0):
        for told_by_index in (None, 0):
            told(copy, checkpoint.PULSE, told_by_index)
            engine = MusicLdmEngine({"checkpoint": str(copy), "device": "cpu"})
            (take,) = engine.takes(replace(plan, pulse=asked), Unwatched())
            engine.close()
            found.append(take.facts["pulse"])
    assert found == [defaults.PULSE, 0, 1.0, 1.0]


def told(folder: Path, key: str, value: object) -> None:
    """Let a checkpoint say something of itself."""
    index = folder / checkpoint.INDEX
    index.write_text(json.dumps({**json.loads(index.read_text()), key: value}))
