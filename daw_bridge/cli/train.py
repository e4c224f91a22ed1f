"""``daw-bridge train``: MusicLDM learns the loops of a folder, on this machine. No daemon is needed, nor asked."""

import math
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console

from daw_bridge import __version__
from daw_bridge.cli import screen
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.cli.settings import read as settings_of
from daw_bridge.deliveries import wav
from daw_bridge.deliveries.chunks import Tags
from daw_bridge.errors import BadRequest, BridgeError
from daw_bridge.lock import taken
from daw_bridge.values import Choice, Reader, Word
from plugin_host.audio import Audio
from plugin_host.engine import Plan
from plugin_host.engines.musicldm import adapters
from plugin_host.engines.musicldm.checkpoint import INDEX, Checkpoint, at_hand, locate
from plugin_host.musictime import decimal_text
from plugin_host.training.wish import MIXUPS, Length, Wish

if TYPE_CHECKING:
    from plugin_host.training.finetune import Training

MINUTES = 10.0
"""How long it learns where nobody says."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to learn: so many `steps`, or as many as there are in so many `minutes`; a sample every so many steps."""

    steps: int | None
    minutes: float | None
    samples: int | None

    def __post_init__(self) -> None:
        if self.steps is not None and self.minutes is not None:
            raise BadRequest("--steps and --minutes are two ways to say how long; give one of them")
        if self.minutes is not None and not math.isfinite(self.minutes):
            raise BadRequest(f"--minutes is {self.minutes}; give a number of minutes, such as 30")


@dataclass(slots=True)
class _Shown:
    """What the screen shows of a training, and whether Ctrl-C was heard."""

    show: screen.Show
    paper: Console
    steps: int = 0
    begun: float = field(default_factory=monotonic)
    first: int | None = None
    loss: str = ""
    left: str = ""
    stopped: bool = False

    def tell(self, line: str) -> None:
        """Take the loss out of a line of the trainer's; where no bar moves, such as in a log, write a line of our own."""
        where, _, told = line.partition(": ")
        self.loss = told.partition(",")[0]
        if not self.paper.is_terminal:
            left = f", about {self.left} left" if self.left else ""  # of the first step nobody knows what it took
            self.paper.print(f"{where}: {self.loss}{left}", soft_wrap=True)

    def after(self, done: int) -> bool:
        """Show that so many steps are done; return whether to stop there."""
        self.first = done - 1 if self.first is None else self.first
        self.left = _minutes((monotonic() - self.begun) / (done - self.first) * (self.steps - done))
        self.show(done / self.steps, f"{done}/{self.steps} {self.loss} {self.left} left")
        return self.stopped


def wish(name: str, folder: Path, rank: int | None, rate: float | None, mixup: str, seed: int) -> Wish:
    """Return what is wished for. Raises `BadRequest` and `OutOfRange` for a name or word that means nothing."""
    called = _option("name", Word(reserved=(adapters.NONE,)), name)
    word = _option("mixup", Choice(MIXUPS), mixup)
    return Wish(called, str(folder.expanduser().absolute()), rank, rate, word, seed)


def run(
    config_file: Path | None, source: str | None, device: str | None, wish: Wish, limits: Limits, *, as_json: bool
) -> None:
    """Teach a checkpoint the loops that are wished for, and say how to use the result.

    Raises `BridgeError`, `HostError`, and `CommandFailed` where peft or torch is missing.
    """
    settings = settings_of(config_file).musicldm
    try:
        from plugin_host.engines.musicldm.device import choose
        from plugin_host.training import finetune
        from plugin_host.training.fit import Desk, OutOfTime
    except ImportError as error:
        raise CommandFailed(f"{error.name} is not installed; pip install 'daw-bridge[train]'") from None
    placement = choose(device or settings.device, "float32")
    paper = screen.err() if as_json else screen.out()
    found, stands_in = at_hand(settings.checkpoint, settings.revision) if source is None else (locate(source), "")
    if stands_in:
        screen.note(stands_in)
    work = finetune.work_of(wish.name, settings.adapters)
    with _in_plain_words(settings.adapters), _alone(work):
        with screen.progress("reading") as show:
            training = finetune.begun(wish, found, placement, settings.adapters, lambda stage, part: show(part, stage))
        _tell_what_was_read(training, paper)
        length = _settled(training, limits, paper)
        with screen.progress("learning") as show:
            shown = _Shown(show, paper, length.steps)
            desk = Desk(work, placement.device, wish.seed, shown.tell)
            try:
                with _ctrl_c(shown):
                    target = training.learn(desk, _written(paper), shown.after)
            except OutOfTime:
                raise CommandFailed(
                    f"stopped; what was learnt is kept in {work}, and the same command goes on from there"
                ) from None
    use = _use(target, screen.plain(training.seen.captions[0]), config_file, found if source else None)
    _tell_result(target, training, use, paper, as_json=as_json)


def _option(name: str, read: Reader[str], value: str) -> str:
    """Read the value of an option. Raises `BadRequest` and `OutOfRange`, naming it."""
    try:
        return read(value)
    except BridgeError as error:
        raise type(error)(f"--{name}: {error}") from None


