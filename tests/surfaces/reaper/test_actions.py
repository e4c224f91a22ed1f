"""REAPER's actions, under a real Lua, against a real daemon; only REAPER is modelled (see `reaper.lua`)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile
from daemons import PATIENCE, Running, daemon, synced, until
from reaper import ACTIONS, Reaper, reaper

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A daemon for all actions."""
    with daemon(tmp_path_factory.mktemp("reaper")) as running:
        yield running


@pytest.fixture
def daw(running: Running, tmp_path: Path) -> Iterator[Reaper]:
    """A REAPER with one track, called "dusty breakbeat", at 90 BPM in 4/4 and 44.1 kHz; the cursor is in bar 3."""
    with reaper(tmp_path, running.state / "exchange") as daw:
        daw.do("tempo", 0, 90, 4, 4)
        daw.do("rate", 44_100)
        daw.do("track", "dusty breakbeat")
        daw.do("cursor", 6.0)  # a bar lasts 2⅔ s: bar 4 begins at 8 s
        yield daw


def only_item(seen: dict[str, Any]) -> tuple[dict[str, Any], Path]:
    """Return the one item of the project, and the file of its first take."""
    (item,) = seen["items"]
    return item, Path(item["takes"][0]["path"])


def assert_well_placed(
    seen: dict[str, Any], time: float, bars: int, rate: int = 44_100, bar: float = 4 * 60 / 90
) -> None:
    """Hold the one item to the promises: on its bar line, exactly as long as its bars, looped, not stretched, undone at once."""
    item, path = only_item(seen)
    info = soundfile.info(path)
    assert info.samplerate == rate
    assert info.frames == round(bars * bar * rate)
    values = item["values"]
    assert values["D_POSITION"] == pytest.approx(time, abs=1e-9)
    assert values["D_LENGTH"] == info.frames / info.samplerate
    assert (values["B_LOOPSRC"], values["C_BEATATTACHMODE"]) == (1, 2)
    assert (values["D_FADEINLEN"], values["D_FADEOUTLEN"]) == (0, 0)
    assert item["takes"][0]["rate"] == 1
    assert item["takes"][0]["drawn"]
    assert item["selected"]
    assert len(seen["undo"]) == 1
    assert (seen["open"], seen["refresh"]) == (0, 0)
    assert seen["boxes"] == []


def test_what_the_track_is_called_lands_on_the_next_bar_line(daw: Reaper) -> None:
    """At the project's tempo and rate, named, in one step of undo; the action itself returns at once."""
    assert daw.run("generate_from_track")["running"] == 1
    seen = daw.ends()
    assert_well_placed(seen, 8.0, 4)
    item, path = only_item(seen)
    assert item["takes"][0]["name"] == "dusty breakbeat 1/4"
    assert "_90bpm_4bars_" in path.name
    assert path.name.endswith("_r1.wav")
    assert seen["undo"] == ["daw-bridge: insert dusty breakbeat 1/4"]
    assert seen["console"] == []


def test_a_time_selection_says_where_and_how_many_bars(daw: Reaper) -> None:
    """Two bars from bar 2, wherever the cursor is."""
    daw.do("select", 8 / 3, 8.0)
    daw.run("generate_from_track")
    assert_well_placed(daw.ends(), 8 / 3, 2)


def test_a_cursor_on_a_bar_line_is_the_place(daw: Reaper) -> None:
    """Not the next bar, also where a number of seconds cannot say it exactly."""
    daw.do("cursor", 16 / 3 - 1e-10)
    daw.run("generate_from_track")
    assert_well_placed(daw.ends(), 16 / 3, 4)


def test_tempo_and_meter_are_those_of_the_place(daw: Reaper) -> None:
    """The song changes to 7/8 at 140 from bar 3: the clip is made for that."""
    daw.do("tempo", 2, 140, 7, 8)
    daw.do("select", 16 / 3, 16 / 3 + 2 * 3.5 * 60 / 140)
    daw.run("generate_from_track")
    seen = daw.ends()
    assert_well_placed(seen, 16 / 3, 2, bar=3.5 * 60 / 140)
    assert "_140bpm_" in only_item(seen)[1].name


