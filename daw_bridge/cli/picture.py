"""A picture of a clip that says whether it is in time.

The verdict in words, the waveform over the bars and beats, every strong onset in the colour of how far it is off its
line, and below how many milliseconds early or late each one is.

matplotlib is the `plot` extra, and is loaded here and nowhere else. Figures are made as objects, without pyplot, which
would keep them in a global list and look for a display.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daw_bridge import heard
from daw_bridge.cli.clipfile import ClipFile
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.cli.listen import Listened
from daw_bridge.cli.screen import plain
from daw_bridge.cli.sound import Outline, outline
from daw_bridge.cli.waveform import Line, lines, thinned
from daw_bridge.cli.words import music

_STRETCHES = 2_400  # of the outline: one and a half for each pixel across
_INCHES, _TIMING_INCHES, _DOTS = (12.0, 4.2), 1.6, 130
_ROOM = 160  # places for lines: ten pixels each
_WAVE, _ONSET, _INK = "#9fb4c3", "#2a6f97", "#30363d"
_TIGHT, _LOOSE, _OFF = "#2e9e5b", "#e0a01f", "#d1372c"
_WIDEST_MS = 60.0  # of the strip of milliseconds: half a sixteenth at 120 BPM
_MOST_CHANNELS = 8


def save(clip: ClipFile, listened: Listened, picture: Path) -> None:
    """Draw `clip` into the PNG `picture`. Raises `CommandFailed` without matplotlib, or where none can be written."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise CommandFailed(
            "a picture needs matplotlib, which is not installed; get it with: pip install 'daw-bridge[plot]'",
        ) from None
    shape, grid = outline(clip.path, _STRETCHES), _grid(clip)
    channels, timed = min(clip.sound.channels, _MOST_CHANNELS), len(listened.late) > 0
    width, height = _INCHES
    figure = Figure(figsize=(width, height + timed * _TIMING_INCHES), layout="constrained")
    heights = [height / channels] * channels + [_TIMING_INCHES] * timed
    panes = list(figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0])
    for channel, pane in enumerate(panes[:channels]):
        _draw_wave(pane, shape, channel, clip.sound.seconds)
        _draw_lines(pane, grid, clip.sound.seconds)
    _mark_onsets(panes[0], listened)
    if timed:
        _draw_timing(panes[-1], listened)
        _draw_lines(panes[-1], grid, clip.sound.seconds)
    _number_bars(panes[-1], grid, clip.sound.seconds)
    figure.suptitle(_title(clip, listened), x=0.005, ha="left", fontsize=10, color=_INK, parse_math=False)
    _say_verdict(panes[0], listened)
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


def _colours(late: NDArray[np.float64]) -> list[str]:
    """Return a colour for each onset that is so many seconds late: as tight players are, as loose ones, or off."""
    off = 1000 * np.abs(late)
    return [_TIGHT if each <= heard.TIGHT_MS else _LOOSE if each <= heard.LOOSE_MS else _OFF for each in off]


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


def _mark_onsets(pane: Any, listened: Listened) -> None:
    """Draw a stroke through the wave where a strong sound begins, in the colour of how far it is off its line."""
    if len(listened.seconds):
        colours = _colours(listened.late) if len(listened.late) else [_ONSET] * len(listened.seconds)
        fine = 1.6 if len(listened.seconds) < _ROOM else 0.6
        pane.vlines(listened.seconds, 0.8, 1.0, colors=colours, linewidth=2 * fine, zorder=5)
        pane.vlines(listened.seconds, -1.0, 0.8, colors=colours, linewidth=fine, alpha=0.45, zorder=4)


def _draw_timing(pane: Any, listened: Listened) -> None:
    """Draw a dot for each onset: on the middle line it is in time, above it is early, below it is late."""
    most = min(_WIDEST_MS, max(20.0, 10 * np.ceil(0.12 * np.abs(1000 * listened.late).max())))
    pane.axhspan(-heard.TIGHT_MS, heard.TIGHT_MS, color=_TIGHT, alpha=0.13, linewidth=0, zorder=0)
    pane.axhline(0, color=_TIGHT, linewidth=0.8, zorder=1)
    shown = np.clip(1000 * listened.late, -most, most)
    pane.vlines(listened.seconds, 0, shown, colors=_colours(listened.late), linewidth=1.2, zorder=3)
    pane.scatter(listened.seconds, shown, c=_colours(listened.late), s=18, zorder=4, clip_on=False)
    pane.set(ylim=(most, -most), yticks=(-most, 0, most))
    pane.set_yticklabels((f"{most:.0f} ms early", "on the line", f"{most:.0f} ms late"), fontsize=8)
    for side in ("top", "right"):
        pane.spines[side].set_visible(False)
    legend = (
        (_TIGHT, f"within {heard.TIGHT_MS:g} ms"),
        (_LOOSE, f"within {heard.LOOSE_MS:g} ms"),
        (_OFF, "further off"),
    )
    for place, (colour, words) in enumerate(legend):
        at = {"x": 0.7 + 0.1 * place, "y": 1.02, "transform": pane.transAxes}
        pane.text(s=f"● {words}", color=colour, fontsize=9, va="bottom", **at)


def _say_verdict(pane: Any, listened: Listened) -> None:
    """Write above the wave, in large letters, whether the clip is in time."""
    count = f"{len(listened.seconds)} strong onsets"
    said = heard.verdict(listened.evidence) or f"{count}, and no tempo to hold them against"
    wrong = heard.complain(listened.evidence)
    colour = _OFF if wrong else _TIGHT if len(listened.late) else _INK
    pane.set_title(said[0].upper() + said[1:], loc="left", fontsize=15, fontweight="bold", color=colour)


def _title(clip: ClipFile, listened: Listened) -> str:
    """Return the file's name, what a producer asks first, and what was heard in it."""
    known = clip.known
    said = [f"rank {known['rank']}"] if "rank" in known else []
    said += [f"score {known['score'].value:.3f}"] if "score" in known else []
    said += music(clip)
    said.append(f"{clip.sound.seconds:.3f} s")
    material = str(listened.evidence.get("material", ""))
    count = f"{len(listened.seconds)} strong onsets" if len(listened.late) else ""
    heard_too = filter(None, (heard.tempo(listened.evidence), material, count))
    return f"{plain(clip.path.name)}\n{'  ·  '.join(said)}\nheard: {'  ·  '.join(heard_too) or '–'}"
