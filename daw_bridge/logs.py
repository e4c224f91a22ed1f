"""The log that a daemon keeps: JSON, a line for each event, in a folder of its own, a few files of bounded size.

It is written by another thread: the daemon never waits for a disk to log. What a person asked for can be kept out of it
(`logs.prompts`): then neither prompts are written, nor the words of an error that nobody foresaw, which may hold them.
"""

import json
import logging
import os
import queue
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path
from typing import Any

from daw_bridge.sections import LogsConfig

FOLDER = "logs"
"""The folder of the logs, in that of the state."""

FILE = "daw-bridge.jsonl"
"""The log that is being written; older ones have a number behind it."""

PRIVATE = ("prompt", "negative", "why")
"""The facts of a job in which its asker's own words may stand."""

_log = logging.getLogger(__name__)


class Lines(logging.Formatter):
    """Writes a record as a line of JSON."""

    def __init__(self, config: LogsConfig) -> None:
        super().__init__()
        self._prompts = config.prompts

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of `record`, without the end."""
        facts: Mapping[str, Any] = getattr(record, "facts", {})
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "process": record.process,
            "message": record.getMessage() if self._prompts or not record.exc_info else str(record.msg),
            **facts,
        }
        if record.exc_info and record.exc_info[0] is not None:
            kind, error, trace = record.exc_info
            line["error"] = kind.__name__ + (f": {error}" if self._prompts else "")
            line["trace"] = "".join(traceback.format_tb(trace))
        return json.dumps(
            line if self._prompts else discreet(line), default=str
        )  # in ASCII: nothing in it can steer the terminal of whoever reads it


def discreet(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line of the log without its asker's words: neither as facts, nor where the message tells them again."""
    quiet = {name: fact for name, fact in line.items() if name not in PRIVATE}
    if line.get("why"):
        quiet["message"] = str(line.get("message", "")).replace(str(line["why"]), "…")
    return quiet


@contextmanager
def kept(state: Path, config: LogsConfig) -> Iterator[None]:
    """Keep a log in the folder of the `state` for as long as the block runs. Where that cannot be, it is said once."""
    folder = state / FOLDER
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        _log.warning("no log is kept: %s cannot be made (%s)", folder, error.strerror)
        yield
        return
    size = int(config.megabytes * 1e6)
    file = RotatingFileHandler(folder / FILE, maxBytes=size, backupCount=config.files - 1, encoding="ascii", delay=True)
    lines: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    hand = QueueHandler(lines)
    hand.setFormatter(Lines(config))
    writer = QueueListener(lines, file)
    root = logging.getLogger()
    root.addHandler(hand)
    writer.start()
    try:
        _log.info("process %d begins", os.getpid())
        yield
        _log.info("process %d ends", os.getpid())
    finally:
        root.removeHandler(hand)
        writer.stop()
        file.close()
