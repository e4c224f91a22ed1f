"""Measures of a set of clips, as the MusicLDM paper takes them (Chen et al. 2023): near the words, like music, new, various.

All of them are computed from directions: embeddings of length 1, one a row, as CLAP makes them of sounds and of words.
They depend on whose embeddings these are; figures of two models cannot be compared.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from plugin_host.errors import BadValue

COPY_LIKENESS = (0.90, 0.95)
"""The paper's thresholds: a clip whose nearest neighbour is more alike than this comes near a copy."""

TEMPERATURE = 0.07
"""How sharply a clip is told to be of one caption and not of the others: what CLAP's training begins with."""

Directions = NDArray[np.float32] | NDArray[np.float64]
"""Shape ``(clips, dimensions)``, each row of length 1."""


def text_similarity(sounds: Directions, words: Directions) -> float:
    """Return the mean cosine of each clip and its own words, −1 to 1; shapes as each other's. Thread: any."""
    _check("clips and captions", len(sounds), len(words))
    return float(np.mean(np.sum(np.asarray(sounds, np.float64) * words, axis=1)))


def frechet_distance(one: Directions, other: Directions) -> float:
    """Return the Fréchet distance of two sets, each taken for a Gaussian: 0 for the same set, without a unit.

    |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), as Heusel et al. (2017) and Kilgour et al. (2019) use it. The last trace is
    the sum of the singular values of the product of the two centred sets, which needs no root of a matrix and is as exact
    for few clips as for many; of each set its triangle (QR) is enough, so that it is no larger for more clips. With fewer clips than dimensions it comes out too high, the more the fewer there are:
    compare sets of one size. Raises `BadValue` for fewer than two clips.
    """
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if min(len(first), len(second)) < 2:
        raise BadValue(f"sets of {len(first)} and {len(second)} clips have no spread; give at least 2 of each")
    means = first.mean(axis=0), second.mean(axis=0)
    spreads = [(each - mean) / math.sqrt(len(each) - 1) for each, mean in zip((first, second), means, strict=True)]
    triangles = [np.asarray(np.linalg.qr(each, mode="r"), np.float64) for each in spreads]
    common = float(np.linalg.svd(triangles[0] @ triangles[1].T, compute_uv=False).sum())
    apart = float(np.sum((means[0] - means[1]) ** 2))
    return max(0.0, apart + float(np.sum(spreads[0] ** 2)) + float(np.sum(spreads[1] ** 2)) - 2 * common)


def nearest(sounds: Directions, reference: Directions) -> NDArray[np.float64]:
    """Return the cosine of each clip and the one of `reference` most like it, shape ``(clips,)``."""
    if len(reference) == 0:
        raise BadValue("there is nothing to compare with; give a folder that holds clips")
    return np.asarray((np.asarray(sounds, np.float64) @ np.asarray(reference, np.float64).T).max(axis=1))


def nearest_other(sounds: Directions) -> NDArray[np.float64]:
    """Return the cosine of each clip and the other one of the same set most like it, shape ``(clips,)``."""
    if len(sounds) < 2:
        raise BadValue(f"a set of {len(sounds)} clips has no neighbours; give at least 2")
    likeness = np.asarray(sounds, np.float64) @ np.asarray(sounds, np.float64).T
    np.fill_diagonal(likeness, -np.inf)
    return np.asarray(likeness.max(axis=1))


def copies(likeness: NDArray[np.float64], above: float) -> float:
    """Return the part (0–1) of clips whose nearest neighbour is at least so much alike: SIM of the paper, lower is newer."""
    return float(np.mean(likeness >= above))


def diversity(sounds: Directions) -> float:
    """Return how many different clips there are, in effect: 1 where all are the same, their number where none are alike.

    The Vendi score of Friedman and Dieng (2022): the exponential of the entropy of the eigenvalues of the cosines. It
    needs no classes, and so makes sense of any set.
    """
    _check("clips", min(1, len(sounds)), 1)
    values = np.linalg.svd(np.asarray(sounds, np.float64) / math.sqrt(len(sounds)), compute_uv=False) ** 2
    part = values / values.sum()
    return math.exp(-float(np.sum(part * np.log(part, out=np.zeros_like(part), where=part > 0))))


def inception_score(sounds: Directions, captions: Directions) -> float:
    """Return the inception score (Salimans et al. 2016): from 1 up to the number of `captions`, higher being better.

    Of a classifier's posteriors it is the exponential of the mean divergence of a clip's from that of all: high where each
    clip is surely of one class and the set is of many. There is no classifier of music here, so the classes are the
    `captions`, each once, and the posterior is CLAP's. Of one caption alone it would be 1 whatever the clips are, and so
    at least two are needed: raises `BadValue`.
    """
    if len(captions) < 2:
        raise BadValue(
            f"{len(captions)} caption is one class, and of one class every clip is; give at least 2 captions"
        )
    logits = np.asarray(sounds, np.float64) @ np.asarray(captions, np.float64).T / TEMPERATURE
    each = np.exp(logits - logits.max(axis=1, keepdims=True))
    each /= each.sum(axis=1, keepdims=True)
    whole = each.mean(axis=0)
    ratio = np.log(np.maximum(each, 1e-300)) - np.log(np.maximum(whole, 1e-300))
    return math.exp(float(np.mean(np.sum(each * ratio, axis=1))))


def distinct(captions: Sequence[str]) -> list[str]:
    """Return the captions that differ, each once, in order."""
    return list(dict.fromkeys(captions))


def _check(what: str, one: int, other: int) -> None:
    """Raise `BadValue` unless there are as many of one as of the other, and any at all."""
    if one != other or one == 0:
        raise BadValue(f"{what}: there are {one} and {other}; give as many of each, and at least 1")