def test_the_prompt_box_is_filled_in_and_asks_for_what_is_said(daw: Reaper) -> None:
    """With the track's name and the selected bars; commas in the answer belong to the prompt."""
    daw.do("select", 8 / 3, 8.0)
    daw.do("answer", "dub, deep, slow,1,2")
    asked = daw.run("generate")["asked"]
    assert asked["values"] == "dusty breakbeat,2,4"
    assert asked["count"] == 3
    seen = daw.ends()
    assert_well_placed(seen, 8 / 3, 1)
    assert only_item(seen)[0]["takes"][0]["name"] == "dub, deep, slow 1/2"


def test_a_preset_is_chosen_from_a_menu(daw: Reaper) -> None:
    """The daemon says which there are."""
    daw.do("press", 3)
    daw.run("presets")
    seen = daw.ends()
    chosen = seen["menus"][0].split("|")[2]
    assert len(seen["menus"][0].split("|")) > 40
    assert only_item(seen)[1].name.startswith(chosen)


def test_a_menu_that_is_left_makes_nothing(daw: Reaper) -> None:
    """Nor does a prompt box that is left; the user knows."""
    daw.run("presets")
    daw.ends()
    daw.run("generate")
    seen = daw.ends()
    assert (seen["items"], seen["boxes"], len(seen["menus"])) == ([], [], 1)


def test_takes_are_laid_into_the_item_one_after_the_other(daw: Reaper) -> None:
    """Best first; each is one step of undo and becomes the one that plays; after the last, it is said."""
    daw.do("answer", "dub,1,3")
    daw.run("generate")
    daw.ends()
    for rank in (2, 3):
        seen = daw.run("insert_next")
        takes = only_item(seen)[0]["takes"]
        assert [take["active"] for take in takes] == [False] * (rank - 1) + [True]
        assert takes[-1]["path"].endswith(f"_r{rank}.wav")
        assert takes[-1]["name"] == f"dub {rank}/3"
        assert len(seen["undo"]) == rank
    assert "last of 3 takes" in daw.run("insert_next")["boxes"][0]


def test_the_best_take_is_inserted_once_more(daw: Reaper) -> None:
    """At the cursor, which is somewhere else by now; the next take then goes into that item."""
    daw.do("answer", "dub,1,2")
    daw.run("generate")
    daw.ends()
    daw.do("cursor", 20.0)
    first, second = daw.run("insert_best")["items"]
    assert first["takes"][0]["path"] == second["takes"][0]["path"]
    assert second["values"]["D_POSITION"] == pytest.approx(64 / 3)
    assert [len(item["takes"]) for item in daw.run("insert_next")["items"]] == [1, 2]


def test_again_is_another_seed_at_the_cursor(running: Running, daw: Reaper) -> None:
    """The recipe of REAPER's last clip, whatever others had made since; another file."""
    daw.do("answer", "dub,1,1")
    daw.run("generate")
    daw.ends()
    daw.do("cursor", 20.0)
    with running.client() as client:
        client.send("/bridge/generate", "something else", "bars", 1, "takes", 1)
        until(client, "/bridge/done")
    daw.run("again")
    first, second = daw.ends()["items"]
    assert first["takes"][0]["path"] != second["takes"][0]["path"]
    assert Path(second["takes"][0]["path"]).name.startswith("dub_")
    assert second["values"]["D_POSITION"] == pytest.approx(64 / 3)


def test_progress_is_shown_to_who_asks_for_it(daw: Reaper) -> None:
    """In the console, and no longer when it is asked again."""
    daw.run("progress")
    daw.do("answer", "dub,1,1")
    daw.run("generate")
    lines = daw.ends()["console"]
    assert any("100 %" in line for line in lines)
    before = len(daw.run("progress")["console"])
    daw.do("answer", "dub,1,1")
    daw.run("generate")
    assert len(daw.ends()["console"]) == before


def assert_box(seen: dict[str, Any], *words: str) -> None:
    """Check that there was one message box, with these words, that nothing was inserted, and no step of undo made."""
    (text,) = seen["boxes"]
    for word in words:
        assert word in text
    assert (seen["items"], seen["undo"], seen["running"]) == ([], [], 0)


