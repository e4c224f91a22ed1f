"""Ardour's exports, over a table of tempi, meters and rates: a clip in every part of a song, each where its bar line is.

The tests hold a song of three parts. A session takes some seconds, most of which Ardour spends on starting.
"""

import tempfile
from itertools import cycle
from pathlib import Path
from time import perf_counter

import numpy as np
from ardour import Part, Song, Use, export, install, play
from daemons import daemon
from figures import record

TEMPI = ("59.94", "87.25", "92.5", "93.7", "120", "133.7", "174", "240")
METERS = ((4, 4), (7, 8), (3, 4), (5, 4), (12, 8))
RATES = (44_100, 48_000, 96_000)
BARS = 2
"""Of each clip; a part of the song has four bars, and the playhead stands in the first."""


def run() -> None:
    """Let Ardour ask for, import and export a clip in each part of a song at each rate, and look for them."""
    with tempfile.TemporaryDirectory() as base, daemon(Path(base)) as running:
        for number, rate in enumerate(RATES):
            home = Path(base) / str(rate)
            home.mkdir()
            install(home, running)
            meters = cycle(METERS[number:] + METERS[:number])
            parts = [Part(1 + 4 * at, tempo, *next(meters)) for at, tempo in enumerate(TEMPI)]
            figures = found(home, Song(rate, parts))
            record("exports", {"rate": rate, "parts": [f"{each.tempo} {each.n}/{each.d}" for each in parts]}, figures)


def found(base: Path, song: Song) -> dict[str, object]:
    """Return how the clips lie in the export of one session."""
    begun = perf_counter()
    uses = [Use(part.bar + 0.4, {"answers": {"bars": BARS, "takes": 1}}) for part in song.parts]
    played = play(base, "daw_bridge_generate.lua", song, uses, bars=song.parts[-1].bar + 4)
    mix = export(base, played, song)
    seconds = perf_counter() - begun
    early, gaps, same = [], [], 0
    for part, each in zip(song.parts, played.imports, strict=True):
        clip = each.audio()
        early.append(float(song.line(part.bar + 1) - each.at))
        gaps.append(abs(each.at + len(clip) - played.lines[part.bar + 1 + BARS]))
        same += np.array_equal(mix[each.at : each.at + len(clip)], clip)
        mix[each.at : each.at + len(clip)] = 0
    return {
        "clips": len(played.imports),
        "sample_for_sample": same,
        "samples_before_the_exact_line": [round(min(early), 2), round(max(early), 2)],
        "samples_between_the_end_and_the_next_bar_line_at_most": max(gaps),
        "samples_that_nobody_put_there": int(np.count_nonzero(mix)),
        "seconds": round(seconds, 1),
    }
