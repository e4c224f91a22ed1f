"""Laws of ``surfaces``: one word puts a surface into the DAW, says what to click next, and takes it away again."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Command
from daemons import daemon
from homes import BASES, furnished, tree
from ports import free_port
from shipments import ship

from daw_bridge.cli import checks
from daw_bridge.cli.checks import State
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.cli.surfaces import Deed, run
from daw_bridge.config import load
from daw_bridge.errors import BadRequest
from daw_bridge.surfaces.catalogue import factory_surfaces
from daw_bridge.surfaces.told import read

Say = Callable[..., str]
"""Says a deed and names to the command in a home of a system, and returns what it wrote on both outputs."""


@pytest.fixture
def shipped(home: Path) -> Path:
    """Lend a folder of surfaces: REAPER's, one that is opened by hand, and one whose page is broken."""
    ship(home / "shipped")
    ship(home / "shipped", name="tablet", page=(home / "shipped/reaper/surface.toml").read_text().split("[[files]]")[0])
    page = home / "shipped" / "tablet" / "surface.toml"
    page.write_text(page.read_text() + '[[files]]\nfile = "go.lua"\nruns = "a tablet"\ndoes = "Shows buttons"\n')
    ship(home / "shipped", name="mess", page="title =")
    return home / "shipped"


