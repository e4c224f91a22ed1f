"""The measures of a checkpoint: how long its frames are and what its models divide by. They need no torch.

Three clocks run through the model. Sound has frames at `rate`; a mel frame is `hop` of them; a latent frame is `scale`
mel frames. As published that is 16 kHz, 10 ms and 40 ms.

A model may keep a fourth, the musician's: it learnt loops whose mels were stretched until a quarter note took so many
latent frames at any tempo. For such a one every beat, and every sixteenth, lies where a latent frame begins, and the
tempo is made by stretching its mel. As long as nothing stretches it, it plays at one tempo: 93.75 BPM, where a beat is 64
mel frames of 10 ms. The published one knows nothing of beats.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any

from plugin_host.engines.musicldm.checkpoint import Checkpoint
from plugin_host.errors import EngineUnavailable

_MEASURES: Mapping[str, tuple[str, ...]] = {
    "unet": ("in_channels", "block_out_channels", "sample_size"),
    "vae": ("block_out_channels",),
    "vocoder": (
        *("sampling_rate", "model_in_dim", "upsample_rates", "upsample_kernel_sizes"),
        *("resblock_kernel_sizes", "resblock_dilation_sizes"),
    ),
}
"""What is read of each model's configuration."""

_LARGEST = 192_000  # the highest sample rate; nothing else that is read is as large
_LONGEST_LIST = 16  # levels of a model


@dataclass(frozen=True, slots=True)
class Geometry:
    """Read off a checkpoint's own configurations.

    `bins` are those of the mel, and `channels` those of the latents. `stride` latent frames are one frame for the
    UNet's deepest level: shifts by them pass through it unchanged. `trained` latent frames are what it was trained on
    at once. `context` mel frames to each side are all that the vocoder hears around one of them. `beat` latent frames are
    a quarter note to a model that learnt so; None is one that learnt sound as it passes.
    """

    rate: int
    hop: int
    scale: int
    bins: int
    channels: int
    stride: int
    trained: int
    context: int
    beat: int | None = None

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> "Geometry":
        """Read a checkpoint that was located. Raises `EngineUnavailable` for a file without sense."""
        parts = {part: checkpoint.config(part) for part in _MEASURES}
        for part, keys in _MEASURES.items():
            for key in keys:
                if not _is_measure(parts[part].get(key)):
                    raise EngineUnavailable(
                        f"{key} in the configuration of the {part} of {checkpoint.source} is no measure of a model; "
                        "fetch or copy the checkpoint again"
                    )
        try:
            return cls.read(parts["unet"], parts["vae"], parts["vocoder"], checkpoint.beat)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise EngineUnavailable(
                f"the configurations of {checkpoint.source} do not fit together ({error}); fetch or copy it again"
            ) from None

    @classmethod
    def read(
        cls, unet: Mapping[str, Any], vae: Mapping[str, Any], vocoder: Mapping[str, Any], beat: int | None = None
    ) -> "Geometry":
        """Read the configurations of the three models that have a sense of time."""
        return cls(
            rate=int(vocoder["sampling_rate"]),
            hop=prod(vocoder["upsample_rates"]),
            scale=int(2 ** (len(vae["block_out_channels"]) - 1)),
            bins=int(vocoder["model_in_dim"]),
            channels=int(unet["in_channels"]),
            stride=int(2 ** (len(unet["block_out_channels"]) - 1)),
            trained=int(unet["sample_size"]),
            context=_context(vocoder),
            beat=beat,
        )

    @property
    def frames_per_latent(self) -> int:
        """How many frames of sound one latent frame becomes."""
        return self.hop * self.scale

    @property
    def widths(self) -> int:
        """How many latent frequencies there are."""
        return self.bins // self.scale

    def latents(self, seconds: Fraction) -> Fraction:
        """Return a length in latent frames, exact, as time passes."""
        return seconds * self.rate / self.frames_per_latent

    def ring(self, seconds: Fraction, quarters: Fraction) -> Fraction:
        """Return how many latent frames so many quarter notes in so many seconds are to the model, exact.

        One that counts in beats is given them an octave slower or faster where its mel would have to be stretched to
        more than twice or less than half of its length.
        """
        natural = self.latents(seconds)
        if self.beat is None:
            return natural
        counted = self.beat * quarters
        while natural > 2 * counted:
            counted *= 2
        while 2 * natural < counted:
            counted /= 2
        return counted


def _is_measure(value: object) -> bool:
    """Whether `value` is a whole number that a model can have, or a short list of such, or of such lists."""
    if isinstance(value, list):
        return 0 < len(value) <= _LONGEST_LIST and all(_is_measure(each) for each in value)
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST


def _context(vocoder: Mapping[str, Any]) -> int:
    """Return half the receptive field of a HiFi-GAN generator, in mel frames, rounded up.

    Counted back from one frame of sound: the last convolution, then level by level the widest residual block and the
    transposed convolution before it, at last the first convolution.
    """
    reach = Fraction(_FIRST_AND_LAST // 2)
    dilations: Sequence[Sequence[int]] = vocoder["resblock_dilation_sizes"]
    blocks = max(
        sum((kernel - 1) // 2 * (dilation + 1) for dilation in each)
        for kernel, each in zip(vocoder["resblock_kernel_sizes"], dilations, strict=True)
    )
    levels = zip(vocoder["upsample_rates"], vocoder["upsample_kernel_sizes"], strict=True)
    for rate, kernel in reversed(list(levels)):
        reach = (reach + blocks + kernel) / rate
    return -(-(reach + _FIRST_AND_LAST // 2) // 1)


_FIRST_AND_LAST = 7  # the width of a HiFi-GAN's first and last convolution, which its configuration does not tell
