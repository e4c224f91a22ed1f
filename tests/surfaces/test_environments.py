"""What a user opens or pastes in a music environment, run by it: each asks for a clip, hears all, and has the best take."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import soundfile
from daemons import Running, daemon, private_home
from ports import free_port
from real import need

pytestmark = pytest.mark.real

SURFACES = Path(__file__).parents[2] / "daw_bridge" / "surfaces"


@dataclass(frozen=True, slots=True)
class Environment:
    """How an environment runs its file, which is put in after `command`, and how it writes what it was told.

    `hears` is the port that the file names for reports, if it cannot hear at the port that it sends from. `story` is
    how the lines begin that stand for the reports of a job, in order. `clip` finds the best take's path, and `frames` its length.
    """

    file: str
    command: tuple[str, ...]
    story: tuple[str, ...]
    clip: str
    frames: str = ""
    hears: str = ""
    after: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


ENVIRONMENTS = {
    "SuperCollider": Environment(
        "supercollider/daw-bridge.scd",
        ("sclang", "-D"),
        ("queued", "started", "progress", "take 1", "clip ", "take 2", "done "),
        r"clip \d+ frames, 2 channels: (/.*\.wav)",
        r"clip (\d+) frames",
        environment={"QTWEBENGINE_DISABLE_SANDBOX": "1", "QT_QPA_PLATFORM": "offscreen"},
    ),
    "Pure Data": Environment(
        "pure_data/daw-bridge.pd",
        ("pd", "-nogui", "-noaudio", "-nomidi", "-noprefs", "-stderr", "-send", "daw-bridge-generate bang"),
        ("queued:", "started:", "progress:", "clip:", "frames:", "done:"),
        r"clip: symbol (/.*\.wav)",
        r"frames: (\d+)",
    ),
    "ChucK": Environment(
        "chuck/daw-bridge.ck",
        ("chuck", "--silent"),
        ("queued", "started", "progress", "take 1", "take 2", "done", "clip "),
        r"clip \d+ frames, 2 channels: (/.*\.wav)",
        r"clip (\d+) frames",
        hears="9312",
    ),
    "liblo": Environment(
        "liblo/daw-bridge.sh",
        ("sh",),
        ("/bridge/queued", "/bridge/started", "/bridge/progress", "/bridge/delivered", "/bridge/done"),
        r"^(/.*\.wav)$",
        hears="9313",
        after=("it's a breakbeat",),
    ),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One daemon for all environments."""
    with daemon(tmp_path_factory.mktemp("daemon")) as started:
        yield started


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_an_environment_asks_hears_and_has_the_best_take(name: str, running: Running, tmp_path: Path) -> None:
    """A user's file, with nothing changed but the ports: the reports in order, and the path of rank 1, which is there."""
    environment = ENVIRONMENTS[name]
    lines = said(environment, running, tmp_path)
    heard = [word for line in lines for word in environment.story if line.startswith(word)]
    assert list(dict.fromkeys(heard)) == list(environment.story), lines
    (path,) = [match[1] for line in lines if (match := re.search(environment.clip, line))]
    assert Path(path) in running.wavs
    assert path.endswith("_r1.wav")
    if environment.frames:  # it has read the file too
        (frames,) = [match[1] for line in lines if (match := re.search(environment.frames, line))]
        assert int(frames) == soundfile.info(path).frames


def test_sonic_pi_would_read_its_file() -> None:
    """Sonic Pi is Ruby with more words; that is all of it that is tried."""
    checked = subprocess.run(
        [need("ruby"), "-c", str(SURFACES / "sonic_pi" / "daw-bridge.rb")], capture_output=True, text=True, check=False
    )
    assert checked.stdout == "Syntax OK\n", checked.stderr


def said(environment: Environment, running: Running, base: Path) -> list[str]:
    """Run an environment's file until it has said all there is to say, and return its lines."""
    source = SURFACES / environment.file
    text = source.read_text().replace("9310", str(running.port))
    if environment.hears:
        text = text.replace(environment.hears, str(free_port()))
    file = base / source.name
    file.write_text(text)
    program, *options = environment.command
    with subprocess.Popen(
        [need(program), *options, str(file), *environment.after],
        env={**os.environ, **private_home(base), "XDG_RUNTIME_DIR": str(base), **environment.environment},
        stdin=subprocess.PIPE,  # at the end of its input, sclang would leave
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        try:
            for line in process.stdout:
                lines.append(line.rstrip())
                if line.startswith(environment.story[-1]):
                    break
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    return lines