def _settled(training: "Training", limits: Limits, paper: Console) -> Length:
    """Measure a few steps, settle how long the training is unless it was, say how long it will take, and return it."""
    length = training.length
    _check_goes_on(length, limits, training.work)
    paper.print("Measuring how fast this machine is …", soft_wrap=True)
    samples = length.samples if length else limits.samples
    pace = training.measured(None if samples == 0 else _written(paper))
    if length is None:
        steps = limits.steps or pace.fitting(60 * (limits.minutes or MINUTES), limits.samples)
        length = Length(steps, max(1, steps // 4) if limits.samples is None else limits.samples)
        training.settle(length)
    done = training.done
    more = f", {done} of them done" if done else ""
    paper.print(
        f"A step takes {pace.step:.2f} s here: {length.steps} steps{more}, about {_minutes(pace.seconds(length, done))}."
        " Ctrl-C stops; the same command goes on.",
        soft_wrap=True,
    )
    return length


def _check_goes_on(length: Length | None, limits: Limits, work: Path) -> None:
    """Raise `BadRequest` for a training that was begun with another length: its end cannot be moved any more."""
    if length is None:
        return
    for option, then, now in (("steps", length.steps, limits.steps), ("samples", length.samples, limits.samples)):
        if now not in {None, then}:
            raise BadRequest(
                f"--{option} is {now}, and this training was begun with {then}; leave --{option} out to go on, or remove "
                f"{work}"
            )


def _tell_what_was_read(training: "Training", paper: Console) -> None:
    """Say how much there is to learn from, and what was left out."""
    seen = training.seen
    paper.print(
        f"{screen.counted(seen.loops, 'loop')}, {screen.counted(seen.bars, 'bar')}, "
        f"{screen.counted(len(seen.captions), 'caption')}; {screen.counted(len(seen.refused), 'file')} left out",
        soft_wrap=True,
    )
    for each in seen.refused:
        paper.print(f"left out: {screen.plain(each.reason)}", soft_wrap=True)


def _use(target: Path, caption: str, config_file: Path | None, other: Checkpoint | None) -> str:
    """Return the command that plays what was learnt, where the settings may name `other` weights than it stands on."""
    settings = f" --config {quote(str(config_file))}" if config_file else ""
    command = f"daw-bridge generate {quote(caption)}{settings}"
    if (target / INDEX).is_file():
        return f"DAW_BRIDGE_MUSICLDM_CHECKPOINT={quote(str(target))} {command} --engine musicldm"
    if other is None:
        return f"{command} --set adapter={target.name}"
    by_path = other.folder == Path(other.source).expanduser()
    source = str(other.folder.absolute()) if by_path else other.source
    return f"DAW_BRIDGE_MUSICLDM_CHECKPOINT={quote(source)} {command} --set adapter={target.name}"


def _tell_result(target: Path, training: "Training", use: str, paper: Console, *, as_json: bool) -> None:
    """Say what came of it, and how it is used."""
    if as_json:
        screen.write_json({"name": target.name, "folder": target, "use": use, "licence": training.licence})
        return
    paper.print(f"{target.name} is ready, in {target}", soft_wrap=True)
    paper.print(f"use it: {use}", soft_wrap=True)
    paper.print(f"Licence of the weights that it stands on: {screen.plain(training.licence)}", soft_wrap=True)


def _written(paper: Console) -> Callable[[int, Audio, Plan, Path], None]:
    """Return what writes a sample as a WAV, whole bars with their tempo in it, and says where."""

    def write(done: int, audio: Audio, plan: Plan, folder: Path) -> None:
        """Write the sample of a step."""
        grid = plan.grid
        path = folder / f"step-{done:05d}_{decimal_text(grid.tempo.quarters_per_minute)}bpm_{grid.bars}bars.wav"
        tags = Tags(grid, plan.form, None, f"{plan.prompt}, step {done}", plan.prompt, f"daw-bridge {__version__}")
        with path.open("wb") as file:
            wav.write(file, audio, tags, wav.Depth.PCM_24, plan.seed)
        paper.print(f"sample after {screen.counted(done, 'step')}: {path}", soft_wrap=True)

    return write


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """Have a training to this process alone, for two would write over each other.

    Raises `CommandFailed` where another is at it. Once it is finished, or if it was never begun, nothing stays behind.
    """
    path = work.with_name(f"{work.name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with taken(path) as other:
        if other:
            raise CommandFailed(
                f"process {other} is at the training '{work.name}' already; wait for it, or give another name"
            )
        try:
            yield
        finally:
            if not work.exists():
                with suppress(OSError):  # whatever else lies there is not ours to clear away
                    path.unlink()
                    path.parent.rmdir()
                    path.parent.parent.rmdir()


@contextmanager
def _in_plain_words(shelf: Path) -> Iterator[None]:
    """Turn what a full disk and a full memory raise into `CommandFailed`, with the remedy."""
    from plugin_host.engines.musicldm.device import is_out_of_memory

    try:
        yield
    except (OSError, RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            raise CommandFailed(
                "there is not enough memory to learn; close other programs, or choose another --device or --model"
            ) from None
        if isinstance(error, OSError):
            raise CommandFailed(
                f"{error.filename or shelf} cannot be read or written ({error.strerror or error}); mend that, or make "
                "room, and say the same again: it goes on from the last minute"
            ) from None
        raise


@contextmanager
def _ctrl_c(shown: _Shown) -> Iterator[None]:
    """Let the first Ctrl-C stop the training after its step, with all that it has learnt; the second ends at once."""

    def heard(*_: object) -> None:
        """Remember it."""
        shown.stopped = True
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, heard)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _minutes(seconds: float) -> str:
    """Write a time as a person would."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d} h" if hours else f"{rest // 60}:{rest % 60:02d} min"
