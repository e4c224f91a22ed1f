"""The sounds themselves, judged by their spectrum and by an onset detector that nobody here wrote."""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from librosa.onset import onset_detect, onset_strength
from numpy.typing import NDArray

from plugin_host.engine import Take
from plugin_host.engines.sketch.chance import Dice
from plugin_host.engines.sketch.cloud import cloud
from plugin_host.engines.sketch.drums import hit
from plugin_host.engines.sketch.kits import KITS
from plugin_host.engines.sketch.style import VOICES
from plugin_host.engines.sketch.timbres import TIMBRES
from plugin_host.engines.sketch.tone import WAVES, note
from plugin_host.musictime import Grid

Render = Callable[..., Take]
GridOf = Callable[..., Grid]


HARMONIC = [
    name for name, each in TIMBRES.items() if each.part != "pad" and each.wave not in {"bell", "mallet", "tine"}
]
"""The timbres whose partials are multiples of their pitch."""


def spectrum(mono: NDArray[np.float32], rate: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return frequencies in Hz and the power at each."""
    power = np.square(np.abs(np.fft.rfft(mono.astype(np.float64))))
    return np.fft.rfftfreq(len(mono), 1 / rate).astype(np.float64), power


def share(take: Take, low: float, high: float) -> float:
    """Return the part of a take's power that lies from `low` to `high` Hz, 0–1."""
    hertz, power = spectrum(take.audio.mono(), take.audio.rate)
    return float(power[(hertz >= low) & (hertz < high)].sum() / power.sum())


@pytest.mark.parametrize("rate", [8_000, 48_000])
@pytest.mark.parametrize("name", HARMONIC)
def test_notes_are_free_of_aliases(name: str, rate: int) -> None:
    """A high note has power at multiples of its pitch and next to none elsewhere: nothing folds back."""
    timbre, pitch = TIMBRES[name], 1046.5
    mono = note(timbre, pitch, 0.5, rate, Dice(1, "note")).mean(axis=0)
    hertz, power = spectrum(mono * np.hanning(len(mono)).astype(np.float32), rate)
    away = np.abs(hertz / pitch - np.round(hertz / pitch)) * pitch
    assert power[(away > 150) & (hertz > 150)].sum() < 1e-3 * power.sum()


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000])
@pytest.mark.parametrize("drum", VOICES)
def test_drums_start_in_silence_and_leave_the_top_free(drum: str, rate: int) -> None:
    """Each stroke starts and ends near 0, peaks at 1, and has nothing to speak of above 0.46 of the rate."""
    for kit in KITS.values():
        sound = hit(drum, kit, rate, Dice(3, drum))
        assert np.abs(sound).max() == pytest.approx(1.0, abs=1e-3)
        assert np.abs(sound[:, 0]).max() < 0.12
        assert np.abs(sound[:, -1]).max() < 0.02
        hertz, power = spectrum(sound.mean(axis=0), rate)
        assert power[hertz > 0.46 * rate].sum() < 0.03 * power.sum()


def test_clouds_cross_without_a_bump() -> None:
    """Where one pad goes and the next comes, loudness stays within 2 dB of what it is elsewhere."""
    pads = [cloud(TIMBRES["strings"], (60, 64, 67), 1.0, 22_050, Dice(seed, "pad")) for seed in range(12)]
    loud = [np.square(pad[:, 11_025:22_050]).mean() for pad in pads]
    cross = [np.square(a[:, 22_050 : 22_050 + 8_820] + b[:, :8_820]).mean() for a, b in pairwise(pads)]
    assert abs(10 * np.log10(np.mean(cross) / np.mean(loud))) < 2


def test_every_timbre_has_a_wave() -> None:
    """No row of the table names a wave that does not exist."""
    assert {timbre.wave for timbre in TIMBRES.values()} <= set(WAVES)


def test_only_drums_has_no_bass(render: Render, grid: GridOf) -> None:
    """Without the kick, drums leave the bass's place nearly empty; with the bass it is full."""
    drums = render("house, only drums, no kick", grid(bars=4))
    bass = render("house bass line", grid(bars=4))
    assert "bass" not in str(drums.facts["parts"])
    assert share(drums, 30, 110) < 0.02
    assert share(bass, 30, 250) > 0.6


@pytest.mark.parametrize(
    ("prompt", "low", "high", "least"),
    [("kick", 30, 200, 0.8), ("hats", 3000, 20_000, 0.8), ("pad", 100, 3000, 0.8), ("sub bass line", 25, 200, 0.8)],
)
def test_parts_lie_where_they_belong(  # noqa: PLR0917 - a row of the table
    render: Render, grid: GridOf, prompt: str, low: float, high: float, least: float
) -> None:
    """Most of the power of each part is in its own register."""
    assert share(render(f"techno {prompt}", grid(bars=4)), low, high) > least


