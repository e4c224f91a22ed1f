"""Laws of presets: a recipe is read or named with file and key; the user's override by name."""

from pathlib import Path

import pytest

from daw_bridge.errors import BadPreset, UnknownPreset
from daw_bridge.presets import PresetShelf, factory_folder, read_preset
from plugin_host.musictime import Tempo


def preset(folder: Path, name: str, text: str) -> Path:
    """Write a preset and return its path."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def test_a_recipe_is_read_like_a_request(tmp_path: Path) -> None:
    """Job keys are typed, weights and hints come apart, family and about are for people."""
    text = 'family = "drums"\nabout = "dusty"\nprompt = "breaks"\nbpm = 92.5\nbars = 2\n[weights]\nbeat = 2\n[hints]\nstyle = "jungle"'
    read = read_preset(preset(tmp_path, "dust", text))
    assert (read.name, read.family, read.about) == ("dust", "drums", "dusty")
    assert read.said == {"prompt": "breaks", "bpm": Tempo.parse("92.5"), "bars": 2}
    assert (read.weights, read.hints) == ({"beat": 2.0}, {"style": "jungle"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "prompt is missing"),
        ('prompt = ""', "prompt is missing"),
        ("prompt = 'x'\nbars = 65", "bars: 65 is not allowed; give a whole number from 1 to 64"),
        ("prompt = 'x'\nbras = 4", r"'bras' is no key of a preset; did you mean bars\?"),
        ("promt = 'x'", r"'promt' is no key of a preset; did you mean prompt\?"),
        ("weigths = 3\nprompt = ''", r"'weigths' is no key of a preset; did you mean weights\?"),
        (
            "colour = 'red'",
            "'colour' is no key of a preset; there is prompt, family, about, armed, weights, hints, bars",
        ),
        ("prompt = 'x'\nid = 'y'", "id belongs to a request"),
        ("prompt = 'x'\nreply_port = 1", "reply_port belongs to a request"),
        ("prompt = 'x'\nweights = 3", r"weights is 3; it is a table"),
        ("prompt = 'x'\n[weights]\nbeat = -1", r"weights\.beat: "),
        ("prompt = 'x'\n[hints]\nstyle = [1]", r"hints\.style is"),
        ("prompt = 'x'\nbars = [4]", "bars is"),
        ("prompt = 'x'\nbars = " + "9" * 400, r"bars: 9+… \(400 characters\) is not allowed; give a whole number"),
        ("prompt = 'x'\nguidance = " + "9" * 400, r"guidance: 9+… \(400 characters\) is not allowed"),
        ("prompt = 'x'\nbars = " + "9" * 5_000, "is no TOML that can be read"),
        ("prompt = 'x'\nbars = 0x" + "f" * 9_000, "bars: a value too large to be shown is not allowed"),
        ("prompt = 'x'\nbpm = 0x" + "f" * 9_000, "bpm: a value too large to be shown is not a tempo"),
        ("prompt = 'x'\nbars" + ".a" * 9_000 + " = 1", "a key has more than 16 parts"),
        ("prompt = 'x'\n[hints]\nstyle = " + "9" * 400, r"hints\.style is 9+… \(400 characters\); give short text"),
        ("prompt = 'x'\nbpm = 1979-05-27", "bpm is"),
        ("prompt = ", "is no TOML"),
        ("prompt = '" + "x" * 70_000 + "'", "larger than"),
    ],
)
def test_a_broken_preset_is_named_by_file_and_key(tmp_path: Path, text: str, reason: str) -> None:
    """The message has the path of the file and what to change."""
    with pytest.raises(BadPreset, match=rf"broken\.toml: .*{reason}"):
        read_preset(preset(tmp_path, "broken", text))


def test_no_toml_is_too_strange(tmp_path: Path) -> None:
    """Bytes that are no text, and nesting without end, are named like any other mistake."""
    path = tmp_path / "odd.toml"
    for content in (b"\xff\xfe", b"a = " + b"[" * 20_000):
        path.write_bytes(content)
        with pytest.raises(BadPreset, match=r"odd\.toml"):
            read_preset(path)


def test_the_users_preset_overrides_the_factorys(tmp_path: Path) -> None:
    """The first folder that has a name counts; an edit counts from the next look on."""
    user, factory = tmp_path / "user", tmp_path / "factory"
    preset(factory, "house", "prompt = 'theirs'")
    preset(factory, "techno", "prompt = 'theirs'")
    shelf = PresetShelf([user, factory])
    assert shelf.get("house").said["prompt"] == "theirs"
    preset(user, "house", "prompt = 'mine'")
    assert shelf.get("house").said["prompt"] == "mine"
    assert shelf.names() == ["house", "techno"]
    assert [each.said["prompt"] for each in shelf.all()[0]] == ["mine", "theirs"]


def test_a_broken_preset_keeps_no_other_from_working(tmp_path: Path) -> None:
    """The shelf returns the good ones and what is wrong with the others."""
    preset(tmp_path, "good", "prompt = 'x'")
    preset(tmp_path, "bad", "prompt = 3.5\nbars = 99")
    preset(tmp_path, "no name", "prompt = 'x'")
    good, broken = PresetShelf([tmp_path]).all()
    assert [each.name for each in good] == ["good"]
    assert len(broken) == 2


@pytest.mark.parametrize("name", ["hose", "../house", "/etc/passwd", "house.toml", "", "x" * 1000, "house\0"])
def test_a_name_that_is_not_there(tmp_path: Path, name: str) -> None:
    """It is told what is near; no name is ever made a path."""
    preset(tmp_path, "house", "prompt = 'x'")
    with pytest.raises(UnknownPreset, match=r"house|/bridge/presets"):
        PresetShelf([tmp_path / "missing", tmp_path]).get(name)


def test_the_factory_presets_are_whole() -> None:
    """At least 24, in all families, each says what it is for, in its file's first line too."""
    presets, broken = PresetShelf([factory_folder()]).all()
    assert not broken
    assert len(presets) >= 24
    families = {"drums", "bass", "chords", "pads", "leads", "textures", "fills", "one-shots", "loops"}
    assert {each.family for each in presets} == families
    for each in presets:
        assert each.about
        assert each.path.read_text().startswith("# ")
