"""From a plan to ranked clips: generate, fit, judge, resample, rank, each stage timed.

All of it happens in one thread. To judge a take beside the making of the next was tried and measured: both are many
short array operations that hand the interpreter to and fro, and together they took no less time than in turn.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from time import perf_counter

from plugin_host import rank
from plugin_host.clip import Clip, ClipFacts
from plugin_host.engine import Capabilities, Engine, Plan, Shape, Take, Watch
from plugin_host.errors import EngineFailed, EngineUnavailable, OutOfMemory
from plugin_host.fit import Fitted, fit
from plugin_host.rank import Ranker, Verdict
from plugin_host.resample import resample
from plugin_host.road import travelled
from plugin_host.stretch import transposed

_FOR_ENGINES = (
    *("key", "negative", "steps", "guidance", "scheduler", "eta"),
    *("variation", "pulse", "guide", "strength", "hints", "balance"),
    "adapter",
)


class Stopwatch:
    """Adds up the seconds of named stages."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is done inside as a part of stage `name`."""
        start = perf_counter()
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + perf_counter() - start

    def read(self) -> Mapping[str, float]:
        """Return the seconds of each stage so far."""
        return {name: round(seconds, 6) for name, seconds in self._seconds.items()}


class Host:
    """Makes clips with one engine and some rankers. Thread: worker."""

    def __init__(self, engine: Engine, rankers: Sequence[Ranker]) -> None:
        self._engine = engine
        self._rankers = tuple(rankers)

    def clips(self, plan: Plan, watch: Watch) -> list[Clip]:
        """Make all clips of `plan` and return them best first.

        Raises `HostError` subclasses, among them `EngineFailed` when every take is faulty. Lets `Cancelled` through.
        """
        made = list(self.made(plan, watch))
        order = rank.best_first([clip.facts.score for clip in made])
        return [
            replace(made[index], facts=replace(made[index].facts, rank=place)) for place, index in enumerate(order, 1)
        ]

    def made(self, plan: Plan, watch: Watch) -> Iterator[Clip]:
        """Yield each clip of `plan` as soon as it is made, judged and exact; its rank is 0, for it has none yet.

        Raises and lets through as `clips` does.
        """
        self._check(plan)
        clock = Stopwatch()
        takes = self._engine.takes(plan, watch)
        count = 0
        try:
            while True:
                with clock.stage("generate"):
                    take = next(takes, None)
                if take is None:
                    break
                count += 1
                watch.step("rank", count / plan.takes)
                yield self._finished(take, plan, clock)
        except MemoryError as error:
            raise OutOfMemory(
                "not enough memory for this job; ask for fewer bars, fewer takes or a lower rate"
            ) from error
        if count != plan.takes:
            raise EngineFailed(f"engine {self._engine.capabilities.name} made {count} of {plan.takes} takes")

    def _check(self, plan: Plan) -> None:
        """Raise `EngineUnavailable` for a plan that is beyond the engine."""
        engine = self._engine.capabilities
        if float(plan.grid.seconds) > engine.longest:
            raise EngineUnavailable(
                f"{plan.grid.bars} bars at {plan.grid.tempo} BPM are {float(plan.grid.seconds):.0f} s; "
                f"engine {engine.name} makes at most {engine.longest:.0f} s: ask for fewer bars",
            )
        if plan.guide is not None and "guide" not in engine.uses:
            raise EngineUnavailable(f"engine {engine.name} takes no guide; leave guide out")
        if plan.mix is not None and "mix" not in engine.uses:
            raise EngineUnavailable(f"engine {engine.name} cannot mix clips; leave engine out, or mix")

    def _finished(self, take: Take, plan: Plan, clock: Stopwatch) -> Clip:
        """Fit a take, let every ranker judge it, bring it to the plan's rate, and write its facts."""
        with clock.stage("fit"):
            fitted = _shifted(travelled(take, plan) if take.shape is Shape.FREE else fit(take, plan), plan)
        with clock.stage("rank"):
            verdicts = [Verdict(faults=fitted.faults), *(each.judge(fitted.audio, plan) for each in self._rankers)]
        with clock.stage("resample"):
            audio = resample(fitted.audio, plan.grid, plan.form)
        engine = self._engine.capabilities
        facts = ClipFacts(
            rank=0,
            take=take.index,
            seed=take.seed,
            grid=plan.grid,
            form=plan.form,
            channels=audio.channels,
            score=rank.score(verdicts, plan.weights),
            fit=fitted.facts,
            take_facts=take.facts,
            engine=engine,
            unused=_unused(plan, engine),
            timings=clock.read(),
        )
        return Clip(facts, audio)


def _shifted(fitted: Fitted, plan: Plan) -> Fitted:
    """Move the pitch of a fitted take if `plan` asks for it; asked for 0, not a byte changes."""
    if plan.shift == 0:
        return fitted
    audio, facts = transposed(fitted.audio, plan.shift, plan.form)
    return replace(fitted, audio=audio, facts={**fitted.facts, **facts})


def _unused(plan: Plan, engine: Capabilities) -> tuple[str, ...]:
    """Name what `plan` asks for beyond the defaults and `engine` does not use, so that nobody is left to wonder."""
    plain = Plan(plan.prompt, plan.grid, plan.seed)
    asked = (name for name in _FOR_ENGINES if getattr(plan, name) != getattr(plain, name))
    return tuple(name for name in asked if name not in engine.uses)
