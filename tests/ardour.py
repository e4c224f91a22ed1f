"""Ardour without a window: somebody uses a script in a session, what it imports is put there, and Ardour exports it.

Lua has no importer outside Ardour's window. What the script asks the importer for is written into the session's file,
as the importer would: a source for each channel, and a region at the sample that the script named.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import soundfile
from daemons import PATIENCE, Running, private_home
from numpy.typing import NDArray
from real import need

HERE = Path(__file__).parent / "surfaces" / "ardour"
SCRIPTS = Path(__file__).parents[1] / "daw_bridge" / "surfaces" / "ardour"
SUPERCLOCKS = 282_240_000  # Ardour's smallest parts of a second: a whole number of them is a sample at every usual rate


@dataclass(frozen=True, slots=True)
class Part:
    """From `bar` on, whose line must lie on a quarter note, the session has this tempo and meter.

    Ardour puts a change of tempo on the nearest quarter note, wherever it was asked for.
    """

    bar: int
    tempo: str
    n: int = 4
    d: int = 4


@dataclass(frozen=True, slots=True)
class Song:
    """The sample rate of a session, and its tempo map."""

    rate: int
    parts: Sequence[Part]

    def line(self, bar: int) -> Fraction:
        """Return how many samples into the song the line before `bar` lies, exactly."""
        samples = Fraction(0)
        for number in range(1, bar):
            part = max((part for part in self.parts if part.bar <= number), key=lambda each: each.bar)
            samples += Fraction(4 * part.n, part.d) * 60 / Fraction(part.tempo) * self.rate
        return samples


@dataclass(frozen=True, slots=True)
class Use:
    """Somebody's playhead is at bar `at` (with a fraction: inside it), and they start the script.

    What `user` may say of them stands in gui.lua.
    """

    at: float
    user: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Import:
    """What a script gave to the importer: a file, and the sample at which it shall begin."""

    path: Path
    at: int
    track: str

    def audio(self) -> NDArray[np.float32]:
        """Return what is in the file, of shape (frames, channels)."""
        audio: NDArray[np.float32] = soundfile.read(self.path, dtype="float32", always_2d=True)[0]
        return audio


@dataclass(frozen=True, slots=True)
class Played:
    """A session in which scripts were used, all that its window was told, and the seconds that it took."""

    session: Path
    told: list[list[str]]
    seconds: float

    @property
    def imports(self) -> list[Import]:
        """What the scripts gave to the importer, in order."""
        return [Import(Path(path), int(at), track) for kind, path, at, track in self._of("import")]

    @property
    def lines(self) -> dict[int, int]:
        """The sample of each bar line, by Ardour's own tempo map."""
        return {int(bar): int(at) for kind, bar, at in self._of("line")}

    @property
    def messages(self) -> list[str]:
        """The message boxes that were shown."""
        return [words[1] for words in self._of("message")]

    @property
    def rolls(self) -> list[tuple[int, float]]:
        """Where the playhead was at each tick, in samples, and when that was, by the clock of `time.monotonic`."""
        return [(int(at), int(microseconds) / 1e6) for _, at, microseconds in self._of("rolls")]

    def _of(self, kind: str) -> list[list[str]]:
        return [words for words in self.told if words[0] == kind]


def install(base: Path, running: Running) -> Path:
    """Put the scripts, and settings for `running`, where Ardour looks below `base`; return the file of the settings."""
    scripts = Path(private_home(base)["XDG_CONFIG_HOME"], "ardour7", "scripts")
    shutil.copytree(SCRIPTS, scripts)
    settings = scripts / "daw_bridge_settings.lua"
    known = {"host": running.host, "port": running.port, "clips": str(running.folder)}
    settings.write_text(f"return {_lua(known)}")
    return settings


def play(base: Path, script: str, song: Song, uses: Sequence[Use], bars: int = 1) -> Played:
    """Make a session below `base` and let somebody use `script` in it; tell the lines of so many `bars` too."""
    session = base / "sess"  # the name of the folder is that of the session: Ardour looks for its audio by it
    case = {
        "here": str(HERE),
        "session": str(session),
        "rate": song.rate,
        "bars": bars,
        "map": [{"bar": part.bar, "tempo": float(part.tempo), "n": part.n, "d": part.d} for part in song.parts],
        "script": str(SCRIPTS / script),
        "uses": [{"at": use.at, "user": use.user} for use in uses],
    }
    case_file = base / "case.lua"
    case_file.write_text(f"return {_lua(case)}")
    begun = perf_counter()
    told = _run(base, "ardour7-lua", str(HERE / "play.lua"), str(case_file))
    lines = [line.split("\t") for line in told.splitlines() if "\t" in line or line == "closed"]
    return Played(session, lines, perf_counter() - begun)


def export(base: Path, played: Played, song: Song) -> NDArray[np.float32]:
    """Put what was imported where it was meant to be, let Ardour export the session, and return it, 32-bit float."""
    page = _Page(played.session, song.rate)
    end = 0
    for each in played.imports:
        audio = each.audio()
        page.place(each, *audio.shape)
        end = max(end, each.at + len(audio))
    frames = end + song.rate  # a second more than there is to hear
    page.close(frames)
    return _exported(base, played, frames)


