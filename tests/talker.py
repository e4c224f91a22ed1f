"""Another program that a test talks to, line by line: a controller, a peer."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

from daemons import PATIENCE


class Talker:
    """The process at the other end."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in: IO[str] = process.stdin
        self._out: IO[str] = process.stdout

    def say(self, line: str) -> None:
        """Have it do something."""
        self._in.write(line + "\n")
        self._in.flush()

    def words(self) -> list[str]:
        """Wait for its next line, and return the words of that."""
        return self._out.readline().split()


@contextmanager
def talker(script: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[Talker]:
    """Run a script of Python's; it ends when nothing more is said to it."""
    process = subprocess.Popen(
        [sys.executable, script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    try:
        yield Talker(process)
    finally:
        process.communicate(timeout=PATIENCE)
