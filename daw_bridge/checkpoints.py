"""Bringing the journal's write-ahead log into its database, now and then, in a thread of its own: it waits for the disk.

SQLite would do it in the middle of a commit; measured, that takes up to 30 ms. The commit that comes after waits as well,
as it begins the log anew; so that one is made here, too. Only when commits come so densely that this does not keep up
is the log cut by the one who writes, to keep it from growing for ever.
"""

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path

_EVERY = 1_000  # commits
_LONGEST = 2**25  # bytes
_PATIENCE = 5.0  # seconds


class Checkpoints:
    """Keeps the log of one journal short. Thread: any; a commit that is counted twice, or not, does no harm."""

    def __init__(self, path: Path) -> None:
        """`path` is that of the database."""
        self._path = path
        self._commits = 0
        self._work: threading.Thread | None = None
        self.behind = False
        """Whether the log has grown too long: whoever may wait should call `cut`."""

    def grown(self) -> None:
        """Take note of a commit."""
        self._commits += 1
        if self._commits % _EVERY:
            return
        self.behind = self._size() > _LONGEST
        if not self.behind and (self._work is None or not self._work.is_alive()):
            work = threading.Thread(target=self._bring, name="journal checkpoint")
            with suppress(RuntimeError):  # the system has no thread to spare: another time
                work.start()
                self._work = work

    def cut(self, base: sqlite3.Connection) -> None:
        """Bring all of it over, by the connection `base`, and begin it anew. It may take a while."""
        self.behind = False
        with suppress(sqlite3.Error):
            base.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def stop(self) -> None:
        """Wait until nothing is being brought."""
        if self._work is not None:
            self._work.join()

    def _size(self) -> int:
        """Return the bytes of the log."""
        try:
            return self._path.with_name(f"{self._path.name}-wal").stat().st_size
        except OSError:
            return 0

    def _bring(self) -> None:
        """Bring over all that nobody is writing just now, and make the commit that has to wait for it. Thread: its own."""
        with suppress(sqlite3.Error), closing(sqlite3.connect(self._path, timeout=_PATIENCE)) as base:
            base.execute("PRAGMA wal_checkpoint(PASSIVE)")
            ((version,),) = base.execute("PRAGMA user_version")
            base.execute(f"PRAGMA user_version = {int(version)}")
