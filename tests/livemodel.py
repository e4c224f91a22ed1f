"""A model of Ableton Live as a remote script sees it: the part of its API that ours uses, with Live's own refusals.

It has what Live 12.4 has (or, on request, what Live 11 has) and nothing more: an attribute that Live does not have is not
there, and one that has no setter cannot be set. As in Live, everything belongs to one thread; the set is changed only in
a script's turn, never from a notification; what was deleted equals None and raises when it is touched; objects of two
kinds cannot be compared. It is no proof of how Live behaves, only of what our script would never dare.

It runs under Python 3.7, as Live 11 does. Facts and words of errors: Cycling '74's Live Object Model, and what others have
measured in Live 12.3 and 12.4.
"""

from __future__ import annotations

import importlib
import struct
import sys
import threading
import time
import types
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Iterator  # noqa: UP035 - collections.abc has no Iterator[...] in Python 3.7

SCRIPT = Path(__file__).parents[1] / "daw_bridge" / "surfaces" / "ableton" / "DawBridge"

sys.path.append(str(SCRIPT.parent))  # as Live has its folder of remote scripts

PHANTOM = 1 / 32
"""Beats from the last warp marker to the one that Live adds for itself."""

DEFERRED = "Changes cannot be triggered by notifications. You will need to defer your response."


class Live:
    """A running Live with one set and one script. `misjudged` is how far its guess at a file's tempo is off (1: right)."""

    def __init__(self, version: tuple[int, int, int] = (12, 4, 1), misjudged: float = 1.0) -> None:
        self.version = version
        self.misjudged = misjudged
        self.thread = threading.get_ident()
        self.turn = False  # whether a script has its turn
        self.messages: list[str] = []
        self.log: list[str] = []
        self.undo: list[int] = []  # for each undo step, how many changes are in it
        self.open_step = False
        self.ticks: list[float] = []  # seconds of work in each turn, without what Live itself did in it
        self.own = 0.0  # seconds that Live itself took in this turn, to read a file in
        self.song = Song(self)
        self.script: Any = None

    def check(self) -> None:
        """Raise as Live does when it is called on another thread: there, it often just crashes."""
        if threading.get_ident() != self.thread:
            raise RuntimeError("Live was called on another thread than its own")

    def changed(self) -> None:
        """Take note of a change by the script; refuse it outside of the script's turn."""
        self.check()
        if not self.turn:
            raise RuntimeError(DEFERRED)
        if self.open_step:
            self.undo[-1] += 1
        else:
            self.undo.append(1)

    def load(self, port: int) -> Any:
        """Choose our script as a control surface, told that the daemon is at `port`, and return it."""
        sys.modules["Live"] = _live_module()
        sys.modules["_Framework"] = types.ModuleType("_Framework")
        sys.modules["_Framework.ControlSurface"] = framework = types.ModuleType("_Framework.ControlSurface")
        vars(framework)["ControlSurface"] = ControlSurface
        for name in [name for name in sys.modules if name.split(".")[0] == "DawBridge"]:
            del sys.modules[name]
        sys.modules["DawBridge.daw_bridge_settings"] = told = types.ModuleType("DawBridge.daw_bridge_settings")
        vars(told).update(HOST="127.0.0.1", PORT=port)
        self.script = importlib.import_module("DawBridge").create_instance(CInstance(self))
        return self.script

    def tick(self) -> None:
        """Give the script its turn, as Live does every 100 ms, and measure its work."""
        self.turn, self.own = True, 0.0
        begun = time.thread_time()
        try:
            self.script.update_display()
        finally:
            self.ticks.append(time.thread_time() - begun - self.own)
            self.turn = False

    def until(self, true: Any, patience: float = 30.0) -> bool:
        """Give the script turns until `true` says so; whether it did within `patience` seconds."""
        pause, over = threading.Event(), time.monotonic() + patience
        while not true():
            if time.monotonic() > over:
                return False
            self.tick()
            pause.wait(0.01)
        return True

    @contextmanager
    def hand(self) -> Iterator[None]:
        """Let the block do what the musician does: it may change anything."""
        self.turn = True
        kept = list(self.undo)
        yield
        self.undo, self.turn = kept, False

    def select(self, thing: Any) -> None:
        """Select a clip, a scene or a track, as a click does."""
        view = self.song.view
        with self.hand():
            if isinstance(thing, Clip):
                view.detail_clip = thing
                if not thing.is_arrangement_clip:
                    view.highlighted_clip_slot = slot = thing.canonical_parent
                    view.selected_track = slot.canonical_parent
            elif isinstance(thing, Scene):
                view.selected_scene = thing
            else:
                view.selected_track = thing

    def rename(self, thing: Any, name: str) -> None:
        """Select something and give it a name, as a musician does; the script has a turn in between."""
        self.select(thing)
        self.tick()
        with self.hand():
            thing.name = name
        self.tick()