@pytest.mark.parametrize("action", ["generate", "generate_from_track", "presets"])
def test_without_a_track_the_remedy_is_said(daw: Reaper, action: str) -> None:
    """None is selected."""
    daw.do("unselect")
    assert_box(daw.run(action), "No track is selected", "Click the track")


@pytest.mark.parametrize("action", ["again", "insert_best", "insert_next"])
def test_without_a_clip_the_remedy_is_said(daw: Reaper, action: str) -> None:
    """Nothing was made yet."""
    assert_box(daw.run(action), "No clip has been made", "Run")


def test_a_track_without_a_name_is_to_be_named(daw: Reaper) -> None:
    """REAPER calls it by its number then."""
    daw.do("track", "")
    assert_box(daw.run("generate_from_track"), "has no name", "Name it")


def test_an_empty_prompt_is_said(daw: Reaper) -> None:
    """And how one looks."""
    daw.do("answer", "  ,4,4")
    assert_box(daw.run("generate"), "prompt is empty", "such as")


def test_what_the_daemon_refuses_is_shown_with_its_remedy(daw: Reaper) -> None:
    """Its code and its words."""
    daw.do("answer", "dub,65,4")
    daw.run("generate")
    assert_box(daw.ends(), "out_of_range", "1 to 64")


def test_a_selection_of_no_whole_bars_is_rounded_if_the_user_likes(daw: Reaper) -> None:
    """It is asked; Cancel makes nothing."""
    daw.do("select", 2.5, 8.2)
    daw.do("press", 2)
    seen = daw.run("generate_from_track")
    assert_box(seen, "2.14 bars long", "Make 2 bars from bar 2 instead?")
    daw.do("press", 1)
    daw.run("generate_from_track")
    item, path = only_item(daw.ends())
    assert item["values"]["D_POSITION"] == pytest.approx(8 / 3)
    assert "_2bars_" in path.name


def test_a_selection_that_is_too_long_or_uneven_is_refused(daw: Reaper) -> None:
    """A loop has one tempo and one meter, and 64 bars at most."""
    daw.do("select", 0, 65 * 8 / 3)
    assert_box(daw.run("generate_from_track"), "65 bars long", "Select fewer")
    daw.do("tempo", 2, 90, 3, 4)
    daw.do("select", 8 / 3, 16 / 3 + 2)
    assert "change inside the time selection" in daw.run("generate_from_track")["boxes"][-1]


def test_a_job_that_is_cancelled_is_said(daw: Reaper) -> None:
    """By the action that cancels; nothing is left running, and a second time there is nothing to cancel."""
    daw.do("answer", "everything,64,16")
    daw.run("generate")
    daw.until(lambda seen: seen["ext"].get("daw-bridge/running"))
    daw.run("cancel")
    assert_box(daw.ends(), "was cancelled", "Run the action again")
    seen = daw.run("cancel")
    assert "Nothing that was asked for in REAPER" in seen["boxes"][-1]
    assert seen["ext"]["daw-bridge/running"] == ""


def test_a_track_that_is_gone_when_the_clip_comes_is_said(daw: Reaper) -> None:
    """With where the clip is, and how to insert it after all."""
    daw.do("answer", "dub,1,1")
    daw.run("generate")
    daw.do("delete")
    assert_box(daw.ends(), "is gone", "insert best take", "_r1.wav")
    daw.do("track", "another")
    assert only_item(daw.run("insert_best"))[1].is_file()


def test_a_project_that_is_closed_when_the_clip_comes_is_said(daw: Reaper) -> None:
    """REAPER refuses each question about it with an error of Lua's; the clip can be inserted into the next one."""
    daw.do("answer", "dub,1,1")
    daw.run("generate")
    daw.do("close")
    assert_box(daw.ends(), "is gone", "insert best take", "_r1.wav")
    daw.do("track", "another")
    assert only_item(daw.run("insert_best"))[1].is_file()


