"""Laws of parents: the clips of a mix are found by their jobs, whoever made them, or it is said why not."""

from dataclasses import replace
from pathlib import Path

import pytest
from past import GRID, a_job, make_past

from daw_bridge.config import Config
from daw_bridge.errors import BadRequest, BridgeError, EngineUnavailable, OutOfRange, UnknownJob
from daw_bridge.history import History
from daw_bridge.parents import find
from daw_bridge.plan import Parent, decide
from daw_bridge.records import job_of, job_text
from daw_bridge.requests import Said
from daw_bridge.session import SessionState
from plugin_host.engine import Form
from plugin_host.key import Key
from plugin_host.loops import Beat
from plugin_host.musictime import Frames, Grid, Meter, Tempo

SESSION = SessionState(Tempo.parse(100), Meter(7, 8), Key.parse("A minor"), 44_100)
CONFIG = Config()


def parent(name: str, bpm: object, bars: int = 2, meter: str = "4/4", key: str = "C minor") -> Parent:
    """Return a parent as `find` does."""
    grid = Grid(Tempo.parse(str(bpm)), Meter.parse(meter), bars, 48_000)
    beat = Beat(grid.tempo, grid.meter, grid.beats, bars, Frames(0))
    return Parent(name, f"{name}.wav", f"{name} drums", beat, Key.parse(key))


def scrap(name: str) -> Parent:
    """Return a parent of less than a bar."""
    whole = parent(name, 100)
    return replace(whole, beat=replace(whole.beat, beats=whole.beat.meter.bar / 2, bars=0))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Lend the history of a life that is over: two jobs that are done, one of one-shots, and one that failed."""
    base = tmp_path_factory.mktemp("past")
    shots = a_job("shots")
    shots = replace(shots, plan=replace(shots.plan, form=Form.ONE_SHOT))
    make_past(base / "state", base / "clips", [a_job("one"), a_job("two", "warm pad"), shots], [a_job("three")])
    return History(base / "state")


def test_a_job_stands_for_its_best_clip_and_a_rank_for_another(history: History) -> None:
    """With what its job was accepted with: words, tempo, meter, bars."""
    one, other = find("one two:2", history)
    assert Path(one.path).name.endswith("_one_r1.wav")
    assert Path(other.path).name.endswith("_two_r2.wav")
    assert (one.prompt, other.prompt) == ("dusty break", "warm pad")
    assert (one.beat.tempo, one.beat.meter, one.beat.bars, one.beat.wraps) == (GRID.tempo, GRID.meter, 1, True)


@pytest.mark.parametrize(
    ("mix", "error", "words"),
    [
        ("one nine", UnknownJob, "there is no job 'nine' in the history; daw-bridge jobs lists them"),
        ("three one", UnknownJob, r"job 'three' has no clips \(it has failed\)"),
        ("one one:3", OutOfRange, "has no clip of rank 3; give a rank from 1 to 2"),
        ("shots one", OutOfRange, "job 'shots' made one-shots"),
    ],
)
def test_what_cannot_be_found_is_named(history: History, mix: str, error: type[BridgeError], words: str) -> None:
    """The job, what is wrong with it, and what to do."""
    with pytest.raises(error, match=words):
        find(mix, history)


def test_a_clip_in_the_trash_is_named(tmp_path: Path) -> None:
    """It can be taken out; the job's other clip can be mixed meanwhile."""
    make_past(tmp_path / "state", tmp_path / "clips", [a_job("one"), a_job("two")])
    history = History(tmp_path / "state")
    history.put_away(next(each for each in history.job("one").clips if each.parcel.rank == 1))
    with pytest.raises(UnknownJob, match="is in the trash; take it out with daw-bridge keep"):
        find("one two", history)
    assert Path(find("one:2 two", history)[0].path).name.endswith("_one_r2.wav")