class Thing:
    """Something of Live's. `SET` names what a script may set."""

    SET: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, live: Live, **values: Any) -> None:
        self.__dict__.update(values, _live=live, _dead=False)

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_"):
            self._live.check()
            if self._dead:
                raise RuntimeError("the object of this reference is gone")
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.SET:
            raise AttributeError(f"property of '{type(self).__name__}' object has no setter")
        self._live.changed()
        self._set(name, value)

    def __eq__(self, other: object) -> bool:
        if other is None:
            return bool(self._dead)
        if type(other) is not type(self):
            raise TypeError("Python argument types did not match C++ signature")
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def _set(self, name: str, value: Any) -> None:
        """Set one value, or raise as Live does."""
        self.__dict__[name] = value

    def _hide(self, *names: str) -> None:
        """Do without what an older Live does not have."""
        for name in names:
            self.__dict__.pop(name, None)


class Song(Thing):
    """A set with two audio tracks, a MIDI track before each, and eight scenes."""

    SET = frozenset({"tempo", "signature_numerator", "signature_denominator", "is_playing", "current_song_time"}) | {
        "root_note",
        "scale_name",
        "scale_mode",
    }

    def __init__(self, live: Live) -> None:
        super().__init__(live, tempo=120.0, signature_numerator=4, signature_denominator=4)
        self.__dict__.update(is_playing=False, current_song_time=0.0, root_note=0, scale_name="Major", scale_mode=False)
        if live.version < (12,):
            self._hide("scale_mode")
        self.__dict__["scenes"] = tuple(Scene(live, name="") for _ in range(8))
        kinds = (("1-MIDI", False), ("2-Audio", True), ("3-MIDI", False), ("4-Audio", True))
        self.__dict__["tracks"] = tuple(Track(live, name, audio, len(self.scenes)) for name, audio in kinds)
        self.__dict__["view"] = View(live, self)

    def begin_undo_step(self) -> None:
        """Take all changes that follow as one."""
        self._live.check()
        self._live.undo.append(0)
        self._live.open_step = True

    def end_undo_step(self) -> None:
        """Take them as one no longer."""
        self._live.open_step = False


class View(Thing):
    """What is selected."""

    SET = frozenset({"selected_track", "selected_scene", "highlighted_clip_slot", "detail_clip"})

    def __init__(self, live: Live, song: Song) -> None:
        super().__init__(live, selected_track=song.tracks[0], selected_scene=song.scenes[0], detail_clip=None)
        self.__dict__["highlighted_clip_slot"] = song.tracks[0].clip_slots[0]


class Scene(Thing):
    """A row of the Session View."""

    SET = frozenset({"name"})


class Track(Thing):
    """A column of the Session View, and a lane of the Arrangement View."""

    SET = frozenset({"name"})

    def __init__(self, live: Live, name: str, audio: object, scenes: int) -> None:
        super().__init__(live, name=name, has_audio_input=bool(audio), is_foldable=False, is_frozen=False)
        self.__dict__["clip_slots"] = tuple(ClipSlot(live, self) for _ in range(scenes))
        self.__dict__["arrangement_clips"] = ()
        if live.version >= (12, 0, 5):
            self.__dict__["create_audio_clip"] = self._create_audio_clip

    def _create_audio_clip(self, path: str, beat: float) -> Clip:
        """Make a clip in the Arrangement View; it cuts what is there."""
        live = self._live
        clip = _audio_clip(live, self, path)
        self._take(clip, beat, clip.__dict__["loop_end"])
        return clip

    def duplicate_clip_to_arrangement(self, clip: Clip, beat: float) -> Clip:
        """Copy a clip into the Arrangement View: as long as its loop, or, if it does not loop, as what it plays."""
        self._live.changed()
        copy = Clip(self._live, self, clip.name)
        copy.__dict__.update(clip.__dict__, canonical_parent=self)
        ends = (clip.loop_start, clip.loop_end) if clip.looping else (clip.start_marker, clip.end_marker)
        self._take(copy, beat, ends[1] - ends[0])
        return copy

    def _take(self, clip: Clip, beat: float, beats: float) -> None:
        """Lay a clip over what is there, which is cut off where it begins, or pushed to where it ends."""
        clip.__dict__.update(is_arrangement_clip=True, start_time=beat, end_time=beat + beats)
        for other in self.arrangement_clips:
            if other.start_time < beat < other.end_time:
                other.__dict__["end_time"] = beat
            elif beat <= other.start_time < beat + beats:
                other.__dict__["start_time"] = min(beat + beats, other.end_time)
        self.__dict__["arrangement_clips"] = (*self.arrangement_clips, clip)


