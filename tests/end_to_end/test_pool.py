"""The pool, end to end: an armed preset is answered at once, with what would have been made, and says so."""

import json
from pathlib import Path

import pytest
from daemons import Running, daemon, follow, until
from lives import written

from daw_bridge.client import Client
from daw_bridge.wires.osc_packet import Argument

PRESET = "/bridge/preset/four-on-the-floor"
BRIEF = "/bridge/preset/brief"
ARMED = {"DAW_BRIDGE_POOL_ARMED": "four-on-the-floor"}


def brief(base: Path) -> dict[str, str]:
    """Return the settings of a daemon with an armed preset, called brief, that is soon ready."""
    folder = base / "presets"
    folder.mkdir()
    (folder / "brief.toml").write_text('prompt = "house drums"\nbars = 1\ntakes = 1\narmed = true\n')
    return {"DAW_BRIDGE_PATHS_PRESETS": str(folder)}


def status(client: Client) -> dict[str, Argument]:
    """Return the daemon's status."""
    client.send("/bridge/status")
    told = until(client, "/bridge/status.reply")[-1].arguments
    return {str(name): value for name, value in zip(told[::2], told[1::2], strict=True)}


def filled(client: Client) -> None:
    """Wait until something is ready."""
    while status(client)["pool_ready"] == "none":
        pass


def spooled(running: Running) -> int:
    """Return how many clips lie in the spool."""
    return len(list((running.state / "spool").rglob("*.f32")))


def test_a_trigger_is_answered_from_the_pool_and_the_pool_filled_again(tmp_path: Path) -> None:
    """The report comes in order, the sidecar names the pool, and each trigger has a clip of its own."""
    with daemon(tmp_path, **ARMED) as running, running.client() as client:
        seeds = set()
        for name in ("a", "b"):
            filled(client)
            client.send(PRESET, "id", name)
            story = follow(client, name)
            expected = ["queued", "started", "progress", "delivered", "done"]
            drawn = list(dict.fromkeys(address.rpartition("/")[2] for address in story.addresses))
            assert drawn == expected
            card = json.loads(story.paths[0].with_suffix(".json").read_text())
            assert card["pool"]["preset"] == "four-on-the-floor"
            assert card["job"] == name
            seeds.add(card["plan"]["seed"])
        assert len(seeds) == 2
        assert status(client)["pool_answered"] == 2
        filled(client)
    assert running.leftovers == []


def test_a_busy_worker_keeps_nobody_waiting(tmp_path: Path) -> None:
    """What is ready is delivered while another job runs, which goes on."""
    with daemon(tmp_path, **brief(tmp_path)) as running, running.client() as client:
        filled(client)
        client.send("/bridge/generate", "pad", "id", "long", "bars", 32, "takes", 16)
        until(client, "/bridge/started")
        client.send(BRIEF, "id", "quick")
        ended = [heard for heard in until(client, "/bridge/done") if heard.address == "/bridge/done"]
        assert ended[0].arguments[0] == "quick"
        client.send("/bridge/cancel", "long")
        assert follow(client, "long").ending.address == "/bridge/cancelled"


def test_a_job_that_is_answered_can_be_cancelled_and_nothing_else_is(tmp_path: Path) -> None:
    """It ends once, cancelled or done, whichever was first; the job that runs beside it goes on."""
    with daemon(tmp_path, **brief(tmp_path)) as running, running.client() as client:
        filled(client)
        client.send("/bridge/generate", "pad", "id", "long", "bars", 32, "takes", 16)
        until(client, "/bridge/started")
        client.send(BRIEF, "id", "quick")
        client.send("/bridge/cancel", "quick")
        story = follow(client, "quick")
        assert story.ending.address in {"/bridge/cancelled", "/bridge/done"}
        assert len(running.wavs) == len(story.paths)
        assert status(client)["running"] == "long"
        client.send("/bridge/cancel", "long")
        assert follow(client, "long").ending.address == "/bridge/cancelled"
    assert running.leftovers == []


def test_the_daemons_death_is_not_laid_to_what_is_answered(tmp_path: Path) -> None:
    """Of all jobs that a death breaks off, the one that ran may be what caused it; only that is written down as running."""
    with daemon(tmp_path, **brief(tmp_path)) as running, running.client() as client:
        filled(client)
        client.send("/bridge/generate", "pad", "id", "long", "bars", 64, "takes", 16)
        until(client, "/bridge/started")
        running.folder.rmdir()
        client.send(BRIEF, "id", "quick")
        until(client, "/bridge/warning")  # it waits for its folder
        assert written(running.state) == {"long": "running", "quick": "waiting"}


@pytest.mark.parametrize("change", [("/bridge/tempo", 131.0), ("/bridge/meter", 3, 4), ("/bridge/key", "F minor")])
def test_a_session_that_changes_empties_the_pool(tmp_path: Path, change: tuple[str, *tuple[Argument, ...]]) -> None:
    """A trigger gets a clip for the session as it is; what was for another is deleted."""
    with daemon(tmp_path, **brief(tmp_path)) as running, running.client() as client:
        filled(client)
        before = spooled(running)
        client.send(*change)
        client.send(BRIEF, "id", "a")
        story = follow(client, "a")
        card = json.loads(story.paths[0].with_suffix(".json").read_text())
        assert "pool" not in card
        filled(client)
        assert spooled(running) == before
        client.send(BRIEF, "id", "b")
        story = follow(client, "b")
        card = json.loads(story.paths[0].with_suffix(".json").read_text())
        assert "pool" in card
        plan = card["plan"]
        assert {"/bridge/tempo": "131", "/bridge/meter": "3/4", "/bridge/key": "F minor"}[change[0]] in {
            plan["bpm"],
            plan["meter"],
            plan["key"],
        }


def test_what_says_more_than_its_preset_is_made(tmp_path: Path) -> None:
    """Other bars, or a seed, are not in the pool; a preset of one's own can arm itself."""
    with daemon(tmp_path, **brief(tmp_path)) as running, running.client() as client:
        filled(client)
        for keys in (("bars", 2), ("seed", 7)):
            client.send(BRIEF, *keys)
            assert "pool" not in json.loads(follow(client).paths[0].with_suffix(".json").read_text())
        filled(client)
        client.send(BRIEF)
        assert "pool" in json.loads(follow(client).paths[0].with_suffix(".json").read_text())
