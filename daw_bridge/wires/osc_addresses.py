"""Every OSC address, as data. The wire, the help, the README and the tests all read this table and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from daw_bridge import reports
from daw_bridge.requests import JOB_KEYS, PROMPT
from daw_bridge.values import Kind, Number, Reader, Switch, Text, Whole, Word

PRESET = "/bridge/preset/"
"""Addresses that start so carry the name of a preset behind it."""


SYNC_NUMBER = Whole(-(2**31), 2**31 - 1)
"""What `/bridge/sync` may be given: an OSC int."""

_KEY = {name: key.read for name, key in JOB_KEYS.items()}


class Rest(Enum):
    """What the arguments are of which there may be any number."""

    NUMBERS = "numbers"
    TEXT = "text"
    PAIRS = "key, value …"


@dataclass(frozen=True, slots=True)
class Address:
    """One address that is understood: its arguments and what it does, in words.

    `rest` says how to read a sender that names no types. `plain` are the readers of the arguments that its plainest
    message has, for programs that want to know; none is a button.
    """

    path: str
    arguments: str
    does: str
    rest: Rest = Rest.NUMBERS
    plain: tuple[Reader[Any], ...] = ()

    def kind_after(self, read: Sequence[object]) -> Kind | None:
        """Return what the next argument is after those in `read`: a key's value is of the key's kind.

        None where it may be either: a button's number, or the first word of a row.
        """
        if self.rest is Rest.NUMBERS:
            return "number"
        if self.rest is Rest.TEXT or (self.path == "/bridge/generate" and len(read) < 2):
            return "text"
        if not read:
            return None
        return JOB_KEYS[read[-1]].read.kind if isinstance(read[-1], str) and read[-1] in JOB_KEYS else "text"


REQUESTS: Mapping[str, Address] = {
    address.path: address
    for address in (
        Address("/bridge/generate", "prompt, then key, value, key, value …", "starts a job", Rest.PAIRS, (PROMPT,)),
        Address(
            f"{PRESET}<name>",
            "none, or one number (≥ 0.5 triggers, below is a button's release and does nothing), or key, value …",
            "starts a job from a preset",
            Rest.PAIRS,
        ),
        Address(
            "/bridge/again",
            "[job id], then key, value …",
            "the same recipe with the next seed; without an id, the last job",
            Rest.PAIRS,
        ),
        Address("/bridge/cancel", "job id, or `all`", "cancels queued or running jobs", Rest.TEXT, (Word(),)),
        Address("/bridge/tempo", "BPM", "sets the session tempo", plain=(_KEY["bpm"],)),
        Address("/tempo/raw", "BPM", "sets the session tempo, as REAPER and Bitwig say it", plain=(_KEY["bpm"],)),
        Address("/bridge/meter", "n, d", "sets the meter", plain=(Whole(1, 32), Whole(1, 32))),
        Address("/time/signature", '"n / d"', "sets the meter, as Bitwig says it", Rest.TEXT, (_KEY["meter"],)),
        Address("/play", "1 or 0", "the DAW plays, or stands, as REAPER and Bitwig say it", plain=(Switch(),)),
        Address("/stop", "1 or 0", "1: the DAW stands", plain=(Switch(),)),
        Address("/beat/str", '"bar.beat.hundredths"', "where in the song the DAW is", Rest.TEXT, (Text(64),)),
        Address("/bridge/key", '"A minor", "F#", "Bbm", "none"', "sets the key", Rest.TEXT, (_KEY["key"],)),
        Address("/bridge/samplerate", "Hz", "sets the session sample rate", plain=(_KEY["rate"],)),
        Address("/bridge/play", "[job id [rank]]", "plays a clip on the audio device", Rest.TEXT),
        Address("/bridge/stop", "–", "stops the audio device"),
        Address("/bridge/next", "–", "plays the next take in rank order"),
        Address("/bridge/prev", "–", "plays the previous take in rank order"),
        Address("/bridge/gain", "dB", "sets the level of the audio device", plain=(Number(-120, 24),)),
        Address(
            "/bridge/learn",
            "what to do, such as `preset dub-techno-chords`; or nothing, to stop",
            "gives it to the MIDI control that is touched next",
            Rest.TEXT,
            (Text(100),),
        ),
        Address("/bridge/learn/replace", "–", "lets the control that was found taken do the new thing"),
        Address("/bridge/learn/undo", "–", "forgets what was learnt last"),
        Address("/bridge/status", "–", "answers `/bridge/status.reply` name, value, name, value …"),
        Address("/bridge/presets", "–", "answers `/bridge/presets.reply` with the names of all presets"),
        Address("/bridge/version", "–", "answers `/bridge/version.reply` with the version"),
        Address(
            "/bridge/notify",
            "1 or 0",
            "subscribes or unsubscribes the sender to the reports of all jobs",
            plain=(Switch(),),
        ),
        Address(
            "/bridge/sync",
            "int",
            "answers `/bridge/synced` with it, once all that came before is handled",
            plain=(SYNC_NUMBER,),
        ),
    )
}
"""What is understood. DESIGN section 5; later parts add rows, none is renamed or removed."""

REPORTS: Mapping[type[reports.Report], str] = {
    reports.Queued: "/bridge/queued",
    reports.Started: "/bridge/started",
    reports.Progress: "/bridge/progress",
    reports.Warned: "/bridge/warning",
    reports.Delivered: "/bridge/delivered",
    reports.Done: "/bridge/done",
    reports.Cancelled: "/bridge/cancelled",
    reports.Failed: "/bridge/failed",
    reports.Playing: "/bridge/playing",
    reports.Stopped: "/bridge/stopped",
    reports.Learnt: "/bridge/learnt",
    reports.Refused: "/bridge/error",
}
"""What is reported, and where; the arguments are the fields of the report, in their order."""

SYNCED = "/bridge/synced"
REPLY = ".reply"

OURS = frozenset((*REPORTS.values(), SYNCED))
"""What only we say. Heard from elsewhere (our own words on a loop, another daemon) it is counted and never answered."""


def report_arguments(kind: type[reports.Report]) -> str:
    """Return the arguments of a report in words: the names of its fields."""
    return ", ".join(field.name for field in fields(kind))
