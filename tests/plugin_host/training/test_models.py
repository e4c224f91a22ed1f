"""What each model is taught by: the losses are what they say."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import diffusers
import pytest
import torch
from recipes import TINY
from torch import Tensor

from plugin_host.errors import BadValue
from plugin_host.training import clap, latents, unet, vae, vocoder
from plugin_host.training.batches import Rings
from plugin_host.training.corpus import geometry, read
from plugin_host.training.fit import Desk, begun
from plugin_host.training.words import captions, tokenizer


def test_who_finds_its_own_is_right() -> None:
    """A caption whose loop is nearest is right; the share of those is told, and the loss falls with it."""
    wrong, none = clap.contrasted(20 * torch.eye(4).roll(1, 0))
    little, half = clap.contrasted(20 * torch.eye(4)[[0, 1, 3, 2]])
    least, right = clap.contrasted(20 * torch.eye(4))
    assert (float(none), float(half), float(right)) == (0.0, 0.5, 1.0)
    assert float(least) < float(little) < float(wrong)


def test_captions_fit_into_what_the_text_half_reads(made: Path) -> None:
    """None is cut off, and no word of one is unknown."""
    words = tokenizer(TINY, made / "tokenizer")
    for text in captions(TINY):
        tokens = words(text).input_ids
        assert len(tokens) <= TINY.longest
        assert words.unk_token_id not in tokens
        assert words.decode(tokens, skip_special_tokens=True) == text


def test_a_new_vae_already_has_the_mean_and_the_spread_of_mels() -> None:
    """Whatever its random weights: what it makes is as loud as mels are."""
    begun(1, "vae")
    made = vae.built(TINY, mean=-6.0, deviation=2.5)
    with torch.inference_mode():
        found = made.decode(made.encode(-6 + 2.5 * torch.randn(1, 1, 64, 64)).latent_dist.mode()).sample
    assert -9 < float(found.mean()) < -3
    assert 0.2 < float(found.std()) < 10


def test_latents_have_unit_spread(made: Path) -> None:
    """Scaled as the checkpoint says, those of all loops are as loud as the noise that they are mixed with."""
    found = torch.cat([each.flatten() for each in latents.read(made)]).float()
    assert float(found.square().mean().sqrt()) == pytest.approx(1, abs=0.1)


def test_latents_are_as_long_as_their_rings(made: Path) -> None:
    """One for each scale of mel frames, and the loops in their order."""
    corpus, scale = read(TINY, made / "corpus"), geometry(TINY).scale
    assert [each.shape[1] * scale for each in latents.read(made)] == [len(each) for each in corpus.mels]


def test_latents_are_made_anew_only_for_another_vae(made: Path, desk: Desk, tmp_path: Path) -> None:
    """The way to them is long, and the same every time."""
    told: list[str] = []
    here = Desk(tmp_path, desk.device, desk.seed, told.append)
    corpus = read(TINY, made / "corpus")
    shutil.copytree(made / "vae", tmp_path / "vae")
    shutil.copy(made / "latents.npz", tmp_path)
    latents.compute(TINY, corpus, tmp_path, here)
    assert told == []
    begun(99, "vae")
    vae.built(TINY, mean=-6.0, deviation=2.5).save_pretrained(tmp_path / "vae")
    latents.compute(TINY, corpus, tmp_path, here)
    assert told == ["latents 0/12"]


def test_a_vocoder_makes_as_many_frames_as_a_mel_stands_for(made: Path) -> None:
    """To the frame, so that nothing drifts."""
    model = vocoder.load(made)
    with torch.inference_mode():
        assert model(torch.zeros(1, 50, 64)).shape == (1, 50 * geometry(TINY).hop)


def test_sounds_are_apart_as_far_as_they_are_heard_to_be() -> None:
    """A sound is not apart from itself, nor from its negative; it is the farther from noise the louder that is."""
    source = torch.Generator().manual_seed(0)
    sound, noise = (torch.randn((2, 8_000), generator=source) for _ in range(2))
    apart = [float(vocoder.heard_apart(sound + much * noise, sound)) for much in (0.0, 0.1, 1.0)]
    assert apart[0] == 0
    assert float(vocoder.heard_apart(-sound, sound)) == pytest.approx(0, abs=1e-6)
    assert apart == sorted(apart)
    assert apart[2] > 2 * apart[1]


def test_bands_give_a_rumble_more_weight_than_magnitudes_do() -> None:
    """Held against hiss that is as loud: the bass is few lines of a transform, and many bands."""
    hats, banks = _hats(), vocoder.bands(geometry(TINY))
    rumble = 0.01 * torch.sin(2 * torch.pi * 50 * torch.arange(16_000) / 16_000)[None]
    hiss = 0.01 * _hats(seed=1)
    by_lines, by_bands = (
        [float(apart(hats + each, hats)) for each in (rumble, hiss)]
        for apart in (vocoder.heard_apart, lambda one, other: vocoder.bands_apart(one, other, banks))
    )
    assert float(vocoder.bands_apart(hats, hats, banks)) == 0
    assert by_bands[0] / by_bands[1] > 3 * by_lines[0] / by_lines[1]


def _hats(seed: int = 0) -> Tensor:
    """Return noise without bass, shape ``(1, 16000)``: nothing below 2 kHz."""
    lines = torch.fft.rfft(torch.randn((1, 16_000), generator=torch.Generator().manual_seed(seed)))
    lines[:, :2_000] = 0
    found: Tensor = 0.1 * torch.fft.irfft(lines)
    return found


def test_the_noise_of_a_batch_has_all_levels() -> None:
    """One in each even part of them, whatever chance says."""
    found = unet.spread(10, 1000, torch.Generator().manual_seed(3))
    assert [int(each) // 100 for each in found] == list(range(10))


def test_no_level_of_noise_counts_more_than_it_can_teach() -> None:
    """The weights are those of the signal-to-noise ratio, cut at the most, for a velocity: never above one."""
    scheduler = diffusers.DDIMScheduler(**TINY.scheduler)
    times = torch.tensor([0, 300, 999])
    kept = scheduler.alphas_cumprod[times]
    ratio = kept / (1 - kept)
    assert torch.allclose(unet.weights(scheduler, times), torch.minimum(ratio, torch.tensor(5.0)) / (ratio + 1))
    assert float(unet.weights(scheduler, torch.arange(1000)).max()) < 1


def test_words_steer_and_so_do_sounds_and_nothing(made: Path, desk: Desk) -> None:
    """Of many draws, a tenth have the sound's direction, a tenth the empty text's, and the rest their caption's."""
    steer = unet.steering(TINY, read(TINY, made / "corpus"), made, desk)
    with torch.no_grad():
        known = steer.read(["house drums", ""])
    sounds = torch.full((2_000, TINY.projection), 2.0)
    drawn = steer.drawn(["house drums"] * 2_000, sounds, torch.Generator().manual_seed(0))
    shares = [float(torch.isclose(drawn, each, atol=1e-5).all(dim=1).float().mean()) for each in (*known, sounds[0])]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.03)