def test_a_mix_is_at_the_sessions_tempo_and_all_else_is_its_parents() -> None:
    """Meter, the longer one's bars, both prompts, and the key if it is that of both."""
    decision = decide(Said(prompt="", mix="a b"), None, SESSION, CONFIG, (parent("a", 104), parent("b", 96, bars=4)))
    plan = decision.plan
    assert (plan.grid, decision.engine) == (Grid(SESSION.tempo, Meter(4, 4), 4, 44_100), "mix")
    assert (plan.prompt, plan.mix, str(plan.key)) == ("a drums and b drums", ("a.wav", "b.wav"), "C minor")
    other = decide(Said(mix="a b", prompt="x"), None, SESSION, CONFIG, (parent("a", 104), parent("b", 104, key="D")))
    assert (other.plan.prompt, other.plan.key, other.plan.takes) == ("x", None, CONFIG.jobs.takes)


def test_what_is_said_of_a_mix_counts() -> None:
    """And of one balance there is one take."""
    said = Said(prompt="x", mix="a b", bars=8, bpm=Tempo.parse(110), key=None, balance=0.25, rate=8_000)
    plan = decide(said, None, SESSION, CONFIG, (parent("a", 104), parent("b", 104))).plan
    assert (plan.grid.bars, plan.grid.tempo, plan.grid.rate, plan.key) == (8, Tempo.parse(110), 8_000, None)
    assert (plan.balance, plan.takes) == (0.25, 1)


def test_latents_are_mixed_by_musicldm() -> None:
    """Asked for by that word or by the engine's name."""
    both = (parent("a", 104), parent("b", 104))
    for said in (Said(mix="a b", blend="latents"), Said(mix="a b", engine="musicldm")):
        assert decide(said, None, SESSION, CONFIG, both).engine == "musicldm"


@pytest.mark.parametrize(
    ("said", "parents", "error", "words"),
    [
        (
            Said(),
            (parent("a", 100), parent("b", 150)),
            OutOfRange,
            r"\(b\) is at 150 BPM and the mix at 100 BPM; .* to 60 to 93\.8, 120 to 187\.5, 240 to 375 BPM: choose",
        ),
        (Said(), (parent("a", 100, meter="3/4"), parent("b", 100)), BadRequest, r"the second clip \(b\) is in 4/4"),
        (Said(meter=Meter(3, 4)), (parent("a", 100), parent("b", 100)), BadRequest, "is in 4/4 and the mix in 3/4"),
        (Said(guide="sketch"), (parent("a", 100), parent("b", 100)), BadRequest, "mix and guide"),
        (Said(blend="latents", loop=False), (parent("a", 100), parent("b", 100)), BadRequest, "loop is 0.*blend audio"),
        (Said(balance=0.5, takes=3), (parent("a", 100), parent("b", 100)), BadRequest, "takes is 3"),
        (Said(balance=0.5, takes=3, strength=0.5), (parent("a", 100), parent("b", 100)), BadRequest, "takes is 3"),
        (Said(), (scrap("a"), scrap("b")), BadRequest, r"the first clip \(a\) holds less than a bar of 4/4"),
        (Said(engine="sketch"), (parent("a", 100), parent("b", 100)), EngineUnavailable, "give mix"),
        (Said(engine="mix", blend="latents"), (parent("a", 1e2), parent("b", 1e2)), EngineUnavailable, "give musicldm"),
        (Said(), None, BadRequest, "an armed preset cannot mix clips"),
    ],
)
def test_a_mix_that_cannot_be_made_is_refused_at_once(
    said: Said, parents: tuple[Parent, Parent] | None, error: type[BridgeError], words: str
) -> None:
    """Tempi too far apart, meters that differ, words that make no sense together: value, range and remedy."""
    with pytest.raises(error, match=words):
        decide({**said, "prompt": "x", "mix": "a b"}, None, SESSION, CONFIG, parents)


def test_the_engine_of_mixes_wants_two_clips() -> None:
    """Of words alone it makes nothing."""
    with pytest.raises(BadRequest, match="name them with mix"):
        decide(Said(prompt="x", engine="mix"), None, SESSION, CONFIG)


def test_a_mix_in_the_journal_is_read_back() -> None:
    """So that the next life of the daemon mixes the very same."""
    job = a_job("one")
    mixed = replace(job, plan=replace(job.plan, mix=("a.wav", "b.wav"), balance=0.25))
    assert job_of(job_text(mixed), 0.0).plan == mixed.plan
    assert job_of(job_text(job), 0.0).plan == job.plan
