"""MusicLDM behind the engine protocol: exact lengths, honest progress, quick cancels, seeds, and a light sleep."""

import dataclasses
import subprocess
import sys
import threading
import weakref
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pytest
from checkpoints import build

from plugin_host.engine import Form, Plan, Shape, Take
from plugin_host.engines import create
from plugin_host.engines.musicldm import MusicLdmEngine, checkpoint
from plugin_host.engines.musicldm.progress import Costs, Progress
from plugin_host.errors import BadValue, Cancelled, EngineUnavailable, OutOfRange
from plugin_host.fit import CROSSFADE_SECONDS, fit
from plugin_host.musictime import Grid, Meter, Tempo

ORDER = ("load", "text", "denoise", "decode", "vocode")


@dataclass
class Watching:
    """A watch that notes everything, and cancels when the stage begins with `until`."""

    until: str | None = None
    steps: list[tuple[str, float]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def step(self, stage: str, fraction: float) -> None:
        """Note a step."""
        self.steps.append((stage, fraction))
        self.times.append(perf_counter())
        if self.until is not None and stage.startswith(self.until):
            raise Cancelled


def plan(bpm: float = 120, bars: int = 1, meter: str = "4/4", **changes: Any) -> Plan:
    """Return a small plan with these fields changed."""
    grid = Grid(Tempo.parse(bpm), Meter.parse(meter), bars, 48_000)
    return dataclasses.replace(Plan(prompt="techno", grid=grid, seed=1, takes=2, steps=2), **changes)


def takes(engine: MusicLdmEngine, asked: Plan, watch: Watching | None = None) -> list[Take]:
    """Return all takes of a plan."""
    return list(engine.takes(asked, watch or Watching()))


def test_importing_and_constructing_loads_no_torch(tiny: Path) -> None:
    """Neither the package, nor the engine, nor what it says of itself needs the heavy libraries."""
    program = (
        "import sys; from plugin_host.engines import create; "
        f"engine = create('musicldm', {{'checkpoint': {str(tiny)!r}}}); "
        "heavy = {'torch', 'diffusers', 'transformers', 'huggingface_hub'} & set(sys.modules); "
        "print(engine.capabilities.rates, sorted(heavy))"
    )
    outcome = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert outcome.stdout.strip() == "(16000,) []"


@pytest.mark.parametrize(
    ("bpm", "bars", "meter"), [(120, 1, "4/4"), (59.94, 1, "7/8"), (300, 2, "3/4"), (174, 2, "5/4")]
)
def test_a_one_shot_holds_all_bars_and_more_than_a_fade(
    engine: MusicLdmEngine, bpm: float, bars: int, meter: str
) -> None:
    """It is a strip, longer than the bars by more than the longest crossfade, and `fit` makes it exact."""
    asked = plan(bpm, bars, meter, form=Form.ONE_SHOT)
    for take in takes(engine, asked):
        exact = asked.grid.at_rate(16_000).frames
        assert take.shape is Shape.STRIP
        assert take.audio.frames >= exact + CROSSFADE_SECONDS * 16_000
        assert fit(take, asked).audio.frames == exact


def test_the_same_plan_gives_the_same_bytes(engine: MusicLdmEngine) -> None:
    """Twice the same plan, twice the same takes; another seed, others."""
    one, again, other = (takes(engine, plan(seed=seed)) for seed in (3, 3, 4))
    for first, second, third in zip(one, again, other, strict=True):
        assert first.audio.samples.tobytes() == second.audio.samples.tobytes()
        assert first.audio.samples.tobytes() != third.audio.samples.tobytes()


@pytest.mark.parametrize("scheduler", [None, "euler-a"])
def test_any_take_can_be_made_again_alone(engine: MusicLdmEngine, scheduler: str | None) -> None:
    """A plan with the seed of take 2, and one take, makes take 2."""
    batch = takes(engine, plan(takes=3, scheduler=scheduler))
    alone = takes(engine, plan(takes=1, seed=batch[2].seed, scheduler=scheduler))[0]
    loudness = np.sqrt(np.mean(alone.audio.samples**2))
    assert np.abs(alone.audio.samples - batch[2].audio.samples).max() < 1e-4 * loudness


def test_progress_names_the_stages_and_never_falls(tiny: Path) -> None:
    """Load, text, denoise k of n, decode, vocode: from 0 to 1, and every step of the diffusion is told."""
    watch = Watching()
    fresh = MusicLdmEngine({"checkpoint": str(tiny), "device": "cpu"})
    takes(fresh, plan(steps=5), watch)
    fresh.close()
    stages = [stage for stage, _ in watch.steps]
    fractions = [fraction for _, fraction in watch.steps]
    assert fractions[0] == 0
    assert fractions[-1] == pytest.approx(1)
    assert all(one <= other for one, other in pairwise(fractions))
    assert [stage for stage in stages if stage.startswith("denoise")] == [f"denoise {k}/5" for k in range(1, 6)]
    assert list(dict.fromkeys(stage.split()[0] for stage in stages)) == list(ORDER)


def test_the_fraction_is_weighted_by_what_the_stages_cost() -> None:
    """Once a job was timed, a stage that took nine tenths of it is nine tenths of the next one's fraction."""
    costs = Costs()
    for stage, seconds in {"load": 0.0, "text": 0.0, "denoise": 9.0, "decode": 0.5, "vocode": 0.5}.items():
        costs.learn(stage, seconds, units=10)
    watch = Watching()
    progress = Progress(watch, costs, {"load": 0, "text": 10, "denoise": 10, "decode": 10, "vocode": 10})
    progress.reach("denoise", 0.5)
    progress.reach("denoise", 1.0)
    assert [fraction for _, fraction in watch.steps] == pytest.approx([0.45, 0.9])


@pytest.mark.parametrize("until", ["load", "text", "denoise 3/8", "decode 2/2", "vocode 1/2"])
def test_a_cancel_is_obeyed_at_once_and_the_next_job_runs(engine: MusicLdmEngine, until: str) -> None:
    """`Cancelled` passes at the very report that raises it, from every stage, and nothing is left in the way."""
    watch = Watching(until=until)
    with pytest.raises(Cancelled):
        takes(engine, plan(steps=8), watch)
    assert watch.steps[-1][0].startswith(until)
    assert len(takes(engine, plan())) == 2


def test_a_cancelled_job_leaves_no_memory_behind(engine: MusicLdmEngine) -> None:
    """The latents of a job that was cancelled in mid-diffusion are gone when the cancel is out."""
    takes(engine, plan())
    model = engine._held.model
    assert model is not None
    held: list[weakref.ref[object]] = []
    hook = model._parts.unet.register_forward_hook(lambda _m, given, _r: held.append(weakref.ref(given[0])))
    try:
        with pytest.raises(Cancelled):
            takes(engine, plan(steps=8), Watching(until="denoise 4/8"))
    finally:
        hook.remove()
    assert len(held) >= 4
    assert not [each for each in held if each() is not None]


def test_the_second_job_with_a_prompt_spends_no_time_on_text(engine: MusicLdmEngine) -> None:
    """The text model is not run again, neither for the prompt nor for the empty negative."""
    takes(engine, plan())
    model = engine._held.model
    assert model is not None
    runs: list[int] = []
    hook = model.clap.model.text_model.register_forward_pre_hook(lambda *_: runs.append(1))
    try:
        takes(engine, plan(seed=9))
    finally:
        hook.remove()
    assert not runs


def test_facts_tell_how_a_take_was_made(engine: MusicLdmEngine, tiny: Path) -> None:
    """Defaults that were filled in, the weights, their licence and the device are in the sidecar's hands."""
    facts = takes(engine, plan(steps=None))[0].facts
    assert (facts["scheduler"], facts["steps"], facts["guidance"]) == ("dpm++", 20, 2.0)
    assert facts["weights"] == str(tiny)
    assert facts["device"] == "cpu float32"
    assert "licence" in facts


def test_the_end_of_a_long_prompt_is_a_fact_of_every_take(engine: MusicLdmEngine) -> None:
    """What the model does not hear is told with the takes; where all is heard there is nothing to tell."""
    for take in takes(engine, plan(prompt="dusty breakbeat " * 60 + "bells")):
        assert "bells" in str(take.facts["warning"])
    assert "warning" not in takes(engine, plan(takes=1))[0].facts


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"scheduler": "warp"}, BadValue, "scheduler is 'warp'"),
        ({"scheduler": "euler", "eta": 0.5}, BadValue, "takes no eta"),
        ({"eta": 1.5, "scheduler": "ddim"}, OutOfRange, r"eta is 1\.5; give 0 to 1"),
        ({"steps": 0}, OutOfRange, "steps is 0"),
        ({"guidance": 99.0}, OutOfRange, "guidance is 99"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(
    engine: MusicLdmEngine, changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    """The error names the value and what to do, and the engine lives."""
    with pytest.raises(error, match=message):
        takes(engine, plan(**changes))
    assert len(takes(engine, plan(takes=1))) == 1


def test_what_stands_in_is_told_until_the_real_one_is_there(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Takes carry its name and the warning; a model that is fetched meanwhile plays from the next job on, and says so."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(checkpoint, "SHIPPED", {checkpoint.MINI: tiny})
    one = MusicLdmEngine({"device": "cpu"})
    asked = plan(takes=1)
    facts = takes(one, asked)[0].facts
    assert (facts["weights"], one.capabilities.weights) == (checkpoint.MINI, checkpoint.MINI)
    assert facts["warning"] == checkpoint.STANDS_IN
    before, heard = one._held.model, one.words("techno")
    home, commit = tmp_path / "models--ucsd-reach--musicldm", "0" * 40
    (home / "refs").mkdir(parents=True)
    (home / "refs/main").write_text(commit)
    build(home / "snapshots" / commit, seed=1)
    assert not np.allclose(one.words("techno"), heard)
    facts = takes(one, asked)[0].facts
    one.close()
    assert (facts["weights"], facts["revision"]) == (checkpoint.DEFAULT, commit)
    assert "warning" not in facts
    assert one._held.model is not before


def test_without_weights_the_engine_says_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be constructed and asked what it can do; a job is refused with the command that fetches the model."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(checkpoint, "SHIPPED", {checkpoint.MINI: tmp_path})
    bare = create("musicldm", {})
    assert bare.capabilities.licence == "CC BY-NC-SA 4.0 (non-commercial)"
    with pytest.raises(EngineUnavailable, match="daw-bridge model fetch ucsd-reach/musicldm"):
        list(bare.takes(plan(), Watching()))


@pytest.mark.parametrize("job", ["list(engine.takes(plan, None))", "engine.words('techno')"])
def test_without_its_libraries_the_engine_says_how_to_get_them(tiny: Path, job: str) -> None:
    """Where torch was never installed, a job and an ear are refused with the command that installs it."""
    program = (
        "import sys; sys.modules['torch'] = None; from plugin_host.engine import Plan; "
        "from plugin_host.engines import create; from plugin_host.musictime import Grid, Meter, Tempo; "
        "plan = Plan('techno', Grid(Tempo.parse(120), Meter(4, 4), 1, 48_000), 1); "
        f"engine = create('musicldm', {{'checkpoint': {str(tiny)!r}}}); {job}"
    )
    outcome = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert "EngineUnavailable: torch is not installed; pip install 'daw-bridge[musicldm]'" in outcome.stderr


def test_an_unknown_setting_is_refused() -> None:
    """A slip in the configuration is named, with what there is."""
    with pytest.raises(BadValue, match=r"musicldm.devise is no setting; there is checkpoint, .*device"):
        create("musicldm", {"devise": "cpu"})


def test_an_idle_model_is_unloaded_and_comes_back(tiny: Path) -> None:
    """When no job has come for the set time, the memory is given back; the next job loads again, with equal bytes."""
    drowsy = MusicLdmEngine({"checkpoint": str(tiny), "device": "cpu", "idle": 0.01})
    before = takes(drowsy, plan())
    timer = drowsy._held.timer
    assert isinstance(timer, threading.Timer)
    timer.join()
    asleep = not drowsy.loaded
    after = takes(drowsy, plan())
    drowsy.close()
    assert asleep
    assert np.array_equal(before[0].audio.samples, after[0].audio.samples)


def test_the_engine_is_an_ear(tiny: Path) -> None:
    """Takes of another engine can be judged by its CLAP, without loading the rest; a loaded model's is the same."""
    alone = MusicLdmEngine({"checkpoint": str(tiny), "device": "cpu"})
    words = alone.words("techno")
    light = not alone.loaded
    sound = takes(alone, plan())[0].audio
    assert light
    assert np.allclose(words, alone.words("techno"), atol=1e-6)
    assert np.linalg.norm(alone.sound(sound)) == pytest.approx(1, abs=1e-5)
    alone.close()
