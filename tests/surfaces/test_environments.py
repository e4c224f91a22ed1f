"""What a user opens or pastes in a music environment, run by it: each asks for a clip, hears all, and has the best take."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import soundfile
from daemons import PATIENCE, Running, daemon, private_home
from ports import free_port
from real import need

pytestmark = pytest.mark.real

SURFACES = Path(__file__).parents[2] / "daw_bridge" / "surfaces"


@dataclass(frozen=True, slots=True)
class Environment:
    """How an environment runs its file, which is put in after `command`, and how it writes what it was told.

    `hears` is the port that the file names for reports, if it cannot hear at the port that it sends from. `story` is
    how the lines begin that stand for the reports of a job, in order. `clip` finds the best take's path, and `frames` its length.
    `ends` is how a line begins behind which nothing is waited for, if not the last of the story. `shortened` is a wait in
    the file, and what it is here.
    """

    file: str
    command: tuple[str, ...]
    story: tuple[str, ...]
    clip: str
    frames: str = ""
    hears: str = ""
    after: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    ends: tuple[str, ...] = ()
    shortened: tuple[str, str] = ("", "")


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


def test_a_shell_that_nobody_answers_is_told_what_to_start(tmp_path: Path) -> None:
    """It ends by itself, with a status that says so, and leaves nothing that listens; what it prints stays empty."""
    need("oscdump")
    file = tmp_path / "daw-bridge.sh"
    text = (SURFACES / "liblo" / "daw-bridge.sh").read_text().replace("patience=5", "patience=1")
    file.write_text(text.replace("9310", str(free_port())).replace("9313", str(free_port())))
    ended = subprocess.run(
        ["sh", str(file), "pad"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "no answer from the daemon at port" in ended.stderr
    assert "start daw-bridge serve" in ended.stderr
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("name", "shortened"), [("Pure Data", ("5000", "500")), ("SuperCollider", ("sched(5", "sched(1"))]
)
def test_an_environment_that_nobody_answers_says_what_to_start(
    name: str, shortened: tuple[str, str], running: Running, tmp_path: Path
) -> None:
    """After a while, in its own window; with a daemon, it says nothing of the kind (see above)."""
    unheard = replace(running, port=free_port())
    environment = replace(ENVIRONMENTS[name], ends=("WARNING: no answer", "no-answer"), shortened=shortened)
    assert any("start daw-bridge serve" in line for line in said(environment, unheard, tmp_path))


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
    if any(environment.shortened):
        text = text.replace(*environment.shortened)
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
                if line.startswith(environment.ends or environment.story[-1]):
                    break
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    return lines