def test_a_clip_that_was_deleted_is_said(daw: Reaper) -> None:
    """With its path."""
    daw.do("answer", "dub,1,1")
    daw.run("generate")
    only_item(daw.ends())[1].unlink()
    assert "cannot be read" in daw.run("insert_best")["boxes"][0]


def test_a_job_that_fails_is_said_with_its_code(running: Running, daw: Reaper, tmp_path: Path) -> None:
    """Its daemon is stopped in the midst of it."""
    with daemon(tmp_path / "own") as own, reaper(tmp_path / "other", own.state / "exchange") as other:
        other.do("track", "everything")
        other.do("answer", "everything,64,16")
        other.run("generate")
        with own.client() as client:
            client.send("/bridge/notify", 1)
            synced(client)
            other.until(lambda seen: seen["ext"].get("daw-bridge/running"))
            while not any(each.address == "/bridge/progress" for each in client.hear(5)):
                assert own.process.poll() is None
        own.process.terminate()
        assert_box(other.ends(), "failed (interrupted)", "ask again")
        assert own.process.wait(PATIENCE) == 0
    assert daw.do("look")["boxes"] == []
    assert running.process.poll() is None


def test_without_a_daemon_the_remedy_is_said(tmp_path: Path) -> None:
    """It never ran here: there is no folder. Or it ran once: the request is taken back, so that no later one does it."""
    with reaper(tmp_path, tmp_path / "exchange") as daw:
        daw.do("track", "dub")
        assert_box(daw.run("generate_from_track"), "does not answer", "daw-bridge serve")
        (tmp_path / "exchange" / "requests").mkdir(parents=True)
        (tmp_path / "exchange" / "replies").mkdir()
        daw.run("generate_from_track")
        seen = daw.ends()
        assert "does not answer" in seen["boxes"][1]
        assert seen["ext"]["daw-bridge/running"] == ""
        assert list((tmp_path / "exchange" / "requests").iterdir()) == []


def test_a_daemon_that_goes_away_is_said(tmp_path: Path) -> None:
    """And that the next one finishes the job."""
    with daemon(tmp_path) as own, reaper(tmp_path, own.state / "exchange") as daw:
        daw.do("track", "everything")
        daw.do("answer", "everything,64,16")
        daw.run("progress")
        daw.run("generate")
        daw.until(lambda seen: any("waits behind" in line for line in seen["console"]))
        own.process.kill()
        own.process.wait()
        assert_box(daw.ends(), "went away", "daw-bridge serve")


def test_without_settings_the_remedy_is_said(tmp_path: Path) -> None:
    """The actions were copied by hand, or the file is spoiled."""
    with reaper(tmp_path, None) as daw:
        daw.do("track", "dub")
        assert_box(daw.run("generate_from_track"), "daw_bridge_settings.lua", "daw-bridge surfaces --install reaper")
        (tmp_path / "scripts" / "daw_bridge_settings.lua").write_text("os.exit(1")
        assert "cannot be read" in daw.run("session")["boxes"][1]


def status(running: Running) -> dict[str, object]:
    """Return the daemon's status by name."""
    with running.client() as client:
        heard = client.ask("/bridge/status", "/bridge/status.reply", 10)
        assert heard is not None
        return {str(name): value for name, value in zip(heard.arguments[::2], heard.arguments[1::2], strict=True)}


def test_the_session_is_what_the_project_is(running: Running, daw: Reaper) -> None:
    """Tempo, meter, rate, play and position, whenever one changes; and its light in the toolbar."""

    def is_so(**wanted: object) -> None:
        daw.until(lambda _: wanted.items() <= status(running).items())

    daw.do("tempo", 2, 140.5, 7, 8)
    daw.do("cursor", 1.0)
    daw.run("session")
    is_so(tempo=90.0, meter="4/4", samplerate=44_100, playing="no", tempo_from="daw")
    daw.do("play", 16 / 3 + 3.5 * 60 / 140.5)
    is_so(tempo=140.5, meter="7/8", playing="yes", beat_from="daw")
    beat = status(running)["beat"]
    assert isinstance(beat, float)
    assert beat > 2 * 3.5
    daw.do("halt")
    is_so(playing="no", tempo=90.0)
    assert daw.do("look")["toggles"] == {"51000": 1}
    assert daw.do("stop")["toggles"] == {"51000": 0}


