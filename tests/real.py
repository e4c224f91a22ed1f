"""What a test needs of the machine: missing, it is a reason to skip at home, and a failure where CI promises it."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

Mount = Callable[[str], Path]
"""Mounts a disk of memory with some options, or mounts it again with others, and returns where."""


def need(program: str) -> str:
    """Return the path of `program`; without it, skip the test (or fail it, where ``CI`` is set)."""
    path = shutil.which(program)
    if path is None:
        missing(f"{program} is not installed")
    return path


def missing(reason: str) -> NoReturn:
    """Skip the test for `reason`, or fail it where ``CI`` is set: there, nothing may be missing unnoticed."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI must not skip it", pytrace=False)
    pytest.skip(reason)


@contextmanager
def memory_disk(disk: Path) -> Iterator[Mount]:
    """Lend a function that mounts a disk of memory at `disk`, which is unmounted afterwards."""
    program = need("mount")

    def mounted(options: str) -> Path:
        disk.mkdir(exist_ok=True)
        if not hasattr(os, "geteuid") or os.geteuid() != 0:
            missing("only root may mount a disk")
        command = [program, "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            missing(f"no disk can be mounted here: {done.stderr.strip()}")
        return disk

    yield mounted
    if disk.is_mount():
        subprocess.run([need("umount"), disk], check=True)
