"""What commands write with: text and tables for people, JSON for programs, progress on standard error.

Consoles are made when they are needed and never kept: whoever redirects an output in the meantime is respected.
Nothing that is shown is read as markup. What came out of a file or over a wire goes through `plain` first.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

_ENDLESS = 10_000
"""The width of an output that is no terminal: a pipe has no right edge at which a path must be broken."""

_STAGE = 24
"""Columns for what is going on, so that the bar behind it stays where it is."""

Show = Callable[[float, str], None]
"""Shows how far something is: the fraction that is done (0–1), and what is going on."""


def out() -> Console:
    """Return a console on standard output."""
    return _console(sys.stdout)


def err() -> Console:
    """Return a console on standard error."""
    return _console(sys.stderr)


def _console(stream: TextIO) -> Console:
    """Return a console on `stream` that takes text as it stands."""
    return Console(file=stream, width=None if stream.isatty() else _ENDLESS, markup=False, highlight=False, emoji=False)


def plain(text: object) -> str:
    """Return `text` with nothing in it that could steer a terminal: one line of printable characters."""
    return "".join(sign if sign.isprintable() else " " if sign.isspace() else "�" for sign in str(text))


def counted(number: int, thing: str) -> str:
    """Return "1 bar" or "2 bars"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def note(text: str) -> None:
    """Tell the person at the terminal something that is no part of the answer."""
    err().print(f"daw-bridge: {plain(text)}", soft_wrap=True)


def write_json(value: Mapping[str, Any]) -> None:
    """Write `value` as JSON, as strict as a sidecar, and in ASCII: no encoding of a pipe or terminal can spoil it."""
    from daw_bridge.deliveries.sidecar import text

    out().print(json.dumps(json.loads(text(value)), indent=2), soft_wrap=True)


def table(*columns: str | Column) -> Table:
    """Return an empty table in the house's look: no frame, headings in dim."""
    return Table(*columns, box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)


def rows(pairs: list[tuple[str, str]]) -> Table:
    """Return a table of labels and what there is to say about each; what is empty is left out."""
    facts = Table.grid(Column(style="dim", no_wrap=True), Column(overflow="fold"), padding=(0, 2, 0, 0))
    for label, text in pairs:
        if text:
            facts.add_row(label, plain(text))
    return facts


@contextmanager
def progress(words: str) -> Iterator[Show]:
    """Show a bar for as long as the block runs, on standard error and only if that is a terminal."""
    console = err()
    columns = (
        TextColumn("{task.description}", markup=False, table_column=Column(min_width=_STAGE, no_wrap=True)),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(words, total=1.0)

        def show(fraction: float, stage: str) -> None:
            """Move the bar."""
            bar.update(task, completed=fraction, description=plain(stage))

        yield show
