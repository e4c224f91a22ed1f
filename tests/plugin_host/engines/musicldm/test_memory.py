"""When memory runs out, less is tried at a time; when nothing helps, the error says what would, and memory is free."""

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from plugin_host.engines.musicldm import memory
from plugin_host.engines.musicldm.device import Placement, choose, is_out_of_memory
from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.errors import BadValue, EngineUnavailable, OutOfMemory

CPU = Placement(torch.device("cpu"), torch.float32)


@contextmanager
def crowded(unet: torch.nn.Module, most: int) -> Iterator[list[weakref.ref[torch.Tensor]]]:
    """Let the UNet run out of memory, as a device would, for batches over `most`; yield what it was given."""
    given: list[weakref.ref[torch.Tensor]] = []

    def refuse(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        del module
        given.append(weakref.ref(inputs[0]))
        if len(inputs[0]) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    hook = unet.register_forward_pre_hook(refuse)
    try:
        yield given
    finally:
        hook.remove()


@pytest.mark.parametrize("scheduler", ["dpm++", "euler-a"])
@pytest.mark.parametrize("most", [2, 4, 6])
def test_a_batch_that_does_not_fit_is_halved_and_sounds_the_same(model: MusicLDM, scheduler: str, most: int) -> None:
    """Five takes with guidance are a batch of ten; with room for fewer, they come out as they would have."""

    def make() -> NDArray[np.float32]:
        sources = [torch.Generator().manual_seed(seed) for seed in range(5)]
        latents: NDArray[np.float32] = model(
            "a", waveforms=5, seconds=0.4, steps=3, scheduler=scheduler, generator=sources, output="latent"
        ).audios.numpy()
        return latents

    roomy = make()
    with crowded(model._parts.unet, most):
        tight = make()
    assert np.allclose(roomy, tight, atol=1e-4)


def test_without_room_for_one_take_the_error_helps_and_the_model_lives(model: MusicLDM) -> None:
    """The code is out_of_memory, the remedy is named, no tensor of the attempt is left, and the next call works."""
    with crowded(model._parts.unet, 0) as given:
        with pytest.raises(OutOfMemory, match="even for one take alone; ask for fewer bars") as caught:
            model("a", waveforms=3, seconds=0.4, steps=2)
        assert len(given) == 3
        assert not [each for each in given if each() is not None]
    assert caught.value.code == "out_of_memory"
    assert model("a", seconds=0.4, steps=1).audios.shape == (1, 6400)


def test_offloading_is_the_last_thing_tried() -> None:
    """Eight takes: 8, 4, 2, 1 at a time; then offloaded; then the end."""
    tried: list[int | str] = []

    def never(batch: int) -> None:
        tried.append(batch)
        raise torch.OutOfMemoryError("CUDA out of memory")

    device = Placement(torch.device("meta"), torch.float16)
    with pytest.raises(OutOfMemory):
        memory.attempt(never, 8, device, lambda: tried.append("offload"))
    assert tried == [8, 4, 2, 1, "offload", 1]


def test_other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    """They pass through at once, unchanged."""
    tried: list[int] = []

    def broken(batch: int) -> None:
        tried.append(batch)
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        memory.attempt(broken, 8, CPU, lambda: None)
    assert tried == [8]


def test_a_real_lack_of_memory_is_recognised() -> None:
    """What torch says on this machine's processor when it is asked for far too much."""
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**55)
    assert is_out_of_memory(caught.value)


def raise_key_error() -> None:
    """Fail."""
    raise KeyError


def test_an_offloaded_part_visits_the_device_and_goes_home() -> None:
    """While the block runs it is there; afterwards it is in ordinary memory, also when the block failed."""
    went: list[str] = []

    class Part(torch.nn.Module):
        """Notes where it is sent."""

        def to(self, *given: Any, **named: Any) -> "Part":
            del named
            went.append(str(given[0]))
            return self

    away = Placement(torch.device("cpu"), torch.float32, offloaded=True)
    with pytest.raises(KeyError), away.visiting(Part()):
        raise_key_error()
    assert went == ["cpu", "cpu"]
    with CPU.visiting(Part()):
        went.append("at home")
    assert went == ["cpu", "cpu", "at home"]


def test_an_offloaded_model_sounds_the_same(tiny: Path, model: MusicLDM) -> None:
    """Where the parts rest between their turns changes nothing."""
    offloaded = MusicLDM.load(str(tiny), placement=choose("cpu").offloading())
    assert offloaded.placement.offloaded
    sounds = [
        each("a", seconds=0.3, steps=2, generator=torch.Generator().manual_seed(1)).audios
        for each in (model, offloaded)
    ]
    assert np.array_equal(*sounds)


@pytest.mark.parametrize(
    ("device", "error"), [("gpu0", BadValue), ("cuda:97", EngineUnavailable), ("meta", EngineUnavailable)]
)
def test_a_device_that_is_not_here_is_refused(tiny: Path, device: str, error: type[Exception]) -> None:
    """A word that means nothing, and a device this machine does not have."""
    with pytest.raises(error, match=device):
        MusicLDM.load(str(tiny), placement=choose(device))


def test_an_unknown_precision_is_refused(tiny: Path) -> None:
    """The message lists the precisions there are."""
    with pytest.raises(BadValue, match="float32, float16, bfloat16"):
        MusicLDM.load(str(tiny), placement=choose(precision="float8"))
