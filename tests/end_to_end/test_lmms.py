"""LMMS, a DAW that counts in ticks, renders a delivered clip: it begins on the bar line, and the next bar follows at once."""

import os
import subprocess
from fractions import Fraction
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pytest
import soundfile
from daemons import PATIENCE, Running, follow, private_home
from real import need

pytestmark = pytest.mark.real

RATE = 48_000
TRIES = 4
TICKS = 48  # of LMMS in a quarter note
PERIOD = 256  # frames; LMMS leaves out the last period of a sample that is not full

PROJECT = """<?xml version="1.0"?><!DOCTYPE lmms-project>
<lmms-project version="1.0" creator="LMMS" creatorversion="1.2.2" type="song">
 <head timesig_numerator="{n}" timesig_denominator="{d}" bpm="{tempo}" mastervol="100" masterpitch="0"/>
 <song>
  <trackcontainer type="song" visible="1">
   <track type="2" name="clips" muted="0" solo="0">
    <sampletrack vol="100" pan="0"><fxchain numofeffects="0" enabled="0"/></sampletrack>
    <sampletco pos="{at}" len="{length}" muted="0" src={file}/>
    <sampletco pos="{after}" len="{length}" muted="0" src={file}/>
   </track>
  </trackcontainer>
  <fxmixer><fxchannel num="0" name="Master" volume="1" muted="0"><fxchain numofeffects="0" enabled="0"/></fxchannel></fxmixer>
 </song>
</lmms-project>
"""


@pytest.mark.parametrize(("tempo", "n", "d"), [(87, 4, 4), (93, 7, 8), (174, 4, 4), (133, 5, 4)])
def test_a_clip_is_where_the_bar_is(tempo: int, n: int, d: int, shared: Running, tmp_path: Path) -> None:
    """Within a frame, twice in a row with no gap: sample for sample, but for the last period, which LMMS leaves out."""
    with shared.client() as client:
        grid = ("bpm", tempo, "meter", f"{n}/{d}", "bars", 1, "takes", 1, "rate", RATE)
        client.send("/bridge/generate", "dusty breakbeat", *grid)
        (path,) = follow(client).paths
    clip, _ = soundfile.read(path, dtype="float32", always_2d=True)
    ticks = TICKS * 4 * n // d  # of a bar
    song = rendered(
        tmp_path, n=n, d=d, tempo=tempo, at=2 * ticks, after=3 * ticks, length=ticks, file=quoteattr(str(path))
    )
    bar = Fraction(4 * n, d) * 60 / tempo * RATE
    sure = len(clip) - PERIOD
    for line in (2 * bar, 3 * bar):
        near = range(int(line) - 1, int(line) + 3)
        found = [at for at in near if np.array_equal(song[at : at + sure], clip[:sure])]
        assert len(found) == 1
        assert abs(found[0] - line) <= 1
    assert not np.any(song[: int(2 * bar) - 1])


def rendered(base: Path, **song: object) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    """Return what LMMS makes of a song, 32-bit float. It dies now and then, by a fault of its own: then it is asked again."""
    project, wav = base / "song.mmp", base / "song.wav"
    project.write_text(PROJECT.format(**song))
    options = ["-f", "wav", "-s", str(RATE), "-a", "-x", "1"]  # float, and no oversampling
    command: list[str | Path] = [need("lmms"), "--allowroot", "render", project, "-o", wav, *options]
    environment = {**os.environ, **private_home(base), "QT_QPA_PLATFORM": "offscreen"}
    for _ in range(TRIES):
        ended = subprocess.run(command, env=environment, check=False, capture_output=True, timeout=PATIENCE)
        if ended.returncode >= 0:  # below, a signal ended it
            break
    ended.check_returncode()
    audio: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = soundfile.read(wav, dtype="float32", always_2d=True)[0]
    return audio
