"""What was heard before: the clips of some folders, each listened to once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from plugin_host.audio import Audio

MOST = 64
"""So many clips of each folder count, the newest: what a session may repeat, at a cost that does not grow with it."""

_LONGEST, _CHANNELS = 600.0, 8  # seconds and channels; what is larger is no loop, and would take much memory


@dataclass(frozen=True, slots=True)
class Nearest:
    """The clip most like a sound: the cosine of their directions, −1 to 1, and where it lies."""

    likeness: float
    path: Path


@dataclass(frozen=True, slots=True)
class _Clip:
    """A file as it was when it was listened to: another time or size is another clip."""

    path: Path
    changed: int
    size: int


class Library:
    """The WAVs in `folders`. Only listens when asked, and to each clip once. Thread: any."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self._folders = tuple(folders)
        self._heard: dict[_Clip, NDArray[np.float32] | None] = {}
        self._lock = Lock()

    def nearest(
        self,
        direction: NDArray[np.float32],
        listen: Callable[[Audio], NDArray[np.float32]],
    ) -> Nearest | None:
        """Return the clip nearest to `direction`, None where there is none. `listen` turns a clip into a direction.

        A file that is no WAV, is just being written, or is far too long for a loop is passed over.
        """
        best: Nearest | None = None
        with self._lock:
            present = {
                clip: self._heard[clip] if clip in self._heard else _listen(clip, listen) for clip in self._clips()
            }
            self._heard = present
        for clip, heard in present.items():
            if heard is not None and (best is None or float(heard @ direction) > best.likeness):
                best = Nearest(float(heard @ direction), clip.path)
        return best

    def _clips(self) -> Iterator[_Clip]:
        """Yield the newest clips of every folder that is there."""
        for folder in self._folders:
            found = []
            for path in folder.glob("[!.]*.wav") if folder.is_dir() else ():
                try:
                    status = path.stat()
                except OSError:
                    continue  # deleted between the listing and the look: no clip of ours any more
                found.append(_Clip(path, status.st_mtime_ns, status.st_size))
            yield from sorted(found, key=lambda clip: (-clip.changed, clip.path))[:MOST]


def _listen(clip: _Clip, listen: Callable[[Audio], NDArray[np.float32]]) -> NDArray[np.float32] | None:
    """Return the direction of a file, None where it holds no sound."""
    import soundfile  # where nothing is compared, it is not loaded

    try:
        told = soundfile.info(clip.path)
        if told.duration > _LONGEST or told.channels > _CHANNELS:
            return None
        samples, rate = soundfile.read(clip.path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError):
        return None
    return listen(Audio(samples, rate)) if len(samples) else None
