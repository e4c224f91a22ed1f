"""Laws of measures: each is held against cases whose answer is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from plugin_host import measures
from plugin_host.errors import BadValue

seeds = st.integers(0, 2**32)


def directions(seed: int, clips: int, dimensions: int = 6) -> NDArray[np.float64]:
    """Return random directions, shape ``(clips, dimensions)``."""
    found: NDArray[np.float64] = np.random.default_rng(seed).normal(size=(clips, dimensions))
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found


def gaussian(mean: NDArray[np.float64], spread: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Return samples whose mean and covariance are exactly these: `spread` times its transpose."""
    raw = np.random.default_rng(seed).normal(size=(200, len(mean)))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T)).T)
    return white @ spread.T + mean


@given(seeds)
def test_the_frechet_distance_of_two_gaussians_is_that_of_the_closed_form(seed: int) -> None:
    """Where the covariances commute, the root of their product is known; here they share their axes."""
    dice = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(dice.normal(size=(5, 5)))
    sigmas = dice.uniform(0.2, 3, size=(2, 5))
    means = dice.normal(size=(2, 5))
    sets = [
        gaussian(mean, axes * sigma, seed + 1 + k) for k, (mean, sigma) in enumerate(zip(means, sigmas, strict=True))
    ]
    known = float(np.sum((means[0] - means[1]) ** 2) + np.sum((sigmas[0] - sigmas[1]) ** 2))
    assert measures.frechet_distance(*sets) == pytest.approx(known, rel=1e-6)


@given(seeds, st.integers(2, 40))
def test_the_frechet_distance_is_0_for_the_same_set_and_the_same_both_ways(seed: int, clips: int) -> None:
    """In whatever order, with fewer clips than dimensions or more; and a shift adds its own square."""
    one, other = directions(seed, clips), directions(seed + 1, clips + 3)
    assert measures.frechet_distance(one, one[::-1]) == pytest.approx(0, abs=1e-9)
    assert measures.frechet_distance(one, other) == pytest.approx(measures.frechet_distance(other, one), abs=1e-9)
    assert measures.frechet_distance(one, one + 0.5) == pytest.approx(6 * 0.25, abs=1e-9)


def test_the_frechet_distance_agrees_with_the_root_of_a_matrix() -> None:
    """Computed as everybody does, by the eigenvalues of the product of the covariances."""
    one, other = directions(3, 60), directions(4, 80) * 1.5 + 0.1
    product = np.linalg.eigvals(np.cov(one.T) @ np.cov(other.T)).real.clip(min=0)
    apart = np.sum((one.mean(0) - other.mean(0)) ** 2)
    known = apart + np.trace(np.cov(one.T)) + np.trace(np.cov(other.T)) - 2 * np.sqrt(product).sum()
    assert measures.frechet_distance(one, other) == pytest.approx(known, rel=1e-9)


def test_the_frechet_distance_of_many_clips_takes_no_matrix_of_all_of_them() -> None:
    """A set that is repeated two hundred times is the same Gaussian, but for the freedom that its spread loses."""
    one, other = directions(3, 200), directions(4, 300)
    many, more = np.repeat(one, 200, axis=0), np.repeat(other, 200, axis=0)
    known = measures.frechet_distance(many[::100], more[::100])
    assert measures.frechet_distance(many, more) == pytest.approx(known, rel=0.01)


def test_words_and_sounds_of_one_direction_are_alike_and_opposites_are_not() -> None:
    """1, 0 and −1, and the mean of them."""
    sounds = np.eye(3)
    assert measures.text_similarity(sounds, sounds) == 1
    assert measures.text_similarity(sounds, np.roll(sounds, 1, axis=0)) == 0
    assert measures.text_similarity(sounds, sounds * np.array([[1], [1], [-1]])) == pytest.approx(1 / 3)


def test_copies_are_counted_from_the_threshold_on() -> None:
    """Of four clips one is a copy of the reference, one comes near, one is at a right angle, one is opposite."""
    angles = np.radians([0, 20, 90, 180])
    likeness = measures.nearest(np.stack((np.cos(angles), np.sin(angles)), axis=1), np.array([[1.0, 0.0]]))
    assert likeness == pytest.approx(np.cos(angles))
    assert [measures.copies(likeness, above) for above in measures.COPY_LIKENESS] == [0.5, 0.25]


@given(seeds, st.integers(2, 12))
def test_in_its_own_set_no_clip_is_its_own_neighbour(seed: int, clips: int) -> None:
    """As if each were held against all the others."""
    sounds = directions(seed, clips)
    known = [measures.nearest(sounds[k : k + 1], np.delete(sounds, k, axis=0))[0] for k in range(clips)]
    assert measures.nearest_other(sounds) == pytest.approx(known)


@given(st.integers(1, 8), st.integers(1, 4))
def test_diversity_counts_what_differs(kinds: int, copies: int) -> None:
    """Of so many kinds at right angles, each so many times, there are so many kinds."""
    assert measures.diversity(np.repeat(np.eye(8)[:kinds], copies, axis=0)) == pytest.approx(kinds)


def test_the_inception_score_is_between_1_and_the_number_of_captions() -> None:
    """1 where all clips are alike; all of them where each is surely of one and each caption has as many."""
    captions = np.eye(4)
    assert measures.inception_score(np.repeat(captions[:1], 8, axis=0), captions) == pytest.approx(1)
    assert measures.inception_score(np.repeat(captions, 3, axis=0), captions) == pytest.approx(4, rel=1e-4)
    undecided = np.full((5, 4), 0.5)
    assert measures.inception_score(undecided, captions) == pytest.approx(1)


@pytest.mark.parametrize("scale", [1, 7])
def test_the_inception_score_is_that_of_its_definition(scale: int) -> None:
    """Written out in loops."""
    sounds, captions = directions(5, 9 * scale), directions(6, 3)
    logits = sounds @ captions.T / measures.TEMPERATURE
    each = np.array([[math.exp(value) / sum(map(math.exp, row)) for value in row] for row in logits])
    whole = each.mean(axis=0)
    divergence = np.mean([sum(p * math.log(p / q) for p, q in zip(row, whole, strict=True)) for row in each])
    assert measures.inception_score(sounds, captions) == pytest.approx(math.exp(divergence))


def test_what_makes_no_sense_is_refused_in_words() -> None:
    """One caption, one clip, none at all."""
    with pytest.raises(BadValue, match="1 caption is one class"):
        measures.inception_score(np.eye(2), np.eye(2)[:1])
    with pytest.raises(BadValue, match="give at least 2 of each"):
        measures.frechet_distance(np.eye(2)[:1], np.eye(2))
    with pytest.raises(BadValue, match="nothing to compare with"):
        measures.nearest(np.eye(2), np.empty((0, 2)))
    with pytest.raises(BadValue, match="has no neighbours"):
        measures.nearest_other(np.eye(2)[:1])
    with pytest.raises(BadValue, match="there are 2 and 1"):
        measures.text_similarity(np.eye(2), np.eye(2)[:1])
