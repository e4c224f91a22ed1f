"""``daw-bridge mix``: two clips made one, beat on beat. No daemon is needed, nor asked."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from daw_bridge import __version__, reports
from daw_bridge.certificate import plan_card
from daw_bridge.cli import clips, screen
from daw_bridge.cli.errors import CommandFailed
from daw_bridge.cli.jobs import Outcome
from daw_bridge.cli.settings import read
from daw_bridge.config import Config
from daw_bridge.deliveries.folder import FolderDelivery
from daw_bridge.deliveries.order import Order
from daw_bridge.deliveries.trash import look
from daw_bridge.deliveries.wav import Depth
from daw_bridge.errors import UnknownJob
from daw_bridge.history import History
from daw_bridge.parents import clip_named
from daw_bridge.plan import Parent, decide
from daw_bridge.records import said_card
from daw_bridge.requests import Said, read_said
from daw_bridge.session import SessionState
from plugin_host.engine import Plan
from plugin_host.engines import MUSICLDM, create
from plugin_host.host import Host
from plugin_host.loops import read_loop
from plugin_host.rankers.signal import SignalRanker
from plugin_host.rankers.tonality import KeyRanker


@dataclass(frozen=True, slots=True)
class _Bar:
    """The watch of a mix: it moves the bar on the screen."""

    show: screen.Show

    def step(self, stage: str, fraction: float) -> None:
        """Show how far it is."""
        self.show(fraction, stage)


def run(
    config_file: Path | None, names: tuple[str, str], said: Mapping[str, str], folder: Path | None, *, as_json: bool
) -> None:
    """Mix the two clips of these `names`, files or jobs, and list what came of it.

    What is not `said` comes from the first of them. Raises `BridgeError`, `HostError` and `CommandFailed`.
    """
    begun = monotonic()
    wished = read_said(said)
    config = read(config_file, folder=folder)
    parents = (_parent(names[0], config), _parent(names[1], config))
    first = parents[0]
    rate = config.session.rate
    session = SessionState(first.beat.tempo, first.beat.meter, first.key, rate)
    decision = decide({**wished, "mix": "A B"}, None, session, config, parents)
    engine = create(decision.engine, asdict(config.musicldm) if decision.engine == MUSICLDM else {})
    with screen.progress("mixing") as show:
        made = Host(engine, [SignalRanker(), KeyRanker()]).clips(decision.plan, _Bar(show))
    engine.close()
    if told := made[0].facts.take_facts.get("warning"):
        screen.note(str(told))
    order = _order(decision.plan, decision.engine, wished, names)
    delivery = FolderDelivery(config.folder.path, Depth(config.folder.depth))
    delivery.prepare()
    files = tuple(
        reports.Delivered(order.job, clip.facts.rank, clip.facts.score.value, delivery.deliver(clip, order))
        for clip in made
    )
    clips.tell(Outcome(order.job, files, monotonic() - begun), as_json=as_json)


def _parent(name: str, config: Config) -> Parent:
    """Return the clip that is called `name`: a file, or one that the history knows.

    Raises `CommandFailed` for what is neither, or has no beat.
    """
    path = Path(name).expanduser()
    if not path.is_file():
        path = _delivered(name, History(config.paths.state))
    loop = read_loop(path)
    if loop.beat is None:
        raise CommandFailed(
            f"{path} has no beat ({loop.sources.get('beat', 'none is heard')}); name a loop that has one"
        )
    return Parent(path.name, str(path.absolute()), loop.caption or path.stem, loop.beat, loop.key)


def _delivered(name: str, history: History) -> Path:
    """Return where the clip lies that is called `name`: by a job's id, that with a rank, or the name of its file.

    Raises `CommandFailed` for what nobody knows, and `ClipGone` for a clip that somebody has moved away.
    """
    try:
        clip = history.clips(name)[0] if name.endswith(".wav") else clip_named(name, history)[1]
    except UnknownJob as error:
        what = f"{name} is a folder" if Path(name).is_dir() else f"there is no file {name}"
        raise CommandFailed(f"{what}, and {error}") from None
    look(clip.place)
    return clip.place


def _order(plan: Plan, engine: str, said: Said, names: tuple[str, str]) -> Order:
    """Return what the files of a mix share: an id of their own, and how they came about."""
    card: dict[str, Any] = {
        "version": __version__,
        "made": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "request": {"address": "daw-bridge mix", "said": {**said_card(said), "mix": list(names)}, "launch": None},
        "plan": plan_card(plan, engine),
    }
    return Order(secrets.token_hex(4), plan.prompt, plan.prompt, plan.key, card)
