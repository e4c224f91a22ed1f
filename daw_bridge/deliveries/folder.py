"""Delivery into a folder that the DAW watches: a WAV and its birth certificate, whole or not at all.

It has two steps, so that the clips of a job can appear together: `stage` does all that takes time or may fail, out of
sight; what it returns is published by renaming only (see `parcels`).
"""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from daw_bridge.deliveries import atomic, sidecar, wav
from daw_bridge.deliveries.chunks import Tags
from daw_bridge.deliveries.names import clip_name
from daw_bridge.deliveries.order import Order
from daw_bridge.deliveries.parcels import Parcel
from daw_bridge.deliveries.trouble import in_plain_words
from daw_bridge.deliveries.wav import Depth
from plugin_host import __version__
from plugin_host.clip import Clip

SOFTWARE = f"daw-bridge {__version__}"
"""What the INFO chunk names as the maker."""


@dataclass(frozen=True, slots=True)
class FolderDelivery:
    """Puts clips into `folder` as files of `depth`. Thread: any; it keeps nothing between calls."""

    folder: Path
    depth: Depth = Depth.PCM_24

    def prepare(self) -> None:
        """Make the folder if only it is missing, and try that it takes a file.

        Raises `FolderUnusable` or `DiskFull`, with what to do about it.
        """
        with in_plain_words(self.folder):
            self.folder.mkdir(exist_ok=True)
            probe = atomic.part(self.folder)
            try:
                with _saved(probe) as file:
                    file.write(SOFTWARE.encode())
            finally:
                atomic.discard(probe)

    def sweep(self, spared: Collection[Path] = ()) -> int:
        """Remove what killed daemons left hidden in the folder but those `spared`, and return how many files that were.

        Call it before the first clip is staged. Raises `FolderUnusable`.
        """
        with in_plain_words(self.folder):
            return atomic.sweep(self.folder, {path.name for path in spared})

    def stage(self, clip: Clip, order: Order, check: Callable[[], None] = wav.go_on) -> Parcel:
        """Write `clip` and its sidecar into the folder, hidden, and return once both are safe on the disk.

        `check` is called every second or so of sound; what it raises stops the writing.
        When it fails, nothing stays. Raises `DiskFull`, `FolderUnusable`, or `OutOfRange` for a clip too long for a
        WAV. Thread: delivery.
        """
        folder = self.folder.absolute()
        facts = clip.facts
        name = clip_name(order, facts)
        parcel = Parcel(facts.rank, facts.score.value, name, atomic.part(folder), atomic.part(folder))
        try:
            with in_plain_words(folder):
                self._write(clip, order, parcel, check)
                return replace(parcel, made=parcel.sound.stat().st_mtime_ns)
        except BaseException:
            parcel.discard()
            raise

    def deliver(self, clip: Clip, order: Order) -> Path:
        """Stage and publish `clip` at once, and return the absolute path of the WAV. Raises and leaves as they do."""
        parcel = self.stage(clip, order)
        try:
            return parcel.publish()
        finally:
            parcel.discard()

    def _write(self, clip: Clip, order: Order, parcel: Parcel, check: Callable[[], None]) -> None:
        """Write both parts of `parcel`."""
        facts = clip.facts
        tags = Tags(facts.grid, facts.form, order.key, order.title, order.prompt, SOFTWARE)
        with _saved(parcel.sound) as file:
            sha256 = wav.write(file, clip.audio, tags, self.depth, facts.seed, check=check)
        with _saved(parcel.story) as file:
            file.write(sidecar.text(sidecar.certificate(clip, order, self.depth, sha256)))


@contextmanager
def _saved(path: Path) -> Iterator[BinaryIO]:
    """Create the file `path` for writing; after the block, all of it is on the disk."""
    with path.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
