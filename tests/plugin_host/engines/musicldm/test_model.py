"""Everything that the stock pipeline's call offers is reached here; the row names the test that shows it.

| `MusicLDMPipeline.__call__`     | here                       | test                                        |
|---------------------------------|----------------------------|---------------------------------------------|
| `prompt`, one                   | `prompt`                   | `test_the_documented_example_runs_in_three_lines` |
| `prompt`, several               | `prompt`                   | `test_each_prompt_gets_its_own_takes_in_the_order_of_its_own_cosine` |
| `audio_length_in_s`             | `seconds`                  | `test_a_sound_is_exactly_as_long_as_asked`  |
| …left out                       | …left out                  | `test_without_a_length_a_sound_is_as_long_as_those_of_the_training` |
| `num_inference_steps`           | `steps`                    | `test_the_callback_is_told_of_every_nth_step` |
| `guidance_scale`                | `guidance`                 | `test_guidance_of_one_or_less_leaves_the_negative_unheard` |
| `negative_prompt`, one, several | `negative`                 | `test_a_negative_changes_the_sound_of_its_prompt_alone` |
| `num_waveforms_per_prompt`      | `waveforms`                | `test_each_prompt_gets_its_own_takes_in_the_order_of_its_own_cosine` |
| `eta`                           | `eta`                      | `test_eta_makes_ddim_draw_fresh_noise`      |
| `generator`, one                | `generator`                | `test_the_same_generator_state_gives_the_same_bytes` |
| `generator`, one a waveform     | `generator`                | `test_a_take_made_alone_equals_the_take_of_the_batch` |
| `latents`                       | `latents`                  | `test_given_latents_are_where_the_sound_begins` |
| `prompt_embeds`                 | `prompt_embeds`            | `test_given_embeddings_stand_for_their_text` |
| `negative_prompt_embeds`        | `negative_embeds`          | `test_given_embeddings_stand_for_their_text` |
| `return_dict`                   | always a `Sound`           | `test_the_documented_example_runs_in_three_lines` |
| `callback`, `callback_steps`    | the same                   | `test_the_callback_is_told_of_every_nth_step` |
| `cross_attention_kwargs`        | the same                   | `test_cross_attention_kwargs_reach_the_attention` |
| `output_type`                   | `output`                   | `test_the_output_is_an_array_a_tensor_or_latents` |
| `pipe.scheduler = …`            | `scheduler`                | `test_every_scheduler_by_name_makes_a_sound_of_its_own` |
| `enable_model_cpu_offload()`    | `placement.offloading()`    | `test_memory.py`                            |
| `from_pretrained(torch_dtype=)` | `choose(device, precision)` | `test_half_precision_is_near_the_whole`   |
| its scoring                     | `Sound.scores`             | `test_ranking.py`                           |
"""

import inspect
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import MusicLDMPipeline
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from plugin_host.engines.musicldm.device import choose
from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.engines.musicldm.schedulers import KINDS

EXAMPLE = "Techno music with a strong, upbeat tempo and high melodic riffs"
FEW: dict[str, Any] = {"seconds": 0.4, "steps": 3}


def seeded(*seeds: int) -> list[torch.Generator]:
    """Return a generator for each seed."""
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the largest difference in parts of the RMS of `one`."""
    return float(np.abs(one - other).max() / np.sqrt(np.mean(one**2)))


def test_the_table_names_every_argument_of_the_stock_call() -> None:
    """No argument of the stock pipeline is missing from the table above."""
    arguments = set(inspect.signature(MusicLDMPipeline.__call__).parameters) - {"self"}
    assert __doc__ is not None
    assert not {each for each in arguments if f"`{each}`" not in __doc__}


def test_the_documented_example_runs_in_three_lines(tiny: Path) -> None:
    """The example of MusicLDM's own documentation: techno, ten steps, five seconds."""
    model = MusicLDM.load(str(tiny))
    sound = model(EXAMPLE, steps=10, seconds=5.0)
    audio = sound.audios[0]
    assert audio.shape == (5 * sound.rate,)
    assert audio.dtype == np.float32
    assert np.isfinite(audio).all()
    assert np.abs(audio).max() > 0.01


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=st.integers(1, 20_000))
def test_a_sound_is_exactly_as_long_as_asked(model: MusicLDM, frames: int) -> None:
    """There is no shortest length, and nothing is rounded to what the model likes."""
    assert model("a", seconds=frames / model.rate, steps=1).audios.shape == (1, int(frames / model.rate * model.rate))


