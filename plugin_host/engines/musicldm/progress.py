"""How far along an engine's work is: the stages weigh what they have cost on this machine, so the fraction is honest."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter

from plugin_host.engine import Watch

FIRST_GUESS: Mapping[str, float] = {"load": 200.0, "text": 5.0, "denoise": 5.6e-4, "decode": 3.9e-3, "vocode": 6.3e-3}
"""What a unit of each stage costs before any was timed: GFLOP of the published checkpoint for a frame of one take (when
denoising, for one call of the UNet without guidance), and loading and text for all. Later it is seconds."""

_RECENT = 0.5  # how much the last job counts against those before it


class Costs:
    """Remembers what a unit of each stage costs. Thread: worker."""

    def __init__(self) -> None:
        self._known: dict[str, float] = {}

    def estimate(self) -> Mapping[str, float]:
        """Return the cost of a unit of each stage, all in the same measure.

        A stage that was never timed keeps its guessed proportion to those that were.
        """
        scale = 1.0
        timed = [name for name in self._known if name in FIRST_GUESS]
        if timed:
            scale = sum(self._known[name] for name in timed) / sum(FIRST_GUESS[name] for name in timed)
        return {name: self._known.get(name, guess * scale) for name, guess in FIRST_GUESS.items()}

    def learn(self, stage: str, seconds: float, units: float) -> None:
        """Take note that `units` of `stage` took so many seconds."""
        cost = seconds / units
        self._known[stage] = (
            cost if stage not in self._known else self._known[stage] + _RECENT * (cost - self._known[stage])
        )


class Progress:
    """The progress of one job. `units` says how much of each stage there is to do, in the order it is done.

    Reports to `watch`, whose `Cancelled` passes through. Thread: worker.
    """

    def __init__(self, watch: Watch, costs: Costs, units: Mapping[str, float]) -> None:
        self._watch = watch
        self._costs = costs
        self._units = dict(units)
        prices = costs.estimate()
        self._work = {stage: amount * prices[stage] for stage, amount in units.items()}
        self._shares = dict.fromkeys(units, 0.0)
        self._spent = dict.fromkeys(units, 0.0)
        self._since = perf_counter()

    def reach(self, stage: str, share: float, detail: str = "") -> None:
        """Report that `share` (0–1) of `stage` is done, and `detail` of it is running. The time since counts for it."""
        now = perf_counter()
        self._spent[stage] += now - self._since
        self._since = now
        self._shares[stage] = share
        done = sum(self._work[name] * reached for name, reached in self._shares.items())
        self._watch.step(f"{stage} {detail}".rstrip(), done / sum(self._work.values()))

    @contextmanager
    def part(self, stage: str, index: int, count: int) -> Iterator[None]:
        """Report that take `index` of so many begins `stage`, and, once the block is through, that it ended it."""
        detail = f"{index + 1}/{count}"
        self.reach(stage, index / count, detail)
        yield
        self.reach(stage, (index + 1) / count, detail)

    def resume(self) -> None:
        """Leave out of account the time since the last report: it was somebody else's."""
        self._since = perf_counter()

    def finish(self) -> None:
        """Learn from a job that was carried to its end."""
        for stage, amount in self._units.items():
            if amount:
                self._costs.learn(stage, self._spent[stage], amount)


def told_of_steps(progress: Progress) -> Callable[[int, int, object, object], None]:
    """Return what reports the steps of the diffusion to `progress`."""

    def on_step(done: int, total: int, timestep: object, latents: object) -> None:
        """Report one step."""
        del timestep, latents
        progress.reach("denoise", done / total, f"{done}/{total}")

    return on_step
