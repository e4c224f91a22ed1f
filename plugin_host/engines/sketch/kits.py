"""The drum kits: a row of numbers a kit. To add a kit, add a row; the sounds are made in `drums`."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kick:
    """A sine that falls from `start` to `end` Hz in about `fall` seconds and dies away in `decay` seconds.

    `click` is how loud the beater is, `drive` how hard the body is pushed (0–1).
    """

    start: float
    end: float
    fall: float
    decay: float
    click: float
    drive: float


@dataclass(frozen=True, slots=True)
class Snare:
    """A shell at `tone` Hz dying in `ring` seconds, and wires: noise from `low` to `high` Hz dying in `decay` s.

    `wires` (0–1) weighs the noise against the shell; `gate` seconds cut the noise short (0: never).
    """

    tone: float
    ring: float
    low: float
    high: float
    decay: float
    wires: float
    gate: float = 0.0


@dataclass(frozen=True, slots=True)
class Hat:
    """Cymbals: noise above `low` Hz, `metal` (0–1) of it a clang; seconds of decay when shut and when open."""

    low: float
    metal: float
    shut: float
    open: float


@dataclass(frozen=True, slots=True)
class Kit:
    """A drum kit. `top` is the highest frequency it lets through, in Hz: 7 kHz is an old sampler."""

    name: str
    words: tuple[str, ...]
    kick: Kick
    snare: Snare
    hat: Hat
    clap_decay: float = 0.11
    top: float = 18_000.0


_ROWS = (
    Kit(
        "909",
        ("909", "four to the floor"),
        Kick(start=235, end=49, fall=0.028, decay=0.26, click=0.5, drive=0.45),
        Snare(tone=186, ring=0.075, low=1200, high=9500, decay=0.13, wires=0.6),
        Hat(low=7200, metal=0.45, shut=0.030, open=0.20),
    ),
    Kit(
        "808",
        ("808",),
        Kick(start=150, end=47, fall=0.022, decay=0.55, click=0.25, drive=0.2),
        Snare(tone=178, ring=0.09, low=1800, high=10_000, decay=0.10, wires=0.45),
        Hat(low=8000, metal=0.75, shut=0.026, open=0.24),
        clap_decay=0.14,
    ),
    Kit(
        "hard",
        ("hard kit", "industrial", "warehouse"),
        Kick(start=310, end=46, fall=0.034, decay=0.30, click=0.65, drive=0.9),
        Snare(tone=170, ring=0.06, low=900, high=8000, decay=0.10, wires=0.7),
        Hat(low=6800, metal=0.6, shut=0.028, open=0.16),
        clap_decay=0.09,
    ),
    Kit(
        "breaks",
        ("break kit", "sampled"),
        Kick(start=170, end=62, fall=0.018, decay=0.13, click=0.55, drive=0.55),
        Snare(tone=224, ring=0.10, low=900, high=8500, decay=0.15, wires=0.62),
        Hat(low=5600, metal=0.55, shut=0.045, open=0.26),
        top=13_000,
    ),
    Kit(
        "dust",
        ("dusty", "sp1200", "vinyl", "crunchy"),
        Kick(start=140, end=56, fall=0.020, decay=0.17, click=0.3, drive=0.7),
        Snare(tone=196, ring=0.09, low=700, high=5200, decay=0.14, wires=0.6),
        Hat(low=4200, metal=0.35, shut=0.034, open=0.18),
        top=8500,
    ),
    Kit(
        "live",
        ("acoustic", "live drums", "real drums"),
        Kick(start=125, end=64, fall=0.016, decay=0.15, click=0.6, drive=0.25),
        Snare(tone=208, ring=0.12, low=1000, high=9000, decay=0.16, wires=0.58),
        Hat(low=5800, metal=0.5, shut=0.050, open=0.34),
        top=15_000,
    ),
    Kit(
        "linn",
        ("linn", "linndrum", "gated", "80s"),
        Kick(start=160, end=56, fall=0.020, decay=0.18, click=0.55, drive=0.4),
        Snare(tone=190, ring=0.09, low=600, high=8500, decay=0.42, wires=0.72, gate=0.24),
        Hat(low=6400, metal=0.4, shut=0.036, open=0.24),
        clap_decay=0.16,
    ),
    Kit(
        "steppers",
        ("steppers", "sound system"),
        Kick(start=120, end=48, fall=0.018, decay=0.24, click=0.3, drive=0.4),
        Snare(tone=330, ring=0.045, low=1400, high=7000, decay=0.08, wires=0.4),
        Hat(low=6200, metal=0.3, shut=0.040, open=0.22),
        top=11_000,
    ),
)

KITS: Mapping[str, Kit] = {kit.name: kit for kit in _ROWS}
"""Every kit by its name."""
