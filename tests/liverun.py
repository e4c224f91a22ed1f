"""One scenario of the remote script in a Python of its own, be it 3.7: a clip is named, and what came of it is printed.

Call it as ``python liverun.py PORT NAME``. It prints a JSON object.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

from livemodel import Live

WAITING = {"time.sleep", "socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen", "os.system"}
"""What Python calls what makes a program wait, or starts another."""


def main(port: int, name: str) -> dict[str, Any]:
    """Name a MIDI clip, give the script its turns until the clip has landed, and return what there is to see."""
    live = Live(misjudged=2.0)
    waited: list[str] = []

    def hook(event: str, _arguments: Any) -> None:
        """Take note of what waits in a turn."""
        if live.turn and event in WAITING:
            waited.append(event)

    if hasattr(sys, "addaudithook"):  # Python 3.7 has none
        sys.addaudithook(hook)
    script = live.load(port)
    live.song.__dict__["tempo"] = 92.5
    slot = live.song.tracks[1].clip_slots[3]
    live.rename(live.song.tracks[0].clip_slots[3]._midi_clip(), name)
    landed = live.until(lambda: slot.has_clip)
    blocking = script._wire._socket.gettimeout()
    script.disconnect()
    clip = slot.clip
    return {
        "python": sys.version_info[:2],
        "landed": landed,
        "loop_end": landed and clip.loop_end,
        "beats": landed and clip._beat_at(clip._seconds),
        "path": landed and clip.file_path,
        "messages": live.messages,
        "log": live.log,
        "waited": waited,
        "timeout": blocking,
        "threads": threading.active_count(),
        "ticks": sorted(live.ticks),
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), sys.argv[2])))