def test_a_mix_is_handed_loops_that_lie_on_each_other(made: Path, desk: Desk, tmp_path: Path) -> None:
    """Rings of one length and a caption for each; and what it makes of them is what is learnt."""
    corpus = read(TINY, made / "corpus")
    for name in ("tokenizer", "text_encoder", "latents.npz"):
        (tmp_path / name).symlink_to(made / name)
    seen: list[tuple[int, int]] = []

    def mix(rings: Tensor, captions: Sequence[str], chance: torch.Generator) -> tuple[Tensor, Sequence[str]]:
        """Take note, and lay each ring over the next one."""
        del chance
        seen.append((len(rings), len(captions)))
        return (rings + rings.roll(1, 0)) / 2**0.5, [f"{each} and more" for each in captions]

    here = Desk(tmp_path, desk.device, desk.seed, desk.tell)
    unet.train(TINY, corpus, tmp_path, here, mix)
    mixed, plain = (unet.load(folder).state_dict()["conv_in.weight"] for folder in (tmp_path, made))
    assert len(seen) == TINY.courses["unet"].steps
    assert all(rings == captions for rings, captions in seen)
    assert not torch.equal(mixed, plain)


def test_an_error_counts_alike_whatever_is_told() -> None:
    """Noise or velocity: a UNet that is as far from the clean latents is as wrong; another scheduler is refused."""
    chance = torch.Generator().manual_seed(1)
    clean, noise = (torch.randn((6, 4, 8, 8), generator=chance) for _ in range(2))
    times = torch.tensor([1, 100, 300, 500, 800, 999])
    found = []
    for told in (unet.NOISE, unet.VELOCITY):
        scheduler = diffusers.DDIMScheduler(**{**TINY.scheduler, "prediction_type": told})
        seen = scheduler.add_noise(clean, noise, times)
        share = scheduler.alphas_cumprod[times].reshape(-1, 1, 1, 1)
        guess = clean + 0.1
        other = (seen - share.sqrt() * guess) / (1 - share).sqrt()
        apart = unet.wanted(scheduler, guess, other, times) - unet.wanted(scheduler, clean, noise, times)
        found.append(apart.square().mean(dim=(1, 2, 3)) * unet.weights(scheduler, times))
    assert torch.allclose(found[0], found[1], rtol=1e-2)
    strange = diffusers.DDIMScheduler(**{**TINY.scheduler, "prediction_type": "sample"})
    lessons = unet.Lessons([], Rings([], []), lambda *_: "", unet.Steering(lambda _: clean, clean))
    with pytest.raises(BadValue, match="prediction_type sample; give one of epsilon, v_prediction"):
        unet.told_by(torch.nn.Linear(1, 1), strange, lessons, 8)
