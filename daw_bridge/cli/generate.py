"""``daw-bridge generate``: one job, by the daemon that is running or by one of our own, and over OSC in both cases."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from daw_bridge.cli import clips, screen
from daw_bridge.cli.daemons import Peer, find, private
from daw_bridge.cli.jobs import follow, wish
from daw_bridge.cli.settings import read
from daw_bridge.client import Client
from daw_bridge.config import Config
from daw_bridge.errors import BadRequest


def run(
    config_file: Path | None,
    prompt: Sequence[str],
    said: Mapping[str, str],
    more: Sequence[str],
    *,
    osc: str | None,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Make clips and list them; `prompt` is what the shell made of it, one word at most.

    Raises `BridgeError` for what cannot be asked, `CommandFailed` for what failed.
    """
    job = wish(_whole(prompt), {**said, **dict(_pair(each) for each in more)})
    config = read(config_file, osc=osc, folder=folder)
    with screen.progress("starting") as bar, _daemon(config, folder) as peer, Client(*peer) as client:
        outcome = follow(client, job, bar)
    clips.tell(outcome, as_json=as_json)


def _whole(words: Sequence[str]) -> str | None:
    """Return the prompt; None where there is none. Raises `BadRequest` for one that was not in quotes."""
    if len(words) > 1:
        raise BadRequest(
            f"the prompt is in {len(words)} parts; put it in quotes: daw-bridge generate '{' '.join(words)}'"
        )
    return words[0] if words else None


def _pair(text: str) -> tuple[str, str]:
    """Read ``key=value``. Raises `BadRequest` for what is none."""
    key, equals, value = text.partition("=")
    if not equals:
        raise BadRequest(f"--set is '{text}'; write it like --set steps=20")
    return key.strip().lower(), value


@contextmanager
def _daemon(config: Config, folder: Path | None) -> Iterator[Peer]:
    """Lend the daemon that is running, or one of our own.

    Whoever names a folder wants the clips there: a running daemon that delivers elsewhere is not asked.
    """
    found = find(config)
    if found is not None and (folder is None or found.folder == config.folder.path):
        yield found.peer
        return
    if found is not None:
        screen.note(f"the daemon that is running delivers into {found.folder}; working without it")
    with private(config) as peer:
        yield peer
