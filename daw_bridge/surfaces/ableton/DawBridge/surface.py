"""The control surface: what Live starts, and calls about ten times a second.

Everything happens in `update_display`, which Live calls on its main thread and not from within a notification, so that
the set may be changed there: no thread, no listener, no call that waits, and a bounded part of the work each time.

`_Framework` is Live's older library of control surfaces, still in Live 12, as it was in 11. Only the three methods of
its `ControlSurface` that Live itself calls are used here; all else goes to `c_instance`, which Live hands to every script.
"""

from __future__ import annotations

import time
import traceback

import Live
from _Framework.ControlSurface import ControlSurface

from .jobs import Jobs
from .session import Session
from .watch import Watch
from .wire import Wire

try:
    from .daw_bridge_settings import HOST, PORT
except ImportError:  # the installer writes it where the daemon is not at its usual place
    HOST, PORT = "127.0.0.1", 9310

_ASK_EVERY = (
    2.0  # seconds from one question to the daemon to the next: whether it is there, and whether it is a new one
)
_MOST_SHOWN = 300  # characters of a message in Live's status bar


class DawBridge(ControlSurface):
    """Keeps the daemon in step with Live, and lands what the names of clips, scenes and tracks ask for."""

    def __init__(self, c_instance: object) -> None:
        super().__init__(c_instance)
        self._live = c_instance
        song = c_instance.song()
        self._wire = Wire(HOST, PORT)
        self._session = Session(song, self._wire)
        self._watch = Watch(song)
        self._jobs = Jobs(song, self._wire, self._show, Live.Clip.WarpMarker)
        self._daemon = None  # the process id of the one that answered last
        self._asked = -_ASK_EVERY
        self._broke = ""

    def update_display(self) -> None:
        """Do one turn's work. What breaks is written into Live's log once, and costs this turn only."""
        super().update_display()
        try:
            self._turn()
        except Exception:  # noqa: BLE001 - Live would drop a script that raises here
            broke = traceback.format_exc()
            if broke != self._broke:
                self._broke = broke
                self._live.log_message("daw-bridge: " + broke)

    def disconnect(self) -> None:
        """Leave nothing behind: Live closes, or another set is opened. What is on its way goes to the folder alone."""
        self._wire.close()
        super().disconnect()

    def _turn(self) -> None:
        """Ask, tell, look and hear, in this order: what is asked for is made for the session as it is now."""
        now = time.monotonic()
        if now - self._asked >= _ASK_EVERY:
            self._asked = now
            self._wire.send("/bridge/status")
        self._session.tell()
        for kind, thing, name in self._watch.renamed():
            self._jobs.ask(kind, thing, name)
        for address, arguments in self._wire.hear():
            if address == "/bridge/status.reply":
                self._meet(dict(zip(arguments[::2], arguments[1::2])))
            else:
                self._jobs.hear(address, arguments)
        self._jobs.turn(now)

    def _meet(self, status: dict) -> None:
        """Tell everything to a daemon that was not there before."""
        if status.get("process") != self._daemon:
            self._daemon = status.get("process")
            self._session.forget()

    def _show(self, text: str) -> None:
        """Show a message in Live's status bar: one line."""
        self._live.show_message("daw-bridge: " + " ".join(text.split())[:_MOST_SHOWN])
