"""The deck: it plays what it is asked for on the device, from the next line of the session on, and keeps it there."""

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from daw_bridge import reports
from daw_bridge.announce import Announcer
from daw_bridge.child import Child
from daw_bridge.errors import BadRequest, BridgeError, DeviceUnavailable
from daw_bridge.jobs import Jobs
from daw_bridge.playing.clock import DeviceClock, Line
from daw_bridge.playing.drift import Follower, Remedy, Rules, Sounding
from daw_bridge.playing.driver import drive
from daw_bridge.playing.entry import Entry, entry_beat, entry_frame, entry_phase
from daw_bridge.playing.loop import AT_ONCE, Happened
from daw_bridge.playing.ready import Ready, Version
from daw_bridge.playing.shelf import Shelf, Take
from daw_bridge.playing.voice import Coming, Voice, version_for
from daw_bridge.playing.words import Beat, Blend, Closed, Level, Loaded, Opened, Start, Wanted, Word
from daw_bridge.requests import Request
from daw_bridge.sections import DeviceConfig
from daw_bridge.session import Session
from plugin_host.engine import Form

_log = logging.getLogger(__name__)

_LEAD = 0.12  # seconds that a cue may need to reach the callback on a machine that is all busy
_FADE = 0.01  # seconds in which what plays goes when it is stopped, and a loop gives way to its own like
_LOOK = 0.25  # seconds from one look at the drift to the next
_SILENCE = 10.0  # seconds without a word after which the device's process hangs; it speaks ten times a second
_OPENING = 10.0  # seconds that a clip waits for a device that is about to be opened


