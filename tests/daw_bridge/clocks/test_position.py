"""Bar and beat as text, some time ago, become a timeline."""

import numpy as np
import pytest

from daw_bridge.clocks.position import Position, beat_of
from plugin_host.musictime import Meter, Tempo

TEMPO = Tempo.parse(120)


@pytest.mark.parametrize(
    ("text", "meter", "beat"),
    [
        ("1.1.00", "4/4", 0.0),
        ("5.2.50", "4/4", 17.5),
        ("2.1.00", "7/8", 3.5),
        ("1.3.00", "6/8", 1.0),
        ("2.1.3:00", "4/4", 4.5),
        ("-1.1.00", "4/4", -8.0),
        ("3.4", "4/4", 11.0),
    ],
)
def test_a_position_is_read_as_the_daws_write_it(text: str, meter: str, beat: float) -> None:
    """REAPER counts hundredths of a beat, Bitwig sixteenths; bars and beats begin at one."""
    assert beat_of(text, Meter.parse(meter)) == pytest.approx(beat)


@pytest.mark.parametrize("text", ["", "somewhere", "1", "1.2.3.4.5", "9" * 40 + ".1", "1.1.00\n2"])
def test_what_is_no_position_is_none(text: str) -> None:
    """Text that names no bar and beat is not guessed at."""
    assert beat_of(text, Meter(4, 4)) is None


def test_the_soonest_of_late_tellings_is_right() -> None:
    """Tellings up to 40 ms late make a timeline that is never early and a few milliseconds late at most."""
    dice = np.random.default_rng(5)
    position = Position()
    for telling in range(64):
        beat = telling / 15  # thirty a second
        line = position.tell(beat, beat / 2 + dice.uniform(0, 0.04), TEMPO)
    late = line.time_at(4.0) - 2.0
    assert 0 <= late < 0.005


def test_a_jump_is_followed_at_once() -> None:
    """The DAW's cursor was set elsewhere: what was told before counts no more."""
    position = Position()
    for telling in range(32):
        position.tell(telling / 15, telling / 30, TEMPO)
    line = position.tell(100.0, 32 / 30, TEMPO)
    assert line.beat_at(32 / 30) == pytest.approx(100.0)
