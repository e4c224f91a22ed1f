"""A clip as it lies on the disk: its sound, and what sidecar, chunks and name say of it, the first one most.

The three are laid over each other. A WAV that lost its sidecar on the way still tells its tempo, and one from
elsewhere is told as what it is.
"""

from dataclasses import dataclass
from pathlib import Path

from daw_bridge.cli.errors import CommandFailed
from daw_bridge.cli.sound import Sound, measure
from plugin_host.engine import Form
from plugin_host.errors import BadValue, HostError
from plugin_host.loops import riff
from plugin_host.loops.known import Known, beside, from_chunks, from_name
from plugin_host.musictime import Grid


@dataclass(frozen=True, slots=True)
class ClipFile:
    """A WAV with what is `known` of it, the `sources` of that, and `notes` on what is odd about it."""

    path: Path
    sound: Sound
    known: Known
    sources: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def grid(self) -> Grid | None:
        """The bars that the clip should hold, if enough is known of them."""
        return _grid(self.known, self.sound.rate)


def read(path: Path) -> ClipFile:
    """Read the WAV at `path` and what lies beside it. Raises `CommandFailed`, with what to do."""
    try:
        chunks = riff.read(path)
        sound = measure(path)
    except FileNotFoundError:
        raise CommandFailed(f"{path} is not there; name a WAV that is") from None
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror or error}; name a WAV that is there") from None
    except BadValue as error:
        raise CommandFailed(str(error)) from None
    story, trouble = beside(path)
    layers = {"sidecar": story, "chunks": from_chunks(chunks), "name": from_name(path.stem)}
    known: Known = {**layers["name"], **layers["chunks"], **layers["sidecar"]}
    known = {**_counted(known, sound), **known}
    notes = [trouble, *_doubts(known, chunks.sha256, sound)]
    return ClipFile(
        path, sound, known, tuple(name for name, layer in layers.items() if layer), tuple(filter(None, notes))
    )


def _grid(known: Known, rate: int) -> Grid | None:
    """Return the grid if tempo, meter and bars are known, and are such that we could make it."""
    if "tempo" not in known or "meter" not in known or "bars" not in known:
        return None
    try:
        return Grid(known["tempo"], known["meter"], known["bars"], rate)
    except HostError:
        return None


def _counted(known: Known, sound: Sound) -> Known:
    """Return the bars of a loop by its tempo and length, if these make a whole number."""
    if "tempo" not in known or "meter" not in known or known.get("form") is Form.ONE_SHOT:
        return Known()
    bars = round(sound.seconds / 60 * float(known["tempo"]) / float(known["meter"].bar))
    grid = _grid(Known(tempo=known["tempo"], meter=known["meter"], bars=bars), sound.rate)
    fits = grid is not None and abs(grid.frames - sound.frames) <= 1  # other writers round otherwise
    return Known(bars=bars) if fits else Known()


def _doubts(known: Known, sha256: str, sound: Sound) -> list[str]:
    """Return in sentences where the file is not what is told of it."""
    doubts = []
    if known.get("sha256", sha256) != sha256:
        doubts.append("the sound was changed after it was made; the sidecar beside it tells of the original")
    grid = _grid(known, sound.rate)
    if grid is not None and grid.frames != sound.frames:
        doubts.append(f"{grid.bars} bars would be {grid.frames} frames, not {sound.frames}")
    return doubts
