"""From trigger to WAV: four takes of four bars of 4/4 at 120 BPM, 48 kHz stereo, `sketch`, warm daemon.

Promised: the first WAV on disk after at most 250 ms, all four after at most 400 ms, medians.
"""

import tempfile
from pathlib import Path
from time import perf_counter

from daemons import daemon
from figures import record, spread

from daw_bridge.client import Client

_PROMPTS = ("house", "dusty breakbeat", "dub techno", "funk", "trap", "ambient pad", "synthwave", "drum and bass")
_WARM = 4
_RUNS = 40


def run() -> None:
    """Measure with a client's clock: from sending the trigger to hearing that the file lies in the folder."""
    first, every = [], []
    with tempfile.TemporaryDirectory() as base, daemon(Path(base)) as running, running.client() as client:
        for number in range(_WARM + _RUNS):
            one, all_four = trigger(client, _PROMPTS[number % len(_PROMPTS)], bars=4, takes=4)
            if number >= _WARM:
                first.append(one)
                every.append(all_four)
    settings = {"takes": 4, "bars": 4, "bpm": 120, "meter": "4/4", "rate": 48_000, "depth": "24", "runs": _RUNS}
    figures = {"first_wav_ms": spread(first), "all_wavs_ms": spread(every), "promised_ms": {"first": 250, "all": 400}}
    record("trigger", settings, figures)


def trigger(client: Client, prompt: str, *, bars: int, takes: int) -> tuple[float, float]:
    """Start a job and return the seconds until its first and its last file were reported."""
    begun = perf_counter()
    client.send("/bridge/generate", prompt, "bars", bars, "takes", takes)
    arrivals = []
    for heard in client.hear(120):
        if heard.address == "/bridge/delivered":
            arrivals.append(perf_counter() - begun)
        elif heard.address == "/bridge/done":
            return arrivals[0], arrivals[-1]
        elif heard.address in {"/bridge/failed", "/bridge/error"}:
            raise AssertionError(heard.arguments)
    raise AssertionError("nothing more was heard")
