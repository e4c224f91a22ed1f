"""What programs that nobody here wrote read from a delivered WAV."""

import subprocess
from pathlib import Path

import pytest
import soundfile
from clips import a_clip, an_order
from real import need
from wavinfo import WavInfoReader

from daw_bridge.deliveries.folder import SOFTWARE, FolderDelivery
from daw_bridge.deliveries.wav import Depth
from plugin_host.engine import Form
from plugin_host.key import Key
from plugin_host.musictime import Grid, Meter, Tempo

CASES = [("120", "4/4", "120"), ("93.7", "3/4", "93.7"), ("174", "7/8", "174"), ("59.94", "12/8", "59.94")]


def delivered(folder: Path, tempo: str, meter: str, depth: Depth = Depth.PCM_24, title: str = "dub “wärm”") -> Path:
    """Deliver two bars in A minor and return the WAV."""
    clip = a_clip(Grid(Tempo.parse(tempo), Meter.parse(meter), 2, 44_100), channels=2)
    return FolderDelivery(folder, depth).deliver(clip, an_order(title, Key.parse("Am")))


def spoken(*command: str | Path) -> str:
    """Run `command` and return what it says."""
    return subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8", timeout=60).stdout


@pytest.mark.parametrize("depth", Depth)
@pytest.mark.parametrize(("tempo", "meter", "told"), CASES)
def test_libsndfile_reads_tempo_meter_and_texts(
    tmp_path: Path, tempo: str, meter: str, told: str, depth: Depth
) -> None:
    """In every depth, libsndfile finds the tempo, the meter, the title, the prompt and the maker."""
    with soundfile.SoundFile(delivered(tmp_path, tempo, meter, depth)) as file:
        lines = dict(line.split(":", 1) for line in file.extra_info.splitlines() if ":" in line)
        assert file.title == file.comment == "dub “wärm”"
        assert file.software == SOFTWARE
    said = {name.strip(): value.strip() for name, value in lines.items()}
    assert float(said["Tempo"]) == pytest.approx(float(told), abs=1e-4)
    assert said["Meter"] == meter


@pytest.mark.parametrize("title", ["x" * 2_000, "🥁" * 2_000])
def test_libsndfile_reads_the_longest_prompt(tmp_path: Path, title: str) -> None:
    """A prompt of 2 000 characters, of any kind, does not keep libsndfile from reading all of INFO."""
    with soundfile.SoundFile(delivered(tmp_path, "120", "4/4", title=title)) as file:
        assert file.software == SOFTWARE
        assert title.startswith(file.comment)
        assert len(file.comment.encode()) == 2_000


@pytest.mark.real
@pytest.mark.parametrize(("tempo", "meter", "told"), CASES)
def test_sndfile_info_prints_tempo_and_loop(tmp_path: Path, tempo: str, meter: str, told: str) -> None:
    """The program sndfile-info prints the tempo, and one loop that ends on the last frame."""
    path = delivered(tmp_path, tempo, meter)
    said = spoken(need("sndfile-info"), path)
    frames = soundfile.info(path).frames
    assert float(said.split("Tempo     : ")[1].split()[0]) == pytest.approx(float(told), abs=1e-4)
    assert "Loop Count   : 1" in said
    assert f"Start :     0  End : {frames - 1}" in said
    assert "***" not in said  # how it marks what it cannot make sense of


@pytest.mark.real
@pytest.mark.parametrize(("tempo", "meter", "told"), CASES)
def test_exiftool_reads_tempo_beats_and_meter(tmp_path: Path, tempo: str, meter: str, told: str) -> None:
    """ExifTool reads tempo, meter, beats, root note and loop, and finds nothing to warn of."""
    path = delivered(tmp_path, tempo, meter)
    said = spoken(need("exiftool"), "-s", "-charset", "riff=utf8", path)
    found = {name.strip(): value.strip() for name, value in (line.split(":", 1) for line in said.splitlines())}
    assert float(found["Tempo"]) == pytest.approx(float(told), abs=1e-4)
    assert found["Meter"] == meter
    assert int(found["Beats"]) == round(2 * Meter.parse(meter).bar)
    assert found["RootNote"] == "High A"
    assert found["NumSampleLoops"] == "1"
    assert found["Title"] == "dub “wärm”"
    assert "Warning" not in found


@pytest.mark.parametrize("depth", Depth)
def test_wavinfo_reads_the_loop_and_the_texts(tmp_path: Path, depth: Depth) -> None:
    """The PyPI reader wavinfo finds the loop over the whole file, and the texts of INFO."""
    path = delivered(tmp_path, "93.7", "3/4", depth)
    read = WavInfoReader(str(path), info_encoding="utf-8")
    loop = read.smpl.to_dict()["loops"][0]
    assert loop["loop_type_description"] == "FORWARD"
    assert (loop["start_samples"], loop["end_samples"]) == (0, read.data.frame_count - 1)
    assert loop["repetition_count"] == 0
    assert (read.info.title, read.info.comment, read.info.software) == ("dub “wärm”", "dub “wärm”", SOFTWARE)


def test_a_one_shot_is_told_as_one(tmp_path: Path) -> None:
    """Readers see a one-shot as a one-shot: the flag is set, and there is no loop."""
    path = FolderDelivery(tmp_path).deliver(a_clip(form=Form.ONE_SHOT), an_order())
    assert WavInfoReader(str(path)).smpl is None
    with soundfile.SoundFile(path) as file:
        assert "OneShot" in file.extra_info
