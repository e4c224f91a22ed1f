"""What the stock pipeline computes, we compute: number for number, wherever it still works."""

from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from diffusers import MusicLDMPipeline

from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.engines.musicldm.quiet import quietly
from plugin_host.engines.musicldm.schedulers import KINDS

EXAMPLE = "Techno music with a strong, upbeat tempo and high melodic riffs"
TOLERANCE = 1e-3
"""In parts of the reference's RMS."""


@pytest.fixture(scope="module")
def stock(tiny: Path) -> Any:
    """Return the deprecated pipeline of diffusers, loaded from the same files."""
    with quietly():
        pipe = MusicLDMPipeline.from_pretrained(tiny, low_cpu_mem_usage=False)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_stock_pipeline_fails_at_its_own_documented_example(stock: Any) -> None:
    """With transformers 5 its text encoding breaks. When this test fails, the stock pipeline has been mended."""
    with pytest.raises(AttributeError, match="has no attribute 'to'"):
        stock(EXAMPLE, num_inference_steps=10, audio_length_in_s=5.0)


@pytest.mark.parametrize("takes", [1, 3])
@pytest.mark.parametrize("guidance", [1.0, 3.0])
@pytest.mark.parametrize("name", [name for name in KINDS if name != "dpm++-sde"])
def test_waveforms_are_those_of_the_stock_pipeline(
    stock: Any, model: MusicLDM, name: str, guidance: float, takes: int
) -> None:
    """Given the same embeddings and generator, every scheduler's waveforms agree to a thousandth of their RMS."""
    text, against = model.clap.text([EXAMPLE]), model.clap.text(["drums"])
    negative = against if guidance > 1 else None
    with quietly():
        stock.scheduler = getattr(diffusers, KINDS[name].cls).from_config(stock.scheduler.config)
        reference = stock(
            prompt_embeds=text,
            negative_prompt_embeds=negative,
            num_inference_steps=5,
            guidance_scale=guidance,
            num_waveforms_per_prompt=takes,
            audio_length_in_s=0.6,
            generator=torch.Generator().manual_seed(3),
        ).audios
    ours = model(
        prompt_embeds=text,
        negative_embeds=negative,
        steps=5,
        guidance=guidance,
        waveforms=takes,
        seconds=0.6,
        scheduler=name,
        generator=torch.Generator().manual_seed(3),
    )
    unranked = ours.audios if takes == 1 else ours.audios[np.argsort(ours.order)]
    assert reference.shape == unranked.shape
    loudness = np.sqrt(np.mean(reference**2))
    assert loudness > 0.001
    assert np.abs(reference - unranked).max() < TOLERANCE * loudness
