"""Which name was changed.

Only what is selected can be renamed by hand, so a few names are compared in each turn: those of the selected clip, scene
and track, and of those that were selected the turn before (Tab takes a new name and moves on at once). Listening to
the name of every clip would cost a listener for each slot of the set, and each of them would have to be taken off again.

A name that is there already when its bearer is selected asks for nothing: no set starts to generate by being opened.
"""

from __future__ import annotations


def alive(thing: object) -> bool:
    """Whether `thing` is there. What was deleted in Live stays an object here, and equals None."""
    return thing != None  # noqa: E711


class Watch:
    """Remembers the names of what is selected. Thread: Live's."""

    def __init__(self, song: object) -> None:
        self._song = song
        self._kept = {}

    def renamed(self) -> list[tuple[str, object, str]]:
        """Return what has a new name since the last turn, each once: "clip", "scene" or "track", itself, and the name.

        Live's objects can be compared with those of their own kind only.
        """
        found = []
        for at, (kind, thing) in enumerate(self._selected()):
            kept, name = self._kept.get(at, (None, ""))
            new = alive(kept) and kept.name != name
            if new and not any(kind == other and kept == seen for other, seen, _ in found):
                found.append((kind, kept, kept.name))
            self._kept[at] = (thing, thing.name) if alive(thing) else (None, "")
        return found

    def _selected(self) -> tuple[tuple[str, object], ...]:
        """Return what is selected. The clip in the detail view may be one of the Arrangement View."""
        view = self._song.view
        slot = view.highlighted_clip_slot
        return (
            ("clip", slot.clip if alive(slot) else None),
            ("clip", view.detail_clip),
            ("scene", view.selected_scene),
            ("track", view.selected_track),
        )
