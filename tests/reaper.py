"""REAPER for tests: our actions run under a real Lua, against a model of what REAPER lets a script do (`reaper.lua`)."""

import json
import select
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from daemons import PATIENCE
from real import need

ACTIONS = Path(__file__).parents[1] / "daw_bridge" / "surfaces" / "reaper"
_MODEL = Path(__file__).parent / "surfaces" / "reaper" / "reaper.lua"
_TICK = 1 / 60  # seconds: REAPER's timer calls deferred functions about thirty times a second


@dataclass(slots=True)
class Reaper:
    """A REAPER with one project, and our actions installed in `scripts`."""

    process: "subprocess.Popen[str]"
    scripts: Path

    def do(self, command: str, *words: object) -> dict[str, Any]:
        """Be the user, or REAPER's timer: do one thing (see the commands of the model), and return what is there then."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(" ".join([command, *map(str, words)]) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert isinstance(answer, dict)
        assert "error" not in answer, answer["error"]
        return answer

    def run(self, action: str) -> dict[str, Any]:
        """Run an action; what it defers goes on with `until`."""
        self.do("tick", monotonic())
        return self.do("run", self.scripts / f"daw_bridge_{action}.lua")

    def until(self, there: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Let time go by, as REAPER's timer does, until `there` finds what it looks for."""
        until = monotonic() + PATIENCE
        while monotonic() < until:
            select.select([], [], [], _TICK)
            seen = self.do("tick", monotonic())
            if there(seen):
                return seen
        raise AssertionError(f"it never came: {self.do('look')}")

    def ends(self) -> dict[str, Any]:
        """Let time go by until no action runs any more."""
        return self.until(lambda seen: not seen["running"])


@contextmanager
def reaper(base: Path, exchange: Path | None) -> Iterator[Reaper]:
    """Start a REAPER whose actions know the `exchange`; with None, they were never told of one."""
    scripts = base / "scripts"
    shutil.copytree(ACTIONS, scripts, dirs_exist_ok=True)
    if exchange is not None:
        (scripts / "daw_bridge_settings.lua").write_text(f"return {{ exchange = {json.dumps(str(exchange))} }}\n")
    command = [need("lua5.4"), str(_MODEL)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Reaper(process, scripts)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(PATIENCE) == 0
