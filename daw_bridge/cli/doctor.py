"""``daw-bridge doctor``: what works on this machine, one row for each thing, with the remedy for what does not."""

from dataclasses import asdict
from pathlib import Path

from rich.table import Column
from rich.text import Text

from daw_bridge.cli import screen
from daw_bridge.cli.checks import CHECKS, Finding, State
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.cli.settings import read

_STYLES = {State.OK: "green", State.NOTE: "yellow", State.PROBLEM: "bold red"}


def run(
    config_file: Path | None,
    *,
    osc: str | None,
    folder: Path | None,
    state: Path | None,
    bundle: Path | None,
    as_json: bool,
) -> None:
    """Look at everything and list it. Raises `CommandFailed` if deliveries into the folder cannot work.

    A `bundle` is written as well, if one is wanted.
    """
    config = read(config_file, osc=osc, folder=folder, state=state)
    findings = []
    with screen.progress("looking") as show:
        for done, check in enumerate(CHECKS):
            show(done / len(CHECKS), check.__name__.replace("_", " "))
            findings.append(check(config))
    well = not any(each.state is State.PROBLEM for each in findings)
    if as_json:
        screen.write_json({"ok": well, "findings": [asdict(each) for each in findings]})
    else:
        _show(findings)
    if bundle is not None:
        from daw_bridge.cli.bundle import write

        write(bundle, config, findings)
        screen.note(f"{bundle} holds what a report needs; look into it before you send it")
    if not well:
        raise CommandFailed("clips cannot be delivered like this; follow the remedies above, then look again")


def _show(findings: list[Finding]) -> None:
    """Write the findings as a table, each remedy under what it is for."""
    sheet = screen.table(Column("what", no_wrap=True), Column("", no_wrap=True), Column("found", overflow="fold"))
    for each in findings:
        sheet.add_row(each.thing, Text(each.state.value, _STYLES[each.state]), screen.plain(each.found))
        if each.remedy:
            sheet.add_row("", "", f"→ {screen.plain(each.remedy)}")
    screen.out().print(sheet)