def test_without_a_length_a_sound_is_as_long_as_those_of_the_training(model: MusicLDM) -> None:
    """The checkpoint's own configuration says how long that is."""
    assert model("a", steps=1).audios.shape[1] == round(model.natural_seconds * model.rate)


def test_the_callback_is_told_of_every_nth_step(model: MusicLDM) -> None:
    """With 7 steps and every third: 0, 3 and 6, the timesteps falling, the latents changing."""
    told: list[tuple[int, int, torch.Tensor]] = []
    model(
        "a",
        seconds=0.4,
        steps=7,
        callback=lambda step, timestep, latents: told.append((step, int(timestep), latents.clone())),
        callback_steps=3,
    )
    assert [step for step, _, _ in told] == [0, 3, 6]
    assert all(one[1] > other[1] for one, other in itertools.pairwise(told))
    assert not torch.equal(told[0][2], told[1][2])


def test_guidance_of_one_or_less_leaves_the_negative_unheard(model: MusicLDM) -> None:
    """Without guidance, what is not wanted plays no part; with it, it does."""

    def make(guidance: float, negative: str) -> NDArray[np.float32]:
        sound: NDArray[np.float32] = model(
            "a", guidance=guidance, negative=negative, generator=seeded(1), **FEW
        ).audios[0]
        return sound

    assert np.array_equal(make(1.0, "drums"), make(1.0, "strings"))
    assert np.array_equal(make(0.0, "drums"), make(1.0, "strings"))
    assert difference(make(5.0, "drums"), make(5.0, "strings")) > 1e-3


def test_a_negative_changes_the_sound_of_its_prompt_alone(model: MusicLDM) -> None:
    """A list of negatives belongs to the list of prompts, one each; a single one belongs to all."""
    prompts = ["techno", "dusty breakbeat"]
    plain = model(prompts, negative=["drums", "drums"], guidance=5.0, generator=seeded(1, 2), **FEW).audios
    mixed = model(prompts, negative=["drums", "strings"], guidance=5.0, generator=seeded(1, 2), **FEW).audios
    shared = model(prompts, negative="drums", guidance=5.0, generator=seeded(1, 2), **FEW).audios
    assert difference(plain[0], mixed[0]) < 1e-4
    assert difference(plain[1], mixed[1]) > 1e-3
    assert np.array_equal(plain, shared)


def test_eta_makes_ddim_draw_fresh_noise(model: MusicLDM) -> None:
    """With eta, noise is drawn at each step too: other sound from the same start, the same again from the same seed."""

    def make(eta: float) -> NDArray[np.float32]:
        sound: NDArray[np.float32] = model("a", scheduler="ddim", eta=eta, generator=seeded(3), **FEW).audios[0]
        return sound

    assert difference(make(0.0), make(1.0)) > 1e-3
    assert np.array_equal(make(1.0), make(1.0))


def test_the_same_generator_state_gives_the_same_bytes(model: MusicLDM) -> None:
    """Nothing but the generator decides, and another seed gives another sound."""

    def make(seed: int) -> NDArray[np.float32]:
        sound: NDArray[np.float32] = model("a", waveforms=2, generator=seeded(seed)[0], **FEW).audios
        return sound

    assert make(5).tobytes() == make(5).tobytes()
    assert make(5).tobytes() != make(6).tobytes()


