"""The picture of the README, drawn from what the project plays. ``PYTHONPATH=.:tests python tests/pictures.py`` draws it.

Above is the best clip of the demo's job on the small model: words became latents, a mel and a waveform. Below is what the
sketch engine plays from the same words, tempo and seed: a loop as those that the model was trained on.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from matplotlib.figure import Figure
from numpy.typing import NDArray

from daw_bridge.cli.demo import DIFFUSED
from plugin_host.engine import Plan
from plugin_host.engines import SKETCH, create
from plugin_host.engines.musicldm.checkpoint import MINI, SHIPPED
from plugin_host.musictime import Grid, Meter, Tempo

PICTURE = SHIPPED[MINI] / "spectrogram.png"
MOST = 150_000
"""Bytes that it may have."""

_LOWEST, _HIGHEST = 40.0, 8_000.0  # Hz: the model hears up to the latter
_BANDS, _COLUMNS = 72, 256
_RANGE = 70.0  # decibels from the loudest
_INCHES, _DOTS = (8.4, 4.4), 90
_INK = "#30363d"


class Unwatched:
    """A watch that lets everything pass: a sketch takes milliseconds."""

    def step(self, stage: str, fraction: float) -> None:
        """Let it pass."""


def bands(sound: NDArray[np.float32], rate: int) -> NDArray[np.float64]:
    """Return how loud each band is at each moment, in decibels below the loudest, shape ``(bands, moments)``.

    The loop is wrapped around, so that its first moment is as sharp as any other.
    """
    size = 2 ** round(np.log2(rate / 12))
    moments = (np.arange(_COLUMNS) * len(sound) / _COLUMNS).astype(int)
    around = np.arange(size) - size // 2
    windows = sound[(moments[:, np.newaxis] + around) % len(sound)] * np.hanning(size)
    power = np.square(np.abs(np.fft.rfft(windows)))
    pitches = np.fft.rfftfreq(size, 1 / rate)
    edges = np.geomspace(_LOWEST, _HIGHEST, _BANDS + 1)
    middles = np.sqrt(edges[1:] * edges[:-1])
    rows = []
    for low, high, middle in zip(edges[:-1], edges[1:], middles, strict=True):
        inside = (pitches >= low) & (pitches < high)
        nearest = np.abs(pitches - middle).argmin()
        rows.append(power[:, inside].mean(axis=1) if inside.any() else power[:, nearest])
    loud = 10 * np.log10(np.maximum(np.stack(rows), 1e-12))
    return np.asarray(np.maximum(loud - loud.max(), -_RANGE))


def played(folder: Path) -> Path:
    """Let the demo play into `folder`, and return the best clip of its last job."""
    command = [sys.executable, "-m", "daw_bridge", "demo", "--json", "--folder", str(folder)]
    outcome = subprocess.run(command, capture_output=True, text=True, check=True)
    return Path(json.loads(outcome.stdout)["jobs"][-1]["files"][0]["path"])


def rendered(story: dict[str, Any], rate: int) -> NDArray[np.float32]:
    """Return what the sketch engine plays from the words and the seed of a sidecar, in mono."""
    told = story["plan"]
    grid = Grid(Tempo.parse(told["bpm"]), Meter.parse(told["meter"]), told["bars"], rate)
    plan = Plan(told["prompt"], grid, seed=story["clip"]["seed"], takes=1)
    (take,) = create(SKETCH, {}).takes(plan, Unwatched())
    return take.audio.mono()


def draw(clip: Path, picture: Path) -> None:
    """Draw the spectrogram of `clip` above that of the sketch into a PNG."""
    story = json.loads(clip.with_suffix(".json").read_text())
    assert story["engine"]["weights"] == MINI, "the demo's last job was not played by the small model"
    sound, rate = soundfile.read(clip, dtype="float32", always_2d=True)
    bars, words = story["clip"]["bars"], f"“{story['prompt']}”, {DIFFUSED.tempo:g} BPM"
    rows = (
        (f"{words}: made of noise, and vocoded, by {MINI}", bands(sound.mean(axis=1), rate)),
        (f"{words}: rendered by the sketch engine", bands(rendered(story, rate), rate)),
    )
    figure = Figure(figsize=_INCHES, layout="constrained")
    panes = figure.subplots(len(rows), 1, sharex=True)
    for pane, (title, loud) in zip(panes, rows, strict=True):
        times = np.linspace(0, bars, _COLUMNS + 1)
        pane.pcolormesh(times, np.geomspace(_LOWEST, _HIGHEST, _BANDS + 1), loud, cmap="magma", vmin=-_RANGE, vmax=0)
        pane.set(yscale="log", yticks=(100, 1_000, 8_000))
        pane.set_yticklabels(("100 Hz", "1 kHz", "8 kHz"), fontsize=8)
        pane.minorticks_off()
        pane.set_title(title, loc="left", fontsize=10, color=_INK)
    panes[-1].set_xticks(range(bars), [str(bar + 1) for bar in range(bars)], fontsize=8)
    panes[-1].set_xlabel("bar", fontsize=9, color=_INK)
    figure.savefig(picture, dpi=_DOTS, format="png")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        draw(played(Path(folder)), PICTURE)
    sys.stdout.write(f"{PICTURE.stat().st_size} bytes in {PICTURE}\n")
