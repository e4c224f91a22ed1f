"""Laws of the bundle: it holds what a report needs, none of what is nobody's business, and it overwrites nothing."""

import json
import zipfile
from pathlib import Path

import pytest
from commands import Command
from daemons import daemon, follow

SECRET = "hf_" + "Ab1" * 9


def pages(file: Path) -> dict[str, str]:
    """Return the pages of a bundle by name."""
    with zipfile.ZipFile(file) as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def test_a_bundle_holds_what_a_report_needs(command: Command, home: Path) -> None:
    """Settings, findings, versions, also where no daemon runs and no log is; a second one needs another name."""
    ended = command("doctor", "--bundle", home / "report.zip", "--json")
    assert ended.status == 0, ended.err
    found = pages(home / "report.zip")
    assert found.keys() == {"settings.json", "environment.json", "versions.json", "doctor.json", "status.json"}
    assert json.loads(found["settings.json"])["session.rate"] == 48_000
    assert {each["thing"] for each in json.loads(found["doctor.json"])} > {"Python", "OSC port"}
    assert json.loads(found["versions.json"])["packages"]["numpy"]
    assert "look into it before you send it" in ended.err
    again = command("doctor", "--bundle", home / "report.zip")
    assert again.status == 1
    assert "there is a file" in again.err


def test_a_bundle_tells_no_secrets(command: Command, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable but ours, no home folder, no key, wherever in a log or a setting it stands."""
    monkeypatch.setenv("SOMETHING_ELSE", "nobody's business")
    monkeypatch.setenv("MY_API_TOKEN", "correct horse battery")
    monkeypatch.setenv("DAW_BRIDGE_MUSICLDM_CHECKPOINT", str(home / "weights"))
    logs = home / "state" / "logs"
    logs.mkdir(parents=True)
    line = {"message": f"{home}/x {SECRET} correct horse battery https://me:word@host/ {home}-2", "prompt": "garden"}
    (logs / "daw-bridge.jsonl").write_text(json.dumps(line) + "\n")
    assert command("doctor", "--bundle", home / "report.zip").status == 0
    found = pages(home / "report.zip")
    text = "".join(found.values())
    for word in ("nobody's business", "SOMETHING_ELSE", SECRET, "correct horse", "me:word", f"{home}/"):
        assert word not in text, word
    assert json.loads(found["settings.json"])["musicldm.checkpoint"] == "~/weights"
    assert json.loads(found["logs/daw-bridge.jsonl"])["prompt"] == "garden"


def test_a_bundle_has_no_prompts_if_the_log_should_have_none(
    command: Command, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor those that were logged before they were to be kept out; a line that cannot be read is left out."""
    monkeypatch.setenv("DAW_BRIDGE_LOGS_PROMPTS", "0")
    logs = home / "state" / "logs"
    logs.mkdir(parents=True)
    (logs / "daw-bridge.jsonl").write_text(
        '{"job": "a", "prompt": "garden"}\n{"message": "no: garden is no key", "why": "garden is no key"}\n{"prompt": "gar\n'
    )
    assert command("doctor", "--bundle", home / "report.zip").status == 0
    assert pages(home / "report.zip")["logs/daw-bridge.jsonl"] == '{"job": "a"}\n{"message": "no: \\u2026"}\n'


def test_the_log_and_the_status_of_a_daemon_are_in_it(
    command: Command, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that was done stands in its log with its stages."""
    with daemon(tmp_path / "daemon") as running:
        with running.client() as client:
            client.send("/bridge/generate", "pad", "id", "logged", "bars", 1, "takes", 1)
            follow(client)
        monkeypatch.setenv("DAW_BRIDGE_OSC_PORT", str(running.port))
        bundle = home / "report.zip"
        assert command("doctor", "--state", running.state, "--bundle", bundle).status == 0
    found = pages(bundle)
    assert json.loads(found["status.json"])["done"] == 1
    (line,) = [json.loads(row) for row in found["logs/daw-bridge.jsonl"].splitlines() if '"job"' in row]
    assert (line["job"], line["state"], line["prompt"]) == ("logged", "done", "pad")
    assert {"rank", "write"} <= line["stages"].keys()