class _Page:
    """The page that a session is saved on, and what is added to it. `session` has been closed."""

    def __init__(self, session: Path, rate: int) -> None:
        self._rate = rate
        self._path = session / f"{session.name}.ardour"
        self._audio = session / "interchange" / session.name / "audiofiles"
        self._audio.mkdir(parents=True, exist_ok=True)
        self._page = ET.parse(self._path)  # noqa: S314 - Ardour wrote it a moment ago
        self._ids = count(int(self._page.getroot().attrib["id-counter"]) + 1)

    def place(self, wanted: Import, frames: int, channels: int) -> None:
        """Bring a file into the session, whole, and put it on the track at the sample that was asked for."""
        file = f"clip-{next(self._ids)}.wav"
        shutil.copy(wanted.path, self._audio / file)
        sources = [str(next(self._ids)) for _ in range(channels)]
        for channel, number in enumerate(sources):
            known = {"name": file, "origin": file, "type": "audio", "id": number, "channel": str(channel)}
            ET.SubElement(self._only("Sources"), "Source", {**known, "flags": "", "gain": "1"})
        ET.SubElement(self._only("Regions"), "Region", self._region(file, sources, frames, 0) | {"whole-file": "1"})
        playlist = self._only("Playlists/Playlist[@name='clips']")
        ET.SubElement(playlist, "Region", self._region(file, sources, frames, wanted.at))

    def close(self, frames: int) -> None:
        """Say that the session is so many `frames` long, and save it."""
        known = {"id": str(next(self._ids)), "name": "session", "flags": "IsSessionRange"}
        span = {"start": "a0", "end": f"a{self._superclocks(frames)}"}
        ET.SubElement(self._only("Locations"), "Location", known | span)
        self._page.getroot().set("id-counter", str(next(self._ids)))
        self._page.write(self._path)

    def _region(self, file: str, sources: Sequence[str], frames: int, at: int) -> dict[str, str]:
        """Return what there is to say of a region of all `frames` of a file, with no fades, `at` samples into the song."""
        fades = ("default-fade-in", "default-fade-out", "fade-in-active", "fade-out-active")
        return {
            "id": str(next(self._ids)),
            "name": file,
            "type": "audio",
            "channels": str(len(sources)),
            "start": "a0",
            "length": f"a{self._superclocks(frames)}@a{self._superclocks(at)}",
            **{f"source-{channel}": source for channel, source in enumerate(sources)},
            **{f"master-source-{channel}": source for channel, source in enumerate(sources)},
            "muted": "0",
            "opaque": "1",
            "whole-file": "0",
            "first-edit": "nothing",
            "scale-amplitude": "1",
            **dict.fromkeys(fades, "0"),
        }

    def _superclocks(self, samples: int) -> int:
        """Return how many superclocks `samples` take."""
        whole, rest = divmod(samples * SUPERCLOCKS, self._rate)
        assert rest == 0, f"superclocks cannot say a sample at {self._rate} Hz exactly"
        return whole

    def _only(self, path: str) -> ET.Element:
        """Return the element at `path`, which every session has."""
        found = self._page.find(path)
        assert found is not None, path
        return found


def _exported(base: Path, played: Played, frames: int) -> NDArray[np.float32]:
    """Let Ardour export all `frames` of a session.

    One export of Ardour 7.3 in about seven spoils its own memory: it dies of it (`PortExportChannel`), or hangs, and what
    it has written until then may have samples that nobody played. Such an export is no export, and is begun anew.
    """
    patience = max(10.0, 4 * played.seconds)  # an export takes about as long as all before it, on a busy machine too
    for attempt in range(6):
        mix = base / f"mix-{attempt}.wav"
        with suppress(subprocess.TimeoutExpired):
            name = played.session.name
            done = _ended(base, patience, "ardour7-export", "-b", "float", "-o", str(mix), str(played.session), name)
            if done.returncode == 0:
                exported: NDArray[np.float32] = soundfile.read(mix, dtype="float32", always_2d=True)[0]
                assert len(exported) == frames, done.stdout + done.stderr
                return exported
            assert done.returncode < 0 or done.returncode > 128, done.stdout + done.stderr  # it was a signal
    raise AssertionError(f"Ardour died in each of six exports of {played.session}")


def _run(base: Path, program: str, *arguments: str) -> str:
    """Run one of Ardour's programs to its good end, and return what it printed."""
    done = _ended(base, PATIENCE, program, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Error:" not in done.stdout + done.stderr, done.stdout + done.stderr
    return done.stdout


def _ended(base: Path, patience: float, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run one of Ardour's programs with a home of its own, however it ends. Raises `TimeoutExpired`."""
    return subprocess.run(
        [need(program), *arguments],
        env={**os.environ, **private_home(base), "XDG_RUNTIME_DIR": str(base), "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=patience,
    )


def _lua(value: Any) -> str:
    """Return `value`, of tables, lists, texts and numbers, as Lua writes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"[{_lua(key)}] = {_lua(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "{" + ", ".join(map(_lua, value)) + "}"
    return json.dumps(value, ensure_ascii=False)