class Deck:
    """Plays clips on the audio device. Constructing it opens nothing. Thread: the event loop's."""

    def __init__(
        self,
        config: DeviceConfig,
        state: Path,
        session: Session,
        jobs: Jobs,
        announcer: Announcer,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`state` is the folder for what is kept from the watched one. `clock` tells the time as `time.monotonic` does."""
        self._config = config
        self._session = session
        self._jobs = jobs
        self._announcer = announcer
        self._time = clock
        wanted = Wanted(config.name, config.api, config.channels, config.rate, config.block)
        self._device: Child[Word] = Child(drive, (wanted,), self._hear, self._lost, silence=_SILENCE)
        self._ready = Ready(state / "fitted", len(config.channels), self._device.tell)
        self._rules = Rules(config.bend, config.offset / 1000)
        self._follower = Follower(self._rules)
        self.shelf = Shelf(jobs, state / "takes")
        self._numbers = itertools.count(1)
        self._opened: Opened | None = None
        self._open = asyncio.Event()
        self._trouble = ""
        self._clock: DeviceClock | None = None
        self._beat: Beat | None = None
        self._gain = 10 ** (config.gain / 20)
        self._now: Voice | None = None  # what plays
        self._coming = Coming()
        self._asked: Take | None = None  # what was asked for last, there or not
        self._again: tuple[Take, Request, float | None] | None = None  # what a device that comes back should play
        self._task: asyncio.Task[None] | None = None
        self._mending: asyncio.Task[None] | None = None
        self._fetching: set[asyncio.Task[Path]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._late = self._told_rate = 0

    @property
    def is_on(self) -> bool:
        """Whether an audio device is asked for."""
        return bool(self._config.name)

    def start(self) -> None:
        """Open the device, without waiting for it, and listen for what is delivered. Raises `SpoolUnusable`."""
        self._announcer.listen(self.shelf.hear)
        self._announcer.listen(self._report)
        self._ready.start()
        self._device.start()
        self._timer = asyncio.get_running_loop().call_later(_LOOK, self._look)

    async def stop(self) -> None:
        """Close the device."""
        if self._timer is not None:
            self._timer.cancel()
        for task in (self._task, self._mending):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await self._device.stop()
        await self._ready.stop()

    def check(self) -> None:
        """Raise `DeviceUnavailable` where nothing can be played, with what to do about it."""
        if not self.is_on:
            raise DeviceUnavailable(
                "no audio device is chosen: set device.name (daw-bridge devices lists them), or use deliver folder; "
                "clips land in the watched folder"
            )
        if self._trouble:
            raise DeviceUnavailable(f"{self._trouble}; clips land in the watched folder meanwhile: use deliver folder")

    def play(self, name: str | None, rank: int, request: Request) -> None:
        """Play a clip of job `name` (None: of the last one) from the next line on.

        Raises `UnknownJob` for one that is not there, else `DeviceUnavailable`.
        """
        if name is not None:
            self._jobs.get(name)
        self.check()
        self._enter(self.shelf.take(name, rank), request, Entry.FRESH)

    def step(self, by: int, request: Request) -> None:
        """Play the clip that is `by` ranks further on, in phase. Raises `DeviceUnavailable`, or `BadRequest`."""
        self.check()
        if self._asked is None:
            raise BadRequest("nothing plays; start with /bridge/play, then step through the takes of its job")
        self._enter(self.shelf.beside(self._asked, by), request, Entry.BESIDE)

    def stop_playing(self) -> None:
        """Stop what plays, at once; nothing is no mistake. Raises `DeviceUnavailable`."""
        resumes = self._again is not None
        self._cancel()
        self._again = self._asked = None
        if not resumes:  # else it is stopped from going on when the device is back
            self.check()
        if self._opened is not None:
            fade = round(_FADE * self._opened.rate)
            self._device.tell(Start(next(self._numbers), AT_ONCE, fade=fade, blend=Blend.OTHER))
        self._coming.clear()
        self._end("stopped")

    def level(self, decibels: float) -> None:
        """Play at this level. Raises `DeviceUnavailable`."""
        self.check()
        self._gain = 10 ** (decibels / 20)
        self._device.tell(Level(self._gain))

    def status(self) -> Mapping[str, str | int | float]:
        """Return what plays where, and how that goes."""
        if not self.is_on:
            return {"device": "none"}
        now, beat, line = self._now, self._beat, self._clock.line if self._clock else None
        told: dict[str, str | int | float] = {
            "device": self._opened.name if self._opened else self._trouble or "being opened",
            "device_plays": f"{now.take.job} {now.take.rank}" if now else "nothing",
            "device_pid": self._device.pid or 0,
            "device_late_frames": self._late,
            "device_off_ms": 1000 * self._follower.error,
        }
        if now is not None:
            told["device_loop_frames"] = now.version.frames / now.version.turns
        if self._opened is not None and line is not None:
            told |= {"device_rate": self._opened.rate, "device_rate_measured": line.rate}
        return told | (beat.told() if beat is not None else {})

    def _report(self, report: reports.Told, request: Request) -> None:
        """Play the best clip of a job that is for the device, once all are there: a listener of the announcer's."""
        if isinstance(report, reports.Done) and self._jobs.get(report.id).deliver == "device":
            takes = (self._asked, self._now.take if self._now is not None else None)
            wanted = frozenset(each.path for each in takes if each is not None)
            asyncio.get_running_loop().run_in_executor(None, self.shelf.prune, wanted)
        if isinstance(report, reports.Done) and self._jobs.get(report.id).deliver != "folder":
            try:
                self.play(report.id, 1, request)
            except BridgeError as error:
                self._announcer.tell(reports.Warned(report.id, f"it does not play: {error}"), request)

    # What the device says.

    def _hear(self, word: Word) -> None:
        """Take what the device says."""
        match word:
            case Opened():
                self._opened, self._trouble, self._clock = word, "", DeviceClock(word.rate)
                self._device.tell(Level(self._gain))
                _log.info("audio device: %s at %d Hz", word.name, word.rate)
            case Closed(trouble):
                if trouble != self._trouble:
                    _log.warning("audio device: %s", trouble)
                self._trouble = trouble
            case Beat():
                self._beat = word
                if self._clock is not None:
                    self._clock.hear(word.time, word.frame, word.latency)
                    if not self._open.is_set():
                        self._open.set()
                        self._resume()
            case Loaded():
                self._ready.took(word)
            case Happened():
                self._happened(word)

    def _lost(self) -> None:
        """Take note that the device's process is gone; another one is coming."""
        self._trouble = self._trouble or "the audio device's process has died, and is started again"
        self._opened = self._clock = self._beat = None
        self._open.clear()
        self._ready.lost()
        voice = self._coming.last or self._now
        asked = self._task is not None and not self._task.done()
        if voice is not None and voice.take.form is Form.LOOP and not asked:
            self._again = voice.take, voice.request, voice.beat
        if not asked:
            self._cancel()
        self._coming.clear()
        self._end(f"{self._trouble}; it goes on when the device is back" if self._again else self._trouble)

    def _resume(self) -> None:
        """Go on where a device that came back had been left."""
        if self._again is not None and (self._task is None or self._task.done()):
            take, request, _ = self._again
            self._enter(take, request, Entry.AGAIN)

    def _happened(self, word: Happened) -> None:
        """Take note that a clip has begun, or is over."""
        if word.ended:
            if self._now is not None and self._now.number == word.number:
                self._end("over")
                if self._coming.last is None and (self._task is None or self._task.done()):
                    self._asked = None
        elif (voice := self._coming.begun(word.number)) is not None:
            self._began(voice, word)

    def _began(self, voice: Voice, word: Happened) -> None:
        """Let a voice be what plays."""
        before, self._now = self._now, voice
        line = self._line()
        beat = voice.beat
        if beat is None:
            beat = self._session.timeline.beat_at(line.time_at(word.wanted) - self._rules.offset)
        loop = voice.sounding(word.wanted, beat)
        self._now = replace(voice, beat=beat, loop=loop)
        keep = frozenset(each.clip for each in (before, self._now) if each is not None)
        self._ready.forget(keep | self._coming.clips)
        if before is None or before.take != voice.take or voice.entry is not Entry.AGAIN or self._again:
            self._late = word.late
            started = beat if voice.on is None else voice.on
            self._announcer.tell(reports.Playing(voice.take.job, voice.take.rank, started, word.late), voice.request)
            self._prefetch(voice.take, voice.version.rate)
        self._again = None

    def _end(self, reason: str) -> None:
        """Take note that what played plays no longer."""
        voice, self._now = self._now, None
        self._follower.forget()
        if voice is not None:
            self._announcer.tell(reports.Stopped(voice.take.job, voice.take.rank, reason), voice.request)

    # How a clip comes in.

    def _line(self) -> Line:
        """Return the device's clock. Raises `DeviceUnavailable` where it does not run."""
        line = self._clock.line if self._clock is not None else None
        if line is None:
            raise DeviceUnavailable(self._trouble or "the audio device is not open yet")
        return line

    def _cancel(self) -> None:
        """Give up what is being made ready."""
        for task in (self._task, self._mending):
            if task is not None:
                task.cancel()
        self._task = self._mending = None

    def _enter(self, take: Take, request: Request, entry: Entry) -> None:
        """Have a take come in as soon as it can; whatever was about to, does not."""
        self._cancel()
        self._asked = take
        self._task = asyncio.create_task(self._entered(take, request, entry), name=f"play {take.job} {take.rank}")

    async def _entered(self, take: Take, request: Request, entry: Entry) -> None:
        """Make a take ready, and let it in."""
        try:
            async with asyncio.timeout(_OPENING):
                await self._open.wait()
            rate = self._opened.rate if self._opened is not None else take.grid.rate
            version, trouble = version_for(take, self._session.timeline, rate, self._rules)
            if trouble:
                self._warn(take, request, trouble)
            if version.rate not in {take.grid.rate, self._told_rate}:
                self._told_rate = version.rate
                self._warn(
                    take, request, f"made at {take.grid.rate} Hz, it is resampled to the device's {version.rate} Hz"
                )
            clip = await self._ready.clip(version)
            self._let_in(take, request, version, clip, entry)
        except TimeoutError:
            self._warn(take, request, self._trouble or "the audio device is not open yet")
        except BridgeError as error:
            self._warn(take, request, str(error))

    def _warn(self, take: Take, request: Request, message: str) -> None:
        """Tell why a take does not play, or not as asked."""
        self._announcer.tell(reports.Warned(take.job, f"rank {take.rank}: {message}"), request)

    def _let_in(self, take: Take, request: Request, version: Version, clip: int, entry: Entry) -> None:
        """Send the cue for a clip that the device has."""
        line, timeline, loop = self._line(), self._session.timeline, self._now.loop if self._now is not None else None
        fade = round(self._config.crossfade / 1000 * line.rate) if self._now is not None else 0
        soonest = self._time() + _LEAD + line.ahead + fade / line.rate - self._rules.offset
        launch = self._launch(request) if entry is Entry.FRESH else None
        bar = self._session.state.meter.bar
        if launch is not None and launch >= soonest:
            beat: float | None = timeline.beat_at(launch)
        else:
            beat = entry_beat(self._config.quantum, entry, timeline, bar, soonest)
        frame = AT_ONCE if beat is None else entry_frame(beat, timeline, line, self._rules.offset, loop)
        phase, origin = 0, beat
        before = loop.beat if loop is not None else self._again[2] if self._again is not None else None
        in_phase = entry is not Entry.FRESH and take.form is Form.LOOP
        if in_phase and before is not None and beat is not None:
            phase = entry_phase(beat, before, float(take.grid.beats) * version.turns, version.frames)
            origin = before
        number, blend = next(self._numbers), Blend.OTHER if fade else Blend.CUT
        self._coming.send(Voice(take, request, version, clip, number, phase, beat, origin, entry))
        self._device.tell(Start(number, frame, clip, take.form, phase, fade, blend))

    def _launch(self, request: Request) -> float | None:
        """Return when a request wants its first beat heard, as `time.monotonic` tells it; None for on a line."""
        return None if request.launch is None else request.launch - time.time() + self._time()

    def _prefetch(self, take: Take, rate: int) -> None:
        """Have the takes beside this one fitted; whether that goes well is seen when they are asked for."""
        for other in {self.shelf.beside(take, 1), self.shelf.beside(take, -1)} - {take}:
            version, _ = version_for(other, self._session.timeline, rate, self._rules)
            task = asyncio.create_task(self._ready.file(version), name="prefetch")
            self._fetching.add(task)
            task.add_done_callback(self._fetching.discard)
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    # How it stays with the session.

    def _look(self) -> None:
        """See whether what plays is still with the session."""
        self._timer = asyncio.get_running_loop().call_later(_LOOK, self._look)
        voice = self._now
        line = self._clock.line if self._clock is not None else None
        busy = any(task is not None and not task.done() for task in (self._task, self._mending))
        if voice is None or voice.loop is None or line is None or self._coming.last is not None or busy:
            return
        if voice.take.form is Form.ONE_SHOT or not self._config.follow:
            return
        bar = float(self._session.state.meter.bar)
        remedy = self._follower.remedy(voice.loop, self._session.timeline, line, self._time(), bar)
        if remedy is not None:
            self._mending = asyncio.create_task(self._mend(voice, remedy), name="follow")

    async def _mend(self, voice: Voice, remedy: Remedy) -> None:
        """Let the loop that plays give way to itself, a little longer or shorter."""
        version = replace(voice.version, frames=remedy.frames, means=remedy.means)
        try:
            clip = await self._ready.clip(version)
            if voice is self._now and self._coming.last is None and voice.loop is not None:
                self._swap(voice, voice.loop, version, clip, remedy)
        except BridgeError as error:
            self._warn(voice.take, voice.request, f"it does not follow the session: {error}")

    def _swap(self, voice: Voice, loop: Sounding, version: Version, clip: int, remedy: Remedy) -> None:
        """Send the cue for another version of what plays."""
        line, now, timeline = self._line(), self._time(), self._session.timeline
        number, frames = next(self._numbers), version.frames
        if remedy.in_place:
            fade, blend = round(_FADE * line.rate), Blend.SAME
            frame = round(line.frame_at(now + line.ahead + _LEAD)) + fade
            phase = round(loop.phase_at(frame) * frames) % frames
        else:
            fade = round(self._config.crossfade / 1000 * line.rate)
            blend = Blend.OTHER if fade else Blend.CUT
            soonest = now + _LEAD + line.ahead + fade / line.rate - self._rules.offset
            beat = timeline.line_after(soonest, self._session.state.meter.bar)
            frame = entry_frame(beat, timeline, line, self._rules.offset, None)
            phase = entry_phase(beat, loop.beat, loop.beats, frames)
        swapped = replace(
            voice,
            version=version,
            clip=clip,
            number=number,
            phase=phase,
            beat=loop.beat,
            entry=Entry.AGAIN,
            creeping=remedy.creeping,
            loop=None,
        )
        self._coming.send(swapped)
        self._device.tell(Start(number, frame, clip, Form.LOOP, phase, fade, blend))
