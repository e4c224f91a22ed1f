"""Laws of the loop player: to the frame, whatever the blocks, and nothing but copying."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daw_bridge.playing.loop import AT_ONCE, RAMP, Cue, Happened, LoopPlayer, equal_gain, equal_power
from plugin_host.audio import Samples
from plugin_host.engine import Form

MOST = 512


def noise(frames: int, seed: int = 1) -> Samples:
    """Return stereo noise: any slip shows."""
    return np.random.default_rng(seed).uniform(-1, 1, (frames, 2)).astype(np.float32)


def played(player: LoopPlayer, frames: int, block: int = 256) -> Samples:
    """Have so many frames played, block by block."""
    out = np.full((frames, 2), np.nan, np.float32)
    for start in range(0, frames, block):
        player.fill(out[start : start + block])
    return out


def test_silence_until_something_is_to_play() -> None:
    """Every frame is filled, with zeros."""
    assert not played(LoopPlayer(2, MOST), 1_000).any()


def test_a_loop_begins_on_its_frame_and_wraps_without_a_gap() -> None:
    """From frame 0 of the clip on frame 700 of the device, loop after loop, sample for sample."""
    player, clip = LoopPlayer(2, MOST), noise(999)
    player.follow((Cue(1, 700, clip),))
    out = played(player, 12_000)
    assert not out[:700].any()
    assert np.array_equal(out[700:], np.resize(clip, (11_300, 2)))
    assert player.happened() == [Happened(1, 700, 0, 0)]


@given(
    st.lists(st.integers(1, MOST), min_size=1, max_size=40),
    st.lists(
        st.tuples(st.integers(0, 3_000), st.integers(1, 700), st.integers(0, 300), st.sampled_from(Form)), max_size=3
    ),
)
def test_blocks_make_no_difference(blocks: list[int], cues: list[tuple[int, int, int, Form]]) -> None:
    """What is played in blocks of any size is what is played frame by frame."""
    score = tuple(
        Cue(number, frame, noise(length, number), form, length // 3, equal_power(fade), equal_power(fade)[::-1])
        for number, (frame, length, fade, form) in enumerate(sorted(cues, key=lambda cue: cue[0]), 1)
    )
    one, other = LoopPlayer(2, MOST), LoopPlayer(2, MOST)
    one.follow(score)
    other.follow(score)
    whole = sum(blocks)
    in_blocks = np.full((whole, 2), np.nan, np.float32)
    at = 0
    for block in blocks:
        one.fill(in_blocks[at : at + block])
        at += block
    assert np.array_equal(in_blocks, played(other, whole, 1))
    assert one.happened() == other.happened()


def test_a_cut_gives_way_on_its_frame() -> None:
    """The last frame of the one is followed by the frame of the other that the cue names."""
    player, one, other = LoopPlayer(2, MOST), noise(400), noise(300, 2)
    player.follow((Cue(1, 0, one), Cue(2, 1_000, other, phase=17)))
    out = played(player, 2_000)
    assert np.array_equal(out[:1_000], np.resize(one, (1_000, 2)))
    assert np.array_equal(out[1_000:], np.resize(np.roll(other, -17, axis=0), (1_000, 2)))


def test_a_crossfade_ends_where_the_next_clip_begins() -> None:
    """By then it has its full level, having led in with its own end; the powers of the two weights add up to one."""
    player, one, other, fade = LoopPlayer(2, MOST), noise(400), noise(300, 2), 200
    rise = equal_power(fade)
    player.follow((Cue(1, 0, one), Cue(2, 1_000, other, rise=rise, fall=rise[::-1])))
    out = played(player, 1_600)
    assert np.array_equal(out[:800], np.resize(one, (800, 2)))
    assert np.array_equal(out[1_000:], np.resize(other, (600, 2)))
    mixed = np.resize(one, (1_000, 2))[800:] * rise[::-1] + other[100:] * rise
    assert np.allclose(out[800:1_000], mixed, atol=1e-7)
    assert np.allclose(rise**2 + rise[::-1] ** 2, 1, atol=1e-6)
    assert np.allclose(equal_gain(fade) + equal_gain(fade)[::-1], 1, atol=1e-6)


def test_a_cue_that_comes_too_late_is_in_phase_and_says_so() -> None:
    """It plays what it would be playing by then."""
    player, clip = LoopPlayer(2, MOST), noise(300)
    played(player, 1_024)
    player.follow((Cue(1, 1_000, clip),))
    assert np.array_equal(played(player, 500), np.resize(np.roll(clip, -24, axis=0), (500, 2)))
    assert player.happened() == [Happened(1, 1_000, 24, 0)]


def test_at_once_is_the_next_frame_that_is_due() -> None:
    """From its phase on; nothing is late."""
    player, clip = LoopPlayer(2, MOST), noise(300)
    played(player, 256)
    player.follow((Cue(1, AT_ONCE, clip, phase=5),))
    assert np.array_equal(played(player, 256), np.roll(clip, -5, axis=0)[:256])
    assert player.happened() == [Happened(1, 256, 0, 0)]


def test_a_cue_that_began_does_not_begin_again() -> None:
    """Who hands over cues need not know how far the callback is."""
    player, clip = LoopPlayer(2, MOST), noise(300)
    first = Cue(1, 0, clip)
    player.follow((first,))
    played(player, 256)
    player.follow((first, Cue(2, 1_000, None)))
    out = played(player, 1_024)
    assert np.array_equal(out[: 1_000 - 256], np.resize(clip, (1_000, 2))[256:])
    assert not out[1_000 - 256 :].any()


def test_a_cue_that_is_taken_back_never_begins() -> None:
    """What has not begun is replaced by what is handed over next."""
    player = LoopPlayer(2, MOST)
    player.follow((Cue(1, 600, noise(300)),))
    played(player, 512)
    player.follow(())
    assert not played(player, 1_024).any()


def test_one_fade_ends_before_the_next_begins() -> None:
    """Two clips in one block of a fade do not click: the second waits, and is in phase."""
    player, clip, fade = LoopPlayer(2, MOST), np.ones((100, 2), np.float32), equal_gain(400)
    player.follow((Cue(1, AT_ONCE, clip, rise=fade, fall=fade[::-1]),))
    played(player, 100)
    player.follow((Cue(2, AT_ONCE, clip, rise=fade, fall=fade[::-1]),))
    out = played(player, 900)
    assert np.abs(np.diff(out, axis=0)).max() < 0.003
    assert np.allclose(out[300:], 1)


def test_a_one_shot_ends_in_silence() -> None:
    """Once, and that is told with the frame on which it was over."""
    player, clip = LoopPlayer(2, MOST), noise(700)
    player.follow((Cue(1, 100, clip, Form.ONE_SHOT),))
    out = played(player, 2_000)
    assert np.array_equal(out[100:800], clip)
    assert not out[:100].any()
    assert not out[800:].any()
    assert player.happened() == [Happened(1, 100, 0, 0), Happened(1, 800, 0, 1)]


def test_a_level_of_one_touches_nothing_and_others_come_without_a_click() -> None:
    """From one level to the next it goes in small steps; then it stays."""
    player, clip = LoopPlayer(2, MOST), np.ones((100, 2), np.float32)
    player.follow((Cue(1, 0, clip),))
    assert np.array_equal(played(player, 512), np.ones((512, 2)))
    player.level(0.25)
    out = played(player, 1_024)
    assert np.abs(np.diff(out, axis=0)).max() <= 0.75 / RAMP * 1.01
    assert np.allclose(out[RAMP:], 0.25)
    player.level(1.0)
    played(player, 1_024)
    assert np.array_equal(played(player, 512), np.ones((512, 2)))


@pytest.mark.parametrize("fade", [0, 400])
def test_the_callback_makes_no_arrays(fade: int) -> None:
    """Neither copying, nor a fade, nor a level takes memory that grows with the block."""
    player, rise, out = LoopPlayer(2, 4_096), equal_power(fade), np.zeros((4_096, 2), np.float32)
    player.follow((Cue(1, 0, noise(5_000)), Cue(2, 5_000, noise(777, 2), rise=rise, fall=rise[::-1])))
    player.level(0.5)
    player.fill(out)
    tracemalloc.start()
    player.fill(out)
    player.fill(out)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < out.nbytes / 4
