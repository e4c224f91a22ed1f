"""Where a clip lands, by whose name asked for it. Never where a clip is already.

=====================================  ===============================================================================
what was named `db: …`                 lands
=====================================  ===============================================================================
a MIDI clip in the Session View        in its scene, on the first audio track right of it
an audio clip in the Session View      on its track, below it
a scene                                in that scene, on the selected track, or the first audio track right of that
a track                                on it, or the first audio track right of it, from the selected scene on
a MIDI clip in the Arrangement View    at its beginning, on the first audio track right of it
an audio clip in the Arrangement View  on its track, where it ends
=====================================  ===============================================================================

In the Session View it is the first empty slot from there downwards. In the Arrangement View, where Live would cut what is
there already, it lands only if there is room. A new clip is as long as Live guesses its tempo to be, so it is made in an
empty slot of the track, given its own length there, and only then brought to its place.
"""

from __future__ import annotations

from .watch import alive


class NoPlace(Exception):
    """There is nowhere to land; the message says what to do."""


class SlotPlace:
    """The first empty slot of `track` from `scene` downwards."""

    def __init__(self, track: object, scene: object) -> None:
        self.track = track
        self._scene = scene

    def land(self, song: object, path: str, _beats: float | None) -> tuple[object, str]:
        """Make a clip of the file at `path`, and return it with where it is, in words. Raises `NoPlace`."""
        _check(self.track)
        scenes = list(song.scenes)
        row = scenes.index(self._scene) if alive(self._scene) and self._scene in scenes else 0
        for at, slot in list(enumerate(self.track.clip_slots))[row:]:
            if not slot.has_clip:
                if not hasattr(slot, "create_audio_clip"):
                    raise NoPlace("this Live cannot place it (12.0.5 and later can)")
                slot.create_audio_clip(path)
                return slot.clip, f"{self.track.name}, scene {at + 1}"
        raise NoPlace(f"no slot of {self.track.name} is empty from scene {row + 1} on; insert a scene")

    def settle(self, _clip: object) -> str:
        """Do nothing: it is where it should be."""
        return ""


class ArrangementPlace:
    """`track` in the Arrangement View, from `beat` (quarter notes from the beginning) on."""

    def __init__(self, track: object, beat: float) -> None:
        self.track = track
        self._beat = beat

    def land(self, song: object, path: str, beats: float | None) -> tuple[object, str]:
        """Make a clip of the file at `path` in an empty slot, and return it with where it is, in words. Raises `NoPlace`."""
        _check(self.track)
        end = None if beats is None else self._beat + beats
        for clip in self.track.arrangement_clips:
            if clip.end_time > self._beat + 1e-6 and (end is None or clip.start_time < end - 1e-6):
                raise NoPlace(f"there is a clip already on {self._where()}; make room")
        return SlotPlace(self.track, None).land(song, path, beats)

    def settle(self, clip: object) -> str:
        """Bring a clip that is as long as it should be to its place, and return where that is, in words."""
        slot = clip.canonical_parent
        self.track.duplicate_clip_to_arrangement(clip, self._beat)
        slot.delete_clip()
        return self._where()

    def _where(self) -> str:
        """Return where it is, in words."""
        return f"{self.track.name}, beat {self._beat + 1:g}"


def place_of(song: object, kind: str, thing: object) -> object:
    """Return where the clip lands that the name of `thing`, a "clip", "scene" or "track", asks for. Raises `NoPlace`."""
    tracks = list(song.tracks)
    if kind == "scene":
        return SlotPlace(_audio_track(tracks, song.view.selected_track), thing)
    if kind == "track":
        return SlotPlace(_audio_track(tracks, thing), song.view.selected_scene)
    if thing.is_arrangement_clip:
        track = _audio_track(tracks, thing.canonical_parent)
        return ArrangementPlace(track, thing.end_time if thing.is_audio_clip else thing.start_time)
    slot = thing.canonical_parent
    bearer = slot.canonical_parent
    return SlotPlace(_audio_track(tracks, bearer), song.scenes[list(bearer.clip_slots).index(slot)])


def _audio_track(tracks: list, start: object) -> object:
    """Return `start`, or the first track right of it, that takes audio clips; returns and the main track have none."""
    first = tracks.index(start) if start in tracks else 0
    for track in tracks[first:]:
        if track.has_audio_input and not track.is_foldable and not track.is_frozen:
            return track
    raise NoPlace(f"no audio track to land on: insert one right of {start.name}, and name it again")


def _check(track: object) -> None:
    """Raise `NoPlace` if `track` takes no clip any more."""
    if not alive(track):
        raise NoPlace("the track that it was for is gone")
    if track.is_frozen:
        raise NoPlace(f"{track.name} is frozen; unfreeze it")
