"""How exactly a MIDI clock is read, and what that costs: synthetic streams of ticks, a hundred of each.

Promised: with 1 ms of jitter within 0.05 BPM after four bars, a bar line within 3 ms; under 3 % of one core.
"""

from collections.abc import Iterator
from time import process_time

import numpy as np
from figures import record
from ticks import Stream, changing, steady

from daw_bridge.clocks.tracker import Tracker

_SEEDS = 100
_BLOCK = 1 / 48_000  # seconds of a frame


def run() -> None:
    """Measure every kind of stream, and the cost of a tick."""
    for name, tempo, streams in _streams():
        record("clock", {"stream": name, "tempo": tempo, "seeds": _SEEDS}, _errors(tempo, streams))
    record("clock", {"cost": "24 ticks a beat at 120 BPM, 200 bars"}, _cost())


def _streams() -> Iterator[tuple[str, float, list[tuple[Stream, list[int]]]]]:
    """Yield streams of four bars with a name, their tempo, and the ticks that get lost."""
    dice = [np.random.default_rng(seed) for seed in range(_SEEDS)]
    for tempo in (60.0, 90.0, 120.0, 174.0, 200.0):
        yield "1 ms of jitter", tempo, [(steady(tempo, 4, each, jitter=0.001), []) for each in dice]
        yield "3 ms of jitter", tempo, [(steady(tempo, 4, each, jitter=0.003), []) for each in dice]
        for block in (256, 1_024):
            streams = [steady(tempo, 4, each, jitter=0.001, block=block * _BLOCK) for each in dice]
            yield f"1 ms, stamped in blocks of {block} frames at 48 kHz", tempo, [(each, []) for each in streams]
        yield (
            "1 ms, four ticks lost",
            tempo,
            [(steady(tempo, 4, each, jitter=0.001), [150, 200, 201, 202]) for each in dice],
        )
    for tempo in (115.0, 116.5, 117.5, 118.0, 119.5):
        streams = [steady(tempo, 8, each, jitter=0.001, block=1_024 * _BLOCK) for each in dice]
        yield "1 ms, blocks of 1024 frames at 48 kHz, about as long as a tick", tempo, [(each, []) for each in streams]
    jump = [(0.0, 120.0), (8.0, 120.0), (8.001, 128.0), (16.0, 128.0)]
    yield (
        "1 ms, from 120 to 128 at the eighth second, read at the sixteenth",
        128.0,
        [(changing(jump, each, jitter=0.001), []) for each in dice],
    )
    ramp = [(0.0, 120.0), (4.0, 120.0), (14.0, 130.0)]
    yield (
        "1 ms, up by 1 BPM a second for ten seconds, read at its end",
        130.0,
        [(changing(ramp, each, jitter=0.001), []) for each in dice],
    )


def _errors(tempo: float, streams: list[tuple[Stream, list[int]]]) -> dict[str, float]:
    """Return how far the tracker is off after each stream: the tempo in BPM, the line of the last tick in ms."""
    beats, late = [], []
    for stream, lost in streams:
        tracker = Tracker()
        for came in np.delete(stream.came, lost):
            tracker.tick(float(came))
        line = tracker.line
        if line is not None:
            beats.append(abs(line.tempo - tempo))
            late.append(1_000 * (line.time - stream.sent[min(line.number, len(stream.sent) - 1)]))
    return {
        "tempo_worst_bpm": round(max(beats), 4),
        "tempo_median_bpm": round(float(np.median(beats)), 4),
        "late_mean_ms": round(float(np.mean(late)), 3),
        "late_worst_ms": round(float(np.abs(late).max()), 3),
    }


def _cost() -> dict[str, float]:
    """Return the processor time of a tick, and the share of a core at 120 BPM."""
    tracker, stream = Tracker(), steady(120, 200, np.random.default_rng(1), jitter=0.001)
    begun = process_time()
    for came in stream.came:
        tracker.tick(float(came))
    each = (process_time() - begun) / len(stream.came)
    return {"tick_us": round(each * 1e6, 1), "core_percent": round(each * 48 * 100, 3)}
