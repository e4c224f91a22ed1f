"""What is told about jobs: frozen values, one class for each kind, fields in the order in which they are sent.

A job's reports come in this order: `Queued`, `Started`, `Progress` …, `Warned` where need be, `Delivered` once a file,
and exactly one of `Done`, `Cancelled`, `Failed`. `Refused` is for what never became a job.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Queued:
    """The job is accepted. `position` jobs wait before it (0 runs next); `seconds` is the estimate until it is done."""

    id: str
    position: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Started:
    """The job has begun on `engine`."""

    id: str
    engine: str


@dataclass(frozen=True, slots=True)
class Progress:
    """`fraction` (0–1, never falls) of the job is done; `stage` is running."""

    id: str
    fraction: float
    stage: str


@dataclass(frozen=True, slots=True)
class Warned:
    """The job goes on, but something is not as asked: `message` says what."""

    id: str
    message: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """One file has landed: `rank` 1 is best, `score` is 0–1, `path` is absolute."""

    id: str
    rank: int
    score: float
    path: Path


@dataclass(frozen=True, slots=True)
class Done:
    """All `files` are delivered, `seconds` after the request came."""

    id: str
    files: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The job was cancelled and left nothing behind."""

    id: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The job ended without a clip. `code` is one of the words of `CODES`; `message` says what to do."""

    id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Playing:
    """A clip of job `id` has begun on the audio device. `beat` is where in the session, `late` by how many frames."""

    id: str
    rank: int
    beat: float
    late: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """A clip of job `id` plays no longer, for `reason`: stopped, over, or what is wrong with the device."""

    id: str
    rank: int
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A request to `address` never became a job, or was no request at all."""

    address: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Learnt:
    """A MIDI lesson is `waiting`, `learnt`, `undone` or `failed`; or `taken`: `control` does `deed` already."""

    state: str
    control: str
    deed: str


JobReport = Queued | Started | Progress | Warned | Delivered | Done | Cancelled | Failed
Told = JobReport | Learnt | Playing | Stopped | Refused
"""What is told to whoever listens. A refusal is told so when it comes late: it is the asker's alone."""

Report = Told

CODES = (
    "bad_request",
    "unknown_address",
    "unknown_key",
    "unknown_preset",
    "unknown_job",
    "duplicate_id",
    "out_of_range",
    "queue_full",
    "engine_unavailable",
    "device_unavailable",
    "out_of_memory",
    "disk_full",
    "interrupted",
    "internal",
)
"""Every code that `Failed` and `Refused` can carry."""
