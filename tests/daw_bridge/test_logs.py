"""Laws of the log: a line for each job with its stages, JSON whatever happens, bounded, and without prompts if so wished."""

import json
import logging
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daw_bridge import reports
from daw_bridge.chronicle import Chronicle
from daw_bridge.logs import kept
from daw_bridge.requests import JOB_KEYS, Asker, Request, Said
from daw_bridge.sections import LogsConfig

REQUEST = Request(
    Said(prompt="secret garden", negative="hidden hiss", preset="pad"),
    Asker("osc 127.0.0.1:1"),
    "/bridge/generate",
    0.0,
)


@pytest.fixture(autouse=True)
def _level() -> Iterator[None]:
    """Log as the daemon does, and no longer than the test."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    yield
    root.setLevel(before)


class Hand:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def lines(state: Path) -> list[dict[str, Any]]:
    """Return all lines of the log, of all its files, oldest first."""
    files = sorted((state / "logs").glob("*"), reverse=True)
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def told(chronicle: Chronicle, clock: Hand, *story: tuple[float, reports.Report]) -> None:
    """Have a chronicle hear a story, each report after so many seconds."""
    for seconds, report in story:
        clock.now += seconds
        chronicle.hear(report, REQUEST)


DONE = (
    (0.0, reports.Queued("a", 2, 9.0)),
    (2.0, reports.Started("a", "sketch")),
    (0.0, reports.Progress("a", 0.1, "denoise 1/2")),
    (1.0, reports.Progress("a", 0.2, "denoise 2/2")),
    (1.0, reports.Progress("a", 0.5, "rank")),
    (0.5, reports.Progress("a", 0.6, "denoise 1/2")),
    (0.25, reports.Delivered("a", 1, 0.9, Path("secret-garden_r1.wav"))),
    (0.0, reports.Done("a", 1, 4.75)),
)


@pytest.mark.parametrize("prompts", [True, False])
def test_a_job_is_one_line_with_its_stages(tmp_path: Path, prompts: bool) -> None:
    """How long it waited, what each stage took, what came of it; who asks for no prompts finds no word of one."""
    clock = Hand()
    with kept(tmp_path, LogsConfig(prompts=prompts)):
        told(Chronicle(clock), clock, *DONE)
    text = "".join(path.read_text() for path in (tmp_path / "logs").iterdir())
    (line,) = [each for each in lines(tmp_path) if "job" in each]
    assert line["message"] == "job a done, 1 files in 4.75 s"
    assert (line["state"], line["engine"], line["files"]) == ("done", "sketch", 1)
    assert (line["waited"], line["seconds"]) == (2.0, 4.75)
    assert line["stages"] == {"denoise": 2.25, "rank": 0.5}
    assert (line["preset"], line["sender"]) == ("pad", "osc 127.0.0.1:1")
    assert ("garden" in text, "hiss" in text) == (prompts, prompts)


@pytest.mark.parametrize("prompts", [True, False])
def test_a_job_that_failed_says_why(tmp_path: Path, caplog: pytest.LogCaptureFixture, prompts: bool) -> None:
    """In its line, for who does not hear the reports; in the file its code alone where no prompts are to be in it."""
    clock = Hand()
    with kept(tmp_path, LogsConfig(prompts=prompts)):
        told(Chronicle(clock), clock, *DONE[:4], (1.0, reports.Failed("a", "bad_request", "garden takes no guide")))
    assert "job a failed: bad_request: garden takes no guide, 0 files in 4.00 s" in caplog.messages
    (line,) = [each for each in lines(tmp_path) if "job" in each]
    why = "garden takes no guide" if prompts else "…"
    assert line["message"] == f"job a failed: bad_request: {why}, 0 files in 4.00 s"
    assert ("garden" in json.dumps(line)) is prompts


def test_nothing_of_a_job_that_is_over_stays_in_memory() -> None:
    """Be it cancelled before it began, or broken in the middle; a refusal is no job."""
    clock = Hand()
    chronicle = Chronicle(clock)
    told(chronicle, clock, DONE[0], (1.0, reports.Cancelled("a")), (0.0, reports.Refused("/x", "bad_request", "no")))
    told(chronicle, clock, *DONE[:4], (1.0, reports.Failed("a", "out_of_memory", "not enough")))
    assert chronicle._stories == {}


@pytest.mark.parametrize("prompts", [True, False])
def test_an_error_that_nobody_foresaw_is_traced(tmp_path: Path, prompts: bool) -> None:
    """With its words, unless these could be a prompt's."""
    log = logging.getLogger("test")
    with kept(tmp_path, LogsConfig(prompts=prompts)):
        try:
            assert JOB_KEYS[REQUEST.said["prompt"]]
        except KeyError:
            log.exception("broke at %s", REQUEST.said)
    (line,) = [each for each in lines(tmp_path) if each["level"] == "error"]
    assert "test_logs.py" in line["trace"]
    assert line["error"].startswith("KeyError")
    assert ("secret garden" in json.dumps(line)) is prompts


@pytest.mark.skipif(sys.platform == "win32", reason="on Windows a home is its owner's alone by itself")
def test_a_log_is_its_owners_alone(tmp_path: Path) -> None:
    """What somebody asks for is nobody else's business."""
    with kept(tmp_path / "state", LogsConfig()):
        pass
    assert stat.S_IMODE((tmp_path / "state" / "logs").stat().st_mode) == 0o700


def test_a_log_is_bounded(tmp_path: Path) -> None:
    """Ten thousand lines leave as many files as there may be, none larger than it may be, the last line in the first."""
    log = logging.getLogger("test")
    with kept(tmp_path, LogsConfig(megabytes=0.02, files=3)):
        for number in range(2_000):
            log.info("line %d", number)
    files = sorted((tmp_path / "logs").iterdir())
    assert [file.name for file in files] == ["daw-bridge.jsonl", "daw-bridge.jsonl.1", "daw-bridge.jsonl.2"]
    assert all(file.stat().st_size <= 20_000 for file in files)
    assert lines(tmp_path)[-2]["message"] == "line 1999"


def test_whatever_is_logged_is_a_line_of_plain_text(tmp_path: Path) -> None:
    """A lone surrogate, a line break, a terminal's commands, a value that JSON does not know: a line of JSON in ASCII."""
    with kept(tmp_path, LogsConfig()):
        logging.getLogger("test").info(
            "a\nb \udcff \x9b31m \x1b[2J %s", "\r\n", extra={"facts": {"path": Path("x"), "odd": {1, 2}.__class__}}
        )
    assert len(lines(tmp_path)) == 3
    assert (tmp_path / "logs" / "daw-bridge.jsonl").read_text().replace("\n", "").isprintable()


def test_a_folder_that_cannot_be_made_is_said_and_the_daemon_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A log is no reason not to make music."""
    (tmp_path / "file").write_text("")
    with kept(tmp_path / "file", LogsConfig()):
        logging.getLogger("test").info("on")
    assert "no log is kept" in caplog.text
