"""The device's clock: which of its frames is heard at which moment.

A callback comes when the device wants a block, or a little later, never earlier. So of each tenth of a second the
earliest counts (the driver picks it), and a line of least squares through the last minute of those tells at how many
frames a second the device really runs; the earliest of them, when. Until there is enough of them, its nominal rate has to do.

A device that lost time, as after a dropout, goes on beside the old line: what came before is forgotten then.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

_KEPT = 600  # points: a minute
_ENOUGH = 4.0  # seconds of points that a slope needs
_EARLIEST = 0.05  # the part of the points that may lie before the line
_NEWEST = 5  # points that must agree before they are believed against the line
_BESIDE = 0.002  # seconds: so far beside the line is no jitter
_ASTRAY = 0.002  # no clock is further from its nominal rate, as a part; a dummy one under load may be


@dataclass(frozen=True, slots=True)
class Line:
    """Frame `frame` is asked for at `time` (seconds of `time.monotonic`), `rate` frames a second, `ahead` of its sound."""

    time: float
    frame: float
    rate: float
    ahead: float

    def frame_at(self, time: float) -> float:
        """Return the frame that is heard at `time`."""
        return self.frame + (time - self.ahead - self.time) * self.rate

    def time_at(self, frame: float) -> float:
        """Return when `frame` is heard."""
        return self.time + self.ahead + (frame - self.frame) / self.rate


class DeviceClock:
    """Draws the line. Thread: the event loop's."""

    def __init__(self, rate: int) -> None:
        """`rate` is the nominal one, in frames a second."""
        self._rate = rate
        self._points: deque[tuple[float, int]] = deque(maxlen=_KEPT)
        self.line: Line | None = None

    def hear(self, time: float, frame: int, latency: float) -> None:
        """Take a point: the callback for `frame` came at `time`, `latency` seconds before that frame is heard."""
        self._points.append((time, frame))
        self._forget()
        times, frames = (np.array(each, np.float64) for each in zip(*self._points, strict=True))
        if times[-1] - times[0] < _ENOUGH:
            best = int(np.argmin(times - frames / self._rate))
            self.line = Line(float(times[best]), float(frames[best]), self._rate, latency)
            return
        x, y = times - times.mean(), frames - frames.mean()
        rate = float(np.clip(x @ y / (x @ x), self._rate * (1 - _ASTRAY), self._rate * (1 + _ASTRAY)))
        # A line through the middle would be late by what callbacks are held up on average: it is let down to the earliest.
        early = float(np.quantile(x - y / rate, _EARLIEST))
        self.line = Line(float(times.mean()) + early, float(frames.mean()), rate, latency)

    def _forget(self) -> None:
        """Let go of what came before a leap."""
        if self.line is None or len(self._points) <= _NEWEST:
            return
        newest = [self._points[-each] for each in range(1, _NEWEST + 1)]
        off = [time - (self.line.time + (frame - self.line.frame) / self.line.rate) for time, frame in newest]
        if min(off) > _BESIDE or max(off) < -_BESIDE:
            self._points = deque(reversed(newest), maxlen=_KEPT)
