"""Wishes on their way: asked for, heard of, landed."""

from __future__ import annotations

import time
from collections import OrderedDict
from pathlib import Path

from .landing import land
from .places import NoPlace, place_of
from .wishes import said, wish_of

_PATIENCE = 3.0  # seconds until a wish that nobody answered is told of
_MOST = 64  # wishes that are remembered
_TELL_EVERY = 1.0  # seconds from one word of progress to the next
_BROWSER = "drag it from the folder of clips in the browser's Places"


class Jobs:
    """Asks the daemon and lands what it delivers. Thread: Live's, outside of notifications."""

    def __init__(self, song: object, wire: object, show: object, new_marker: object) -> None:
        """`show` shows a message; `new_marker` makes a warp marker of seconds and beats."""
        self._song = song
        self._wire = wire
        self._show = show
        self._new_marker = new_marker
        self._wishes = OrderedDict()
        self._last = None
        self._stem = f"live-{int(time.time() * 1000):x}-"  # no two lives of this script name jobs alike
        self._count = 0
        self._told = 0.0
        self._hears = {
            "/bridge/queued": self._queued,
            "/bridge/progress": self._progress,
            "/bridge/warning": self._warned,
            "/bridge/delivered": self._delivered,
            "/bridge/cancelled": self._cancelled,
            "/bridge/failed": self._failed,
            "/bridge/done": self._done,
        }

    def ask(self, kind: str, thing: object, name: str) -> None:
        """Ask for what the new name of `thing`, a "clip", "scene" or "track", says, if it says anything to us."""
        text = said(name)
        if text is None:
            return
        self._count += 1
        try:
            wish = wish_of(text, place_of(self._song, kind, thing), self._stem + str(self._count), self._last)
        except NoPlace as error:
            self._show(str(error))
            return
        if wish is None:
            self._show("write what you want behind db: such as db: dusty breakbeat 4")
            return
        self._last = wish
        self._wishes[wish.id] = wish
        while len(self._wishes) > _MOST:
            self._wishes.popitem(last=False)
        self._wire.send(wish.address, *wish.arguments)

    def hear(self, address: str, arguments: list) -> None:
        """Take one report of the daemon's. What is not about a wish of ours is nothing to us, but for a refusal."""
        if address == "/bridge/error":
            self._refused(*arguments[:3])
        elif address in self._hears and arguments and arguments[0] in self._wishes:
            wish = self._wishes[arguments[0]]
            wish.answered = True
            self._hears[address](wish, *arguments[1:])

    def turn(self, now: float) -> None:
        """Say so once if nobody answers a wish. It is not forgotten: a daemon that was only busy still takes it."""
        for wish in self._wishes.values():
            if not (wish.answered or wish.scolded) and now - wish.since > _PATIENCE:
                wish.scolded = True
                self._show(f"nobody answers at {self._wire.where}: start daw-bridge serve, and name it again")

    def _queued(self, wish: object, position: int, seconds: float) -> None:
        """Say when it will be there."""
        before = f", {position} before it" if position else ""
        self._show(f"{wish.words}: about {round(seconds)} s{before}")

    def _progress(self, wish: object, fraction: float, stage: str) -> None:
        """Say how far it is, now and then."""
        now = time.monotonic()
        if now - self._told >= _TELL_EVERY:
            self._told = now
            self._show(f"{wish.words}: {round(100 * fraction)} % ({stage})")

    def _warned(self, wish: object, message: str) -> None:
        """Pass a warning on."""
        self._show(f"{wish.words}: {message}")

    def _delivered(self, wish: object, rank: int, score: float, path: str) -> None:
        """Land the best take; the others lie in the folder."""
        if rank != 1:
            return
        try:
            where = land(self._song, wish, path, self._new_marker)
        except NoPlace as error:
            self._show(f"{wish.words}: {Path(path).name}. {error}; {_BROWSER}")
        except Exception as error:  # noqa: BLE001 - Live raises what it likes
            self._show(f"{wish.words}: {Path(path).name}. Live says: {error}; {_BROWSER}")
        else:
            self._show(f"{wish.words} is on {where} (score {score:.2f})")

    def _cancelled(self, wish: object) -> None:
        """Forget it."""
        self._show(f"{wish.words}: cancelled")
        del self._wishes[wish.id]

    def _failed(self, wish: object, code: str, message: str) -> None:
        """Say why; the daemon's message says what to do."""
        self._show(f"{wish.words}: {message} ({code})")
        del self._wishes[wish.id]

    def _done(self, wish: object, _files: int, _seconds: float) -> None:
        """Forget it: it has landed."""
        del self._wishes[wish.id]

    def _refused(self, address: str, code: str, message: str) -> None:
        """Say why a wish became no job. Requests are answered in order, so it is the oldest to that address.

        One of which it was said that nobody answers is only meant where no other is: it was most likely never heard.
        A word about the session that was refused concerns the musician's own setting of `clock.priority`.
        """
        for wish in sorted(self._wishes.values(), key=lambda each: each.scolded):
            if wish.address == address and not wish.answered:
                self._show(f"{wish.words}: {message} ({code})")
                del self._wishes[wish.id]
                return
