"""A delivered file becomes a clip: warped on its own beats, looping over exactly its length, and named.

Live guesses the tempo of a file, and may take half or double of it, or 4/4 for 7/8. The daemon knows: the JSON beside each
WAV tells its beats and frames. Where Live's warp markers are not on that line, they are put there.
"""

from __future__ import annotations

import json
from pathlib import Path

_LARGEST = 1 << 20  # bytes of a JSON that is read
_BEATS, _COMPLEX = 0, 4  # Live's numbers for its warp modes
_CLOSE = 1e-3  # beats by which a warp marker may be beside its place


class Facts:
    """What the daemon knows of a clip: its length in `beats` and `seconds`, whether it `loops`, and its warp mode."""

    def __init__(self, story: dict) -> None:
        """Read a JSON. Raises `KeyError`, `TypeError`, `ValueError` or `ZeroDivisionError` for a story of something else."""
        self.beats = _number(story["clip"]["beats"])
        self.seconds = float(story["clip"]["frames"]) / float(story["file"]["rate"])
        self.loops = story["clip"]["form"] == "loop"
        drums = story.get("score", {}).get("evidence", {}).get("material") == "percussive"
        self.warp_mode = _BEATS if drums else _COMPLEX


def facts_beside(path: str) -> Facts | None:
    """Read what is told beside the WAV at `path`; None where nothing is told that can be read."""
    try:
        with Path(path).with_suffix(".json").open(encoding="utf-8") as file:
            return Facts(json.loads(file.read(_LARGEST)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError):
        return None


def land(song: object, wish: object, path: str, new_marker: object) -> str:
    """Land the file at `path` where `wish` wants it, in one undo step, and return where it is, in words.

    `new_marker` makes a warp marker of seconds and beats. Raises `NoPlace` when there is no place, and whatever Live
    raises; then there is no clip. What is wrong with a clip that is there is among the words.
    """
    facts = facts_beside(path)
    song.begin_undo_step()
    try:
        clip, where = wish.place.land(song, path, facts and facts.beats)
        try:
            clip.name = wish.words
            if facts is None:
                return where + ", as Live takes it: there is no JSON beside the file"
            fit(clip, facts, new_marker)
            return wish.place.settle(clip) or where
        except Exception as error:  # noqa: BLE001 - Live raises what it likes
            return f"{where}, but Live says: {error}; see to its warping and loop by hand"
    finally:
        song.end_undo_step()


def fit(clip: object, facts: Facts, new_marker: object) -> None:
    """Warp `clip` on its beats, and have it loop over its length, or play once."""
    clip.warping = True
    if facts.warp_mode in list(clip.available_warp_modes):
        clip.warp_mode = facts.warp_mode
    if not _on_line(clip, facts):
        _put_on_line(clip, facts, new_marker)
    clip.looping = facts.loops
    clip.loop_start = 0.0
    clip.loop_end = facts.beats
    clip.start_marker = 0.0
    clip.end_marker = facts.beats


def _on_line(clip: object, facts: Facts) -> bool:
    """Whether all warp markers are where the beats of the file are. A marker's `sample_time` is in seconds."""
    pace = facts.beats / facts.seconds
    markers = list(clip.warp_markers)
    scale = facts.beats / max(markers[-1].beat_time, 1e-9)  # an error grows from the markers to the end of the clip
    return all(abs(each.beat_time - each.sample_time * pace) * max(scale, 1.0) < _CLOSE for each in markers)


def _put_on_line(clip: object, facts: Facts, new_marker: object) -> None:
    """Leave one marker at the beginning and put another in the middle: the tempo between them goes on to the end.

    The last marker that Live tells is none of the user's: it gives the tempo after the others, and stays.
    """
    for marker in list(clip.warp_markers)[-2:0:-1]:
        clip.remove_warp_marker(marker.beat_time)
    first = next(iter(clip.warp_markers))
    pace = facts.beats / facts.seconds
    if abs(first.beat_time - first.sample_time * pace) > 1e-9:
        clip.move_warp_marker(first.beat_time, first.sample_time * pace - first.beat_time)
    clip.add_warp_marker(new_marker(facts.seconds / 2, facts.beats / 2))


def _number(value: object) -> float:
    """Read a number that may be written as a fraction, such as 7/2."""
    upper, _, lower = str(value).partition("/")
    return float(upper) / float(lower or 1)
