"""``daw-bridge train``: what it says before, meanwhile and afterwards, and that Ctrl-C loses nothing."""

import json
import os
import re
import shutil
import signal
from pathlib import Path

import checkpoints
import learnt
import pytest
import soundfile
from commands import Command

from daw_bridge.cli import train
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.lock import taken
from plugin_host.engines.musicldm.checkpoint import Checkpoint, locate
from plugin_host.loops import read_loop
from plugin_host.training import finetune


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lend a tiny checkpoint."""
    return checkpoints.build(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lend a folder of four loops and a file that is none."""
    return learnt.loops(tmp_path_factory.mktemp("loops") / "mine")


@pytest.fixture
def here(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the tiny checkpoint be the one that is used, and steps small."""
    monkeypatch.setenv("DAW_BRIDGE_MUSICLDM_CHECKPOINT", str(weights))
    monkeypatch.setenv("DAW_BRIDGE_MUSICLDM_DEVICE", "cpu")
    monkeypatch.setattr(finetune, "DRAWS", 1)
    monkeypatch.setattr(finetune, "_MEASURED", 1)


@pytest.mark.usefixtures("here")
def test_stopped_and_gone_on_with_it_comes_to_its_end(
    command: Command, home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tells what it read and how long it takes; Ctrl-C keeps the state; the same command ends with how it is used."""
    words = ("train", folder, "--name", "mine", "--steps", 3, "--samples", 3, "--rank", 2)
    after = train._Shown.after

    def stop(shown: train._Shown, done: int) -> bool:
        """Press Ctrl-C in the second step."""
        if done == 2:
            signal.raise_signal(signal.SIGINT)
        return after(shown, done)

    with monkeypatch.context() as patch:
        patch.setattr(train._Shown, "after", stop)
        ended = command(*words)
    assert ended.status == 1
    assert "the same command goes on from there" in ended.err
    assert "4 loops, 5 bars, 4 captions; 1 file left out" in ended.out
    assert "left out: broken.wav is no sound file" in ended.out
    assert re.search(r"A step takes [\d.]+ s here: 3 steps, about \d+:\d\d min\.", ended.out)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    for option, now in (("--steps", 9), ("--samples", 1)):
        ended = command("train", folder, "--name", "mine", "--rank", 2, option, now)
        assert (ended.status, f"{option} is {now}, and this training was begun with 3" in ended.err) == (2, True)

    ended = command(*words)
    assert ended.status == 0, ended.err
    assert "3 steps, 2 of them done" in ended.out
    target = home / "adapters" / "mine"
    assert f"mine is ready, in {target}" in ended.out
    assert "use it: daw-bridge generate house --set adapter=mine" in ended.out
    assert "Licence of the weights that it stands on: not stated" in ended.out
    samples = sorted((target / "samples").iterdir())
    assert [path.name for path in samples] == ["step-00000_120bpm_1bars.wav", "step-00003_120bpm_1bars.wav"]
    heard = read_loop(samples[1])
    assert heard.beat is not None
    assert (heard.beat.bars, str(heard.beat.tempo), heard.beat.wraps) == (1, "120", True)
    assert soundfile.info(samples[1]).frames == 32_000

    assert [path.name for path in target.parent.iterdir()] == ["mine"]
    assert re.search(r"mine +an adapter +\S", command("model", "list").out)
    spoilt = shutil.copytree(target, target.parent / "spoilt")
    (spoilt / "adapter.json").write_text("[]")
    listed = json.loads(command("model", "list", "--json").out)["learnt"]
    assert [(each["name"], each["trouble"] is None) for each in listed] == [("mine", True), ("spoilt", False)]
    assert f"remove {spoilt}, and train anew" in command("model", "list").out
    again = command(*words)
    assert again.status == 1
    assert "there is a 'mine'" in again.err


@pytest.mark.usefixtures("here")
def test_all_weights_become_a_checkpoint_and_programs_are_told(command: Command, home: Path, folder: Path) -> None:
    """In JSON, where it lies and how it is used; nothing else is on the output."""
    ended = command("train", folder, "--name", "all", "--steps", 1, "--samples", 0, "--full", "--json")
    assert ended.status == 0, ended.err
    told = json.loads(ended.out)
    assert told["folder"] == str(home / "adapters" / "all")
    assert told["use"].startswith("DAW_BRIDGE_MUSICLDM_CHECKPOINT=")
    assert (home / "adapters" / "all" / "model_index.json").is_file()
    assert "_name_or_path" not in (home / "adapters" / "all" / "unet" / "config.json").read_text()
    assert not (home / "adapters" / "all" / "samples").exists()
    (card,) = json.loads(command("model", "list", "--json").out)["learnt"]
    assert (card["name"], card["kind"], card["trouble"]) == ("all", "a model", None)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("words", "status_and_told"),
    [
        (["FOLDER", "--name", "a b"], (2, "--name: 'a b' has other characters")),
        (["FOLDER", "--name", "none"], (2, "--name: 'none' means something else here")),
        (
            ["FOLDER", "--name", "a", "--mixup", "all"],
            (2, "--mixup: 'all' is unknown; give one of none, latents, audio"),
        ),
        (["FOLDER", "--name", "a", "--steps", "1", "--minutes", "1"], (2, "give one of them")),
        (["FOLDER", "--name", "a", "--minutes", "inf"], (2, "--minutes is inf; give a number of minutes")),
        (["FOLDER", "--name", "a", "--seed", str(2**63)], (2, "less than or equal to 9223372036854775807")),
        (["FOLDER", "--name", "a", "--device", "abacus"], (1, "device is 'abacus'")),
        (["FOLDER", "--name", "a", "--model", "nobody/nothing"], (1, "daw-bridge model fetch nobody/nothing")),
        (["nowhere", "--name", "a"], (1, "there is no folder")),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    command: Command, home: Path, folder: Path, words: list[str], status_and_told: tuple[int, str]
) -> None:
    """Before anything is read; and nothing is left behind."""
    status, told = status_and_told
    ended = command("train", *(str(folder) if word == "FOLDER" else word for word in words))
    assert (ended.status, ended.out) == (status, "")
    assert told in ended.err
    assert not (home / "adapters").exists()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            OSError(28, "No space left on device"),
            "cannot be read or written .*No space left on device.* goes on from the last",
        ),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "not enough memory to learn; close other programs"),
    ],
)
def test_what_a_machine_runs_out_of_is_said_in_a_sentence(tmp_path: Path, error: Exception, told: str) -> None:
    """And a fault of our own is not: it passes through as it is."""
    with pytest.raises(CommandFailed, match=told), train._in_plain_words(tmp_path):
        raise error
    with pytest.raises(RuntimeError, match="shapes"), train._in_plain_words(tmp_path):
        raise RuntimeError("shapes do not match")