def test_what_a_pad_had_made_can_be_inserted(running: Running, daw: Reaper) -> None:
    """While the session is kept, REAPER hears of the jobs of others; its own keep the names that they have."""
    daw.run("session")
    daw.until(lambda _: status(running)["exchange_subscribers"])
    with running.client() as client:
        client.send("/bridge/generate", "pad", "id", "frompad", "bars", 1, "takes", 1)
    daw.until(lambda seen: "frompad" in seen["ext"].get("daw-bridge/name", ""))
    assert "_frompad_" in only_item(daw.run("insert_best"))[1].name
    daw.do("answer", "dub,1,2")
    daw.run("generate")
    daw.until(lambda seen: len(seen["items"]) == 2)
    with running.client() as client:
        synced(client)
    daw.until(lambda _: status(running)["running"] == "none")
    assert daw.do("look")["ext"]["daw-bridge/name"] == "dub"
    assert daw.do("look")["ext"]["daw-bridge/inserted"] == "1"
    daw.do("stop")


def test_a_session_without_a_daemon_says_so_once(tmp_path: Path) -> None:
    """And ends."""
    (tmp_path / "exchange" / "requests").mkdir(parents=True)
    with reaper(tmp_path, tmp_path / "exchange") as daw:
        daw.run("session")
        assert_box(daw.ends(), "does not answer", "daw-bridge serve")


def test_the_next_daemon_is_told_the_session_too(tmp_path: Path) -> None:
    """However soon it is there: REAPER knows it by its process."""
    with daemon(tmp_path) as first, reaper(tmp_path, first.state / "exchange") as daw:
        daw.do("tempo", 0, 90.5, 4, 4)
        daw.run("session")
        daw.until(lambda _: status(first)["tempo"] == 90.5)
        first.process.kill()
        first.process.wait()
        with daemon(tmp_path) as second:
            daw.until(lambda _: status(second)["tempo"] == 90.5)
            assert status(second)["exchange_subscribers"] == 1
            seen = daw.do("stop")
        assert (seen["boxes"], seen["console"]) == ([], [])


def test_what_the_osc_pattern_has_reaper_send_is_understood(running: Running) -> None:
    """Each address of it, with a value of its kind: f is a number, t is 1 or 0, s is text. None is answered by an error."""
    lines = (ACTIONS / "daw-bridge.ReaperOSC").read_text().splitlines()
    patterns = [line.split() for line in lines if line and not line.startswith("#")]
    assert [name for name, _ in patterns] == ["TEMPO", "PLAY", "STOP", "BEAT"]
    values: dict[str, float | str] = {"f": 97.5, "t": 1.0, "s": "5.2.50"}
    with running.client() as client:
        for _, pattern in patterns:
            kind, address = pattern[0], pattern[1:]
            client.send(address, values[kind])
        assert synced(client) == []
    assert status(running)["tempo"] == 97.5


def test_the_model_refuses_what_reaper_does_not_have(tmp_path: Path) -> None:
    """A function that is not documented, too many or too few arguments, and those of a wrong type."""
    wrong = {
        "NoSuch()": "has no reaper.NoSuch",
        "ShowConsoleMsg()": "has 1 arguments, and there are 0",
        "GetCursorPositionEx(0, 1)": "has 1 arguments, and there are 2",
        "ShowConsoleMsg(4)": "is number, not string",
        'GetSelectedTrack(0, "first")': "is string, not integer",
        "GetSelectedTrack(0, 0.5)": "is number, not integer",
        "GetTrackName(reaper.EnumProjects(-1))": "and there are 2",
        "AddMediaItemToTrack((reaper.EnumProjects(-1)))": "is table, not MediaTrack",
    }
    with reaper(tmp_path, None) as daw:
        for call, words in wrong.items():
            (daw.scripts / "daw_bridge_wrong.lua").write_text(f"reaper.{call}\n")
            with pytest.raises(AssertionError, match=re.escape(words)):
                daw.run("wrong")
