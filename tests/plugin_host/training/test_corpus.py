"""The loops that models learn from, and how they are kept."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from recipes import TINY

from plugin_host.engines.musicldm.layout import lay_out
from plugin_host.errors import BadValue
from plugin_host.training.corpus import geometry, read, render
from plugin_host.training.fit import Desk


def test_a_loop_lies_on_a_ring_as_the_engine_lays_it_out(made: Path) -> None:
    """As many latent frames as the engine computes for these bars, each of as many mel frames as the VAE makes one."""
    measures = geometry(TINY)
    corpus = read(TINY, made / "corpus")
    for loop, described in zip(corpus.loops, corpus.described, strict=True):
        layout = lay_out(described.plan(measures.rate).grid, measures, variation=1.0, bound=0.5)
        assert len(loop.mel) == layout.latents * measures.scale
        assert loop.mel.shape[1] == measures.bins


def test_what_was_rendered_is_not_rendered_again(made: Path, tmp_path: Path) -> None:
    """A corpus that was interrupted goes on with what is missing, and its loops are those of one that was not."""
    told: list[str] = []
    render(TINY, tmp_path, lambda _: None)
    (tmp_path / "loops-000008.npz").unlink()
    render(TINY, tmp_path, told.append)
    assert told == ["corpus 16/16"]
    ours, theirs = read(TINY, tmp_path), read(TINY, made / "corpus")
    for one, other in zip(ours.loops, theirs.loops, strict=True):
        assert np.array_equal(one.mel, other.mel)
        assert np.array_equal(one.heard, other.heard)


def test_sound_is_kept_of_some_to_learn_from_and_of_all_kept_back(made: Path) -> None:
    """The vocoder learns from the first, and is measured on the others."""
    loops = TINY.loops
    kept = [loop.sound is not None for loop in read(TINY, made / "corpus").loops]
    learnt = [number < loops.sounding for number in range(loops.count)]
    assert kept == learnt + [True] * loops.kept_back


def test_a_corpus_of_another_recipe_is_refused(made: Path) -> None:
    """Rather than mixed with: what was rendered decides what is learnt."""
    other = replace(TINY, seed=TINY.seed + 1)
    with pytest.raises(BadValue, match="another recipe"):
        read(other, made / "corpus")
    with pytest.raises(BadValue, match="another recipe"):
        render(other, made / "corpus", lambda _: None)


def test_a_corpus_that_is_not_whole_is_refused(desk: Desk, tmp_path: Path) -> None:
    """It says which stage is to run first."""
    with pytest.raises(BadValue, match="let the stage corpus run first"):
        read(TINY, tmp_path)
    assert desk.folder != tmp_path
