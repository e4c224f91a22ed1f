"""Running commands as a shell would: arguments in, status and both outputs back."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit status, and what it wrote."""

    status: int
    out: str
    err: str


Command = Callable[..., Ended]
"""Runs ``daw-bridge`` with the given arguments in this process."""
