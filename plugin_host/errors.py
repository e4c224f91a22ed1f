"""Everything that can go wrong while a clip is made.

::

    HostError                 has a code, one of the words that clients see
    ├── BadValue              bad_request         a value that means nothing here
    ├── OutOfRange            out_of_range        a value that means something, but not here
    ├── EngineUnavailable     engine_unavailable  no such engine, or it cannot do what is asked
    ├── EngineFailed          internal            the engine broke, or broke its promise
    ├── WorkerDied            internal            the process that held the engine is gone
    ├── WorkerHung            internal            the process that held the engine made no step, and was ended
    ├── OutOfMemory           out_of_memory
    ├── SpoolFull             disk_full           no room to hand a clip over
    ├── SpoolUnusable         internal            the folder for that cannot be made or written
    └── DiskFull              disk_full           no room for the weights of a model
    Cancelled                 no error: how a stop travels out of an engine

A message names the value, what is allowed, and what to do.
"""

from typing import ClassVar


class HostError(Exception):
    """Base of all that `plugin_host` raises on purpose; `code` is what a client is told."""

    code: ClassVar[str] = "internal"


class BadValue(HostError):
    """A value that cannot be understood: a meter of "x", a key of "H minor"."""

    code = "bad_request"


class OutOfRange(HostError):
    """A value that is understood and not allowed: 1000 BPM, 65 bars, a rate of 5 Hz."""

    code = "out_of_range"


class EngineUnavailable(HostError):
    """There is no engine of that name here, or it lacks what the plan needs."""

    code = "engine_unavailable"


class EngineFailed(HostError):
    """The engine raised, or gave back what no engine may: too short, the wrong shape, all of it faulty."""


class WorkerDied(HostError):
    """The worker process ended in the middle of a job."""


class WorkerHung(HostError):
    """The engine made no step for so long that its process was ended."""


class OutOfMemory(HostError):
    """There was not enough memory for this job."""

    code = "out_of_memory"


class SpoolFull(HostError):
    """The disk has no room for the hand-over of a finished clip."""

    code = "disk_full"


class SpoolUnusable(HostError):
    """The folder for the hand-over of finished clips cannot be made, or not be written to."""


class DiskFull(HostError):
    """The disk has no room for the weights of a model."""

    code = "disk_full"


class Cancelled(Exception):
    """Raised by `Watch.step` once a job is cancelled. Let it pass: no engine may catch it for good."""
