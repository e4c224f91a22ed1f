"""Beat-synchronous mixup: two loops become one that is both (Chen et al., "MusicLDM", arXiv 2308.01546, 2023).

::

    pairs    who is mixed with whom, how much of each, and what that is called
    rings    a loop becomes a ring of whole bars, from its first downbeat on, at any tempo within the stretcher's limits
    blend    two sounds, or two latents, become one

The paper draws a pair of one tempo group, lays their downbeats on each other, and adds them up in the proportion
λ : 1 − λ, with λ of Beta(5, 5): the sounds themselves (BAM), or what the VAE makes of them (BLM). Captions are joined.
So a model is shown what lies between its examples, and copies them less. A producer uses the same to cross two clips.

All of it is pure: arrays go in, arrays come out, and chance is a generator that is handed over.
"""

from plugin_host.mixup.blend import blended, mixed
from plugin_host.mixup.pairs import joined, pairs, share, tempo_group
from plugin_host.mixup.rings import check_tempi, counted, from_downbeat, on_grid, whole

__all__ = [
    "blended",
    "check_tempi",
    "counted",
    "from_downbeat",
    "joined",
    "mixed",
    "on_grid",
    "pairs",
    "share",
    "tempo_group",
    "whole",
]
