"""``daw-bridge demo``: a daemon in a process of its own, asked over real OSC as a DAW would ask it."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from platformdirs import user_music_path
from rich.console import Console

from daw_bridge.cli import clips, screen
from daw_bridge.cli.daemons import Peer
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.cli.jobs import Outcome, Wish, follow, wish
from daw_bridge.cli.settings import read
from daw_bridge.client import Client
from daw_bridge.config import Config
from daw_bridge.presets import Preset, PresetShelf, factory_folder
from plugin_host.engines import MUSICLDM, SKETCH, lacking
from plugin_host.engines.musicldm.adapters import NONE
from plugin_host.engines.musicldm.checkpoint import MINI
from plugin_host.musictime import Meter

_TAKES, _BARS = 4, 4
_PATIENCE = 10.0  # seconds that the daemon has to end
_OUR_WORDS = 2_000  # characters of its log that are shown when it does not start


@dataclass(frozen=True, slots=True)
class Scene:
    """What the DAW is set to, `tempo` in BPM, and the preset that is triggered then.

    Where there is no such preset any more, or the user's own of that name has a tempo of its own, `prompt` does.
    """

    preset: str | None
    prompt: str
    tempo: float
    meter: Meter
    key: str
    engine: str = SKETCH


SCENES = (
    Scene("four-on-the-floor", "house drums", 124.0, Meter(4, 4), "A minor"),
    Scene("funk-finger-bass", "funk bass line", 124.0, Meter(4, 4), "A minor"),
    Scene("synthwave-drive-loop", "synthwave, full arrangement", 92.5, Meter(7, 8), "F# minor"),
)
"""Two that fit each other, and an odd one."""

DIFFUSED = Scene(None, "house drums", 124.0, Meter(4, 4), "A minor", MUSICLDM)
"""From words alone, by diffusion, where the extra is installed: in words that the small model has learnt.

