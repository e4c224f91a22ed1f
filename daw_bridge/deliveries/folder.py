"""Delivery into a folder that the DAW watches: a WAV and its birth certificate, whole or not at all.

It has two steps, so that the clips of a job can appear together: `stage` does all that takes time or may fail, out of
sight; `publish` only renames.
"""

import errno
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from daw_bridge.deliveries import atomic, sidecar, wav
from daw_bridge.deliveries.chunks import Tags
from daw_bridge.deliveries.names import clip_stem
from daw_bridge.deliveries.order import Order
from daw_bridge.deliveries.wav import Depth
from daw_bridge.errors import DiskFull, FolderUnusable
from plugin_host import __version__
from plugin_host.clip import Clip, ClipFacts

SOFTWARE = f"daw-bridge {__version__}"
"""What the INFO chunk names as the maker."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_IN_PLAIN_WORDS = {
    errno.ENOENT: "is not there; make it and the folders above it",
    errno.ENOTDIR: "is no folder; move the file of that name away",
    errno.EEXIST: "is no folder; move the file of that name away",
    errno.EACCES: "may not be written to; give this account the right to",
    errno.EPERM: "may not be written to; give this account the right to",
    errno.EROFS: "is on a read-only disk; make that writable",
}


@dataclass(frozen=True, slots=True)
class Staged:
    """A clip that lies in the folder whole, and hidden: `publish` lets it be seen, `discard` lets it go.

    `sound` and `story` are the parts that become the WAV and its sidecar. Thread: any.
    """

    facts: ClipFacts
    order: Order
    sound: Path
    story: Path

    def publish(self) -> Path:
        """Give both files their public names and return the absolute path of the WAV.

        The sidecar goes first: who sees the WAV finds its story beside it. No file is ever replaced; if a name is
        taken, both get the next. When it fails, neither is to be seen. Raises `FolderUnusable` or `DiskFull`.
        """
        folder = self.sound.parent
        with _in_plain_words(folder):
            stems = (clip_stem(self.order, self.facts, copy) for copy in itertools.count(1))
            published = (self._publish_as(folder, stem) for stem in stems)
            return next(path for path in published if path is not None)

    def discard(self) -> None:
        """Remove what is not published; nothing, where all is."""
        atomic.discard(self.sound)
        atomic.discard(self.story)

    def _publish_as(self, folder: Path, stem: str) -> Path | None:
        """Try to publish under `stem`; return None, and leave all as before, if one of the names is taken."""
        wav_path, json_path = folder / f"{stem}.wav", folder / f"{stem}.json"
        if os.path.lexists(wav_path):  # spares the sidecar a way there and back
            return None
        try:
            atomic.move_new(self.story, json_path)
            try:
                atomic.move_new(self.sound, wav_path)
            except BaseException:
                json_path.rename(self.story)
                raise
        except FileExistsError:
            return None
        return wav_path


def retract(wav_path: Path) -> None:
    """Remove a clip that was published a moment ago, and its sidecar: the WAV first, as it came last."""
    atomic.discard(wav_path)
    atomic.discard(wav_path.parent / f"{wav_path.name.removesuffix('.wav')}.json")


@dataclass(frozen=True, slots=True)
class FolderDelivery:
    """Puts clips into `folder` as files of `depth`. Thread: any; it keeps nothing between calls."""

    folder: Path
    depth: Depth = Depth.PCM_24

    def prepare(self) -> None:
        """Make the folder if only it is missing, and try that it takes a file.

        Raises `FolderUnusable` or `DiskFull`, with what to do about it.
        """
        with _in_plain_words(self.folder):
            self.folder.mkdir(exist_ok=True)
            probe = atomic.part(self.folder)
            try:
                with _saved(probe) as file:
                    file.write(SOFTWARE.encode())
            finally:
                atomic.discard(probe)

    def sweep(self) -> int:
        """Remove what killed daemons left hidden in the folder, and return how many files that were.

        Call it before the first clip is staged. Raises `FolderUnusable`.
        """
        with _in_plain_words(self.folder):
            return atomic.sweep(self.folder)

    def stage(self, clip: Clip, order: Order, check: Callable[[], None] = wav.go_on) -> Staged:
        """Write `clip` and its sidecar into the folder, hidden, and return once both are safe on the disk.

        `check` is called every second or so of sound; what it raises stops the writing.
        When it fails, nothing stays. Raises `DiskFull`, `FolderUnusable`, or `OutOfRange` for a clip too long for a
        WAV. Thread: delivery.
        """
        folder = self.folder.absolute()
        staged = Staged(clip.facts, order, atomic.part(folder), atomic.part(folder))
        try:
            with _in_plain_words(folder):
                self._write(clip, staged, check)
        except BaseException:
            staged.discard()
            raise
        return staged

    def deliver(self, clip: Clip, order: Order) -> Path:
        """Stage and publish `clip` at once, and return the absolute path of the WAV. Raises and leaves as they do."""
        staged = self.stage(clip, order)
        try:
            return staged.publish()
        finally:
            staged.discard()

    def _write(self, clip: Clip, staged: Staged, check: Callable[[], None]) -> None:
        """Write both parts of `staged`."""
        facts, order = clip.facts, staged.order
        tags = Tags(facts.grid, facts.form, order.key, order.title, order.prompt, SOFTWARE)
        with _saved(staged.sound) as file:
            sha256 = wav.write(file, clip.audio, tags, self.depth, facts.seed, check=check)
        with _saved(staged.story) as file:
            file.write(sidecar.text(sidecar.certificate(clip, order, self.depth, sha256)))


@contextmanager
def _saved(path: Path) -> Iterator[BinaryIO]:
    """Create the file `path` for writing; after the block, all of it is on the disk."""
    with path.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _in_plain_words(folder: Path) -> Iterator[None]:
    """Turn whatever the system says into what is wrong with `folder` and what to do about it."""
    try:
        yield
    except OSError as error:
        elsewhere = "or choose another folder with --folder"
        if error.errno in _NO_ROOM:
            raise DiskFull(f"no room for the clip in {folder}; free some space there, {elsewhere}") from error
        system = f"cannot be used ({error.strerror or error}); check its disk"
        trouble = _IN_PLAIN_WORDS.get(error.errno or 0, system)
        raise FolderUnusable(f"the folder {folder} {trouble}, {elsewhere}") from error
