"""The pool: clips of armed presets, made beforehand for the session as it is, so that a trigger is answered at once.

It is filled while no job waits or runs: a job that comes in stops it. What was made for a session that is no more is
dropped; a session is taken for settled once it has not changed for a moment. A clip from the pool is one that its
preset would have made, with a seed of its own, and its sidecar says where it came from.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from daw_bridge.config import Config
from daw_bridge.errors import BridgeError
from daw_bridge.plan import Decision, decide
from daw_bridge.presets import Preset, PresetShelf
from daw_bridge.requests import Said
from daw_bridge.session import Session
from plugin_host.errors import HostError
from plugin_host.foreman import Foreman
from plugin_host.spool import SpooledClip

_log = logging.getLogger(__name__)

_SETTLED = 0.5  # seconds without a change, or a job, after which it is worth while to make something
_AFTER_TROUBLE = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Stock:
    """What was made for one trigger to come: the clips of a decision, best first, and when, in Unix seconds."""

    preset: Preset
    decision: Decision
    clips: tuple[SpooledClip, ...]
    made: float

    def card(self) -> Mapping[str, Any]:
        """Write down for the sidecar that it was ready, and for how many seconds."""
        return {"pool": {"preset": self.preset.name, "ready_for": round(time.time() - self.made, 3)}}

    def discard(self) -> None:
        """Delete the clips."""
        for clip in self.clips:
            clip.discard()


class Pool:
    """Keeps stock of the armed presets. Constructing it makes nothing. Thread: the event loop's."""

    def __init__(self, config: Config, session: Session, presets: PresetShelf, foreman: Foreman) -> None:
        self._config = config
        self._session = session
        self._presets = presets
        self._foreman = foreman
        self._stock: list[Stock] = []
        self._changed = asyncio.Event()
        self._answered = 0
        self._passed_over: dict[str, str] = {}
        self._state = replace(session.state, playing=None)
        session.listen(self._look)

    def counts(self) -> Mapping[str, int | str]:
        """Return what is ready, and how many triggers were answered from it."""
        names = sorted({each.preset.name for each in self._stock})
        ready = ", ".join(f"{name} {sum(each.preset.name == name for each in self._stock)}" for name in names)
        return {"pool_ready": ready or "none", "pool_answered": self._answered}

    def take(self, decision: Decision, said: Said) -> Stock | None:
        """Take out what answers `decision`, made of what was `said`; None where nothing does. A seed that was said counts."""
        for each in self._stock:
            if _answers(each.decision, decision, said):
                self._stock.remove(each)
                self._answered += 1
                self._changed.set()
                return each
        return None

    async def fill(self) -> None:
        """Make what is lacking, for as long as nobody cancels that. What goes wrong is logged, and tried again later."""
        while True:
            self._changed.clear()
            try:
                await self._fill_once_settled()
            except Exception:  # noqa: BLE001 - whatever it is, it must not end the pool without a word
                _log.exception("nothing is made ready; it is tried again in %g seconds", _AFTER_TROUBLE)
                await asyncio.sleep(_AFTER_TROUBLE)

    def empty(self) -> None:
        """Delete everything."""
        while self._stock:
            self._stock.pop().discard()

    def _look(self) -> None:
        """Take note of a session that is another one: a listener of the session's."""
        state = replace(self._session.state, playing=None)
        if state != self._state:
            self._state = state
            self._drop([(each.preset, self._meant(each.preset)) for each in self._stock])
            self._changed.set()

    async def _fill_once_settled(self) -> None:
        """Make what there is least of, or wait for a change where nothing is lacking."""
        if await self._changes_within(_SETTLED):
            return
        wanted = await self._wanted()
        self._drop(wanted)
        lacking = self._lacking(wanted)
        if lacking is None:
            await self._changed.wait()
        else:
            await self._make_unless_changed(lacking)

    async def _changes_within(self, seconds: float) -> bool:
        """Wait for a change, for so many `seconds` at most."""
        try:
            async with asyncio.timeout(seconds):  # not `wait_for`: before Python 3.12 it can swallow a cancel
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def _wanted(self) -> list[tuple[Preset, Decision]]:
        """Return the armed presets, and what each means in the session as it is; a broken one is passed over."""
        presets, _ = await asyncio.to_thread(self._presets.all)
        armed = [each for each in presets if each.armed or each.name in self._config.pool.armed]
        meant = [(preset, self._meant(preset)) for preset in armed]
        return [(preset, decision) for preset, decision in meant if decision is not None]

    def _meant(self, preset: Preset) -> Decision | None:
        """Return what a trigger of `preset` means in the session as it is; None for nothing that can be made.

        Why it cannot is said in the log once, until it can be made or there is another reason.
        """
        try:
            decision = decide(Said(preset=preset.name), preset, self._session.state, self._config)
        except BridgeError as error:
            if self._passed_over.get(preset.name) != str(error):
                self._passed_over[preset.name] = str(error)
                _log.warning("preset %s is armed and not made ready: %s", preset.name, error)
            return None
        self._passed_over.pop(preset.name, None)
        return decision

    def _lacking(self, wanted: list[tuple[Preset, Decision]]) -> tuple[Preset, Decision] | None:
        """Return what there is least of; None where there is enough of all."""
        counts = [sum(each.preset.name == preset.name for each in self._stock) for preset, _ in wanted]
        if not counts or min(counts) >= self._config.pool.size:
            return None
        return wanted[counts.index(min(counts))]

    def _drop(self, wanted: Sequence[tuple[Preset, Decision | None]]) -> None:
        """Delete what no trigger would be answered with any more."""
        for each in list(self._stock):
            if not any(meant and _answers(each.decision, meant, preset.said) for preset, meant in wanted):
                self._stock.remove(each)
                each.discard()

    async def _make_unless_changed(self, lacking: tuple[Preset, Decision]) -> None:
        """Make the clips of one trigger; what is not wanted any more before it is made, is not made."""
        making = asyncio.create_task(self._make(*lacking), name=f"pool {lacking[0].name}")
        changing = asyncio.create_task(self._changed.wait(), name="pool changes")
        try:
            await asyncio.wait({making, changing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (making, changing):
                task.cancel()
            made, _ = await asyncio.gather(making, changing, return_exceptions=True)
        if isinstance(made, Exception):
            raise made

    async def _make(self, preset: Preset, decision: Decision) -> None:
        """Make the clips of one trigger. What an engine cannot do is logged, and tried again later."""
        clips: list[SpooledClip] = []
        try:
            async with aclosing(self._foreman.make(decision.engine, decision.plan)) as events:
                async for event in events:
                    clips += [event] if isinstance(event, SpooledClip) else []
            self._stock.append(Stock(preset, decision, tuple(clips), time.time()))
            clips = []
        except HostError as error:
            _log.warning("nothing is made ready of preset %s: %s", preset.name, error)
            await asyncio.sleep(_AFTER_TROUBLE)
        finally:
            for clip in clips:
                clip.discard()


def _answers(ready: Decision, asked: Decision, said: Said) -> bool:
    """Whether what is `ready` is what was asked for; the seed is free where none was `said`."""
    plan = ready.plan if "seed" in said else replace(ready.plan, seed=asked.plan.seed)
    return (plan, ready.engine, ready.title) == (asked.plan, asked.engine, asked.title)
