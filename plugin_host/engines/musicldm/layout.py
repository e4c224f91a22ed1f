"""How a loop of exact bars lies on the frames of the model: what is computed, and what is left to correct.

The model makes whole latent frames, and makes rings best whose length the UNet's deepest level divides; music is as
long as it is. So the nearest such ring is computed, and its mel is stretched to the exact length: the *correction*. Mel
frames are whole ones too; what is left then, at most a part in a thousand, is the *remainder* for the sample-rate
converter. A model that counts time in beats makes a ring of as many beats; for it, the correction is what makes the tempo.

Where every bar is alike (variation 0), one *tile* is computed and laid out, however long the clip: one bar if it can
be, two or four where one bar would have to be corrected too far. Alike to the last bit are bars only in a tile of one;
the bars of a larger tile have equal noise, but the UNet sees them from places that it tells apart.

A clip may be so short that no ring fits it (a bar of 4/4 at 300 BPM is 20 latent frames, and 16 and 24 are both a fifth
off). Then the ring goes round in several *turns* of the clip, each from equal noise, and one of them is cut out; the
same is done with the mel of a clip that is too short to be rounded to a mel frame.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from plugin_host.engine import Fact
from plugin_host.engines.musicldm.geometry import Geometry
from plugin_host.errors import OutOfRange
from plugin_host.musictime import Grid

LEAST_REMAINDER = Fraction(1, 1000)
"""What may be left to the sample-rate converter: less than two cents."""

TILES = (1, 2, 4)
"""Bars of a tile, as far as they can be chosen freely."""

MOST_TURNS = 64


@dataclass(frozen=True, slots=True)
class Layout:
    """A clip on the model's frames.

    `latents` frames of a ring are computed. They hold `turns` turns of a tile of `bars` bars, and the clip is `tiles`
    tiles long. `mel` frames are vocoded, which hold `laps` tiles. `correction` is by how much the mel is longer than
    what was decoded, as a part of that; `remainder` is the same for the converter and the mel.
    """

    bars: int
    tiles: int
    turns: int
    latents: int
    mel: int
    laps: int
    correction: float
    remainder: float

    @property
    def cut(self) -> int:
        """How many clips the vocoded ring holds, of which one is cut out; 1 or less where it is laid out as it is."""
        return self.laps // self.tiles

    @property
    def facts(self) -> dict[str, Fact]:
        """What of it belongs in the sidecar."""
        return {
            "tile_bars": self.bars,
            "ring_turns": self.turns,
            "latent_frames": self.latents,
            "mel_frames": self.mel,
            "tempo_correction": round(self.correction, 6),
            "rate_remainder": round(self.remainder, 6),
        }


def lay_out(grid: Grid, geometry: Geometry, variation: float, bound: float) -> Layout:
    """Return the layout of a loop. `bound` is the largest correction, as a part: 0.08 is 8 %.

    For a model that counts in beats it bounds how far the ring may be from the beats that were asked for. Raises `OutOfRange` for bars that are shorter than one latent frame, or that only a larger correction can make.
    """
    natural = geometry.latents(grid.seconds) / grid.bars
    if natural < 1:
        raise OutOfRange(
            f"a bar of {grid.meter} at {grid.tempo} BPM lasts {float(grid.seconds / grid.bars) * 1e3:.0f} ms, and the "
            f"model's shortest frame is {1e3 * geometry.frames_per_latent / geometry.rate:.0f} ms: "
            "ask for a slower tempo or a longer meter",
        )
    bar = geometry.ring(grid.seconds, grid.beats) / grid.bars
    bars, turns = _tile(grid, bar, geometry.stride, variation, bound)
    latents = _nearest(bars * turns * bar, geometry.stride)
    tile = bars * natural * geometry.scale
    tiles = grid.bars // bars
    laps = next(laps for laps in _laps(tiles, turns) if _remainder(laps * tile) is not None)
    length = laps * tile
    return Layout(
        bars=bars,
        tiles=tiles,
        turns=turns,
        latents=latents,
        mel=round(length),
        laps=laps,
        correction=float(bars * turns * natural / latents - 1),
        remainder=float(length / round(length) - 1),
    )


def _tile(grid: Grid, bar: Fraction, stride: int, variation: float, bound: float) -> tuple[int, int]:
    """Return the bars of a tile, and how many turns of it make a ring. Raises `OutOfRange` where none is near enough."""
    off = {bars: abs(bars * bar / _nearest(bars * bar, stride) - 1) for bars in _divisors(grid.bars)}
    if variation == 0:
        if off[1] <= bound:
            return 1, 1
        best = min((bars for bars in TILES if bars in off), key=lambda bars: off[bars])
        within = [bars for bars in (best, *off) if off[bars] <= bound]
        if within:
            return within[0], 1
    for turns in range(1, MOST_TURNS + 1):
        length = turns * grid.bars * bar
        if abs(length / _nearest(length, stride) - 1) <= bound:
            return grid.bars, turns
    raise OutOfRange(
        f"{grid.bars} bars of {grid.meter} at {grid.tempo} BPM cannot be made with a tempo correction of at most "
        f"{100 * bound:g} %; raise musicldm.correction, or ask for more bars",
    )


def _laps(tiles: int, turns: int) -> Iterator[int]:
    """Yield how many tiles may be vocoded, fewest first: what the clip divides by, then clip after clip."""
    if turns == 1:
        yield from _divisors(tiles)
    clip = tiles * turns
    laps = clip if turns > 1 else 2 * clip
    while True:
        yield laps
        laps += clip


def _remainder(length: Fraction) -> Fraction | None:
    """Return how far `length` is from whole, as a part, if that is little enough."""
    off = abs(length / max(1, round(length)) - 1)
    return off if off <= LEAST_REMAINDER else None


def _nearest(length: Fraction, stride: int) -> int:
    """Return the multiple of `stride` that is nearest to `length`, at least one."""
    return stride * max(1, round(length / stride))


def _divisors(number: int) -> list[int]:
    """Return what divides `number`, rising."""
    return [each for each in range(1, number + 1) if number % each == 0]