It is the small one that plays even where the large one was fetched: the demo shows what comes along, in seconds and
without a graphics card.
"""


def run(folder: Path | None, *, as_json: bool) -> None:
    """Make four clips a scene, list them, and leave them there. Raises `BridgeError` or `CommandFailed` if anything fails."""
    config = read(None, folder=folder or _demo_folder())
    target = config.folder.path
    paper = screen.err() if as_json else screen.out()
    with (
        tempfile.TemporaryDirectory(prefix="daw-bridge-", ignore_cleanup_errors=True) as state,
        _daemon(target, Path(state)) as (host, port),
    ):
        paper.print(f"A daemon hears OSC at {host}:{port}; its clips land in {screen.plain(target)}\n", soft_wrap=True)
        missing = lacking()
        scenes = SCENES if missing else (*SCENES, DIFFUSED)
        outcomes = [_play(scene, config, (host, port)) for scene in scenes]
    if as_json:
        screen.write_json({"folder": target, "jobs": [clips.facts(each) for each in outcomes]})
    else:
        _show(outcomes, target, paper)
    paper.print(_told(missing), soft_wrap=True)


def _demo_folder() -> Path:
    """Return where a first user finds the clips: beside the folder that the daemon delivers into if nothing is said."""
    music = user_music_path()
    with suppress(OSError):  # the daemon will say what is wrong
        music.mkdir(exist_ok=True)  # as it does: an account without a Music folder is given one
    return music / "daw-bridge-demo"


def _play(scene: Scene, config: Config, peer: Peer) -> Outcome:
    """Set the session as a DAW would, trigger the preset, and follow its job."""
    job = _wish(scene, config)
    name = scene.prompt if scene.engine == MUSICLDM else job.address.rpartition("/")[2]
    with screen.progress(name) as show, Client(*peer) as client:
        client.send("/bridge/samplerate", config.session.rate)
        client.send("/bridge/tempo", scene.tempo)
        client.send("/bridge/meter", scene.meter.numerator, scene.meter.denominator)
        client.send("/bridge/key", scene.key)
        return follow(client, job, lambda fraction, stage: show(fraction, f"{name}, {stage}"))


def _wish(scene: Scene, config: Config) -> Wish:
    """Ask for the preset of a scene if it follows the session, else for its prompt."""
    said = {"bars": str(_BARS), "takes": str(_TAKES), "engine": scene.engine}
    presets, _ = PresetShelf([config.paths.presets, factory_folder()]).all()
    if scene.engine == MUSICLDM:
        said["adapter"] = NONE  # one that the user has set is of other weights
    if scene.preset and any(each.name == scene.preset and _follows(each) for each in presets):
        return wish(None, {"preset": scene.preset, **said})
    return wish(scene.prompt, said)


def _follows(preset: Preset) -> bool:
    """Whether a preset leaves tempo, meter and key to the session, and loops."""
    return not {"bpm", "meter", "key"} & preset.said.keys() and preset.said.get("loop", True)


def _told(missing: str) -> str:
    """Say what the last job was made with, or, as something is `missing` for it, how to have it."""
    if missing:
        return (
            f"A fourth job is played from words alone, by a small model that comes along: {missing.rpartition('; ')[2]}"
        )
    return f"The last job is {MINI}'s, a demonstration that comes along; the real one: daw-bridge model fetch"


def _show(outcomes: list[Outcome], folder: Path, paper: Console) -> None:
    """List the clips, and say what to do next."""
    for outcome in outcomes:
        clips.show(outcome, paper)
        paper.print()
    count, seconds = sum(len(each.files) for each in outcomes), sum(each.seconds for each in outcomes)
    paper.print(f"{count} clips in {seconds:.1f} s. They stay in {screen.plain(folder)}", soft_wrap=True)
    paper.print("Next:", style="bold")
    paper.print("  daw-bridge serve            the same daemon, for your DAW")
    best = screen.plain(quote(str(outcomes[0].files[0].path)))
    paper.print(f"  daw-bridge inspect {best}", soft_wrap=True)


@contextmanager
def _daemon(folder: Path, state: Path) -> Iterator[Peer]:
    """Run ``daw-bridge serve`` on a free port for as long as the block lasts; end it politely, and see that it ended well.

    Raises `CommandFailed` with its own words if it does not start, or does not end well.
    """
    command = [sys.executable, "-m", "daw_bridge", "serve", "--osc", "127.0.0.1:0", "--engine", "sketch"]
    log = state / "daemon.log"
    with log.open("w", encoding="utf-8") as words:
        process = subprocess.Popen(  # noqa: S603 - ourselves, and paths that the user gave
            [*command, "--folder", str(folder), "--state", str(state)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=words,
            text=True,
            env={**os.environ, "DAW_BRIDGE_MUSICLDM_CHECKPOINT": MINI},
            start_new_session=True,  # Ctrl-C is ours to hear: the job is cancelled first, then the daemon ended
        )
    with process:
        try:
            yield _address(process, log)
        finally:
            process.terminate()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
    if process.returncode != 0 and os.name == "posix":  # Windows ends a process with the status of a failure
        raise CommandFailed(f"the daemon ended with status {process.returncode}: {_last_words(log)}")


def _address(process: "subprocess.Popen[str]", log: Path) -> Peer:
    """Return where the daemon listens, from the line that it prints when it is ready."""
    greeting = process.stdout.readline() if process.stdout is not None else ""
    match = re.search(r"OSC (\S+):([0-9]+),", greeting)
    if match is None:
        process.wait(_PATIENCE)
        raise CommandFailed(f"the daemon did not start: {_last_words(log)}")
    return match[1], int(match[2])


def _last_words(log: Path) -> str:
    """Return the end of a log in one line."""
    text = log.read_text(encoding="utf-8", errors="replace").strip()
    return (
        text[-_OUR_WORDS:].rpartition("\n")[2].removeprefix("daw-bridge: ") or "it said nothing; try daw-bridge doctor"
    )
