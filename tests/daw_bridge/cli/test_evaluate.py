"""Laws of ``evaluate``: a folder is measured as CLAP hears it, and what cannot be measured is said."""

import json
from pathlib import Path

import checkpoints
import numpy as np
import pytest
import soundfile
from commands import Command
from sounds import grid, groove, pad

from daw_bridge.cli.evaluate import Heard, _card
from plugin_host.loops import Folder, Loop
from plugin_host.musictime import Frames


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lend a tiny checkpoint."""
    return checkpoints.build(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture
def folders(tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Lend two folders: three clips with a file that is none, and the first of them with another."""
    monkeypatch.setenv("DAW_BRIDGE_MUSICLDM_CHECKPOINT", str(weights))
    monkeypatch.setenv("DAW_BRIDGE_MUSICLDM_DEVICE", "cpu")
    on = grid(120, bars=1, rate=16_000)
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, names in ((one, ("rock", "house", "pad")), (other, ("rock", "techno"))):
        folder.mkdir()
        for name in names:
            sound = pad(on) if name == "pad" else groove(on, name)
            soundfile.write(folder / f"{name}_120bpm.wav", sound.samples, on.rate)
    (one / "broken.wav").write_bytes(b"RIFF")
    return one, other


def test_a_folder_is_measured_against_another(command: Command, folders: tuple[Path, Path]) -> None:
    """Each measure is there, in its range; a clip that is in both is a copy; what could not be read is named."""
    ended = command("evaluate", folders[0], "--against", folders[1], "--json")
    assert ended.status == 0, ended.err
    told = json.loads(ended.out)
    assert (told["clips"], told["against_clips"], told["captions_from"]) == (3, 2, {"name": 3})
    assert -1 <= told["text_similarity"] <= 1
    assert 1 <= told["diversity"] <= 3
    assert 1 <= told["inception_score"] <= 3
    assert told["nearest_most"] == pytest.approx(1, abs=1e-5)
    assert 1 / 3 <= told["nearest_at_95"] <= told["nearest_at_90"] <= 1
    assert told["frechet_distance"] > 0
    assert [Path(each["path"]).name for each in told["refused"]] == ["broken.wav"]
    assert any("compare it only with that of sets as large" in each for each in told["notes"])


def test_people_get_a_page_with_what_each_figure_means(command: Command, folders: tuple[Path, Path]) -> None:
    """Against itself a folder is at no distance, all of it copies; of one caption there is no inception score, and why."""
    (folders[1] / "captions.csv").write_text("file,caption\nrock_120bpm.wav,drums\ntechno_120bpm.wav,drums\n")
    page = command("evaluate", folders[1], "--against", folders[1]).out
    assert "cosine of clip and caption" in page
    assert "no inception score: 1 caption is one class" in page
    assert "0.000   to the other folder; lower is nearer" in page
    assert "100.0 %   come near a copy" in page
    assert "captions from captions.csv (2)" in page


def test_on_its_own_a_folder_has_neighbours_and_no_distance(tmp_path: Path) -> None:
    """A clip alone has not even those, and it is said."""
    beat = {"caption": "name"}
    loops = [Loop(tmp_path / f"{word}.wav", word, 8_000, Frames(1), 1, None, None, beat) for word in ("drums", "pad")]
    words = {"drums": np.eye(2, dtype=np.float32)[0], "pad": np.eye(2, dtype=np.float32)[1]}
    both = _card(Heard(Folder(tmp_path, tuple(loops), ()), np.eye(2, dtype=np.float32)), None, words, "weights")
    assert (both["nearest_mean"], both["nearest_at_90"], both["text_similarity"]) == (0, 0, 1)
    assert "frechet_distance" not in both
    alone = Heard(Folder(tmp_path, tuple(loops[:1]), ()), np.eye(2, dtype=np.float32)[:1])
    told = _card(alone, None, {"drums": words["drums"]}, "weights")
    assert (told["nearest_mean"], told["inception_score"], told["diversity"]) == (None, None, 1)
    assert told.keys() == both.keys()
    assert len(told["notes"]) == 2


def test_a_folder_of_nothing_and_a_machine_without_a_model_are_told(
    command: Command, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With what to do."""
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no clip that can be heard" in command("evaluate", empty).err
    monkeypatch.setenv("DAW_BRIDGE_MUSICLDM_CHECKPOINT", "nobody/nothing")
    ended = command("evaluate", folders[0])
    assert (ended.status, ended.out) == (1, "")
    assert "daw-bridge model fetch nobody/nothing" in ended.err


def test_what_only_stands_in_does_not_judge(
    command: Command, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It knows too few words; whoever names it has it."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.delenv("DAW_BRIDGE_MUSICLDM_CHECKPOINT")
    ended = command("evaluate", folders[0])
    assert (ended.status, ended.out) == (1, "")
    assert "daw-bridge model fetch ucsd-reach/musicldm" in ended.err
    monkeypatch.setenv("DAW_BRIDGE_MUSICLDM_CHECKPOINT", "musicldm-mini")
    assert json.loads(command("evaluate", folders[1], "--json").out)["weights"] == "musicldm-mini"
