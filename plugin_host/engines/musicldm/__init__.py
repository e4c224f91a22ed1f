"""Text to music by latent diffusion: MusicLDM, built from the parts of its checkpoint, step by step.

The modules stand in the order in which a sound is made::

    hub          a checkpoint comes onto this machine; nothing else asks the network
    checkpoint   what lies on disk, looked at before anything is loaded; it needs no torch
    adapters     what a UNet has learnt beyond it, and where that lies; it needs no torch either
    geometry     how long its frames are, and what its models divide by
    load         the files become models; nothing in them can run code
    lowrank      an adapter is added to the weights of the UNet
    device       where they compute, and in which precision
    memory       what is tried when it runs out
    asked        what a call asks for, checked and settled
    clap         prompts become embeddings, each only once, and sounds too, for whoever ranks
    hear         what CLAP hears of a sound
    layout       how a loop of exact bars lies on the model's frames
    schedulers   by name, and how many steps they are given
    noise        where a one-shot begins
    tiles        where a loop begins: noise that repeats as the music should
    guide        or from a loop that is there already
    blend        or from two of them, added up
    ring         time without ends, in every convolution
    windows      rings longer than what the model was trained on
    sample       noise becomes latents: the diffusion loop
    decode       latents become a mel spectrogram, and that a waveform
    mel          the mel in between, stretched to the exact length
    splice       one clip out of several turns
    downbeat     which frame of a ring is its first
    fast         the same results with less work: which layers are swapped for which
    winograd     convolutions with fewer products, for processors
    model        all of it together, for Python: `MusicLDM`
    progress     how far along, weighted by what each stage has cost before
    strip, loop  a one-shot and a loop, from their plan to their sound
    engine       all of it behind the engine protocol: `MusicLdmEngine`

The stock pipeline of diffusers is not used. It is deprecated, it cannot embed text with the transformers of today, and
the tempo lock has to reach into noise, convolutions and mel, which one opaque call does not allow. What is computed is
the same, number for number; ``tests/plugin_host/engines/musicldm/test_same_as_stock.py`` holds that.

Importing this package loads no torch: `MusicLdmEngine` imports it when it is first used.
"""

from plugin_host.engines.musicldm.engine import MusicLdmEngine

__all__ = ["MusicLdmEngine"]