def test_moods_can_be_heard(render: Render, grid: GridOf) -> None:
    """Dark is darker than bright, distorted has more harmonics than clean, minimal plays less than busy."""
    where = grid(bars=4)

    def centroid(prompt: str) -> float:
        """Return the mean frequency of a take's magnitude."""
        hertz, power = spectrum(render(prompt, where, key=None).audio.mono(), 48_000)
        return float((hertz * np.sqrt(power)).sum() / np.sqrt(power).sum())

    assert centroid("dark house") * 1.3 < centroid("bright house")
    assert centroid("house bass line") * 1.05 < centroid("distorted house bass line")
    busy, minimal = (len(onsets(render(f"{mood} house drums", where))) for mood in ("busy", "minimal"))
    assert minimal < busy


def test_low_parts_are_mono_and_high_ones_wide(render: Render, grid: GridOf) -> None:
    """Below 100 Hz both sides are one; above 3 kHz they are not."""
    samples = render("house drums and bass", grid(bars=4)).audio.samples
    hertz, middle = spectrum(samples.sum(axis=1), 48_000)
    _, side = spectrum(samples[:, 0] - samples[:, 1], 48_000)
    low, high = hertz < 100, hertz > 3000
    assert side[low].sum() < 1e-3 * middle[low].sum()
    assert side[high].sum() > 0.03 * middle[high].sum()


def onsets(take: Take) -> NDArray[np.float64]:
    """Return the onsets that librosa hears, in seconds, at a resolution of 1.3 ms."""
    rate = take.audio.rate
    strength = onset_strength(y=take.audio.mono(), sr=rate, hop_length=64, n_fft=512, n_mels=20)
    found = onset_detect(onset_envelope=strength, sr=rate, hop_length=64, units="time", delta=0.1)
    return np.asarray(found, np.float64)


@pytest.mark.parametrize(
    ("style", "tempo"),
    [("house", 124), ("techno", 132), ("drum and bass", 174), ("hip-hop", 90), ("funk", 105), ("garage", 132), ("lo-fi", 80)],
)  # fmt: skip
def test_drums_lie_on_the_grid(render: Render, grid: GridOf, style: str, tempo: float) -> None:
    """Onsets lie within 5 ms of the sixteenths, each off-beat where the take's own swing puts it."""
    take = render(f"{style} drums", grid(tempo, bars=4), seed=4)
    late = (2 * float(take.facts["swing"] or 0.5) - 1) * (take.facts["swing_on"] == 16)
    sixteenth = 15 / tempo
    lines = np.array([(step + (step % 2) * late) * sixteenth for step in range(66)])
    found = onsets(take)
    away = np.array([np.abs(lines - onset).min() for onset in found])
    assert len(found) >= 30
    assert np.percentile(away, 95) <= 0.005


def test_swing_is_where_it_was_asked_for(render: Render, grid: GridOf) -> None:
    """At a swing of 2/3 the off-beat sixteenths of the hats lie two thirds through their eighth, not half."""
    hints = {"style": "electro", "parts": "hats", "swing": 0.66}
    found = onsets(render("hats", grid(120, bars=4), hints=hints))
    inside = (found % 0.25) / 0.25
    off = inside[(inside > 0.3) & (inside < 0.9)]
    assert len(off) >= 8
    assert float(np.median(off)) == pytest.approx(0.66, abs=0.02)


def test_odd_meters_have_a_downbeat(render: Render, grid: GridOf) -> None:
    """In 7/8 the kick is on the one of each bar."""
    where = grid(140, "7/8", 4)
    mono = np.abs(render("house kick", where).audio.mono())
    for bar in range(4):
        line = where.frame_at(bar * where.meter.bar)
        assert mono[line : line + 480].max() > 0.2


def test_a_long_clip_costs_the_score_in_proportion(render: Render, grid: GridOf) -> None:
    """Sixteen bars at variation 0 are one bar sixteen times: the ring of one bar is the bar of the long one."""
    one = render("techno drums", grid(130, bars=1), variation=0.0, hints={"swing": float(Fraction(1, 2))}).audio.samples
    many = render("techno drums", grid(130, bars=4), variation=0.0, hints={"swing": 0.5}).audio.samples
    first = many[: len(one)]
    gain = float(np.vdot(one, first) / np.vdot(one, one))
    assert np.square(first - gain * one).mean() < 1e-3 * np.square(first).mean()
