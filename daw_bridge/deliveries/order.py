"""What a delivery is told once for all clips of a job."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plugin_host.key import Key


@dataclass(frozen=True, slots=True)
class Order:
    """Whose clips these are, and the part of their story that they share.

    `job` is a job's id: 1 to 64 of ``A–Z a–z 0–9 _ -``. `title` is the preset's name or, without one, the prompt.
    `key` is None where the music has none. `certificate` goes into every sidecar: version, request, session and
    plan.
    """

    job: str
    title: str
    prompt: str
    key: Key | None
    certificate: Mapping[str, Any]
