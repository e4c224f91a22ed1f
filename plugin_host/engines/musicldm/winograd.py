"""Convolutions on a processor with fewer products: the minimal filtering of Winograd.

A convolution multiplies the same pixels by the same weights again and again. Winograd's algorithms ("Arithmetic
Complexity of Computations", 1980; for neural networks: Lavin and Gray, "Fast Algorithms for Convolutional Neural
Networks", 2016) cut the picture into tiles, add and subtract the pixels that a tile sees, multiply, and add again. For
each pair of channels, four by four new pixels then take 36 products instead of 144, and two by two take 16 instead of
36. A picture that is doubled before it is convolved repeats its pixels, so that a third of the differences vanish:
there two by two new pixels take 9, and the large picture is never made. Of a sound, four new frames take 6 products
instead of 12, or 21 instead of 44 with a filter of eleven weights.

The sums are those of the plain convolution in another order, and agree with it to a few millionths of the RMS.

The products are matrix products over all tiles at once, and so are the additions, with small matrices of simple
fractions. The tiles are taken some at a time, so that what lies between the steps stays in the caches.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import torch
from numpy.polynomial import polynomial
from torch import nn
from torch.nn.functional import conv2d, pad

AT_ONCE = 16_000_000
"""Bytes of tiles that are worked on at a time: about what the last cache holds."""

FEW_WEIGHTS = 512 * 256 * 9
"""In layers with more weights than this, tiles of two pay: those of four would need too many weights made for them."""


@dataclass(frozen=True, slots=True)
class Tiling:
    """One of Winograd's algorithms along one axis; on a picture it is used along both.

    A tile sees a window of old pixels, the next one `stride` pixels on, and makes new ones:
    ``made · ((weigh · weights) ⊙ (seen · window))``.
    """

    stride: int
    seen: Sequence[Sequence[float]]
    weigh: Sequence[Sequence[float]]
    made: Sequence[Sequence[float]]

    @property
    def window(self) -> int:
        """How many old pixels a tile sees."""
        return len(self.seen[0])

    @property
    def makes(self) -> int:
        """How many new pixels a tile makes."""
        return len(self.made)

    @property
    def weights(self) -> int:
        """How many weights in a row the algorithm is for."""
        return len(self.weigh[0])


def tiling(makes: int, weights: int, points: Sequence[float]) -> Tiling:
    """Return the algorithm that makes so many new pixels from so many weights in a row.

    It is the construction of Toom and Cook: window and weights are taken for polynomials, multiplied where they are
    known, at `points` and at infinity, and the product is read back. There must be ``makes + weights − 2`` points; the
    nearer they are to 0 and ±1, the better the sums are kept.
    """
    last = len(points)
    if last != makes + weights - 2:
        raise ValueError(f"{last} points for {makes} pixels of {weights} weights; give {makes + weights - 2}")
    others = [[other for other in points if other != point] for point in points]
    apart = [prod(point - other for other in rest) for point, rest in zip(points, others, strict=True)]
    return Tiling(
        stride=makes,
        seen=(*((*polynomial.polyfromroots(rest), 0.0) for rest in others), tuple(polynomial.polyfromroots(points))),
        weigh=(
            *(tuple(point**k / scale for k in range(weights)) for point, scale in zip(points, apart, strict=True)),
            tuple(float(k == weights - 1) for k in range(weights)),
        ),
        made=tuple((*(float(point**i) for point in points), float(i == makes - 1)) for i in range(makes)),
    )


TWO = tiling(2, 3, (0, 1, -1))
"""Two new pixels of three weights: on a picture 16 products for 36, and 16 weights for 9."""

FOUR = tiling(4, 3, (0, 1, -1, 2, -2))
"""Four new pixels of three weights: on a picture 36 products for 144, and 36 weights for 9."""

FOUR_OF_FOUR = tiling(4, 4, (0, 1, -1, 2, -0.5, 0.5))
"""Four new pixels of four weights. A longer filter is as many such as it has fours of weights: their tiles are the same
ones, one after the other."""

DOUBLED = Tiling(
    stride=1,
    seen=((1, -1, 0), (0, 1, 0), (0, -1, 1)),
    weigh=((1, 0, 0), (1, 1, 1), (0, 0, 1)),
    made=((1, 1, 0), (0, 1, 1)),
)
"""The two pixels that stand for one in a doubled picture: 9 products for 36, and 9 weights for 9."""


class PictureConvolution(nn.Module):
    """Does what a convolution of 3×3 does to a picture, or to a picture that was doubled first. Thread: any.

    Made from a convolution of stride 1 with a border of one pixel, in float32, to take its place. `padding` is how wide
    the border of zeros is, of the old picture, along height and width: as of a plain convolution, it may be changed.
    """

    def __init__(self, plain: nn.Conv2d, tiling: Tiling) -> None:
        super().__init__()
        self.tiling = tiling
        self.padding = (1, 1)
        weigh, seen, made = (_matrix(rows) for rows in (tiling.weigh, tiling.seen, tiling.made))
        _keep(self, seen=torch.kron(seen, seen), made=torch.kron(made, made), bias=_bias(plain))
        rows = plain.weight.detach().permute(2, 3, 1, 0).flatten(0, 1)
        parts = rows.chunk(-(-4 * len(seen) ** 2 * rows[0].numel() // AT_ONCE), dim=2)
        self.weights = nn.ModuleList(Weights(torch.kron(weigh, weigh), part) for part in parts)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Return the convolved `picture`, shape ``(batch, channels, height, width)``, its channels last in memory."""
        above, beside = self.padding
        batch, height, width = len(picture), picture.shape[2] + 2 * above - 2, picture.shape[3] + 2 * beside - 2
        stride, window, makes = self.tiling.stride, self.tiling.window, self.tiling.makes
        rows, columns = -(-height // stride), -(-width // stride)
        lower, right = ((count - 1) * stride + window for count in (rows, columns))
        borders = (beside, right - beside - picture.shape[3], above, lower - above - picture.shape[2])
        bordered = pad(picture.permute(0, 2, 3, 1), (0, 0, *borders))
        windows = bordered.unfold(1, window, stride).unfold(2, window, stride).permute(4, 5, 0, 1, 2, 3)
        bias, weights = self.get_buffer("bias"), [part() for part in self.weights]
        new = picture.new_empty(batch, rows, makes, columns, makes, len(bias))
        for pictures, lines in _portions(batch, rows, columns, weights):
            tiles = self._tiles(windows[:, :, pictures, lines], weights)
            torch.add(tiles.permute(2, 3, 0, 4, 1, 5), bias, out=new[pictures, lines])
        grown = makes // stride
        whole = new.view(batch, rows * makes, columns * makes, len(bias))
        return whole[:, : height * grown, : width * grown].permute(0, 3, 1, 2)

    @property
    def plain(self) -> torch.Tensor:
        """The weights of the convolution that it was made from, shape ``(out, in, 3, 3)``."""
        rows = torch.cat([part.get_buffer("plain") for part in self.weights], dim=2)
        return rows.view(3, 3, *rows.shape[1:]).permute(3, 2, 0, 1).contiguous()

    def _tiles(self, windows: torch.Tensor, weights: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return the new pixels of tiles, ``(makes, makes, …, out)``, for ``(window, window, …, in)``."""
        seen, made = self.get_buffer("seen"), self.get_buffer("made")
        _, _, *tiles, channels = windows.shape
        differences = (seen @ windows.reshape(len(seen), -1)).view(len(seen), -1, channels)
        products = [torch.bmm(differences, part) for part in weights]
        whole = products[0] if len(products) == 1 else torch.cat(products, 2)
        return (made @ whole.view(len(seen), -1)).view(self.tiling.makes, self.tiling.makes, *tiles, -1)


class SoundConvolution(nn.Module):
    """Does what a convolution of one dimension does that keeps the length, dilated or not. Thread: any.

    Made from a convolution of stride 1 in float32, to take its place. The frames of a dilated one are as many sounds as
    it is dilated, laid between each other; each is tiled for itself. With a tiling of fewer weights than the filter
    has, a tile's neighbours are used again for the weights that follow: a small convolution over the tiles.
    """

    def __init__(self, plain: nn.Conv1d, tiling: Tiling) -> None:
        super().__init__()
        self.tiling = tiling
        self.dilation, self.before = plain.dilation[0], int(plain.padding[0])
        self.reach = -(-plain.kernel_size[0] // tiling.weights)
        filters = pad(plain.weight.detach(), (0, self.reach * tiling.weights - plain.kernel_size[0]))
        _keep(self, seen=_matrix(tiling.seen), made=_matrix(tiling.made), bias=_bias(plain))
        rows = filters.view(*filters.shape[:2], self.reach, tiling.weights).permute(3, 0, 2, 1).flatten(1, 2)
        self.weights = Weights(_matrix(tiling.weigh), rows)

    def forward(self, sound: torch.Tensor) -> torch.Tensor:
        """Return the convolved `sound`, shape ``(batch, channels, frames)``, its channels last in memory."""
        batch, channels, frames = sound.shape
        between, stride, window = self.dilation, self.tiling.stride, self.tiling.window
        tiles = -(-frames // (stride * between))
        needed = ((tiles + self.reach - 2) * stride + window) * between
        bordered = sound.new_zeros(batch, needed, channels)
        here = min(frames, needed - self.before)
        bordered[:, self.before : self.before + here] = sound.permute(0, 2, 1)[:, :here]
        windows = bordered.view(batch, -1, between, channels).unfold(1, window, stride).permute(0, 1, 2, 4, 3)
        bias = self.get_buffer("bias")
        filters = self.weights().view(-1, self.reach, 1, channels).permute(0, 3, 1, 2)
        new = sound.new_empty(batch, tiles, stride, between, len(bias))
        at_once = max(1, AT_ONCE // (8 * window * batch * between * channels))
        for first in range(0, tiles, at_once):
            made = self._tiles(windows[:, first : first + at_once + self.reach - 1], filters)
            torch.add(made.permute(0, 1, 3, 2, 4), bias, out=new[:, first : first + at_once])
        return new.view(batch, -1, len(bias))[:, :frames].permute(0, 2, 1)

    def _tiles(self, windows: torch.Tensor, filters: torch.Tensor) -> torch.Tensor:
        """Return the new frames of tiles, ``(batch, tiles, between, makes, out)``.

        `windows` has shape ``(batch, tiles + reach − 1, between, window, in)``, `filters` ``(window · out, in, reach, 1)``.
        """
        seen, made = self.get_buffer("seen"), self.get_buffer("made")
        differences = torch.matmul(seen, windows).flatten(3).permute(0, 3, 1, 2)
        products = conv2d(differences, filters, groups=len(seen)).permute(0, 2, 3, 1)
        return torch.matmul(made, products.reshape(*products.shape[:3], len(seen), -1))


class Weights(nn.Module):
    """Weights as tiles are multiplied with them, made each time from `plain`, shape ``(plain weights, …)``.

    A tiling has up to four times as many weights as the convolution. To make them takes a hundredth of a layer's time,
    a fifth in the widest, which have few tiles; to keep them would take hundreds of megabytes.
    """

    def __init__(self, weigh: torch.Tensor, plain: torch.Tensor) -> None:
        super().__init__()
        _keep(self, weigh=weigh, plain=plain)

    def forward(self) -> torch.Tensor:
        """Return the weights, shape ``(tiling's weights, …)``."""
        plain = self.get_buffer("plain")
        return (self.get_buffer("weigh") @ plain.flatten(1)).view(-1, *plain.shape[1:])


def _portions(batch: int, rows: int, columns: int, weights: Sequence[torch.Tensor]) -> Iterator[tuple[slice, slice]]:
    """Yield which pictures, and which rows of tiles in them, to work on at a time."""
    products, channels, _ = weights[0].shape
    out = sum(part.shape[2] for part in weights)
    tiles = max(1, AT_ONCE // (4 * products * (channels + out)))
    pictures, lines = max(1, tiles // (rows * columns)), min(rows, max(1, tiles // columns))
    for picture in range(0, batch, pictures):
        for line in range(0, rows, lines):
            yield slice(picture, picture + pictures), slice(line, line + lines)


def _matrix(rows: Sequence[Sequence[float]]) -> torch.Tensor:
    """Return the matrix, in double precision: what is computed once should not cost any."""
    return torch.tensor(rows, dtype=torch.float64)


def _bias(plain: nn.Conv1d | nn.Conv2d) -> torch.Tensor:
    """Return what is added to each channel of a convolution."""
    return plain.weight.new_zeros(plain.out_channels) if plain.bias is None else plain.bias.detach()


def _keep(layer: nn.Module, **values: torch.Tensor) -> None:
    """Keep what a layer computes with, in single precision, packed, and as nobody else's."""
    for name, value in values.items():
        packed = torch.empty(value.shape, dtype=torch.float32).copy_(value)
        layer.register_buffer(name, packed, persistent=False)
