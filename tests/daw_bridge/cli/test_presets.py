"""Laws of ``presets``: all that there are, what they fix, and what is wrong with the broken ones."""

import json
from pathlib import Path

import pytest
from commands import Command

BEAT = """
family = "drums"
about = "Four on the floor"
prompt = "house drums"
bpm = 124
meter = "7/8"
bars = 2
[weights]
beat = 2.5
[hints]
style = "house"
"""


@pytest.fixture
def own(home: Path) -> Path:
    """Lend the folder of the user's own presets, with two that are fine and two that are not."""
    folder = home / "presets"
    folder.mkdir()
    (folder / "my-beat.toml").write_text(BEAT)
    (folder / "my-hit.toml").write_text('family = "one-shots"\nprompt = "impact"\nloop = false\nbars = 1\n')
    (folder / "my-mess.toml").write_text("prompt = \n")
    (folder / "my-slip.toml").write_text('prompt = "x"\nbars = 99\n')
    return folder


def test_presets_are_listed_with_what_they_fix(command: Command, own: Path) -> None:
    """Family, name, what for, and what of the music is fixed; where one's own belong stands below."""
    ended = command("presets")
    assert ended.status == 0
    rows = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert any(row.endswith("my-beat Four on the floor 124 BPM, 7/8, 2 bars") for row in rows)
    assert any(row.endswith("my-hit 1 bar, one-shot") for row in rows)
    assert rows[-1] == f"Your own presets belong in {own}"


def test_broken_presets_are_reported_and_stop_nothing(command: Command, own: Path) -> None:
    """Each is named by file, key and reason on standard error; the status is 0."""
    ended = command("presets")
    assert ended.status == 0
    mess, slip = (line for line in ended.err.splitlines() if "/my-" in line)
    assert f"{own / 'my-mess.toml'}: is no TOML" in mess
    assert f"{own / 'my-slip.toml'}: bars: 99 is not allowed; give a whole number from 1 to 64" in slip


def test_one_preset_is_shown_in_full(command: Command, own: Path) -> None:
    """Everything that its file says, and how it is triggered."""
    page = command("presets", "my-beat").out
    for words in ("house drums", "124", "7/8", "2.5", "house", str(own / "my-beat.toml"), "/bridge/preset/my-beat"):
        assert words in page
    assert "daw-bridge generate --preset my-beat" in page


def test_presets_are_json_for_programs(command: Command, own: Path) -> None:
    """All of them, or the one that was named, in the keys of their files."""
    told = json.loads(command("presets", "--json").out)
    beat = next(each for each in told["presets"] if each["name"] == "my-beat")
    assert beat == json.loads(command("presets", "my-beat", "--json").out)
    assert (beat["bars"], beat["bpm"], beat["weights"], beat["path"]) == (
        2,
        "124",
        {"beat": 2.5},
        str(own / "my-beat.toml"),
    )
    assert len([each for each in told["broken"] if "/my-" in each]) == 2


@pytest.mark.parametrize(
    ("name", "words"), [("my-bet", "did you mean my-beat"), ("my-slip", "bars: 99"), ("../x", "no preset '../x'")]
)
@pytest.mark.usefixtures("own")
def test_a_preset_that_is_not_there_or_broken_ends_with_1(command: Command, name: str, words: str) -> None:
    """Its neighbours are named, or what is wrong with it."""
    ended = command("presets", name)
    assert (ended.status, ended.out) == (1, "")
    assert words in ended.err