class ClipSlot(Thing):
    """Where a clip can be."""

    def __init__(self, live: Live, track: Track) -> None:
        super().__init__(live, canonical_parent=track, clip=None)
        if live.version >= (12, 0, 5):
            self.__dict__["create_audio_clip"] = self._create_audio_clip

    @property
    def has_clip(self) -> bool:
        """Whether one is."""
        return self.clip is not None

    def _create_audio_clip(self, path: str) -> Clip:
        """Make a clip of a file."""
        if self.clip is not None:
            raise RuntimeError("Audio clips can only be created in empty clip slots")
        clip = _audio_clip(self._live, self.canonical_parent, path)
        clip.__dict__["canonical_parent"] = self
        self.__dict__["clip"] = clip
        return clip

    def delete_clip(self) -> None:
        """Remove the clip."""
        if self.clip is None:
            raise RuntimeError("the slot is empty")
        self._live.changed()
        self.clip.__dict__["_dead"] = True
        self.__dict__["clip"] = None

    def _midi_clip(self, name: str = "") -> Clip:
        """Make an empty MIDI clip, as a double click does."""
        clip = Clip(self._live, self, name)
        self.__dict__["clip"] = clip
        return clip


class WarpMarker:
    """Pins a moment of a file (seconds, whatever the name says) to a beat."""

    def __init__(self, sample_time: float, beat_time: float) -> None:
        self.sample_time = sample_time
        self.beat_time = beat_time


