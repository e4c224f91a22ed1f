"""Everything that can go wrong between the DAW and a clip.

::

    BridgeError               has a code, one of the words that clients see
    ├── BadSetting            bad_request         a configuration value, named by its key
    ├── BadPreset             bad_request         a preset file, named by file and key
    ├── BadMap                bad_request         a MIDI map, named by file and place
    ├── BadSurface            bad_request         the page of a surface, named by file and place
    ├── BadRequest            bad_request         a request that cannot be understood
    ├── UnknownAddress        unknown_address
    ├── UnknownKey            unknown_key
    ├── UnknownPreset         unknown_preset
    ├── UnknownJob            unknown_job
    ├── UnknownSurface        bad_request
    ├── DuplicateId           duplicate_id
    ├── OutOfRange            out_of_range
    ├── Outranked             bad_request         the session follows a source of higher rank
    ├── QueueFull             queue_full
    ├── TooFast               queue_full          one sender asks for more jobs than anybody can want
    ├── EngineUnavailable     engine_unavailable
    ├── DeviceUnavailable     device_unavailable
    ├── DiskFull              disk_full           the watched folder has no room
    ├── FolderUnusable        internal            the watched folder is missing, read-only or no folder
    ├── ClipGone              unknown_job         a clip that somebody moved away or deleted
    ├── PartsLost             internal            somebody removed finished clips before they had their names
    ├── Interrupted           interrupted         the daemon stopped before the job was done
    ├── JournalUnusable       internal            the journal of jobs cannot be opened or read
    ├── JournalFull           disk_full           the state folder has no room for the journal
    ├── Unreadable            interrupted         a job in the journal that this version cannot read
    ├── SurfaceUnusable       internal            a file of a surface, or a receipt, that cannot be read or written
    ├── AlreadyRunning        internal            another daemon has the state folder
    └── CannotListen          internal            the port is taken or not ours to open

`code_of` gives the code of any exception, also of those that `plugin_host` raises.
A message names the value, what is allowed, and what to do.
"""

from typing import ClassVar

from plugin_host.errors import HostError


class BridgeError(Exception):
    """Base of all that `daw_bridge` raises on purpose; `code` is what a client is told."""

    code: ClassVar[str] = "internal"


class BadSetting(BridgeError):
    """A configuration value that cannot be used; the message begins with its key."""

    code = "bad_request"


class BadPreset(BridgeError):
    """A preset that cannot be used; the message names its file and key."""

    code = "bad_request"


class BadMap(BridgeError):
    """A MIDI map that cannot be used; the message names its file and place."""

    code = "bad_request"


class BadSurface(BridgeError):
    """The page of a surface that cannot be used; the message names its file and place."""

    code = "bad_request"


class BadRequest(BridgeError):
    """A request that cannot be understood."""

    code = "bad_request"


class UnknownAddress(BridgeError):
    """An OSC address that means nothing here."""

    code = "unknown_address"


class UnknownKey(BridgeError):
    """A key that a job does not have."""

    code = "unknown_key"


class UnknownPreset(BridgeError):
    """A preset that is not there."""

    code = "unknown_preset"


class UnknownJob(BridgeError):
    """A job that is not there, or over."""

    code = "unknown_job"


class UnknownSurface(BridgeError):
    """A surface that is not there."""

    code = "bad_request"


class DuplicateId(BridgeError):
    """An id that another job already has."""

    code = "duplicate_id"


class OutOfRange(BridgeError):
    """A value that is understood and not allowed."""

    code = "out_of_range"


class Outranked(BridgeError):
    """The session follows a source of higher rank; what was said is kept for later."""

    code = "bad_request"


class QueueFull(BridgeError):
    """No more jobs can wait."""

    code = "queue_full"


class TooFast(BridgeError):
    """One sender asks for jobs faster than it may; the message says when to come again."""

    code = "queue_full"


class EngineUnavailable(BridgeError):
    """The engine is not on this machine, or cannot do what is asked."""

    code = "engine_unavailable"


class DeviceUnavailable(BridgeError):
    """There is no audio device to play on."""

    code = "device_unavailable"


class DiskFull(BridgeError):
    """The watched folder, or the state folder, has no room."""

    code = "disk_full"


class FolderUnusable(BridgeError):
    """The watched folder is missing, read-only, or no folder at all."""


class ClipGone(BridgeError):
    """A clip that is not where it was left: somebody moved it away or deleted it."""

    code = "unknown_job"


class PartsLost(BridgeError):
    """Finished clips lay hidden in the watched folder, and somebody removed them."""


class Interrupted(BridgeError):
    """The daemon stopped before the job was done."""

    code = "interrupted"


class JournalUnusable(BridgeError):
    """The journal cannot be opened, or is one that this version cannot read."""


class JournalFull(DiskFull):
    """The state folder has no room for the journal, or will not be written to."""


class Unreadable(BridgeError):
    """A job in the journal that this version cannot read, and so cannot run."""

    code = "interrupted"


class SurfaceUnusable(BridgeError):
    """A file of a surface, its folder or its receipt that cannot be read or written."""


class AlreadyRunning(BridgeError):
    """Another daemon has the state folder; the message names its process."""


class CannotListen(BridgeError):
    """The address and port of the daemon cannot be opened."""


def code_of(error: BaseException) -> str:
    """Return the word that clients are told for `error`: its own code, or ``internal`` for what nobody foresaw."""
    return error.code if isinstance(error, (BridgeError, HostError)) else "internal"
