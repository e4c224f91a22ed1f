"""Loops are mixed to be learnt from: beat on beat, in latents or in sounds, and the words of both are kept."""

import shutil
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis.strategies import integers, lists
from recipes import TINY
from torch import Tensor

from plugin_host.audio import Audio
from plugin_host.errors import BadValue
from plugin_host.loops import Beat
from plugin_host.musictime import Frames, Meter, Tempo
from plugin_host.training import latents, mixtures, unet, vae
from plugin_host.training.batches import Mix, Rings
from plugin_host.training.corpus import Corpus, read
from plugin_host.training.fit import Desk, chance

RATE = 16_000


@pytest.fixture(scope="module")
def corpus(made: Path) -> Corpus:
    """Return the loops of the tiny model."""
    return read(TINY, made / "corpus")


@pytest.fixture(scope="module")
def shop(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder to make mixtures in, with the VAE of the tiny model."""
    folder = tmp_path_factory.mktemp("mixtures")
    shutil.copytree(made / "vae", folder / "vae")
    return folder


@pytest.fixture(scope="module")
def table(shop: Path, corpus: Corpus, desk: Desk) -> mixtures.Table:
    """Return mixtures of its loops."""
    mixtures.compute(TINY, corpus, shop, desk, 10)
    return mixtures.read(corpus, shop)


def rings(count: int) -> tuple[Tensor, Sequence[str]]:
    """Return rings that are all different, and their captions."""
    return torch.arange(float(count))[:, None, None, None].expand(count, 2, 8, 4), [f"loop {n}" for n in range(count)]


def source(seed: int) -> torch.Generator:
    """Return the chance of a step."""
    return torch.Generator().manual_seed(seed)


def sounding(samples: np.ndarray[tuple[int, int], np.dtype[np.float32]], bpm: int, bars: int) -> tuple[Audio, Beat]:
    """Return a loop of whole bars of 4/4."""
    return Audio(samples, RATE), Beat(Tempo(Fraction(bpm)), Meter(4, 4), Fraction(4 * bars), bars, Frames(0))


def clicks(bpm: int, bars: int) -> tuple[Audio, Beat]:
    """Return a loop that clicks on every beat."""
    samples = np.zeros((round(bars * 240 / bpm * RATE), 1), np.float32)
    for beat in range(4 * bars):
        start = round(beat * 60 / bpm * RATE)
        samples[start : start + 40] = 0.5
    return sounding(samples, bpm, bars)


@given(integers(1, 12), integers(0, 2**31))
def test_latents_are_mixed_between_two_and_called_both(count: int, seed: int) -> None:
    """As many come out as go in; each lies between the two whose captions it has, and no ring is mixed with itself."""
    given, captions = rings(count)
    made, said = mixtures.of_latents(1.0)(given, captions, source(seed))
    assert made.shape == given.shape
    for number, (ring, text) in enumerate(zip(made, said, strict=True)):
        named = [captions.index(each) for each in text.split(" and ")]
        assert named[0] == number
        assert len(named) == min(count, 2)
        assert min(named) <= float(ring.min()) == float(ring.max()) <= max(named)


@given(integers(2, 12), integers(0, 2**31))
def test_a_loop_mixed_with_itself_is_itself(count: int, seed: int) -> None:
    """In sound as in words: where a step has drawn one loop several times."""
    ring = torch.randn((1, 2, 8, 4), generator=source(seed))
    made, said = mixtures.of_latents(1.0)(ring.repeat(count, 1, 1, 1), ["dub bass"] * count, source(seed))
    assert torch.allclose(made, ring.expand_as(made), atol=1e-6)
    assert said == ["dub bass"] * count


def test_the_same_step_mixes_the_same(table: mixtures.Table) -> None:
    """By its own chance and nothing else; another step mixes otherwise."""
    ring = table.rings[0]
    for mix, shape in ((mixtures.of_latents(1.0), (8, 2, 8, 4)), (table.mix(1.0), (8, *ring.shape))):
        given = torch.randn(shape, generator=source(1))
        captions = [f"loop {number}" for number in range(8)]
        one, again, other = (mix(given, captions, source(seed)) for seed in (3, 3, 4))
        assert torch.equal(one[0], again[0])
        assert one[1] == again[1]
        assert not torch.equal(one[0], other[0])


def test_so_many_steps_mix_as_are_asked_for(table: mixtures.Table) -> None:
    """At the others the very rings come out that went in: their sounds are known, and may steer."""

    def share(mix: Mix, given: Tensor) -> float:
        """Return the share of steps that mixed."""
        steps = [mix(given, ["a", "b"], source(seed))[0] is not given for seed in range(400)]
        return sum(steps) / len(steps)

    given = torch.zeros((2, *table.rings[0].shape))
    for make in (mixtures.of_latents, table.mix):
        assert share(make(0.0), given) == 0
        assert share(make(0.3), given) == pytest.approx(0.3, abs=0.07)
        assert share(make(1.0), given) == 1


@given(lists(integers(0, 3), min_size=2, max_size=12), integers(1, 40), integers(0, 2**31))
def test_pairs_of_a_table_are_of_one_group(groups: list[int], count: int, seed: int) -> None:
    """Never of a loop and itself; where all are strangers, that is said."""
    draw = np.random.default_rng(seed)
    if len(set(groups)) == len(groups):
        with pytest.raises(BadValue, match="give more loops"):
            mixtures.drawn(groups, count, draw)
        return
    found = mixtures.drawn(groups, count, draw)
    assert len(found) == count
    for pair in found:
        assert pair.first != pair.other
        assert groups[pair.first] == groups[pair.other]
        assert 0 < pair.part < 1


def test_sounds_are_mixed_as_sounds_on_the_grid_of_the_first() -> None:
    """At one tempo their samples are added up, sample by sample; a faster one's beats fall on those of the first."""
    noise = np.random.default_rng(1).normal(0, 0.1, (8 * RATE // 2, 1)).astype(np.float32)
    one, other = clicks(120, 2), sounding(noise, 120, 2)
    expected = 0.3 * one[0].mono() + np.float32(0.7) * other[0].mono()
    assert np.allclose(mixtures.laid_over(one, other, 0.3), expected, atol=1e-6)
    faster = mixtures.laid_over(one, clicks(125, 2), 0.0)
    assert len(faster) == one[0].frames
    energy = np.square(faster).reshape(8, -1)
    assert all(
        float(beat[: RATE // 40].sum() + np.roll(beat, RATE // 40)[: RATE // 40].sum()) > 0.9 * float(beat.sum())
        for beat in energy
    )


def test_all_of_one_loop_and_nothing_of_the_other_is_that_loop(made: Path, corpus: Corpus) -> None:
    """Rendered, mixed and encoded, it has the latents that it has alone, to the last bit of a half."""
    lengths = [len(loop.mel) for loop in corpus.loops[: corpus.count]]
    groups = list(zip(lengths, corpus.kinds, strict=True))
    (pair,) = mixtures.drawn(groups, 1, np.random.default_rng(1))
    model = vae.load(made)
    found = mixtures.encoded(TINY, corpus, mixtures.Pair(pair.first, pair.other, 1.0), model)
    assert torch.equal(found.half(), latents.read(made)[pair.first])
    half = mixtures.encoded(TINY, corpus, mixtures.Pair(pair.first, pair.other, 0.5), model)
    assert not torch.allclose(half, found, atol=2e-2)


def test_a_mixture_of_a_table_says_both_at_one_tempo(corpus: Corpus, table: mixtures.Table) -> None:
    """The words of two loops, and no tempo but that of the first, onto which the second was brought."""
    for number in range(len(table.rings)):
        for which in range(8):
            text = table.caption(number, which)
            tempi = {
                word
                for word, unit in zip(text.split(), text.replace(",", "").split()[1:], strict=False)
                if unit == "BPM"
            }
            assert len(tempi) <= 1
            assert text.count("house") + text.count("dub") == 2 or " and " not in text
    assert {ring.shape[1] for ring in table.rings} <= {len(loop.mel) // 8 for loop in corpus.loops}


def test_rings_of_which_there_is_no_mixture_stay(table: mixtures.Table) -> None:
    """A length that no two loops have cannot be mixed, and is shown as it is."""
    given, captions = rings(3)
    found, said = table.mix(1.0)(given, captions, source(1))
    assert found is given
    assert said == captions


def test_a_table_is_made_anew_only_of_other_loops_or_another_number(shop: Path, corpus: Corpus, desk: Desk) -> None:
    """The way to it is long, and the same every time."""
    told: list[str] = []
    here = Desk(shop, desk.device, desk.seed, told.append)
    mixtures.compute(TINY, corpus, shop, here, 5)
    mixtures.compute(TINY, corpus, shop, here, 5)
    assert told == ["mixtures 0/5"]
    assert len(mixtures.read(corpus, shop).rings) == 5


def test_loops_that_are_mixed_count_the_same_beats(corpus: Corpus) -> None:
    """A bar of three beats and one of four may be as long as each other, and are not laid over each other."""
    groups = Rings.of([len(loop.mel) for loop in corpus.loops[: corpus.count]], corpus.kinds).groups
    for group in groups:
        assert len({(corpus.described[number].meter, corpus.described[number].bars) for number in group}) == 1


def test_the_sound_of_what_was_not_mixed_may_steer(made: Path, corpus: Corpus, desk: Desk) -> None:
    """As without any mixup: a step that mixes nothing shows rings and directions of one that has no mixup."""
    found = latents.read(made)
    groups = Rings.of([ring.shape[1] for ring in found], corpus.kinds)
    lessons = unet.Lessons(found, groups, corpus.caption, unet.steering(TINY, corpus, made, desk))
    for step in range(6):
        plain = lessons.drawn(256, chance(1, "unet", step), None)
        never = lessons.drawn(256, chance(1, "unet", step), lambda given, captions, _: (given, captions))
        assert torch.equal(plain[0], never[0])
        assert torch.equal(plain[1], never[1])