@pytest.fixture
def say(home: Path, shipped: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    """Lend the command, in a Linux home with everything in it, or that of another system."""
    port = free_port()

    def said(deed: Deed, *names: str, to: Path | None = None, as_json: bool = False, system: str = "Linux") -> str:
        config = load(None, {}, {"osc.port": port, "paths.state": home / "state", "folder.path": home / "clips"})
        machine = furnished(system, home / system)
        run(config, deed, list(names), to, machine, shipped, as_json=as_json)
        written = capsys.readouterr()
        return written.out if as_json else written.out + written.err

    return said


@pytest.mark.parametrize("system", BASES)
def test_one_word_installs_and_one_removes(say: Say, home: Path, system: str) -> None:
    """On each system; what to click next is said by number, and what was removed is counted."""
    before = tree(furnished(system, home / system).home)
    page = say(Deed.INSTALL, "reaper", system=system)
    base = home / system / BASES[system]["REAPER"]
    assert f"reaper: 5 files written to {base}\nNext, in REAPER:\n1.  Actions → Load" in page
    assert (base / "Scripts" / "daw-bridge" / "told.lua").is_file()
    assert "nothing to do in" in say(Deed.INSTALL, "reaper", system=system)
    assert f"5 files removed from {base}" in say(Deed.REMOVE, "reaper", system=system)
    assert tree(home / system) == before


def test_the_list_says_how_it_is_with_each(say: Say, home: Path) -> None:
    """What it is for, whether it is installed, and where; a page that is broken is told and stops nothing."""
    page = say(Deed.SHOW)
    rows = [" ".join(line.split()) for line in page.splitlines()]
    assert f"reaper REAPER not installed ~/{BASES['Linux']['REAPER']}" in rows
    assert "tablet REAPER by hand" in rows
    assert "surface left out: " in page
    (home / "elsewhere").mkdir()
    say(Deed.INSTALL, "tablet", to=home / "elsewhere")
    assert f"tablet REAPER installed {home / 'elsewhere'}" in " ".join(say(Deed.SHOW).split())
    say(Deed.REMOVE, "tablet")
    say(Deed.INSTALL, "reaper")
    told = json.loads(say(Deed.SHOW, as_json=True))
    states = {each["name"]: each["state"] for each in told["surfaces"]}
    assert states == {"reaper": "installed", "tablet": "by hand"}
    assert len(told["broken"]) == 1
    assert {file["state"] for file in told["surfaces"][0]["files"]} == {"current"}


def test_one_surface_is_shown_in_full(say: Say) -> None:
    """Each file with its state, the addresses that it uses, and what to click."""
    page = say(Deed.SHOW, "reaper")
    for words in ("Scripts/daw-bridge/go.lua", "missing", "/bridge/generate, /tempo/raw", "2.", "Run it"):
        assert words in page
    assert "Shows buttons" in say(Deed.SHOW, "tablet")


def test_a_program_without_a_home_of_its_own_can_be_told(say: Say, home: Path) -> None:
    """A portable REAPER is told once; the list, updates and removals know it from then on."""
    portable = home / "stick"
    portable.mkdir()
    told = json.loads(say(Deed.INSTALL, "reaper", to=portable, as_json=True))["surfaces"][0]
    assert (told["base"], told["state"], len(told["written"])) == (str(portable), "installed", 5)
    ship(home / "shipped", "2")
    assert f"4 files written to {portable}" in say(Deed.UPDATE)
    assert f"5 files removed from {portable}" in say(Deed.REMOVE, "all")
    assert tree(portable) == {}


def test_a_folder_that_is_away_is_not_made(say: Say, home: Path) -> None:
    """A stick that is not plugged in is told, nothing is written where it was, and it can be forgotten."""
    portable = home / "stick"
    portable.mkdir()
    say(Deed.INSTALL, "reaper", to=portable)
    portable.rename(home / "in the pocket")
    assert "folder is away" in say(Deed.SHOW, "reaper")
    assert f"installed in {portable}, which is not there now; bring that back, or daw-bridge" in say(Deed.UPDATE)
    with pytest.raises(CommandFailed, match="which is not there now"):
        say(Deed.UPDATE, "reaper")
    assert not portable.exists()
    assert f"0 files removed from {portable}" in say(Deed.REMOVE, "reaper")
    assert str(portable) not in say(Deed.SHOW)
    assert not portable.exists()


def test_what_is_opened_by_hand_is_told_where_it_lies_or_copied(say: Say, home: Path) -> None:
    """Nothing is written unless a folder is told."""
    assert f"tablet is opened by hand, from {home / 'shipped' / 'tablet'}" in say(Deed.INSTALL, "tablet")
    (home / "desktop").mkdir()
    say(Deed.INSTALL, "tablet", to=home / "desktop")
    assert sorted(tree(home / "desktop")) == ["go.lua", "told.lua"]


def test_all_stands_for_what_is_here(say: Say, home: Path) -> None:
    """Programs that are not here are passed over and told; nothing that is not installed is removed."""
    (home / "shipped" / "live").mkdir()
    page = (home / "shipped" / "reaper" / "surface.toml").read_text().split("[[files]]")[0]
    row = '[[files]]\nfile = "a.py"\nwhere = "live.remote_scripts"\nruns = "Live"\ndoes = "x"\n'
    (home / "shipped" / "live" / "surface.toml").write_text(page + row)
    (home / "shipped" / "live" / "a.py").write_text("")
    told = say(Deed.INSTALL, "all")
    assert "Ableton Live was not found for this account: start it once, or tell Live's User Library" in told
    assert "5 files written" in told
    assert "5 files removed" in say(Deed.REMOVE, "all")
    assert "nothing to remove" in say(Deed.REMOVE, "all")
    assert "nothing to update" in say(Deed.UPDATE)
    with pytest.raises(CommandFailed, match="surfaces --install live --to DIR"):
        say(Deed.INSTALL, "live")


def test_what_is_in_the_way_fails_with_its_remedy(say: Say, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is named and was not touched; one that was changed is told and fails nothing."""
    say(Deed.SHOW)
    theirs = home / "Linux" / BASES["Linux"]["REAPER"] / "OSC" / "tempo.ReaperOSC"
    theirs.write_text("theirs")
    with pytest.raises(CommandFailed, match="not everything could be put into place"):
        say(Deed.INSTALL, "reaper")
    written = capsys.readouterr()
    assert f"{theirs} is there already and is not ours; move it away" in written.err
    assert "Next" not in written.out
    assert theirs.read_text() == "theirs"
    theirs.unlink()
    say(Deed.INSTALL, "reaper")
    theirs.write_text("changed")
    told = say(Deed.UPDATE)
    changed = f"{theirs} was changed by you and stays as it is"
    assert f"{changed}; to have ours, move it away and say --update" in told
    assert changed in say(Deed.REMOVE, "reaper")
    page = say(Deed.INSTALL, "reaper")
    assert changed in page
    assert "Next, in REAPER" in page


def test_what_makes_no_sense_is_refused(say: Say, home: Path) -> None:
    """With the words that would make sense."""
    with pytest.raises(BadRequest, match=r"name what to install: reaper, tablet, or all"):
        say(Deed.INSTALL)
    with pytest.raises(BadRequest, match="name one surface with it"):
        say(Deed.INSTALL, "all", to=home)
    with pytest.raises(BadRequest, match="there is no such folder"):
        say(Deed.INSTALL, "reaper", to=home / "nowhere")
    with pytest.raises(CommandFailed, match="reaper is not installed; daw-bridge surfaces --install reaper does"):
        say(Deed.UPDATE, "reaper")
    with pytest.raises(CommandFailed, match=r"reaper is not installed$"):
        say(Deed.REMOVE, "reaper")


def test_the_command_reads_what_was_typed(command: Command, home: Path) -> None:
    """Flags and names in any order; two deeds at once are refused, and so is a name that nothing has."""
    (home / "here").mkdir()
    at = ("--osc", ":9400", "--to", home / "here")
    ended = command("surfaces", "--install", "open_sound_control", *at)
    assert ended.status == 0
    assert (home / "here" / "addresses.tsv").is_file()
    listed = json.loads(command("surfaces", "--json", "--osc", ":9400").out)["surfaces"]
    assert [each["state"] for each in listed if each["base"] == str(home / "here")] == ["installed"]
    assert command("surfaces", "open_sound_control", *at, "--remove").status == 0
    assert command("surfaces", "--install", "--remove", "all").status == 2
    ended = command("surfaces", "--install", "open_sound_contrl", "--osc", ":9400")
    assert ended.status == 1
    assert "did you mean open_sound_control" in ended.err


def test_what_is_opened_by_hand_is_named_with_its_whole_path(command: Command, home: Path) -> None:
    """So that a step can be pasted as it stands, wherever the file lies."""
    shipped = factory_surfaces() / "liblo" / "daw-bridge.sh"
    assert (
        f'In a terminal: sh {shipped} "dusty breakbeat"'
        in command("surfaces", "--install", "liblo", "--osc", ":9310").out
    )
    (home / "my own").mkdir()
    copied = command("surfaces", "--install", "liblo", "--osc", ":9310", "--to", home / "my own")
    assert f"""sh '{home / "my own" / "daw-bridge.sh"}' "dusty""" in copied.out
    assert copied.err == ""


def test_a_port_that_no_update_can_renew_is_shown(command: Command, home: Path) -> None:
    """By file and line, until it is changed there; where it is set in the program, that is said; steps have it right."""
    command("surfaces", "--install", "liblo", "--osc", ":9310", "--to", home)
    file = home / "daw-bridge.sh"
    lines = file.read_text().splitlines()
    ended = command("surfaces", "--update", "liblo", "--osc", ":9400")
    assert (
        f"the port 9310 is written in {file}, line {lines.index('daemon=9310') + 1}: change it there to 9400"
        in ended.err
    )
    file.write_text(file.read_text().replace("9310", "9400"))
    assert "9310" not in command("surfaces", "--update", "liblo", "--osc", ":9400").err
    for name in ("touchosc", "open_sound_control"):
        ended = command("surfaces", "--install", name, "--osc", ":9400")
        assert "is set in the program itself; give it 127.0.0.1, port 9400, there" in ended.err
        assert "9310" not in ended.out


def test_the_doctor_says_how_it_is_with_them(command: Command, home: Path) -> None:
    """None, some, or some that an update would mend."""
    config = load(None, {}, {"osc.port": 9400, "paths.state": home / "state"})
    assert checks.surfaces(config).found.startswith("none installed; daw-bridge surfaces lists ")
    (home / "here").mkdir()
    command("surfaces", "--install", "open_sound_control", "--osc", ":9400", "--to", home / "here")
    assert checks.surfaces(config).found == "open_sound_control: installed"
    (home / "here" / "addresses.tsv").unlink()
    found = checks.surfaces(config)
    assert (found.state, found.remedy) == (State.NOTE, "daw-bridge surfaces --update")
    (receipt,) = (home / "state" / "surfaces").iterdir()
    receipt.write_text("spoiled")
    assert checks.surfaces(config).remedy.startswith("move it away")


def test_a_surface_is_told_what_the_running_daemon_does(command: Command, home: Path, tmp_path: Path) -> None:
    """Not what the settings say when it was started with other folders; the doctor says what goes astray until then."""
    reaper = home / "REAPER"
    reaper.mkdir()
    with daemon(tmp_path / "other") as running:
        at = ("--osc", f"{running.host}:{running.port}")
        config = load(None, {}, {"osc.port": running.port, "paths.state": home / "state"})
        ended = command("surfaces", "--install", "reaper", *at, "--to", reaper)
        assert f"looks for clips in {running.folder}, as the running daemon says" in ended.err
        (file,) = reaper.rglob("daw_bridge_settings.lua")
        said = read(file.read_bytes(), file.name)
        assert (said["clips"], said["exchange"]) == (str(running.folder), str(running.state / "exchange"))
        assert checks.surfaces(config).found == "reaper: installed"
        assert command("surfaces", "--install", "reaper", *at).out.startswith("reaper: nothing to do in ")
    ended = command("surfaces", "--update", "reaper", *at)
    assert f"looks for clips in {home / 'clips'}, as the settings say (no daemon runs" in ended.err
    moved = load(None, {}, {"osc.port": running.port, "paths.state": home / "state", "folder.path": home / "moved"})
    found = checks.surfaces(moved)
    assert found.remedy == "start daw-bridge serve as you always do, then daw-bridge surfaces --update"
    assert f"reaper looks for clips in {home / 'clips'}, the daemon delivers into {home / 'moved'}" in found.found
