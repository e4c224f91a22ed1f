"""CLAP's scores are right: for batches of different prompts, for any length, and by an independent computation."""

from typing import Any

import numpy as np
import pytest
import soxr
import torch
from checkpoints import CAPTIONS
from numpy.typing import NDArray
from transformers import ClapModel

from plugin_host.audio import Audio
from plugin_host.engines.musicldm import hear
from plugin_host.engines.musicldm.model import MusicLDM

PROMPTS = ["techno riffs", "dreamy ambient pad"]


def independent_cosines(model: MusicLDM, sounds: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosine of every sound (rows) to every prompt, by CLAP's own forward and its feature extractor."""
    clap: ClapModel = model.clap.model
    extractor, tokenizer = model.clap._extractor, model.clap._tokenizer
    waves = [soxr.resample(sound, model.rate, 48_000) for sound in sounds]
    features = extractor(waves, sampling_rate=48_000, return_tensors="pt").input_features
    tokens = tokenizer(PROMPTS, padding=True, return_tensors="pt")
    with torch.no_grad():
        told: Any = clap(
            input_ids=tokens.input_ids,
            attention_mask=tokens.attention_mask,
            input_features=features.float(),
            is_longer=torch.zeros((len(waves), 1), dtype=torch.bool),
        )
    cosines: NDArray[np.float32] = (told.audio_embeds @ told.text_embeds.T).numpy()
    return cosines


def test_each_prompt_gets_its_own_takes_in_the_order_of_its_own_cosine(model: MusicLDM) -> None:
    """Two prompts, three takes: nothing is mixed up, and the scores are those that CLAP itself gives."""
    seeds = [torch.Generator().manual_seed(seed) for seed in range(6)]
    sound = model(PROMPTS, waveforms=3, seconds=1.0, steps=3, generator=seeds)
    cosines = independent_cosines(model, sound.audios)
    own = np.concatenate([cosines[:3, 0], cosines[3:, 1]])
    assert np.allclose(sound.scores, own, atol=1e-4)
    assert list(own[:3]) == sorted(own[:3], reverse=True)
    assert list(own[3:]) == sorted(own[3:], reverse=True)
    assert sorted(sound.order[:3]) == [0, 1, 2]
    assert sorted(sound.order[3:]) == [3, 4, 5]
    assert len(set(np.round(sound.scores, 6))) == 6


@pytest.mark.parametrize("seconds", [0.3, 3.0, 9.99, 10.0])
def test_the_ear_hears_what_the_feature_extractor_hears(model: MusicLDM, seconds: float) -> None:
    """The spectrogram by torch is that of transformers' extractor, wherever that one leaves nothing to chance."""
    extractor = model.clap._extractor
    wave = np.random.default_rng(1).normal(0, 0.1, int(48_000 * seconds)).astype(np.float32)
    theirs = extractor(wave, sampling_rate=48_000, return_tensors="pt").input_features[0]
    ours = hear.features(wave, extractor)[0]
    assert ours.shape == theirs.shape
    assert torch.allclose(ours, theirs.float(), atol=1e-2)  # decibels


def test_a_long_sound_is_heard_whole_and_always_the_same(model: MusicLDM) -> None:
    """Beyond CLAP's ten seconds no random window is taken: every part counts, and twice gives the same direction."""
    wave = np.random.default_rng(2).normal(0, 0.1, (16_000 * 25, 1)).astype(np.float32)
    altered = wave.copy()
    altered[-16_000:] *= np.sin(np.arange(16_000) * 0.01, dtype=np.float32)[:, np.newaxis]
    once = model.clap.sound(Audio(wave, 16_000))
    assert np.array_equal(once, model.clap.sound(Audio(wave, 16_000)))
    assert not np.allclose(once, model.clap.sound(Audio(altered, 16_000)), atol=1e-6)
    assert np.linalg.norm(once) == pytest.approx(1, abs=1e-5)


def test_a_prompt_is_read_once(model: MusicLDM) -> None:
    """The second time, its embedding is remembered: the text model is not run, and the result is the same."""
    runs: list[int] = []
    hook = model.clap.model.text_model.register_forward_pre_hook(lambda *_: runs.append(1))
    try:
        first = model.clap.text(["never heard before", CAPTIONS[0]])
        second = model.clap.text([CAPTIONS[0], "never heard before"])
    finally:
        hook.remove()
    assert len(runs) == 1
    assert torch.equal(first, second.flip(0))


def test_the_end_of_a_long_prompt_is_named(model: MusicLDM) -> None:
    """What does not fit into 77 tokens is told word for word, and what fits is not complained of."""
    long = " ".join(["dusty breakbeat"] * 60) + " with bells"
    sound = model(long, seconds=0.2, steps=1)
    assert len(sound.warnings) == 1
    assert "77 tokens" in sound.warnings[0]
    assert "with bells" in sound.warnings[0]
    assert model(CAPTIONS[0], seconds=0.2, steps=1).warnings == ()


def test_an_empty_prompt_is_remarked_upon(model: MusicLDM) -> None:
    """Nothing steers it: that is allowed, and said."""
    assert "empty" in model(" ", seconds=0.2, steps=1).warnings[0]
