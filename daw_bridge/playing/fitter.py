"""The fitter: a process that brings a clip to the device's rate and the session's tempo, from one file into another.

It is a process of its own because the daemon must not compute, and the device's process must not be held up. It begins
with the delivered file each time, so that nothing is lost from one change of tempo to the next.
"""

import signal
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from plugin_host.audio import Audio, Samples
from plugin_host.engine import Form
from plugin_host.errors import HostError
from plugin_host.fit import level
from plugin_host.resample import converted
from plugin_host.stretch import retimed


class Means(Enum):
    """How a clip is made longer or shorter: played slower, pitch and all, or stretched at its pitch."""

    RATE = "rate"
    STRETCH = "stretch"


@dataclass(frozen=True, slots=True)
class Fit:
    """To the fitter: make `target`, a .npy of `frames` and `channels`, of `turns` of the WAV `source`.

    At its own tempo, one turn has `natural` frames at the device's `rate`.
    """

    number: int
    source: Path
    target: Path
    frames: int
    turns: int
    natural: int
    rate: int
    channels: int
    form: Form
    means: Means


@dataclass(frozen=True, slots=True)
class Fitted:
    """From the fitter: it is made; or `trouble` says why not."""

    number: int
    trouble: str = ""


def work(pipe: Connection) -> None:
    """Fit what comes, until told to leave, or until the daemon is gone. Entry point of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to all, but stopping is the daemon's word
    with suppress(EOFError, OSError):
        while True:
            order: Fit | None = pipe.recv()
            if order is None:
                return
            pipe.send(_done(order))


def _done(order: Fit) -> Fitted:
    """Do one order and say how it went."""
    try:
        clip = fitted(_read(order.source), order)
        np.save(order.target, clip)
    except (OSError, RuntimeError, ValueError, HostError, MemoryError) as error:
        return Fitted(order.number, f"{order.source.name} cannot be made ready to play: {error}")
    return Fitted(order.number)


def fitted(clip: Audio, order: Fit) -> Samples:
    """Return `clip` as `order` wants it; not a sample is touched where it is that already."""
    one = Audio(_routed(clip.samples, order.channels), clip.rate)
    if order.means is Means.STRETCH:
        natural = one.samples if one.frames == order.natural else converted(one.samples, order.natural, order.form)
        one = retimed(Audio(natural, order.rate), round(order.frames / order.turns), order.form)
    samples = np.tile(one.samples, (order.turns, 1))
    if len(samples) != order.frames:
        samples = level(Audio(converted(samples, order.frames, order.form), clip.rate))[0].samples
    return np.ascontiguousarray(samples)


def _routed(samples: Samples, channels: int) -> Samples:
    """Return `samples` for so many outputs: mono goes to all of them, more than one into one as their mean."""
    if samples.shape[1] == channels:
        return samples
    if channels == 1:
        return Audio(samples, 1).mono()[:, np.newaxis]
    if samples.shape[1] == 1:
        return np.repeat(samples, channels, axis=1)
    return np.ascontiguousarray(samples[:, np.arange(channels) % samples.shape[1]])


def _read(path: Path) -> Audio:
    """Read a delivered file."""
    import soundfile

    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return Audio(np.ascontiguousarray(samples), rate)
