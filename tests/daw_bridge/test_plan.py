"""Laws of plans: request over preset over session over configuration; what cannot be done is refused at once."""

from pathlib import Path

import pytest

from daw_bridge.config import Config
from daw_bridge.errors import BadRequest, BridgeError, EngineUnavailable, OutOfRange
from daw_bridge.plan import decide
from daw_bridge.presets import Preset, read_preset
from daw_bridge.requests import Said
from daw_bridge.sections import JobsConfig, MusicLdmConfig, PathsConfig
from daw_bridge.session import SessionState
from plugin_host.engine import Form
from plugin_host.key import Key
from plugin_host.musictime import Meter, Tempo

SESSION = SessionState(Tempo.parse("92.5"), Meter(7, 8), Key.parse("A minor"), 44_100)
PRESET = Preset(
    "dust",
    Path("dust.toml"),
    "drums",
    "dusty",
    Said(prompt="breaks", bars=2, takes=2),
    {"beat": 2},
    {"style": "jungle"},
)
CONFIG = Config()


def test_the_nearest_layer_speaks() -> None:
    """The request says bars, the preset takes, the session the tempo, the configuration the engine."""
    decision = decide(Said(bars=8), PRESET, SESSION, CONFIG)
    plan = decision.plan
    assert (plan.grid.bars, plan.takes, plan.prompt) == (8, 2, "breaks")
    assert (plan.grid.tempo, plan.grid.meter, plan.grid.rate, plan.key) == (
        SESSION.tempo,
        Meter(7, 8),
        44_100,
        SESSION.key,
    )
    assert (decision.engine, decision.title) == ("sketch", "dust")
    assert (plan.weights, plan.hints) == ({"beat": 2}, {"style": "jungle"})


def test_a_key_of_none_overrides_the_sessions() -> None:
    """To say "none" is to say something."""
    assert decide(Said(prompt="x", key=None), None, SESSION, CONFIG).plan.key is None
    assert decide(Said(prompt="x"), None, SESSION, CONFIG).plan.key == SESSION.key


def test_a_seed_is_drawn_when_none_is_given() -> None:
    """Two jobs differ unless their seed is the same."""
    drawn = {decide(Said(prompt="x"), None, SESSION, CONFIG).plan.seed for _ in range(8)}
    assert len(drawn) == 8
    assert decide(Said(prompt="x", seed=0), None, SESSION, CONFIG).plan.seed == 0


def test_loop_0_is_a_one_shot() -> None:
    """A loop unless said otherwise."""
    assert decide(Said(prompt="x"), None, SESSION, CONFIG).plan.form is Form.LOOP
    assert decide(Said(prompt="x", loop=False), None, SESSION, CONFIG).plan.form is Form.ONE_SHOT


def test_a_shift_is_asked_for_or_nothing() -> None:
    """Nothing moves the pitch of a clip unless a request or a preset says so."""
    assert decide(Said(prompt="x", shift=-1.5), None, SESSION, CONFIG).plan.shift == -1.5
    assert decide(Said(prompt="x"), None, SESSION, CONFIG).plan.shift == 0


@pytest.mark.parametrize(
    ("said", "error", "reason"),
    [
        (Said(), BadRequest, "prompt is empty"),
        (Said(prompt=" \n"), BadRequest, "prompt is empty"),
        (Said(prompt="x", engine="hammond"), EngineUnavailable, "there is musicldm, sketch"),
        (Said(prompt="x", bars=64, bpm=Tempo.parse(20)), OutOfRange, "ask for fewer bars"),
        (Said(prompt="x", guide="loop.wav"), OutOfRange, r"paths\.guides"),
    ],
)
def test_what_cannot_be_done_is_refused(said: Said, error: type[BridgeError], reason: str) -> None:
    """Before the job is accepted, with what to change."""
    with pytest.raises(error, match=reason):
        decide(said, None, SESSION, CONFIG)


def test_the_longest_clip_is_a_setting() -> None:
    """What is too long by default may be allowed."""
    config = Config(jobs=JobsConfig(longest=3_600.0))
    said = Said(prompt="x", bars=64, bpm=Tempo.parse(20), meter=Meter(4, 4))
    assert float(decide(said, None, SESSION, config).plan.grid.seconds) == 768


