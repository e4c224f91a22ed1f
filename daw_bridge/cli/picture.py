"""A picture of a clip: the waveform of each channel, bar lines with their numbers, beats, and where sounds begin.

matplotlib is the `plot` extra, and is loaded here and nowhere else. Figures are made as objects, without pyplot, which
would keep them in a global list and look for a display.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daw_bridge.cli.clipfile import ClipFile
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.cli.screen import plain
from daw_bridge.cli.sound import Outline, load, outline
from daw_bridge.cli.waveform import Line, lines, thinned
from daw_bridge.cli.words import music
from plugin_host.engine import Form
from plugin_host.rankers import onsets, spectrum

_STRETCHES = 2_400  # of the outline: one and a half for each pixel across
_INCHES, _DOTS = (12.0, 4.2), 130
_ROOM = 160  # places for lines: ten pixels each
_WAVE, _ONSET, _INK = "#2a6f97", "#e07a1f", "#30363d"
_MOST_CHANNELS = 8
_HAIR = 0.005  # seconds
_LONGEST = 300.0  # seconds of a clip in which onsets are looked for: none that is made here is longer


def save(clip: ClipFile, picture: Path) -> None:
    """Draw `clip` into the PNG `picture`. Raises `CommandFailed` without matplotlib, or where none can be written."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise CommandFailed(
            "a picture needs matplotlib, which is not installed; get it with: pip install 'daw-bridge[plot]'",
        ) from None
    shape, grid, begun = outline(clip.path, _STRETCHES), _grid(clip), _onsets(clip)
    channels = min(clip.sound.channels, _MOST_CHANNELS)
    figure = Figure(figsize=_INCHES, layout="constrained")
    panes = list(figure.subplots(channels, 1, sharex=True, squeeze=False)[:, 0])
    for channel, pane in enumerate(panes):
        _draw_wave(pane, shape, channel, clip.sound.seconds)
        _draw_lines(pane, grid, clip.sound.seconds)
    _number_bars(panes[-1], grid, clip.sound.seconds)
    _mark_onsets(figure, panes[0], begun)
    figure.suptitle(_title(clip), x=0.005, ha="left", fontsize=10, color=_INK, parse_math=False)
    try:
        figure.savefig(picture, dpi=_DOTS, format="png")
    except OSError as error:
        raise CommandFailed(
            f"the picture {picture} cannot be written ({error.strerror or error}); name another place for it",
        ) from None


def _grid(clip: ClipFile) -> list[Line]:
    """Return the lines of the clip that can be told apart; none where tempo or meter is not known."""
    if "tempo" not in clip.known or "meter" not in clip.known:
        return []
    return thinned(lines(clip.known["tempo"], clip.known["meter"], clip.sound.seconds), _ROOM)


def _onsets(clip: ClipFile) -> NDArray[np.float64]:
    """Return when, in seconds, the sounds begin that the ranker hears."""
    sound, rate = spectrum.coarse(load(clip.path, _LONGEST))
    if len(sound) < rate * spectrum.WINDOW_SECONDS:
        return np.empty(0)
    form = clip.known.get("form", Form.ONE_SHOT)
    found = onsets.find(sound, rate, spectrum.loudness(sound, rate, form), form).seconds
    # A sound on frame 0 of a loop may be found a hair before it, which is the loop's other end.
    return np.where(found > clip.sound.seconds - _HAIR, 0.0, found) if form is Form.LOOP else found


def _draw_wave(pane: Any, shape: Outline, channel: int, seconds: float) -> None:
    """Draw the outline of one channel at its true level: full scale is the edge."""
    times = np.linspace(0, seconds, len(shape.lows))
    pane.fill_between(times, shape.lows[:, channel], shape.highs[:, channel], color=_WAVE, linewidth=0.5, zorder=2)
    pane.set(xlim=(0, seconds), ylim=(-1.05, 1.05), yticks=(-1, 0, 1))
    pane.set_yticklabels(("−1", "0", "1"), fontsize=8)
    if shape.lows.shape[1] > 1:
        names = ("left", "right") if shape.lows.shape[1] == 2 else [str(each + 1) for each in range(_MOST_CHANNELS)]
        pane.set_ylabel(names[channel], fontsize=9, color=_INK)
    for side in ("top", "right"):
        pane.spines[side].set_visible(False)


def _draw_lines(pane: Any, grid: list[Line], seconds: float) -> None:
    """Draw beats behind the wave, and bar lines through it, finer where there are many."""
    bar_width = 1.1 if len(grid) < _ROOM / 4 else 0.6
    for line in grid:
        if line.bar is None:
            pane.axvline(line.at * seconds, color=_INK, linewidth=0.6, alpha=0.25, zorder=1)
        else:
            pane.axvline(line.at * seconds, color=_INK, linewidth=bar_width, alpha=0.75, zorder=3)


def _number_bars(pane: Any, grid: list[Line], seconds: float) -> None:
    """Write the numbers of the bars under their lines; without a grid, seconds stand there."""
    pane.tick_params(axis="x", labelsize=9, length=0 if grid else 3)
    if grid:
        bars = [line for line in grid if line.bar is not None]
        pane.set_xticks([line.at * seconds for line in bars], [str(line.bar) for line in bars])
    pane.set_xlabel("bar" if grid else "seconds", fontsize=9, color=_INK)


def _mark_onsets(figure: Any, pane: Any, begun: NDArray[np.float64]) -> None:
    """Mark over the wave where sounds begin."""
    if len(begun):
        height, fine = np.full(len(begun), 1.12), 1.6 if len(begun) < _ROOM else 0.6
        marks = pane.plot(begun, height, "|", color=_ONSET, markersize=8, markeredgewidth=fine, clip_on=False, zorder=4)
        figure.legend(marks, [f"{len(begun)} onsets"], loc="upper right", frameon=False, fontsize=10)


def _title(clip: ClipFile) -> str:
    """Return the file's name and what a producer asks first."""
    known = clip.known
    said = [f"rank {known['rank']}"] if "rank" in known else []
    said += [f"score {known['score'].value:.3f}"] if "score" in known else []
    said += music(clip)
    said.append(f"{clip.sound.seconds:.3f} s")
    return f"{plain(clip.path.name)}\n{'  ·  '.join(said)}"
