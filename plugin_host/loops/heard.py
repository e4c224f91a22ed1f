"""Where nobody tells the tempo of a loop, or where its bar begins, the ranker's tracker finds them."""

import numpy as np

from plugin_host.audio import Audio
from plugin_host.engine import Form
from plugin_host.musictime import Frames, Meter
from plugin_host.rankers import onsets, spectrum, tempo

NEAR = 120.0
"""BPM around which a tempo is looked for that nothing tells."""

SURELY = 0.8
"""Of beats with at least this part of the heaviest accent, the first begins the bar."""

EARLY_SECONDS = 0.030
"""A beat that ends the loop so late is the one on its first frame, found a hair early."""


def pulse_of(audio: Audio, near: float) -> tuple[tempo.Pulse, onsets.Onsets] | None:
    """Return the pulse of a loop near a tempo in BPM, and its onsets; None where no beat is heard. Thread: any."""
    sound, rate = spectrum.coarse(audio)
    if len(sound) < rate * spectrum.WINDOW_SECONDS:
        return None
    found = onsets.find(sound, rate, spectrum.loudness(sound, rate, Form.LOOP), Form.LOOP)
    pulse = tempo.track(found, audio.frames / audio.rate, near=near)
    return None if pulse is None else (pulse, found)


def downbeat(audio: Audio, pulse: tempo.Pulse, found: onsets.Onsets, meter: Meter) -> Frames:
    """Return the frame on which the first bar of a loop begins: of the beats of a bar the one that is accented most."""
    beat = 60 / pulse.bpm
    first = pulse.phase - (beat if pulse.phase > beat - EARLY_SECONDS else 0.0)
    count = max(1, round(float(meter.bar)))
    accented = tempo.accents(found, first, beat, count)
    number = int(np.argmax(accented >= SURELY * accented.max()))
    return Frames(max(0, round((first + number * beat) * audio.rate)))
