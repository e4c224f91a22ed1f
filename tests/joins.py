"""How a join stands beside the inside of a ring, measured by nothing of ours."""

import numpy as np
from numpy.typing import NDArray

WINDOW = 512
STEP = 64


def percentiles(ring: NDArray[np.float32]) -> tuple[float, float]:
    """Return where bend and flux at the join stand among all those inside, in per cent.

    The bend is the largest second difference that reaches across; the flux is the rise of the magnitudes, summed, from
    the window that ends at the join to the one that begins there.
    """
    wave = ring.astype(np.float64)
    bends = np.abs(np.roll(wave, 1) - 2 * wave + np.roll(wave, -1))
    pairs = np.maximum(bends, np.roll(bends, 1))  # of frames k − 1 and k: those that reach across the line before k
    places = np.arange(0, len(wave) - STEP, STEP)
    around = places[:, np.newaxis] + np.arange(WINDOW)
    shape = np.hanning(WINDOW)
    after = np.abs(np.fft.rfft(wave[around % len(wave)] * shape))
    before = np.abs(np.fft.rfft(wave[(around - WINDOW) % len(wave)] * shape))
    fluxes = np.maximum(0, after - before).sum(axis=1)
    return 100 * float((pairs[1:] < pairs[0]).mean()), 100 * float((fluxes[1:] < fluxes[0]).mean())
