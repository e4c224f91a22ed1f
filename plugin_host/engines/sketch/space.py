"""Echo and reverberation, computed on the ring itself.

A feedback delay on a ring is a geometric series of rotations, 1 + gS + g²S² + …, and factors into
(1 + gS)(1 + g²S²)(1 + g⁴S⁴)…: each pass over the ring doubles the number of echoes, and the tail goes around as
often as it likes. The room is M. Schroeder's (1962): sparse echoes make it dense, parallel feedback delays make it
long. Both take a mono ring and add to two sides, and yield after each pass over it, so that whoever waits for them can
report, or stop. Buffers are used again, for at this size allocation costs more than arithmetic.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from plugin_host.engines.sketch.chance import Dice
from plugin_host.engines.sketch.ring import Ring, Sound

_LOOPS = (0.0683, 0.0971)
"""Seconds around the feedback delays."""

_SHARED = (0.0043, 0.0127)
_SIDES = ((0.0071, 0.0198, 0.0311), (0.0083, 0.0167, 0.0352))
"""Seconds to the second echo of each scattering stage: before the sides part, and on each side."""

_STAGES = len(_SHARED) + len(_SIDES[0])


@dataclass(frozen=True, slots=True)
class Room:
    """A room that takes `seconds` to fall by 60 dB; `brightness` is in octaves around a dark plate."""

    seconds: float
    brightness: float


@dataclass(frozen=True, slots=True)
class _Loop:
    """A feedback delay of `delay` frames that has gone around ``2 ** passes`` times."""

    delay: int
    gain: float
    passes: int


def echo(send: Ring, sides: Sound, delay: int, feedback: float, rate: int) -> Iterator[None]:
    """Add to `sides`, shape ``(2, frames)``, the echoes of a mono `send`: every `delay` frames, left and right in turn.

    `feedback` (0–1) is how loud each echo is against the one before. `send` is used up.
    """
    sound, spare = send.samples, np.empty_like(send.samples)
    yield from _soften(send, spare, rate / 8_000)
    yield from _repeat(send, sound, spare, _Loop(2 * delay, feedback**2, 2))
    for side, place in ((sides[:1], 1), (sides[1:], 2)):
        sound *= np.float32(feedback)
        send.add_later(side, sound, place * delay)
        yield


def reverberate(send: Ring, sides: Sound, room: Room, rate: int, dice: Dice) -> Iterator[None]:
    """Add to `sides`, shape ``(2, frames)``, the `room` around a mono `send`, which is used up.

    It is as loud as what was sent, however long it rings; `dice` move its walls a little.
    """
    sound, spare, other = send.samples, np.empty_like(send.samples), np.empty_like(send.samples)
    yield from _soften(send, spare, rate / (6_000 * 2**room.brightness))
    for stage in _SHARED:
        _scatter(send, sound, spare, _frames(stage, rate, dice))
        yield
        sound, spare = spare, sound
    tail = np.zeros_like(sound)
    for delay in _LOOPS:
        loop = _loop(dice.near(delay, 0.1), room.seconds, rate)
        np.multiply(sound, np.float32(((1 - loop.gain**2) / len(_LOOPS) / 2**_STAGES) ** 0.5), out=spare)
        yield from _repeat(send, spare, other, loop)
        tail += spare
    for side, (first, second, last) in zip(range(2), _SIDES, strict=True):
        _scatter(send, tail, spare, _frames(first, rate, dice))
        yield
        _scatter(send, spare, other, _frames(second, rate, dice))
        yield
        sides[side : side + 1] -= other
        send.add_later(sides[side : side + 1], other, _frames(last, rate, dice))


def _frames(delay: float, rate: int, dice: Dice) -> int:
    """Return about `delay` seconds in frames, one at least."""
    return max(1, round(dice.near(delay, 0.2) * rate))


def _loop(delay: float, seconds: float, rate: int) -> _Loop:
    """Return the feedback delay of `delay` seconds that falls by 60 dB in `seconds`."""
    passes = max(1, math.ceil(math.log2(seconds / delay)))
    return _Loop(max(1, round(delay * rate)), 10 ** (-3 * delay / seconds), passes)


def _repeat(ring: Ring, sound: Sound, spare: Sound, loop: _Loop) -> Iterator[None]:
    """Let `sound` go around `loop`, in place; `spare` is overwritten."""
    for doubling in range(loop.passes):
        np.multiply(sound, np.float32(loop.gain ** (2**doubling)), out=spare)
        ring.add_later(sound, spare, loop.delay * 2**doubling)
        yield


def _scatter(ring: Ring, sound: Sound, out: Sound, delay: int) -> None:
    """Write to `out` an echo of `sound` less the sound itself: 3 dB louder, and without a rumble."""
    np.negative(sound, out=out)
    ring.add_later(out, sound, delay)


def _soften(ring: Ring, spare: Sound, width: float) -> Iterator[None]:
    """Take a running mean of `ring` over about `width` frames, built by doubling; `spare` is overwritten."""
    for doubling in range(max(0, round(math.log2(max(1.0, width))))):
        np.multiply(ring.samples, np.float32(0.5), out=spare)
        np.copyto(ring.samples, spare)
        ring.add_later(ring.samples, spare, 2**doubling)
        yield