def test_a_guide_lies_in_an_allowed_folder_once_links_are_followed(tmp_path: Path) -> None:
    """Inside is taken; a way out, a link out and a folder are not."""
    allowed, outside = tmp_path / "loops", tmp_path / "private"
    for folder in (allowed, outside):
        folder.mkdir()
        (folder / "a.wav").write_bytes(b"RIFF")
    (allowed / "link.wav").symlink_to(outside / "a.wav")
    config = Config(paths=PathsConfig(guides=(allowed,)))
    for inside in ("a.wav", str(allowed / "a.wav")):
        assert decide(Said(prompt="x", guide=inside), None, SESSION, config).plan.guide == str(
            allowed.resolve() / "a.wav"
        )
    assert decide(Said(prompt="x", guide="sketch"), None, SESSION, config).plan.guide == "sketch"
    for other in ("../private/a.wav", str(outside / "a.wav"), "link.wav", "/etc/passwd"):
        with pytest.raises(OutOfRange, match="outside the allowed folders"):
            decide(Said(prompt="x", guide=other), None, SESSION, config)
    for nothing in ("missing.wav", "."):
        with pytest.raises(BadRequest, match="is no file"):
            decide(Said(prompt="x", guide=nothing), None, SESSION, config)


def test_a_presets_guide_is_confined_too(tmp_path: Path) -> None:
    """A recipe from elsewhere can name no file that a request could not."""
    (tmp_path / "private.wav").write_bytes(b"RIFF")
    (tmp_path / "loops").mkdir()
    (tmp_path / "recipe.toml").write_text("prompt = 'x'\nguide = '../private.wav'")
    recipe = read_preset(tmp_path / "recipe.toml")
    for folders in ((), (tmp_path / "loops",)):
        with pytest.raises(OutOfRange, match=r"guide: '\.\./private\.wav' is"):
            decide(Said(), recipe, SESSION, Config(paths=PathsConfig(guides=folders)))


def test_a_guide_is_looked_for_in_every_allowed_folder(tmp_path: Path) -> None:
    """In their order, also past one in which links go round in a circle; no folder's absence hides the next."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    (first / "round.wav").symlink_to(first / "round.wav")
    config = Config(paths=PathsConfig(guides=(tmp_path / "gone", first, second)))
    for name in ("a.wav", "round.wav"):
        (second / name).write_bytes(b"RIFF")
        assert decide(Said(prompt="x", guide=name), None, SESSION, config).plan.guide == str(second.resolve() / name)
    (first / "a.wav").write_bytes(b"RIFF")
    assert decide(Said(prompt="x", guide="a.wav"), None, SESSION, config).plan.guide == str(first.resolve() / "a.wav")


@pytest.mark.parametrize("guide", ["x" * 300, "a/" * 490, "round.wav", "a\ud800.wav", "a\0.wav"])
def test_a_guide_that_cannot_be_followed_is_a_bad_request(tmp_path: Path, guide: str) -> None:
    """A name too long for a disk, links in a circle and signs that no disk takes are named with the remedy."""
    (tmp_path / "round.wav").symlink_to(tmp_path / "round.wav")
    config = Config(paths=PathsConfig(guides=(tmp_path,)))
    with pytest.raises(BadRequest, match=r"guide: .*name a WAV that lies "):
        decide(Said(prompt="x", guide=guide), None, SESSION, config)


def test_an_adapter_is_musicldms_and_must_be_there(tmp_path: Path) -> None:
    """Who names one means that engine; one that is not there is refused at once, with those that are; none is none."""
    for name in ("breaks", "dub"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "adapter.json").touch()
    config = Config(musicldm=MusicLdmConfig(adapters=tmp_path))
    asked = Said(prompt="x", adapter="dub")
    named, none = (decide(each, None, SESSION, config) for each in (asked, Said(prompt="x", adapter="none")))
    assert (named.engine, named.plan.adapter) == ("musicldm", "dub")
    assert (none.engine, none.plan.adapter) == ("sketch", "none")
    assert [decide({**asked, "engine": each}, None, SESSION, config).engine for each in ("sketch", "auto")] == [
        "sketch",
        "musicldm",
    ]
    with pytest.raises(BadRequest, match=r"adapter: there is no 'brakes' in .*; there is breaks, dub"):
        decide({**asked, "adapter": "brakes"}, None, SESSION, config)
