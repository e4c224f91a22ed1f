"""A job, asked for over OSC and followed to its end, as any client would: whoever the daemon is."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from daw_bridge import reports
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.cli.screen import Show, note
from daw_bridge.client import Client, Heard
from daw_bridge.errors import BadRequest
from daw_bridge.requests import read_said
from daw_bridge.wires.osc_addresses import PRESET, REPORTS

_QUIET = 2.0  # seconds without a word after which the daemon is asked whether it is still there
_LAST_WORD = 2.0  # seconds that a cancelled job has to say so

_KINDS = {address: kind for kind, address in REPORTS.items()}


@dataclass(frozen=True, slots=True)
class Wish:
    """A job to be: where it is sent, with what, and the id that all its reports will carry."""

    id: str
    address: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job: its files, best first, and the seconds from the request to the end."""

    id: str
    files: tuple[reports.Delivered, ...]
    seconds: float


def wish(prompt: str | None, said: Mapping[str, str]) -> Wish:
    """Make a wish of a prompt, or of a preset without one. Raises `BridgeError` for what no daemon would take.

    The id is made up here rather than by the daemon, so that the job can be cancelled before a word was heard of it.
    """
    read_said({**said, "prompt": prompt or ""})
    keys = {"id": secrets.token_hex(4), **said}
    if prompt is not None and prompt.strip():
        address, start = "/bridge/generate", [prompt]
    elif "preset" in keys:
        address, start = PRESET + keys.pop("preset"), []
    elif "mix" in keys:  # which has the words of the two
        address, start = "/bridge/generate", [""]
    else:
        raise BadRequest("the prompt is missing; say what to play, for example: daw-bridge generate 'dusty breakbeat'")
    return Wish(keys["id"], address, (*start, *(word for pair in keys.items() for word in pair)))


def follow(client: Client, job: Wish, show: Show) -> Outcome:
    """Send `job`, show how it goes, and return what came of it. Raises `CommandFailed` with the daemon's own words.

    Ctrl-C cancels the job and is passed on.
    """
    try:
        client.send(job.address, *job.arguments)
        return _to_its_end(client, job, show)
    except KeyboardInterrupt:
        client.send("/bridge/cancel", job.id)
        _hear_the_last_word(client)
        raise


def _to_its_end(client: Client, job: Wish, show: Show) -> Outcome:
    """Hear the reports of `job` until the last one."""
    files: list[reports.Delivered] = []
    for report in _reports(client):
        match report:
            case reports.Queued() | reports.Started() | reports.Progress() | reports.Warned():
                _on_the_way(report, show)
            case reports.Delivered():
                files.append(reports.Delivered(job.id, report.rank, report.score, Path(report.path)))
            case reports.Done(files=count) if count != len(files):
                raise CommandFailed(
                    f"{count} clips were delivered, but only {len(files)} heard of; look into the folder"
                )
            case reports.Done(seconds=seconds):
                return Outcome(job.id, tuple(files), seconds)
            case reports.Cancelled():
                raise CommandFailed(f"job {job.id} was cancelled by someone else; ask again")
            case reports.Failed(code=code, message=message) | reports.Refused(code=code, message=message):
                raise CommandFailed(f"{message} ({code})")
    raise CommandFailed("the daemon does not answer any more; start it again, and look into its log for the reason")


def _on_the_way(report: reports.Report, show: Show) -> None:
    """Show what is no end, and no file."""
    match report:
        case reports.Queued(position=position):
            show(0.0, f"waiting, {position} before it" if position else "waiting")
        case reports.Started(engine=engine):
            show(0.0, engine)
        case reports.Progress(fraction=fraction, stage=stage):
            show(fraction, stage)
        case reports.Warned(message=message):
            note(message)


def _hear_the_last_word(client: Client) -> None:
    """Wait a little until a job that was cancelled has ended."""
    for heard in client.hear(_LAST_WORD):
        if isinstance(_read(heard), reports.Cancelled | reports.Done | reports.Failed | reports.Refused):
            return


def _reports(client: Client) -> Iterator[reports.Report]:
    """Yield the reports that come; end when the daemon has said nothing for long, and is silent when asked, too."""
    unanswered = 0
    while unanswered < 2:
        for heard in client.hear(_QUIET):
            unanswered = 0
            report = _read(heard)
            if report is not None:
                yield report
        client.send("/bridge/sync", 0)
        unanswered += 1


def _read(heard: Heard) -> reports.Report | None:
    """Return the report that was heard, or None for what is none; later versions may say more, and may not say less."""
    kind = _KINDS.get(heard.address)
    values: Sequence[Any] = heard.arguments
    if kind is None or len(values) < len(fields(kind)):
        return None
    return kind(*values[: len(fields(kind))])