@pytest.mark.parametrize("scheduler", ["dpm++", "ddim", "euler-a", "ddpm", "kdpm2-a", "dpm++-sde"])
def test_a_take_made_alone_equals_the_take_of_the_batch(model: MusicLDM, scheduler: str) -> None:
    """With a generator for each, take 2 of 3 can be made again alone, where steps draw noise, too."""
    batch = model("a", waveforms=3, scheduler=scheduler, generator=seeded(7, 8, 9), **FEW)
    alone = model("a", scheduler=scheduler, generator=seeded(8), **FEW).audios[0]
    assert difference(alone, batch.audios[batch.order.index(1)]) < 1e-4


def test_given_latents_are_where_the_sound_begins(model: MusicLDM) -> None:
    """The noise that a generator would have drawn, handed in, gives the same sound."""
    shape = model.latent_shape(int(0.4 * model.rate))
    latents = torch.randn((1, *shape), generator=torch.Generator().manual_seed(4))
    given_in = model("a", latents=latents, **FEW).audios
    drawn = model("a", generator=torch.Generator().manual_seed(4), **FEW).audios
    assert np.array_equal(given_in, drawn)


def test_given_embeddings_stand_for_their_text(model: MusicLDM) -> None:
    """Embeddings made outside, of what is wanted and what is not, do what the texts would."""
    spoken = model("techno", negative="drums", generator=seeded(1), **FEW).audios
    embedded = model(
        prompt_embeds=model.clap.text(["techno"]),
        negative_embeds=model.clap.text(["drums"]),
        generator=seeded(1),
        **FEW,
    ).audios
    assert np.array_equal(spoken, embedded)


def test_cross_attention_kwargs_reach_the_attention(model: MusicLDM) -> None:
    """They come to every attention processor of the UNet, and to nothing else."""
    reached: list[float] = []

    class Listening:
        """An attention processor that notes a keyword of its own and computes nothing new."""

        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __call__(self, *given: Any, loudness: float = 1.0, **named: Any) -> Any:
            reached.append(loudness)
            return self.inner(*given, **named)

    unet = model._parts.unet
    before = unet.attn_processors
    unet.set_attn_processor({name: Listening(each) for name, each in before.items()})
    try:
        model("a", cross_attention_kwargs={"loudness": 0.5}, seconds=0.4, steps=1)
    finally:
        unet.set_attn_processor(dict(before))
    assert reached == [0.5] * len(before)


def test_the_output_is_an_array_a_tensor_or_latents(model: MusicLDM) -> None:
    """The three are stages of one and the same sound."""
    arrays = model("a", generator=seeded(1), output="np", **FEW).audios
    tensors = model("a", generator=seeded(1), output="pt", **FEW).audios
    latents = model("a", generator=seeded(1), output="latent", **FEW).audios
    assert isinstance(arrays, np.ndarray)
    assert np.array_equal(arrays, tensors.numpy())
    assert np.array_equal(arrays[0], model.vocode(model.decode(latents[0])).numpy()[: arrays.shape[1]])


def test_every_scheduler_by_name_makes_a_sound_of_its_own(model: MusicLDM) -> None:
    """No two names of the family mean the same, and each makes the same from the same seed."""
    made: dict[str, NDArray[np.float32]] = {}
    for name in KINDS:
        made[name], again = (
            model("a", scheduler=name, steps=4, seconds=0.4, generator=seeded(1)).audios[0] for _ in range(2)
        )
        assert np.array_equal(made[name], again), name
    for one, other in itertools.combinations(made, 2):
        assert not np.array_equal(made[one], made[other]), (one, other)


def test_half_precision_is_near_the_whole(tiny: Path, model: MusicLDM) -> None:
    """In bfloat16 the sound is the same music, within what eight bits of mantissa allow."""
    half = MusicLDM.load(str(tiny), placement=choose("cpu", "bfloat16"))
    latents = torch.randn((1, *model.latent_shape(6400)), generator=torch.Generator().manual_seed(4))
    whole = model("a", latents=latents, output="latent", **FEW).audios.flatten()
    near = half("a", latents=latents, output="latent", **FEW).audios.float().flatten()
    assert torch.corrcoef(torch.stack([whole, near]))[0, 1] > 0.99