class Clip(Thing):
    """A clip; only those of files can be warped."""

    SET = frozenset({"name", "looping", "loop_start", "loop_end", "start_marker", "end_marker", "warping", "warp_mode"})

    def __init__(self, live: Live, parent: Thing, name: str) -> None:
        super().__init__(live, canonical_parent=parent, name=name, is_arrangement_clip=False, is_audio_clip=False)
        self.__dict__.update(looping=True, loop_start=0.0, loop_end=4.0, start_marker=0.0, end_marker=4.0)

    def _of_file(self, path: str) -> None:
        """Take a file in, and guess its tempo."""
        frames, rate = _wav(Path(path))
        pace = self._live.song.tempo / 60 * self._live.misjudged
        markers = [WarpMarker(0.0, 0.0), WarpMarker(PHANTOM / pace, PHANTOM)]
        self.__dict__.update(is_audio_clip=True, file_path=path, warping=True, warp_mode=0, _markers=markers)
        self.__dict__.update(_seconds=frames / rate, available_warp_modes=(0, 1, 2, 3, 4, 6), looping=False)
        self.__dict__.update(loop_end=frames / rate * pace, end_marker=frames / rate * pace)

    def _set(self, name: str, value: Any) -> None:
        if name == "loop_end" and value <= self.loop_start:
            raise RuntimeError("Invalid loop end: it must be after the loop's start")
        if name in {"warping", "warp_mode"} and not self.is_audio_clip:
            raise RuntimeError("only audio clips can be warped")
        super()._set(name, value)

    @property
    def warp_markers(self) -> tuple[WarpMarker, ...]:
        """All of them, and last the one that Live adds for itself."""
        return tuple(self._markers)

    def _beat_at(self, seconds: float) -> float:
        """Return which beat a moment after the last marker is."""
        early, late = self._markers[-2:]
        pace = (late.beat_time - early.beat_time) / (late.sample_time - early.sample_time)
        return float(early.beat_time + (seconds - early.sample_time) * pace)

    def add_warp_marker(self, marker: WarpMarker) -> None:
        """Add one; a dict, as Max takes it, is not taken here."""
        if not isinstance(marker, WarpMarker):
            raise TypeError("Python argument types did not match C++ signature")
        self._live.changed()
        if marker.sample_time > self._seconds:
            raise RuntimeError("Warp marker sample time is out of range")
        self._settle(sorted([*self._markers[:-1], marker], key=lambda each: each.beat_time))

    def move_warp_marker(self, beat: float, distance: float) -> None:
        """Move one by some beats."""
        self._live.changed()
        found = self._visible(beat)
        rest = [each for each in self._markers[:-1] if each is not found]
        self._settle(sorted([*rest, WarpMarker(found.sample_time, beat + distance)], key=lambda each: each.beat_time))

    def remove_warp_marker(self, beat: float) -> None:
        """Remove one."""
        self._live.changed()
        found = self._visible(beat)
        self._settle([each for each in self._markers[:-1] if each is not found])

    def _visible(self, beat: float) -> WarpMarker:
        """Return the musician's marker at `beat`."""
        for each in self._markers[:-1]:
            if each.beat_time == beat:
                return each  # type: ignore[no-any-return]
        raise RuntimeError("No warp marker at the given beat time")

    def _settle(self, visible: list[WarpMarker]) -> None:
        """Take over markers if each part between them has a tempo that Live can play; add Live's own."""
        for early, late in zip(visible, visible[1:]):  # noqa: B905, RUF007 - Python 3.7 has neither strict nor pairwise
            seconds = late.sample_time - early.sample_time
            if seconds <= 0 or not 5 <= 60 * (late.beat_time - early.beat_time) / seconds <= 999:
                raise RuntimeError("Segment length out of range")
        last, old = visible[-1], self._markers[-2:]
        early, late = visible[-2:] if len(visible) > 1 else old
        pace = (late.beat_time - early.beat_time) / (late.sample_time - early.sample_time)
        phantom = WarpMarker(last.sample_time + PHANTOM / pace, last.beat_time + PHANTOM)
        self.__dict__["_markers"] = [*visible, phantom]


class CInstance:
    """What Live hands to every script."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def song(self) -> Song:
        """Return the set."""
        self._live.check()
        return self._live.song

    def show_message(self, text: str) -> None:
        """Show a line in the status bar."""
        self._live.check()
        self._live.messages.append(text)

    def log_message(self, text: str) -> None:
        """Write a line into Live's log."""
        self._live.check()
        self._live.log.append(text)


class ControlSurface:
    """The base class of Live's own library; Live calls these."""

    def __init__(self, c_instance: CInstance) -> None:
        self._c_instance = c_instance

    def update_display(self) -> None:
        """Do nothing: there is no display."""

    def disconnect(self) -> None:
        """Do nothing: there is nothing to let go."""


def _audio_clip(live: Live, track: Track, path: str) -> Clip:
    """Make a clip of a file for an audio track."""
    live.changed()
    if not track.has_audio_input:
        raise RuntimeError("Audio clips can only be created on audio tracks")
    if track.is_frozen:
        raise RuntimeError("Audio clips can not be created on frozen tracks")
    if not (Path(path).is_absolute() and Path(path).is_file()):
        raise ValueError("The provided path does not appear to point to a valid audio file")
    clip, begun = Clip(live, track, Path(path).stem), time.thread_time()
    clip._of_file(path)
    live.own += time.thread_time() - begun
    return clip


def _wav(path: Path) -> tuple[int, int]:
    """Return how many frames a WAV has, and at which rate."""
    data, at, rate, block = path.read_bytes(), 12, 0, 1
    while at < len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if name == b"fmt ":
            rate, block = struct.unpack_from("<I", data, at + 12)[0], struct.unpack_from("<H", data, at + 20)[0]
        if name == b"data":
            return size // block, rate
        at += 8 + size + size % 2
    raise ValueError("The provided path does not appear to point to a valid audio file")


def _live_module() -> types.ModuleType:
    """Return the module that Live brings."""
    module = types.ModuleType("Live")
    vars(module)["Clip"] = types.SimpleNamespace(WarpMarker=WarpMarker)
    return module
