"""The commands of ``daw-bridge model`` with their options. What they do stands in the module `model`."""

from typing import Annotated

import typer

from daw_bridge.cli.options import ConfigFile, Json

model = typer.Typer(
    help="Fetch, list and look at the weights of MusicLDM.", no_args_is_help=True, rich_markup_mode=None
)
Source = Annotated[
    str | None, typer.Argument(metavar="MODEL", help="a hub id, folder or name; musicldm.checkpoint if left out")
]
Revision = Annotated[str | None, typer.Option("--revision", metavar="COMMIT", help="a commit, tag or branch")]


@model.command("fetch", epilog="Example: daw-bridge model fetch ucsd-reach/musicldm")
def model_fetch(
    source: Source = None, revision: Revision = None, config: ConfigFile = None, as_json: Json = False
) -> None:
    """Bring a model onto this machine; a download that broke off goes on."""
    from daw_bridge.cli.model import fetch

    fetch(config, source, revision, as_json=as_json)


@model.command("list", epilog="Example: daw-bridge model list")
def model_list(config: ConfigFile = None, as_json: Json = False) -> None:
    """List the models that are on this machine, and what yours have learnt beyond them."""
    from daw_bridge.cli.model import show_all

    show_all(config, as_json=as_json)


@model.command("info", epilog="Example: daw-bridge model info ucsd-reach/musicldm")
def model_info(
    source: Source = None, revision: Revision = None, config: ConfigFile = None, as_json: Json = False
) -> None:
    """Say what a model is, what it weighs and what its licence allows."""
    from daw_bridge.cli.model import info

    info(config, source, revision, as_json=as_json)
