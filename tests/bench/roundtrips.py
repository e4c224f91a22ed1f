"""Listen by picture: ``python tests/bench/roundtrips.py FOLDER PNG`` draws what VAE and vocoder make of loops they never heard.

FOLDER is that in which ``python -m plugin_host.training mini FOLDER`` has worked. Each row is a loop that was kept back, one
of each part: the mel of its render, the mel that comes back from the VAE, and the mel of the sound that the vocoder makes
of that, at the loop's tempo. All have the same colours, from the quietest (-11.5, which is 1e-5) to the loudest of the
render. Time is told in beats: mels are kept as a model that counts in beats sees them, at any tempo alike.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import kept_back
import numpy as np
import torch
from kept_back import Question
from matplotlib.figure import Figure
from torch import Tensor

from plugin_host.engines.musicldm import mel
from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.engines.musicldm.quiet import quietly
from plugin_host.engines.musicldm.ring import Course
from plugin_host.training import corpus
from plugin_host.training.corpus import Loop
from plugin_host.training.describe import PARTS
from plugin_host.training.recipe import MINI

INCHES = 4.6, 1.9
TITLES = ("render", "after the VAE", "after VAE and vocoder")


def of_each_part(asked: Sequence[Question]) -> list[Question]:
    """Return the first of each part."""
    return [next(each for each in asked if each.asked.part == part) for part in PARTS]


def mels(loop: Loop, model: MusicLDM) -> list[Tensor]:
    """Return the three mels of a loop, each of shape ``(frames, bins)``."""
    render = torch.from_numpy(loop.mel).float()
    again = model.decode(model.encode(render), Course.RING).float()
    frames = kept_back.sounding(loop, model.rate).frames // model.geometry.hop
    sound = model.vocode(mel.stretched(again, frames, Fraction(1)), Course.RING).numpy()
    moments = np.arange(len(again), dtype=np.float64) * (len(sound) / len(again))
    return [render, again, mel.heard(sound, moments, model.geometry)]


def draw(rows: Sequence[tuple[str, Sequence[Tensor]]], model: MusicLDM, target: Path) -> None:
    """Draw the mels of each caption beside each other into a PNG."""
    figure = Figure(figsize=(len(TITLES) * INCHES[0], len(rows) * INCHES[1]), layout="constrained")
    beat = MINI.beat * model.geometry.scale
    for panes, (text, row) in zip(figure.subplots(len(rows), len(TITLES), squeeze=False), rows, strict=True):
        for pane, title, seen in zip(panes, TITLES, row, strict=True):
            edges = (0, len(seen) / beat, 0, seen.shape[1])
            low, high = float(np.log(mel.QUIETEST)), float(row[0].max())
            pane.imshow(seen.T, origin="lower", aspect="auto", extent=edges, cmap="magma", vmin=low, vmax=high)
            pane.set_title(f"{title}: {text}" if seen is row[0] else title, fontsize=8, loc="left")
            pane.tick_params(labelsize=7)
    figure.supxlabel("beats", fontsize=8)
    figure.supylabel("mel band", fontsize=8)
    figure.savefig(target, dpi=110, format="png")


def run(work: Path, folder: Path, target: Path) -> None:
    """Draw one loop of each part."""
    torch.set_num_threads(1)
    loops = corpus.read(MINI, work / "corpus")
    with quietly():
        model = kept_back.loaded(folder)
        asked = of_each_part(kept_back.questions(loops))
        rows = [(each.text, mels(loops.loops[each.number], model)) for each in asked]
    draw(rows, model, target)


if __name__ == "__main__":
    sys.path.insert(1, str(Path(__file__).parents[1]))
    parser = ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("png", type=Path)
    parser.add_argument("--model", type=Path)
    said = parser.parse_args()
    run(said.folder, said.model or said.folder / "model", said.png)
