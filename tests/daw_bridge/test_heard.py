"""The laws of `daw_bridge.heard`: what was measured is said in words, and nothing else is."""

from collections.abc import Mapping

import pytest

from daw_bridge import heard
from plugin_host.clip import Score
from plugin_host.engine import Fact

ON_GRID: Mapping[str, Fact] = {
    "material": "percussive",
    "onsets": 40,
    "tempo_bpm": 120.02,
    "tempo_relation": "as asked",
    "phase_ms": 0.2,
    "grid_error_ms": 0.4,
    "grid_error_p95_ms": 1.2,
    "grid_offset_ms": 0.3,
    "grid_division": "straight",
    "swing": 0.5,
    "beat_strength": 0.99,
}
LATE = {**ON_GRID, "grid_error_ms": 23.0, "grid_offset_ms": 22.8, "phase_ms": 23.0}
HALF = {**LATE, "grid_offset_ms": 4.0, "tempo_relation": "half", "tempo_bpm": 60.01}


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (ON_GRID, "on the grid: 0.4 ms off"),
        (LATE, "off: 23 ms late (median)"),
        ({**LATE, "grid_offset_ms": -22.8}, "off: 23 ms early (median)"),
        (HALF, "off: half tempo (60.0 BPM), 23 ms from the grid (median)"),
        ({**ON_GRID, "tempo_relation": "other", "tempo_bpm": 131.4}, "off: another tempo (131.4 BPM)"),
        ({**ON_GRID, "material": "tonal", "tempo_relation": "unclear"}, "on the grid: 0.4 ms off"),
        ({"material": "beatless", "onsets": 1}, "no beat: nothing begins that could be off"),
        ({"material": "tonal", "onsets": 6}, "a few tones, free to begin where they like"),
        ({}, ""),
        ({"grid_error_ms": "nan", "material": 3}, ""),
    ],
)
def test_a_verdict_is_what_was_measured(evidence: Mapping[str, Fact], said: str) -> None:
    """In a few words, and none where nothing was measured or a stranger's sidecar holds something else."""
    assert heard.verdict(evidence) == said


def test_a_warning_names_the_numbers_and_the_remedy() -> None:
    """Below the bar, the tempo, the error and what to do."""
    said = heard.warning(Score(0.1, {"beat": 0.1}, evidence=HALF), 0.5)
    assert "half tempo (60.0 BPM), 23 ms from the grid (median)" in said
    assert "ask for more takes" in said


@pytest.mark.parametrize(("part", "bar"), [(0.5, 0.5), (0.9, 0.5), (0.0, 0.0)])
def test_what_is_not_below_the_bar_is_no_warning(part: float, bar: float) -> None:
    """Nor is a score without a beat in it."""
    assert heard.warning(Score(part, {"beat": part}, evidence=LATE), bar) == ""
    assert heard.warning(Score(0.0, {}), bar) == ""


def test_tempo_grid_and_seam_are_told_with_their_numbers() -> None:
    """And are empty where they were not measured."""
    assert heard.tempo(HALF) == "60.01 BPM (half), first beat 23 ms late"
    assert heard.tempo({"tempo_relation": "unclear"}) == "no clear tempo"
    swung = {**ON_GRID, "grid_division": "swung sixteenths", "swing": 0.58}
    assert heard.grid(swung) == "0.4 ms off (median), 1.2 ms (95 %), on swung sixteenths lines, swing 58 %"
    assert heard.seam({"seam_break_db": 12.4}) == "a break, 12 dB over any inside"
    assert heard.seam({"seam_break_db": -30.0}) == "none that could be heard"
    assert (heard.tempo({}), heard.grid({}), heard.seam({})) == ("", "", "")
