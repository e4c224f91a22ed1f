"""The options that several commands share, each with its help."""

from pathlib import Path
from typing import Annotated, Any

import typer

from daw_bridge.requests import JOB_KEYS


def job_option(key: str) -> Any:
    """Return the option that says `key` of a job; its help is the table's."""
    row = JOB_KEYS[key]
    return typer.Option(f"--{key}", metavar=key.upper(), help=f"{row.means}; {row.read.allowed}")


ConfigFile = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="configuration file (TOML)")]
Osc = Annotated[str | None, typer.Option("--osc", metavar="HOST:PORT", help="where OSC is heard")]
Folder = Annotated[Path | None, typer.Option("--folder", metavar="DIR", help="where clips land")]
State = Annotated[Path | None, typer.Option("--state", metavar="DIR", help="journal, spool and logs")]
Engine = Annotated[str | None, typer.Option("--engine", metavar="NAME", help="the generator")]
Rate = Annotated[str | None, typer.Option("--rate", metavar="HZ", help="sample rate until the DAW says otherwise")]
Json = Annotated[bool, typer.Option("--json", help="write JSON for a program to read")]
