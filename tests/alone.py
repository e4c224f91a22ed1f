"""A network of this machine alone, for what speaks to all there is."""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from real import missing, need

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET


@contextmanager
def alone() -> Iterator[None]:
    """Put this thread, and what it starts, into a network of its own."""
    program, libc = need("ip"), ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open("rb") as before:
        if libc.unshare(_NEW_NETWORK):
            missing(f"no network of our own can be made here ({os.strerror(ctypes.get_errno())})")
        try:
            subprocess.run([program, "link", "set", "lo", "up"], check=True)
            yield
        finally:
            assert libc.setns(before.fileno(), _NEW_NETWORK) == 0
