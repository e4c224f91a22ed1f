"""``daw-bridge learn``: name what to do, touch a control, and from now on it does that."""

import sys
from pathlib import Path

from daw_bridge import reports
from daw_bridge.cli import screen
from daw_bridge.cli.daemons import find
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.cli.settings import read
from daw_bridge.client import Client
from daw_bridge.wires.osc_addresses import REPORTS

_LEARNT, _REFUSED = REPORTS[reports.Learnt], REPORTS[reports.Refused]
_PATIENCE = 120.0  # seconds in which a hand finds its way to the controller
_AT_ONCE = 5.0  # seconds


def run(config_file: Path | None, deed: str | None, *, osc: str | None, undo: bool, replace: bool) -> None:
    """Learn `deed`, or undo the last lesson. Raises `CommandFailed` with the daemon's own words."""
    config = read(config_file, osc=osc)
    found = find(config)
    if found is None:
        raise CommandFailed("no daemon answers; start one with: daw-bridge serve --midi '*'")
    with Client(*found.peer) as client:
        if undo or deed is None:
            _undo(client)
        else:
            _learn(client, deed, replace=replace)


def _undo(client: Client) -> None:
    """Forget what was learnt last."""
    client.send("/bridge/learn/undo")
    _heard(client, _AT_ONCE)
    screen.out().print("undone")


def _learn(client: Client, deed: str, *, replace: bool) -> None:
    """Wait for a control, and settle what is to happen to one that is taken."""
    client.send("/bridge/learn", deed)
    _heard(client, _AT_ONCE)
    screen.out().print(f"touch the control for: {screen.plain(deed)}")
    try:
        learnt = _heard(client, _PATIENCE)
    except BaseException:
        client.send("/bridge/learn")  # nobody waits for it any more
        raise
    if learnt.state == "taken":
        screen.out().print(screen.plain(f"{learnt.control} does this already: {learnt.deed}"))
        if not (replace or _agreed()):
            raise CommandFailed("nothing was changed; touch another control, or say --replace")
        client.send("/bridge/learn/replace")
        learnt = _heard(client, _AT_ONCE)
    if learnt.state != "learnt":
        raise CommandFailed(learnt.deed)
    screen.out().print(screen.plain(f"{learnt.control} does this now: {learnt.deed}"))


def _agreed() -> bool:
    """Ask whether the control shall do the new thing; where nobody can be asked, it shall not."""
    if not sys.stdin.isatty():
        return False
    return input("replace it? [y/N] ").strip().lower() in {"y", "yes"}


def _heard(client: Client, seconds: float) -> reports.Learnt:
    """Wait for the next word about the lesson. Raises `CommandFailed` for a refusal, or when none comes."""
    for heard in client.hear(seconds):
        if heard.address == _REFUSED:
            raise CommandFailed(str(heard.arguments[2]))
        if heard.address == _LEARNT:
            return reports.Learnt(*(str(each) for each in heard.arguments))
    raise CommandFailed("no control was touched; is its port open? /bridge/status has midi_ports")
