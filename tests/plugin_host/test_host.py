"""Laws of the host: as many ranked clips as takes, exact, and no failure that looks like success."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pytest
import sounds

from plugin_host.audio import Audio
from plugin_host.clip import Clip
from plugin_host.engine import Capabilities, Form, Plan, Shape, Take, Watch
from plugin_host.errors import Cancelled, EngineFailed, EngineUnavailable, HostError, OutOfMemory
from plugin_host.host import Host
from plugin_host.key import Key
from plugin_host.musictime import Grid
from plugin_host.rankers.signal import SignalRanker
from plugin_host.rankers.tonality import KeyRanker

GRID = sounds.grid(bpm=120, bars=2)
PLAN = Plan("x", GRID, seed=1, takes=3)


@dataclass(slots=True)
class Tape:
    """An engine that plays back what it is given: a true one, small enough to be told what to do."""

    sounds: Sequence[Audio | BaseException]
    shape: Shape = Shape.RING
    uses: frozenset[str] = frozenset()

    @property
    def capabilities(self) -> Capabilities:
        """It can do what is on the tape."""
        return Capabilities("tape", "1", channels=2, longest=60.0, uses=self.uses)

    def takes(self, plan: Plan, watch: Watch) -> Iterator[Take]:
        """Play back, sound by sound."""
        for index, sound in enumerate(self.sounds):
            watch.step("play", index / len(self.sounds))
            if isinstance(sound, BaseException):
                raise sound
            yield Take(index, plan.take_seed(index), sound, self.shape, {"track": index})

    def close(self) -> None:
        """It holds nothing."""


@dataclass(slots=True)
class Log:
    """A watch that takes note, and cancels at a stage if it is told to."""

    cancel_at: str = ""
    stages: list[str] | None = None
    fractions: list[float] | None = None

    def step(self, stage: str, fraction: float) -> None:
        """Take note."""
        self.stages = [*(self.stages or []), stage]
        self.fractions = [*(self.fractions or []), fraction]
        if stage == self.cancel_at:
            raise Cancelled


def make(tape: Tape, plan: Plan = PLAN, watch: Watch | None = None) -> list[Clip]:
    """Have the host make all clips."""
    return Host(tape, [SignalRanker()]).clips(plan, watch or Log())


def test_clips_come_best_first_with_their_story() -> None:
    """Ranks count from 1; each clip knows its take, its seed, its engine and the time that each stage took."""
    good, late, cut = sounds.drums(GRID), sounds.shifted(sounds.drums(GRID), 20), sounds.shifted(sounds.drums(GRID), 40)
    clips = make(Tape([late, cut, good]))
    assert [clip.facts.rank for clip in clips] == [1, 2, 3]
    assert [clip.facts.take for clip in clips] == [2, 0, 1]
    assert [clip.facts.seed for clip in clips] == [PLAN.take_seed(index) for index in (2, 0, 1)]
    values = [clip.facts.score.value for clip in clips]
    assert values == sorted(values, reverse=True)
    assert clips[0].facts.take_facts == {"track": 2}
    assert set(clips[0].facts.timings) == {"generate", "fit", "rank", "resample"}
    assert all(clip.facts.engine.name == "tape" for clip in clips)


PLANTED: dict[str, Callable[[Grid], Audio]] = {
    "silence": lambda on: Audio(np.zeros((on.frames, 2), np.float32), on.rate),
    "clipping": lambda on: sounds.clipped(sounds.drums(on)),
    "an offset": lambda on: sounds.offset(sounds.drums(on)),
    "off the grid": lambda on: sounds.shifted(sounds.drums(on), 45),
    "another tempo": lambda on: sounds.off_tempo(on, Fraction(105, 100)),
    "no numbers": lambda on: Audio(np.where(sounds.drums(on).samples > 0.5, np.float32("nan"), 0.1), on.rate),
}


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_planted_bad_take_loses_wherever_it_stands(name: str, place: int) -> None:
    """First, second or third take: it ranks last, and its score says why."""
    tape = [sounds.drums(GRID), sounds.mixed(sounds.drums(GRID), sounds.pad(GRID))]
    tape.insert(place, PLANTED[name](GRID))
    last = make(Tape(tape))[-1].facts
    assert last.take == place
    assert last.score.faults or min(last.score.parts.values()) < 0.5
    assert np.isfinite(make(Tape(tape))[-1].audio.samples).all()


def test_a_hard_seam_loses() -> None:
    """A clip cut out of a longer one where its ends do not meet ranks behind one that is a ring."""
    longer = sounds.grid(bpm=120, bars=3)
    hard = sounds.cut(sounds.pad(longer), GRID)
    clips = make(Tape([hard, sounds.pad(GRID)]), replace(PLAN, takes=2))
    assert [clip.facts.take for clip in clips] == [1, 0]
    assert clips[1].facts.score.parts["seam"] < 0.5


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000, 8_000])
def test_clips_are_exact_at_any_rate(rate: int) -> None:
    """An engine with a rate of its own delivers the promised frames at the session's."""
    engine_grid = sounds.grid(bpm=93.7, meter="7/8", bars=3, rate=16_000)
    wanted = engine_grid.at_rate(rate)
    for form in Form:
        (clip,) = make(Tape([sounds.drums(engine_grid)]), Plan("x", wanted, 1, takes=1, form=form))
        assert (clip.audio.frames, clip.audio.rate) == (wanted.frames, rate)
        assert clip.audio.peak <= 1


