"""Brings a checkpoint onto this machine. Nothing else in the project asks the network for anything.

What is fetched is pinned: a branch is resolved to its commit once, all files come from that commit, and the engine then
loads that commit until somebody fetches again. Files that are there are not fetched again, and one that broke off is
taken up where it stopped; both are the hub library's own doing.
"""

import errno
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import huggingface_hub
from huggingface_hub import errors
from huggingface_hub.utils import tqdm

from plugin_host.engines.musicldm.checkpoint import (
    CONFIGS,
    DEFAULT,
    INDEX,
    SHIPPED,
    WEIGHTS,
    Checkpoint,
    check,
    hub_cache,
    hub_home,
)
from plugin_host.errors import BadValue, DiskFull, EngineUnavailable

_SMALL = {".json", ".txt"}
_SPARE = 1.02  # what a download needs, in its own size

Tell = Callable[[int, int], None]
"""Told how many bytes are here, of how many."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the hub has under a name: the commit, and each file that is needed with its bytes."""

    source: str
    revision: str
    commit: str
    files: Mapping[str, int]

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(self.files.values())

    @property
    def missing(self) -> Mapping[str, int]:
        """The files that are not on this machine yet, whole."""
        folder = hub_home(self.source) / "snapshots" / self.commit
        return {name: size for name, size in self.files.items() if not (folder / name).is_file()}


def look(source: str, revision: str | None = None) -> Offer:
    """Ask the hub what it has under `source`. Raises `EngineUnavailable` where that is nothing, or nobody answers."""
    if source in SHIPPED:
        raise BadValue(f"{source} came along and is here; name one to fetch, such as {DEFAULT}")
    if source.count("/") != 1:
        raise BadValue(f"'{source}' is no hub id; write it like ucsd-reach/musicldm")
    with _explained(source, revision):
        told = huggingface_hub.HfApi().model_info(source, revision=revision, files_metadata=True)
    sizes = {each.rfilename: int(each.size or 0) for each in told.siblings or ()}
    if INDEX not in sizes:
        raise EngineUnavailable(f"{source} has no {INDEX}: it is no checkpoint of MusicLDM; choose another")
    return Offer(source, revision or "main", str(told.sha), _needed(source, sizes))


def fetch(offer: Offer, tell: Tell) -> Checkpoint:
    """Bring the files of `offer` here and check them. `tell` may raise to stop; the next call then goes on.

    Raises `DiskFull` before anything is fetched when there is no room, or when room runs out on the way, and
    `EngineUnavailable` when the network breaks off or what came is no checkpoint.
    """
    _check_room(offer)
    here = offer.size - sum(offer.missing.values())
    counter = _Counter(here, offer.size, tell)
    counter.add(0)
    with _explained(offer.source, offer.revision):
        for name in offer.missing:
            huggingface_hub.hf_hub_download(
                offer.source, name, revision=offer.commit, cache_dir=hub_cache(), tqdm_class=counter.bar()
            )
    home = hub_home(offer.source)
    found = check(offer.source, home / "snapshots" / offer.commit, offer.commit)
    pin = home / "refs" / offer.revision
    pin.parent.mkdir(parents=True, exist_ok=True)
    pin.write_text(offer.commit)
    return found


def _needed(source: str, sizes: Mapping[str, int]) -> Mapping[str, int]:
    """Return those files that loading needs: of the weights of a part, the best kind alone."""
    needed = [INDEX, *(name for name in ("README.md",) if name in sizes)]
    needed += [name for name in sizes if PurePosixPath(name).suffix in _SMALL and name.split("/")[0] in CONFIGS]
    for part, kinds in WEIGHTS.items():
        there = [f"{part}/{kind}" for kind in kinds if f"{part}/{kind}" in sizes]
        if not there:
            raise EngineUnavailable(f"{source} has no weights of the {part}; choose another checkpoint")
        needed.append(there[0])
    return {name: sizes[name] for name in dict.fromkeys(needed)}


def _check_room(offer: Offer) -> None:
    """Raise `DiskFull` when what is missing does not fit."""
    folder = hub_cache()
    folder.mkdir(parents=True, exist_ok=True)
    need, room = sum(offer.missing.values()) * _SPARE, shutil.disk_usage(folder).free
    if need > room:
        raise DiskFull(
            f"{offer.source} needs {need / 1e9:.1f} GB in {folder} and {room / 1e9:.1f} GB are free; "
            "free some space, or set HF_HUB_CACHE to a folder on another disk",
        )


class _Counter:
    """Adds up what comes in, over all files."""

    def __init__(self, here: int, size: int, tell: Tell) -> None:
        self._here = here
        self._size = size
        self._tell = tell

    def add(self, count: float) -> None:
        """Count so many bytes more."""
        self._here = min(self._size, self._here + int(count))
        self._tell(self._here, self._size)

    def bar(self) -> type[Any]:
        """Return the class of a progress bar that shows nothing and counts here."""
        add = self.add

        class Silent(tqdm):  # type: ignore[misc]  # the hub's library has no types that a strict checker can use
            """A bar that nobody sees."""

            def __init__(self, *given: Any, **named: Any) -> None:
                named.pop("name", None)
                super().__init__(*given, **{**named, "disable": True})

            def update(self, n: float | None = 1) -> None:
                """Count."""
                add(n or 0)

        return Silent


@contextmanager
def _explained(source: str, revision: str | None) -> Iterator[None]:
    """Turn what the hub's library raises into errors of ours, which say what to do."""
    try:
        yield
    except errors.GatedRepoError:
        raise EngineUnavailable(
            f"{source} is only for those its owner lets in; ask there, then: hf auth login"
        ) from None
    except errors.RepositoryNotFoundError:
        raise EngineUnavailable(f"the hub has no model '{source}', or it is private; check the name") from None
    except errors.RevisionNotFoundError:
        raise EngineUnavailable(f"{source} has no revision '{revision}'; leave it out for the newest") from None
    except errors.HFValidationError as error:
        raise BadValue(f"'{source}' is no hub id ({error}); write it like ucsd-reach/musicldm") from None
    except (errors.HTTPError, errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled) as error:
        raise EngineUnavailable(
            f"the hub did not answer ({type(error).__name__}); check the network and fetch again: "
            "what has come so far is kept",
        ) from None
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise DiskFull(f"the disk is full ({hub_cache()}); free some space and fetch again: it goes on") from None
        raise
