"""CLAP: prompts and sounds as directions in one space, where near means alike.

The diffusion is steered by the direction of the prompt; a ranker compares the direction of a take with it. Prompts are
embedded once and remembered.
"""

from collections import OrderedDict
from collections.abc import Sequence
from threading import RLock
from typing import Any

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize

from plugin_host.audio import Audio
from plugin_host.engines.musicldm import hear
from plugin_host.engines.musicldm.device import Placement

REMEMBERED = 512
"""Prompts whose embedding is kept; one is 2 kB."""

_ABSURD = 100_000  # what a tokenizer says that knows no limit


class Clap:
    """Embeds text and sound. Thread: any; one at a time, the others wait."""

    def __init__(self, model: Any, tokenizer: Any, extractor: Any, placement: Placement) -> None:
        self.model = model
        self._tokenizer = tokenizer
        self._extractor = extractor
        self.placement = placement
        self._known: OrderedDict[str, torch.Tensor] = OrderedDict()
        self._lock = RLock()

    @property
    def dimensions(self) -> int:
        """How many numbers an embedding has."""
        return int(self.model.config.projection_dim)

    @property
    def longest(self) -> int:
        """How many tokens a prompt may have, those that mark its start and end among them."""
        limit = int(self._tokenizer.model_max_length)
        if limit < _ABSURD:
            return limit
        return int(self.model.config.text_config.max_position_embeddings) - 2

    def dropped(self, prompt: str) -> str:
        """Return the end of `prompt` that the model will not hear, "" where it hears all."""
        tokens = self._tokenizer(prompt).input_ids
        if len(tokens) <= self.longest:
            return ""
        return str(self._tokenizer.decode(tokens[self.longest - 1 : -1])).strip()

    def knows(self, prompts: Sequence[str]) -> bool:
        """Whether all `prompts` were embedded before."""
        return all(prompt in self._known for prompt in prompts)

    def text(self, prompts: Sequence[str]) -> torch.Tensor:
        """Return the embeddings of `prompts`, each of length 1, shape ``(prompts, dimensions)``, on the device."""
        with self._lock:
            new = [prompt for prompt in dict.fromkeys(prompts) if prompt not in self._known]
            if new:
                self._known.update(zip(new, self._read(new), strict=True))
            for prompt in prompts:
                self._known.move_to_end(prompt)
            found = torch.stack([self._known[prompt] for prompt in prompts]).to(self.placement.device)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found

    def words(self, text: str) -> NDArray[np.float32]:
        """Return the embedding of one text, of length 1, shape ``(dimensions,)``."""
        embedding: NDArray[np.float32] = self.text([text])[0].float().cpu().numpy()
        return embedding

    def sound(self, audio: Audio) -> NDArray[np.float32]:
        """Return the embedding of `audio`, of length 1, shape ``(dimensions,)``.

        It is heard in mono at CLAP's own rate (48 kHz). What is longer than CLAP's window (10 s) is heard in windows
        that cover it evenly, and the mean of their directions counts; the feature extractor of transformers would
        take a random one, and score the same take differently each time.
        """
        rate = int(self._extractor.sampling_rate)
        wave = audio.mono()
        if audio.rate != rate:
            wave = soxr.resample(wave, audio.rate, rate)
        with self._lock, torch.inference_mode(), self.placement.visiting(self.model):
            features = hear.features(wave, self._extractor).to(self.placement.device, self.placement.precision)
            longer = torch.zeros((len(features), 1), dtype=torch.bool, device=self.placement.device)
            heard = self.model.audio_model(input_features=features, is_longer=longer)
            each = normalize(self.model.audio_projection(heard.pooler_output).float(), dim=-1)
            mean: NDArray[np.float32] = normalize(each.mean(dim=0), dim=0).cpu().numpy()
        return mean

    def _read(self, prompts: list[str]) -> torch.Tensor:
        """Run the text half; the result lies in ordinary memory."""
        device, longest = self.placement.device, self.longest
        tokens = self._tokenizer(
            prompts, padding="max_length", max_length=longest, truncation=True, return_tensors="pt"
        )
        with torch.inference_mode(), self.placement.visiting(self.model):
            read = self.model.text_model(
                input_ids=tokens.input_ids.to(device),
                attention_mask=tokens.attention_mask.to(device),
            )
            # transformers 4 returned this from get_text_features, transformers 5 wraps it: here it is spelled out
            embeddings: torch.Tensor = normalize(self.model.text_projection(read.pooler_output), dim=-1)
            return embeddings.cpu()
