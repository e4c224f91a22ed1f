"""Laws of following: an hour with a clock that is off leaves a loop within a millisecond, and nobody hears it."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from daw_bridge.playing.clock import DeviceClock, Line
from daw_bridge.playing.drift import BEND, CREEP, Follower, Remedy, Rules, Sounding, means_for
from daw_bridge.playing.fitter import Means
from daw_bridge.playing.loop import Cue, LoopPlayer, equal_gain
from daw_bridge.timeline import Timeline
from plugin_host.engine import Form
from plugin_host.musictime import Tempo
from plugin_host.resample import converted

RATE = 48_000
BAR = 4.0
LEAD = 0.07  # seconds from a remedy to the frame on which it begins
SONG = Timeline(Tempo.parse(120), 0.0, 0.0)


def a_loop(origin: int = 0, tempo: str = "120") -> Sounding:
    """Return four bars that began with the song."""
    frames = round(16 * 60 / float(Tempo.parse(tempo)) * RATE)
    return Sounding(origin, frames, 16.0, 0.0, frames)


@dataclass
class Studio:
    """A sound card that is so many millionths fast, a loop that plays on it, and who keeps it in place."""

    ppm: float
    jitter: float = 5e-5

    def hour(self, hours: float) -> tuple[list[float], list[Remedy]]:
        """Play for so long; return by how many seconds the loop is early, as it is really heard, and what was done."""
        dice, clock, follower = np.random.default_rng(1), DeviceClock(RATE), Follower(Rules(bend=True))
        true, loop = RATE * (1 + self.ppm / 1e6), a_loop()
        errors: list[float] = []
        remedies: list[Remedy] = []
        for turn in range(1, round(hours * 3_600 * 4)):
            now = turn / 4
            frame = int(now * true) // 256 * 256
            clock.hear(frame / true + float(dice.exponential(self.jitter)), frame, 0.0)
            assert clock.line is not None
            errors.append(((loop.phase_at(now * true) * 16 - now * 2 + 2) % 4 - 2) / 2)
            remedy = follower.remedy(loop, SONG, clock.line, now, BAR)
            if remedy is not None:
                assert remedy.in_place
                remedies.append(remedy)
                loop = taken_over(loop, remedy, round(clock.line.frame_at(now + LEAD)))
        return errors, remedies


def taken_over(loop: Sounding, remedy: Remedy, frame: int) -> Sounding:
    """Return the loop after a remedy in place, on `frame`, as the deck does it."""
    phase = round(loop.phase_at(frame) * remedy.frames) % remedy.frames
    return Sounding(frame - phase, remedy.frames, 16.0, 0.0, loop.natural, remedy.means, remedy.creeping)


@pytest.mark.parametrize("ppm", [100.0, -100.0])
def test_after_an_hour_the_loop_is_where_it_belongs(ppm: float) -> None:
    """It would be 360 ms off. It never is by a millisecond, for a few changes that are hundredths of a semitone."""
    errors, remedies = Studio(ppm).hour(1.0)
    assert max(abs(error) for error in errors) < 0.001
    assert max(abs(error) for error in errors[400:]) < 0.0007
    assert len(remedies) < 60
    lengths = [a_loop().frames, *(remedy.frames for remedy in remedies)]
    bends = [abs(after / before - 1) for before, after in pairwise(lengths)]
    assert max(bends) < 2 * CREEP


def test_a_clock_that_is_right_is_left_alone() -> None:
    """For an hour hardly anything is done where nothing is off: what was delivered is what plays."""
    errors, remedies = Studio(0.0, jitter=1e-5).hour(0.25)
    assert remedies == []
    assert max(abs(error) for error in errors) < 0.0005


@pytest.mark.parametrize(
    ("tempo", "bend", "expected"),
    [
        ("120.3", True, Remedy(round(16 * 60 / 120.3 * RATE), Means.RATE, in_place=True)),
        ("120.3", False, Remedy(round(16 * 60 / 120.3 * RATE), Means.STRETCH, in_place=False)),
        ("126", True, Remedy(round(16 * 60 / 126 * RATE), Means.STRETCH, in_place=False)),
        ("140", True, Remedy(round(16 * 60 / 140 * RATE), Means.STRETCH, in_place=False)),
        ("200", True, None),
    ],
)
def test_a_tempo_that_moves_moves_the_loop(tempo: str, bend: bool, expected: Remedy | None) -> None:
    """A little by rate, at once, where that is allowed; else stretched, on the next bar line; too far, not at all."""
    moved = SONG.at_tempo(Tempo.parse(tempo), 8.0)
    line = Line(8.0, 8.0 * RATE, RATE, 0.0)
    assert Follower(Rules(bend)).remedy(a_loop(), moved, line, 8.0, BAR) == expected


def test_a_session_that_jumps_is_met_on_a_bar_line() -> None:
    """A quarter of a second is too much to creep; whole bars are no matter."""
    line = Line(8.0, 8.0 * RATE, RATE, 0.0)
    follower = Follower(Rules(bend=True))
    jumped = SONG.at_beat(16.5, 8.0)
    assert follower.remedy(a_loop(), jumped, line, 8.0, BAR) == Remedy(384_000, Means.RATE, in_place=False)
    assert follower.remedy(a_loop(), SONG.at_beat(4.0, 8.0), line, 8.0, BAR) is None


def test_a_little_is_bent_and_more_is_stretched() -> None:
    """Up to half a per cent; and nothing is stretched out of recognition."""
    rules = Rules(bend=True)
    assert means_for(1_000 * (1 + BEND), 1_000, rules) is Means.RATE
    assert means_for(1_006, 1_000, rules) is Means.STRETCH
    assert means_for(1_300, 1_000, rules) is None
    assert means_for(700, 1_000, rules) is None


@pytest.mark.parametrize("hertz", [55.0, 441.0, 7_000.0])
def test_a_change_in_place_is_not_heard(hertz: float) -> None:
    """Where a tone gives way to itself a two-thousandth longer, nothing but the tone is left: no click, no dip."""
    turns = round(hertz * 4)
    frames = 4 * RATE
    tone = np.sin(2 * np.pi * turns * np.arange(frames) / frames)[:, np.newaxis].astype(np.float32)
    longer = converted(tone, round(frames * (1 + CREEP)), Form.LOOP)
    at, fade = 100_000, equal_gain(480)
    phase = round(at / frames * len(longer))
    player, out = LoopPlayer(1, 1_024), np.zeros((204_800, 1), np.float32)
    player.follow((Cue(1, 0, tone), Cue(2, at, longer, phase=phase, rise=fade, fall=fade[::-1])))
    for start in range(0, len(out), 1_024):
        player.fill(out[start : start + 1_024])
    # What a tone is not: what is left when each half is compared with the tone as it should be, by its own phase.
    where = np.arange(len(out))
    angle = np.where(where < at, where / frames, (phase + where - at) / len(longer))
    wrong = out[:, 0] - np.sin(2 * np.pi * turns * angle)
    apart = slice(at - 480, at)
    others = np.r_[wrong[: at - 480], wrong[at:]]
    assert np.abs(others).max() < 1e-4
    assert np.abs(wrong[apart]).max() < 2 * np.pi * hertz / RATE + 0.02  # at most a frame beside, while it passes
    assert np.abs(out[at - 480 : at]).max() > 0.99 * np.abs(out[: at - 480]).max()
