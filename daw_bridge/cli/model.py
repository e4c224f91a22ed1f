"""``daw-bridge model``: the weights of MusicLDM, brought here, listed, looked at."""

from pathlib import Path
from typing import Any

from rich.table import Column

from daw_bridge import __version__
from daw_bridge.cli import screen
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.cli.settings import read
from plugin_host.engines.musicldm import adapters
from plugin_host.engines.musicldm.checkpoint import SHIPPED, WEIGHTS, Checkpoint, installed, locate
from plugin_host.errors import EngineUnavailable

_SMALL = 1e8  # bytes up to which megabytes say more


def fetch(config: Path | None, source: str | None, revision: str | None, *, as_json: bool) -> None:
    """Bring a checkpoint here, the configured one if none is named. Raises `HostError`."""
    settings = read(config).musicldm
    try:
        from plugin_host.engines.musicldm import hub
    except ImportError as error:
        raise CommandFailed(f"{error.name} is not installed; pip install 'daw-bridge[musicldm]'") from None
    offer = hub.look(source or settings.checkpoint, revision or settings.revision)
    with screen.progress(f"fetch {offer.source}") as show:
        found = hub.fetch(
            offer, lambda here, size: show(here / max(1, size), f"{here / 1e9:.2f} of {size / 1e9:.2f} GB")
        )
    if as_json:
        screen.write_json(_card(found))
        return
    paper = screen.out()
    paper.print(f"{found.source} is here, at {found.revision}", soft_wrap=True)
    paper.print(f"Licence of the weights: {screen.plain(found.licence)}", soft_wrap=True)


def show_all(config: Path | None, *, as_json: bool) -> None:
    """List the checkpoints that were fetched or came along, and what ``daw-bridge train`` has made of loops."""
    found, learnt = installed(), _learnt(read(config).musicldm.adapters)
    if as_json:
        screen.write_json({"models": [_card(each) for each in found], "learnt": learnt})
        return
    paper = screen.out()
    if found:
        shelf = screen.table(Column("model", no_wrap=True), "revision", Column("size", justify="right"), "licence")
        for each in found:
            shelf.add_row(
                screen.plain(each.source), (each.revision or "")[:12], _size(each), screen.plain(each.licence)
            )
        paper.print(shelf)
    if learnt:
        shelf = screen.table(Column("learnt from your loops", no_wrap=True), "it is", "made for")
        for card in learnt:
            shelf.add_row(*(screen.plain(str(card[key] or "")) for key in ("name", "kind", "base")))
        paper.print(shelf)
    for trouble in filter(None, (card["trouble"] for card in learnt)):
        paper.print(screen.plain(trouble), soft_wrap=True)
    if all(each.source in SHIPPED for each in found):
        paper.print("No other model is on this machine yet. Get one with: daw-bridge model fetch", soft_wrap=True)


def _learnt(shelf: Path) -> list[dict[str, Any]]:
    """Return what there is to say of each adapter, and of each whole model, in the folder that training leaves them in.

    `trouble` is what keeps one from being used, or None.
    """
    cards: list[dict[str, Any]] = []
    wholes = adapters.wholes(shelf)
    for name in sorted({*adapters.names(shelf), *wholes}):
        whole = name in wholes
        card = {"name": name, "kind": "a model" if whole else "an adapter", "base": None, "trouble": None}
        try:
            if whole:
                locate(str(shelf / name))
            else:
                card["base"] = adapters.named(name, shelf).base
        except EngineUnavailable as error:
            card["trouble"] = str(error)
        cards.append({**card, "folder": shelf / name})
    return cards


def info(config: Path | None, source: str | None, revision: str | None, *, as_json: bool) -> None:
    """Say what a checkpoint is: the configured one if none is named. Raises `EngineUnavailable` if it is not here."""
    settings = read(config).musicldm
    found = locate(source or settings.checkpoint, revision or settings.revision)
    if as_json:
        screen.write_json(_card(found))
        return
    card = _card(found)
    parts = [(part, f"{size / 1e6:.0f} MB, {Path(found.weights(part)).name}") for part, size in card["parts"].items()]
    screen.out().print(
        screen.rows(
            [
                ("model", found.source),
                ("revision", _revision(found)),
                ("licence", found.licence),
                ("makes", f"{found.rate} Hz, mono"),
                ("weighs", _size(found)),
                *parts,
                ("lies in", str(found.folder)),
            ]
        ),
        soft_wrap=True,
    )


def _card(found: Checkpoint) -> dict[str, Any]:
    """Return what there is to say of a checkpoint."""
    return {
        "model": found.source,
        "revision": found.revision,
        "licence": found.licence,
        "rate": found.rate,
        "bytes": found.size,
        "parts": {part: found.weights(part).stat().st_size for part in WEIGHTS},
        "folder": found.folder,
    }


def _revision(found: Checkpoint) -> str:
    """Return which state of a checkpoint it is."""
    came_along = f"came along with daw-bridge {__version__}: a demonstration, trained on synthetic loops"
    return found.revision or (came_along if found.source in SHIPPED else "a plain folder has none")


def _size(found: Checkpoint) -> str:
    """Return how much a checkpoint weighs."""
    return f"{found.size / 1e9:.2f} GB" if found.size >= _SMALL else f"{found.size / 1e6:.0f} MB"
