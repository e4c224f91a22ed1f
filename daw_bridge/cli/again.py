"""``daw-bridge again``: an earlier job's recipe with the next seed, whether or not a daemon remembers it."""

from pathlib import Path

from daw_bridge.cli import generate
from daw_bridge.cli.settings import read
from daw_bridge.history import History
from daw_bridge.records import said_card
from plugin_host.engine import SEEDS


def run(
    config_file: Path | None,
    name: str | None,
    *,
    osc: str | None,
    folder: Path | None,
    state: Path | None,
    as_json: bool,
) -> None:
    """Make the job called `name` anew, or the last one. What it left to the session comes from the session as it is now.

    Raises `UnknownJob`, and what `generate` raises.
    """
    before = History(read(config_file, state=state).paths.state).job(name).job
    recipe = said_card(before.request.said)
    prompt = recipe.pop("prompt", None)
    for theirs in ("id", "reply_port"):  # these belong to one request
        recipe.pop(theirs, None)
    recipe["seed"] = (before.plan.seed + 1) % SEEDS.stop
    said = {key: str(int(value)) if isinstance(value, bool) else str(value) for key, value in recipe.items()}
    generate.run(config_file, [] if prompt is None else [prompt], said, [], osc=osc, folder=folder, as_json=as_json)
