"""daw-bridge in Ableton Live: name something `db: dusty breakbeat 4`, and it is filled.

A remote script for Live 11 and 12, chosen in the settings under Link, Tempo & MIDI as a control surface, with no input and
no output. Rename a MIDI clip, a scene or a track; the table in `places` says where the clip lands, `wishes` what can be
asked for. Tempo, meter, key, play and position go to the daemon as they change (`session`).

It imports Live's own modules and Python's, nothing else, and runs in the Python of Live 11 (3.7) and Live 12 (3.11).
"""

from __future__ import annotations


def create_instance(c_instance: object) -> object:
    """Return the script; Live calls this when it is chosen, and anew for each set that is opened."""
    from .surface import DawBridge  # noqa: PLC0415 - Live alone has what it imports

    return DawBridge(c_instance)
