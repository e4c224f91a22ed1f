"""PortAudio: the outputs there are, and a stream to one of them. Only callbacks are used (DESIGN section 9)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from daw_bridge.errors import DeviceUnavailable
from daw_bridge.playing.choice import Output, choose
from daw_bridge.playing.loop import LoopPlayer
from daw_bridge.playing.words import Beat, Wanted

MOST = 8_192
"""Frames of the largest block that is filled at once."""

_TICK = 10e-6  # seconds: how finely callbacks are timed
_TICKS = 10_000
_PAIRS = 1_024  # callbacks that are remembered until they are read
_LONGEST = 2.0  # seconds: what PortAudio gives for a longer latency is no latency (on JACK it can be anything)


def outputs() -> list[Output]:
    """Return the outputs of this machine, as they were when PortAudio was last begun.

    Raises `DeviceUnavailable` where there is no PortAudio.
    """
    with _portaudio() as audio:
        systems = audio.query_hostapis()
        own = audio.default.device[1]
        return [
            Output(
                index,
                each["name"],
                systems[each["hostapi"]]["name"],
                each["max_output_channels"],
                round(each["default_samplerate"]),
                2 if index == own else int(index == systems[each["hostapi"]]["default_output_device"]),
            )
            for index, each in enumerate(audio.query_devices())
            if each["max_output_channels"] > 0
        ]


def look_again() -> None:
    """Begin PortAudio anew: it sees what there is only then. Raises `DeviceUnavailable`. Never with a stream open."""
    with _portaudio() as audio:
        audio._terminate()  # noqa: SLF001 - the library's own documentation says to, for want of another way
        audio._initialize()  # noqa: SLF001


def let_go() -> None:
    """End PortAudio, with no stream open. Raises `DeviceUnavailable`. With a dead audio server it hangs, as `close` does.

    On JACK it is a client from its beginning to its end, stream or no stream.
    """
    with _portaudio() as audio:
        audio._terminate()  # noqa: SLF001


@contextmanager
def _portaudio() -> Iterator[Any]:
    """Lend the library, and put what it raises into plain words."""
    try:
        import sounddevice
    except OSError:
        raise DeviceUnavailable(
            "there is no PortAudio on this machine; on Debian or Ubuntu: sudo apt install libportaudio2"
        ) from None
    try:
        yield sounddevice
    except sounddevice.PortAudioError as error:
        raise DeviceUnavailable(f"the audio system does not answer: {error}") from None


@dataclass(slots=True)
class Meter:
    """What the callback counts. It writes, others read; whole numbers and rows that are ready before they are counted."""

    latency: float = 0.0
    underruns: int = 0
    slow: int = 0
    worst: float = 0.0
    busy: float = 0.0
    count: int = 0
    times: "np.ndarray[Any, np.dtype[np.float64]]" = field(default_factory=lambda: np.zeros(_PAIRS))
    frames: "np.ndarray[Any, np.dtype[np.int64]]" = field(default_factory=lambda: np.zeros(_PAIRS, np.int64))
    took: "np.ndarray[Any, np.dtype[np.int64]]" = field(default_factory=lambda: np.zeros(_TICKS, np.int64))


class Stream:
    """A stream that runs from its making until `close`. Thread: the driver's main."""

    def __init__(self, wanted: Wanted) -> None:
        """Open what is wanted. Raises `DeviceUnavailable`, with what to change."""
        self.output = choose(outputs(), wanted.name, wanted.api, wanted.channels)
        self.rate = wanted.rate or self.output.rate
        self.player = LoopPlayer(len(wanted.channels), MOST)
        self._columns = tuple(channel - 1 for channel in wanted.channels)
        self._mixed = np.zeros((MOST, len(wanted.channels)), np.float32)
        self._meter = Meter()
        self._read = 0
        self._stream = self._opened(wanted)

    def _opened(self, wanted: Wanted) -> Any:
        """Return the stream, running."""
        with _portaudio() as audio:
            try:
                stream = audio.OutputStream(
                    device=self.output.index,
                    samplerate=self.rate,
                    channels=max(wanted.channels),
                    blocksize=wanted.block,
                    dtype="float32",
                    callback=self._callback,
                    clip_off=True,
                    dither_off=True,
                )
                stream.start()
            except audio.PortAudioError as error:
                raise DeviceUnavailable(self._refused(error)) from None
        return stream

    def _refused(self, error: Exception) -> str:
        """Say why the device was not opened."""
        if "-9997" in str(error):
            return (
                f"{self.output} refuses {self.rate} Hz; it prefers {self.output.rate} Hz: "
                "set device.rate to that, or to 0 for whatever it prefers"
            )
        return f"{self.output} cannot be opened ({error}); does another program hold it?"

    @property
    def active(self) -> bool:
        """Whether the stream runs. It does not once its audio server has died."""
        return bool(self._stream.active)

    @property
    def callbacks(self) -> int:
        """How many there were."""
        return self._meter.count

    def close(self) -> None:
        """Stop. With a dead audio server it hangs for ever: be ready to end the process."""
        self._stream.close()

    def beat(self) -> Beat | None:
        """Return how the stream does; None where nothing came since last time.

        Of the callbacks since then it tells the one that came earliest for its frame: late ones were held up on the way.
        """
        meter, count = self._meter, self._meter.count
        rows = np.arange(max(self._read, count - _PAIRS + 16), count) % _PAIRS
        self._read = count
        if len(rows) == 0:
            return None
        times, frames = meter.times[rows], meter.frames[rows]
        best = int(np.argmin(times - frames / self.rate))
        sums = np.cumsum(meter.took)
        p999 = float(np.searchsorted(sums, 0.999 * sums[-1]) + 1) * _TICK
        return Beat(
            float(times[best]),
            int(frames[best]),
            meter.latency,
            count,
            meter.underruns,
            meter.slow,
            meter.worst,
            p999,
            meter.busy,
        )

    def _callback(self, out: Any, frames: int, when: Any, status: Any) -> None:
        """Fill one block. Thread: audio."""
        began, work, meter = time.monotonic(), time.thread_time(), self._meter
        row = meter.count % _PAIRS
        meter.times[row], meter.frames[row] = began, self.player.frame
        if status.output_underflow:
            meter.underruns += 1
        ahead = when.outputBufferDacTime - when.currentTime
        if 0 <= ahead < _LONGEST:
            meter.latency = ahead
        out.fill(0)
        done = 0
        while done < frames:
            run = min(MOST, frames - done)
            mixed = self._mixed[:run]
            self.player.fill(mixed)
            for column, channel in enumerate(self._columns):
                out[done : done + run, channel] = mixed[:, column]
            done += run
        meter.busy = max(meter.busy, time.thread_time() - work)
        seconds = time.monotonic() - began
        meter.took[min(_TICKS - 1, int(seconds / _TICK))] += 1
        meter.worst = max(meter.worst, seconds)
        if seconds > frames / self.rate:
            meter.slow += 1
        meter.count += 1