@pytest.mark.usefixtures("here")
def test_one_training_has_one_process(command: Command, home: Path, folder: Path) -> None:
    """Two would write over each other; the second is told who is at it, and leaves everything as it is."""
    shelf = home / "adapters" / finetune.UNFINISHED
    shelf.mkdir(parents=True)
    with taken(shelf / "mine.lock"):
        ended = command("train", folder, "--name", "mine", "--steps", 1)
        assert ended.status == 1
        assert f"process {os.getpid()} is at the training 'mine' already; wait for it" in ended.err
        assert [path.name for path in shelf.iterdir()] == ["mine.lock"]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("error", "told"), [(OSError(28, "No space left"), "No space left"), (MemoryError(), "not enough memory to learn")]
)
def test_it_may_run_out_while_it_reads_and_measures_too(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, told: str
) -> None:
    """There it is where memory runs out first; a person reads a sentence."""

    def fail(*_: object) -> None:
        """Run out."""
        raise error

    monkeypatch.setattr(finetune, "begun", fail)
    ended = command("train", folder, "--name", "mine", "--steps", 1)
    assert (ended.status, told in ended.err) == (1, True)


def test_how_it_is_used_names_what_the_settings_do_not(tmp_path: Path, weights: Path) -> None:
    """Weights that were named for this once, and the file of the settings that the adapter lies by."""
    target, file = tmp_path / "mine", tmp_path / "my own.toml"
    assert train._use(target, "dub", None, None) == "daw-bridge generate dub --set adapter=mine"
    assert f"dub --config '{file}' --set" in train._use(target, "dub", file, None)
    for found, name in (
        (locate(str(weights)), str(weights)),
        (Checkpoint("some/model", weights, "0" * 40, "mit"), "some/model"),
    ):
        assert train._use(target, "dub", None, found).startswith(f"DAW_BRIDGE_MUSICLDM_CHECKPOINT={name} daw-bridge")
