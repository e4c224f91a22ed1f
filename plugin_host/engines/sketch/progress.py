"""How far a job of several takes is, as one fraction that never falls."""

from dataclasses import dataclass

from plugin_host.engine import Watch


@dataclass(frozen=True, slots=True)
class Progress:
    """Tells `watch` about take `index` of `takes`. Every report may raise `Cancelled`, which goes straight through."""

    watch: Watch
    index: int
    takes: int

    def at(self, stage: str, fraction: float) -> None:
        """Report that `stage` is running and that `fraction` (0–1) of this take is done."""
        self.watch.step(stage, (self.index + fraction) / self.takes)
