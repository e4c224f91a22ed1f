"""What a model makes of a caption while it is still learning: one loop, as the engine would make it."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from plugin_host.audio import Audio
from plugin_host.engine import Plan, Take
from plugin_host.engines.musicldm import asked, defaults, load, noise
from plugin_host.engines.musicldm.asked import Call
from plugin_host.engines.musicldm.checkpoint import Checkpoint
from plugin_host.engines.musicldm.clap import Clap
from plugin_host.engines.musicldm.device import Placement
from plugin_host.engines.musicldm.loop import Loop
from plugin_host.engines.musicldm.model import MusicLDM
from plugin_host.engines.musicldm.progress import Costs, Progress
from plugin_host.fit import fit
from plugin_host.musictime import Grid, Meter, Tempo
from plugin_host.resample import resample
from plugin_host.training.corpus import Unwatched
from plugin_host.training.material import Words


@dataclass(frozen=True, slots=True, eq=False)
class Rehearsal:
    """Plays `plan`, whose prompt the model is asked as `prompt`, with whatever the UNet has learnt by then."""

    model: MusicLDM
    unet: Any
    plan: Plan
    prompt: str
    steps: int
    guidance: float

    @classmethod
    def of(cls, found: Checkpoint, unet: Any, clap: Clap, words: Words, seed: int) -> "Rehearsal":
        """Return one on the parts of a checkpoint, but with this `unet` and `clap`."""
        placement = Placement(clap.placement.device, clap.placement.precision)
        model = MusicLDM(load.around(found, placement, unet, clap), placement)
        tempo = Tempo(Fraction(words.tempo)) if "/" in words.tempo else Tempo.parse(words.tempo)
        grid = Grid(tempo, Meter.parse(words.meter), words.bars, model.rate)
        liked = found.steps or defaults.STEPS, defaults.GUIDANCE if found.guidance is None else found.guidance
        return cls(model, unet, Plan(words.caption, grid, seed=seed, takes=1, pulse=found.pulse), words.asked, *liked)

    def played(self) -> Audio:
        """Return the loop, to the frame. The UNet learns on afterwards as if nothing had been."""
        form = Loop.of(self.plan, self.model.geometry, defaults.CORRECTION)
        call = Call(
            self.prompt,
            steps=self.steps,
            guidance=self.guidance,
            scheduler=defaults.SCHEDULER,
            generator=noise.generators([self.plan.seed]),
        )
        progress = Progress(Unwatched(), Costs(), {"text": 1, **form.work()})
        self.unet.eval()
        try:
            ((sound, _),) = form.sounds(self.model, asked.words(self.model.clap, call), call, progress)
        finally:
            self.unet.train()
        take = Take(0, self.plan.seed, Audio(sound[:, np.newaxis], self.model.rate), form.shape)
        return resample(fit(take, self.plan).audio, self.plan.grid, self.plan.form)
