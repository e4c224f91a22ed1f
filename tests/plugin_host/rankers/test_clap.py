"""The CLAP ranker puts first what sounds like its prompt, and last what was heard before."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from sounds import grid, plan

from plugin_host import rank
from plugin_host.audio import Audio
from plugin_host.engine import Plan
from plugin_host.rankers.clap import ClapRanker
from plugin_host.rankers.library import MOST, Library

RATE = 16_000


def tone(hertz: float) -> Audio:
    """Return a second of a sine."""
    wave = 0.3 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)
    return Audio(wave.astype(np.float32)[:, np.newaxis], RATE)


@dataclass
class PitchEar:
    """An ear that hears one thing, pitch: as an angle on a half circle, which words name in hertz."""

    listened: list[int] = field(default_factory=list)

    def words(self, text: str) -> NDArray[np.float32]:
        """Read the number in `text`."""
        return self._angle(float(text.removesuffix(" hertz")))

    def sound(self, audio: Audio) -> NDArray[np.float32]:
        """Count the waves."""
        self.listened.append(audio.frames)
        spectrum = np.abs(np.fft.rfft(audio.mono()))
        return self._angle(float(np.argmax(spectrum)) * audio.rate / audio.frames)

    def _angle(self, hertz: float) -> NDArray[np.float32]:
        angle = np.pi * hertz / 8000
        return np.array([np.cos(angle), np.sin(angle)], dtype=np.float32)


def asking(prompt: str) -> Plan:
    """Return a plan with this prompt."""
    return dataclasses.replace(plan(grid(bars=1)), prompt=prompt)


def test_a_planted_take_ranks_first() -> None:
    """The one that is what the words say wins, wherever it stands among the others."""
    judge = ClapRanker(PitchEar(), Library()).judge
    pitches = [3000.0, 500.0, 1000.0, 2000.0]
    for turn in range(4):
        turned = pitches[turn:] + pitches[:turn]
        scores = [rank.score([judge(tone(hertz), asking("1000 hertz"))], {}) for hertz in turned]
        assert [turned[index] for index in rank.best_first(scores)] == [1000.0, 500.0, 2000.0, 3000.0]


def test_the_cosine_is_kept_as_evidence() -> None:
    """The number behind the part can be read in the score, and the part is its place between −1 and 1."""
    verdict = ClapRanker(PitchEar(), Library()).judge(tone(4000), asking("1 hertz"))
    cosine = verdict.evidence["text_cosine"]
    assert cosine == pytest.approx(np.cos(np.pi * 3999 / 8000), abs=1e-3)
    assert verdict.parts["text"] == pytest.approx((1 + float(cosine or 0)) / 2)


def test_a_near_copy_of_an_earlier_clip_is_ranked_down(tmp_path: Path) -> None:
    """A take that is in the folder already has no novelty left; one that is far from it has all."""
    soundfile.write(tmp_path / "earlier.wav", tone(1000).samples, RATE)
    judge = ClapRanker(PitchEar(), Library([tmp_path])).judge
    copy, new = judge(tone(1000), asking("1500 hertz")), judge(tone(4000), asking("1500 hertz"))
    assert copy.parts["novelty"] == pytest.approx(0, abs=1e-3)
    assert copy.evidence["nearest_clip"] == "earlier.wav"
    assert new.parts["novelty"] == 1
    assert float(new.evidence["nearest_likeness"] or 0) < 0.5


def test_the_reference_folder_counts_beside_the_clips(tmp_path: Path) -> None:
    """The nearest clip of all folders decides."""
    for name, hertz in (("mine", 500), ("reference", 3000)):
        (tmp_path / name).mkdir()
        soundfile.write(tmp_path / name / f"{name}.wav", tone(hertz).samples, RATE)
    judge = ClapRanker(PitchEar(), Library([tmp_path / "mine", tmp_path / "reference"])).judge
    assert judge(tone(3000), asking("1 hertz")).evidence["nearest_clip"] == "reference.wav"


def test_a_clip_is_listened_to_once(tmp_path: Path) -> None:
    """Judging again costs one listening, to the take; a clip that was replaced is heard again."""
    ear = PitchEar()
    judge = ClapRanker(ear, Library([tmp_path])).judge
    soundfile.write(tmp_path / "a.wav", tone(1000).samples, RATE)
    for _ in range(3):
        judge(tone(2000), asking("1 hertz"))
    assert len(ear.listened) == 3 + 1
    soundfile.write(tmp_path / "a.wav", tone(2000).samples[:8000], RATE)
    assert judge(tone(2000), asking("1 hertz")).parts["novelty"] == pytest.approx(0, abs=1e-3)
    assert len(ear.listened) == 3 + 1 + 2


def test_what_is_no_sound_is_passed_over(tmp_path: Path) -> None:
    """Broken, empty, hidden and foreign files, or a folder that is not there, are no clips and no error."""
    (tmp_path / "broken.wav").write_bytes(b"RIFF but not really")
    (tmp_path / "empty.wav").touch()
    soundfile.write(tmp_path / "no_frames.wav", np.zeros((0, 1)), RATE)
    soundfile.write(tmp_path / ".being_written.wav", tone(2000).samples, RATE)
    (tmp_path / "notes.txt").write_text("not audio")
    judge = ClapRanker(PitchEar(), Library([tmp_path, tmp_path / "nowhere"])).judge
    assert judge(tone(2000), asking("1 hertz")).parts["novelty"] == 1


def test_only_the_newest_clips_count(tmp_path: Path) -> None:
    """The cost of judging does not grow with the folder."""
    ear = PitchEar()
    for index in range(MOST + 5):
        soundfile.write(tmp_path / f"{index}.wav", tone(100.0).samples[:160], RATE)
    ClapRanker(ear, Library([tmp_path])).judge(tone(2000), asking("1 hertz"))
    assert len(ear.listened) == MOST + 1