def test_a_job_of_nothing_but_faulty_takes_has_failed() -> None:
    """Silence is no success, however much of it there is."""
    with pytest.raises(EngineFailed, match=r"no take can be used: .*silen"):
        make(Tape([PLANTED["silence"](GRID)] * 3))


@pytest.mark.parametrize(
    ("tape", "error", "reason"),
    [
        (Tape([sounds.drums(GRID)]), EngineFailed, "made 1 of 3 takes"),
        (Tape([sounds.drums(sounds.grid(bars=1))] * 3), EngineFailed, "need 192000"),
        (Tape([sounds.drums(sounds.grid(bars=1))] * 3, Shape.STRIP), EngineFailed, "need 192000"),
        (Tape([MemoryError()]), OutOfMemory, "fewer bars"),
    ],
)
def test_an_engine_that_breaks_its_promise_has_failed(tape: Tape, error: type[HostError], reason: str) -> None:
    """Too few takes, takes too short, no memory: each is named."""
    with pytest.raises(error, match=reason):
        make(tape)


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (replace(PLAN, grid=sounds.grid(bpm=60, bars=16)), "at most 60 s: ask for fewer bars"),
        (replace(PLAN, guide="sketch"), "leave guide out"),
    ],
)
def test_what_an_engine_cannot_do_is_refused_before_it_starts(plan: Plan, reason: str) -> None:
    """Too long for it, or a guide that it would ignore."""
    with pytest.raises(EngineUnavailable, match=reason):
        make(Tape([]), plan)


@pytest.mark.parametrize("form", Form)
def test_a_shift_moves_every_clip_and_is_told(form: Form) -> None:
    """Exact as before, with the semitones in its facts; the key that is heard is that of the shifted sound."""
    tape = Tape([sounds.pad(GRID)] * 2)
    plan = replace(PLAN, takes=2, shift=2.0, form=form)
    hosts = [Host(tape, [SignalRanker(), KeyRanker()]) for _ in range(2)]
    plain, shifted = (
        host.clips(each, Log()) for host, each in zip(hosts, (replace(plan, shift=0.0), plan), strict=True)
    )
    for clip, was in zip(shifted, plain, strict=True):
        assert clip.audio.frames == GRID.frames
        assert clip.facts.fit["shift_semitones"] == 2
        heard, before = (Key.parse(str(each.facts.score.evidence["key_estimate"])) for each in (clip, was))
        assert heard is not None
        assert before is not None
        assert (heard.pitch_class - before.pitch_class) % 12 == 2


def test_a_shift_of_nothing_changes_no_byte() -> None:
    """An exact ring within the ceiling is the very same sound, and no word is said of a shift."""
    (clip,) = make(Tape([sounds.drums(GRID)]), replace(PLAN, takes=1, shift=0.0))
    assert clip.audio is sounds.drums(GRID)
    assert not any(name.startswith("shift") for name in clip.facts.fit)


def test_what_an_engine_does_not_use_is_named() -> None:
    """Who asked for 50 steps of an engine without steps finds that in the sidecar."""
    plan = replace(PLAN, takes=1, steps=50, variation=0.2)
    (clip,) = make(Tape([sounds.drums(GRID)], uses=frozenset({"variation"})), plan)
    assert clip.facts.unused == ("steps",)


@pytest.mark.parametrize("stage", ["play", "rank"])
def test_a_cancel_is_let_through_at_every_stage(stage: str) -> None:
    """While takes are made, and when they are judged."""
    with pytest.raises(Cancelled):
        make(Tape([sounds.drums(GRID)] * 3), watch=Log(cancel_at=stage))


def test_progress_never_falls() -> None:
    """From the engine's first step to the last take."""
    log = Log()
    make(Tape([sounds.drums(GRID)] * 3), watch=log)
    assert log.fractions == sorted(log.fractions or [])
    assert 0 <= (log.fractions or [1])[0] < (log.fractions or [0])[-1] == 1
